"""What becomes of a clone's own records when they come after the upstream's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.errors import ObjstoreError
from objstore.history import facts
from objstore.history.records import (
    AliasRecord,
    CollectionRecord,
    DeleteRecord,
    DescribeRecord,
    GcRecord,
    MetadataRecord,
    PartRecord,
    RenameRecord,
    RestoreRecord,
    SettingsRecord,
    Source,
    TagRecord,
    TtlRecord,
    UnknownRecord,
    VersionRecord,
)
from objstore.history.replay import Numbered, Replay, with_collections
from objstore.history.state import State
from objstore.history.unpushed import PendingEntry, PendingName
from objstore.history.versions import delete_version, log_version, restore_version
from objstore.values.digest import plain

DS, OURS, OTHER = "d" * 32, "e" * 32, "f" * 32
A, B, C, D = (plain(name) for name in (b"a", b"b", b"c", b"d"))


def collection(id_=DS, name="data", type_="dataset"):
    return CollectionRecord(collection=id_, name=name, type=type_)


def version(root, id_=DS, **more):
    return VersionRecord(collection=id_, root=root.hex(), files=1, bytes=2, **more)


def alias(name, root, id_=DS):
    return AliasRecord(collection=id_, alias=name, root=root and root.hex())


def about(kind, root, id_=DS, **more):
    return kind(collection=id_, root=root.hex(), **more)


def fold(entries):
    state = State()
    for number, records in enumerate(entries, 1):
        state.apply(number, records)
    return state


def replayed(upstream, *pending):
    """`upstream`: the records of its entries, one each. `pending`: for each entry its base, and its records."""
    upstream = [record if isinstance(record, list) else [record] for record in upstream]
    base = min((base for base, *_ in pending), default=len(upstream))
    replay = Replay(fold(upstream), ((number, records) for number, records in enumerate(upstream, 1) if number > base))
    replay.add_all(PendingEntry(PendingName(n, base), records) for n, (base, *records) in enumerate(pending, 1))
    return replay


def numbers(state, name="data"):
    return [item.root for item in state.collection(name).versions]


# -- versions ----------------------------------------------------------------------------------------------------------


def test_own_records_come_after_the_upstreams():
    mine = version(C)
    replay = replayed([collection(), version(A), version(B)], (2, mine))
    assert numbers(replay.state) == [A, B, C]
    assert replay.versions == {mine.write_id: Numbered("data", 2)}
    assert replay.outgoing == replay.needed() == [mine]
    assert replay.state.collection("data").aliases == {"latest": 2}


def test_the_mirror_itself_stays_as_it_is():
    mirror = fold([[collection()], [version(A)], [alias("prod", A)]])
    before = mirror.encode()
    replay = Replay(mirror)
    records = [version(B), alias("prod", B), about(DeleteRecord, A), RenameRecord(collection=DS, name="new"), collection(OTHER)]
    replay.add_all([PendingEntry(PendingName(1, 3), [*records, about(TagRecord, B, tag="t", present=True)])])
    assert mirror.encode() == before
    assert replay.state.collection("new").aliases == {"latest": 1, "prod": 1}


def test_a_version_that_the_upstream_has_becomes_that_one():
    mine = version(A, description="mine")
    replay = replayed([collection(), version(A, description="theirs"), version(B)], (1, mine, about(TagRecord, A, tag="t", present=True)))
    assert numbers(replay.state) == [A, B]
    assert replay.versions == {mine.write_id: Numbered("data", 0)}
    assert replay.state.version("data", "v0").description == "theirs"
    assert replay.state.version("data", "v0").tags == ("t",)
    assert replay.state.collection("data").aliases == {"latest": 0}


def test_a_version_that_was_deleted_upstream_comes_again():
    replay = replayed([collection(), version(A), about(DeleteRecord, A)], (2, version(A)))
    assert [item.deleted for item in replay.state.collection("data").versions] == [True, False]


def test_what_belongs_to_no_version_goes_along():
    records = [SettingsRecord(ttl=60), PartRecord(pending="p", collection="new", type="t", writer="w", root=A.hex(), files=1, bytes=1)]
    replay = replayed([collection()], (1, *records))
    assert replay.needed() == records
    assert replay.state.default_ttl == 60


# -- what has landed ---------------------------------------------------------------------------------------------------


def test_records_that_landed_after_their_base_are_passed_over():
    mine = [version(B), alias("prod", B)]
    replay = replayed([collection(), version(A), version(C), mine, alias("prod", C)], (2, *mine))
    assert replay.outgoing == []
    assert replay.versions == {}
    assert replay.conflicts() == []
    assert replay.state.collection("data").aliases == {"latest": 2, "prod": 1}


def test_of_an_entry_of_which_some_records_have_landed_the_others_go():
    landed, left = version(B), version(C)
    replay = replayed([collection(), [landed]], (1, landed, left))
    assert replay.outgoing == [left]


def test_an_entry_that_is_there_twice_counts_once():
    mine = [version(A), about(DeleteRecord, A), about(RestoreRecord, A)]
    replay = replayed([collection()], (1, *mine), (1, *mine))
    assert replay.outgoing == mine
    assert numbers(replay.state) == [A]


def test_once_landed_a_collection_stays_that_of_the_upstream_whatever_it_is_called():
    """Cut off before its own entries were removed, a clone sees the upstream rename the collection that its own became."""
    mine = [collection(OURS), version(B, OURS)]
    landed = with_collections(mine[1], {OURS: DS})
    replay = replayed([collection(), version(A), [landed], RenameRecord(collection=DS, name="new")], (0, *mine), (0, version(C, OURS)))
    assert [item.name for item in replay.state.collections.values()] == ["new"]
    assert numbers(replay.state, "new") == [A, B, C]
    assert replay.same_as == {OURS: DS}


# -- collections -------------------------------------------------------------------------------------------------------


def test_collections_of_one_name_and_type_become_one():
    mine = [
        collection(OURS),
        version(B, OURS, source=Source(OURS, A.hex())),
        alias("prod", B, OURS),
        about(TagRecord, B, OURS, tag="t", present=True),
        about(DescribeRecord, B, OURS, description="d"),
        about(MetadataRecord, B, OURS, metadata={"a": 1}),
        about(TtlRecord, B, OURS, seconds=5),
        DescribeRecord(collection=OURS, root=None, description="of both"),
    ]
    replay = replayed([collection(), version(A)], (0, *mine))
    found = replay.state.version("data", "prod")
    assert (found.number, found.tags, found.description, found.metadata, found.ttl) == (1, ("t",), "d", {"a": 1}, 5)
    assert found.source == Source(DS, A.hex())
    assert replay.state.collection("data").description == "of both"
    assert {record.collection for record in replay.outgoing[1:]} == {DS}
    assert [record.write_id for record in replay.needed()] == [record.write_id for record in mine]
    assert replay.needed()[0] == mine[0], "so that everybody learns the former id"
    assert replay.renamed == {}


def test_what_was_logged_later_about_the_collection_follows():
    replay = replayed(
        [collection()], (0, collection(OURS)), (0, version(A, OURS)), (1, version(B)), (0, RenameRecord(collection=OURS, name="new"))
    )
    assert numbers(replay.state, "new") == [A, B]


def test_a_source_in_another_collection_that_became_one_with_theirs_follows():
    mine = [collection(OURS), version(A, OURS), collection(OTHER, "copy"), version(A, OTHER, source=Source(OURS, A.hex()))]
    replay = replayed([collection()], (0, *mine))
    assert replay.state.version("copy").source == Source(DS, A.hex())


def test_a_collection_of_another_type_gets_a_free_name():
    mine = [collection(OURS, type_="model"), version(A, OURS)]
    replay = replayed([collection(), collection(OTHER, "data-model")], (0, *mine))
    assert replay.renamed == {"data": "data-model-2"}
    assert numbers(replay.state, "data-model-2") == [A]
    assert replay.versions[mine[1].write_id] == Numbered("data-model-2", 0)
    assert replay.outgoing[0].name == "data-model-2"
    assert fold([[collection()], [collection(OTHER, "data-model")], replay.outgoing]).collection("data-model-2").id == OURS


@pytest.mark.parametrize(("name", "type_"), [("x" * 128, "model"), ("data", "a type, with ünusual characters"), ("d", "t" * 128)])
def test_a_free_name_follows_the_rules(name, type_):
    taken = collection(DS, name)
    replay = replayed([taken], (0, collection(OURS, name, type_)), (0, collection(OTHER, name, type_ + "x")))
    assert len(replay.state.collections) == 3
    CollectionRecord(**{field: getattr(replay.outgoing[0], field) for field in ("collection", "name", "type")})
    assert all(len(record.name) <= 128 for record in replay.outgoing)


def test_a_name_that_was_taken_meanwhile_stops_a_rename():
    replay = replayed([collection(), collection(OTHER, "new")], (1, RenameRecord(collection=DS, name="new"), version(A)))
    assert replay.state.collection("data").id == DS
    assert numbers(replay.state) == [A]
    (told,) = replay.in_vain
    assert "data isn't renamed to new" in told


# -- without effect ----------------------------------------------------------------------------------------------------


def test_records_without_effect_are_told_and_left_out():
    upstream = [collection(), version(A), version(B), about(DeleteRecord, A), GcRecord(condemned=(), purged=(Source(DS, A.hex()),))]
    replay = replayed(
        upstream,
        (5, alias("prod", A), about(RestoreRecord, A), about(TagRecord, C, tag="t", present=True), version(C, OTHER), alias("ok", B)),
    )
    assert [record.alias for record in replay.outgoing] == ["ok"]
    assert [text.split(":")[0] for text in replay.in_vain[:2]] == ["prod isn't put on data", "data"]
    assert len(replay.in_vain) == 4
    assert "collected by gc" in replay.in_vain[1]
    assert replay.conflicts() == []


def test_an_unknown_record_stops_writing():
    replay = replayed([collection()], (1, UnknownRecord("new-kind", "1" * 32)))
    assert replay.state.unknown == {"new-kind"}


# -- what was logged again ---------------------------------------------------------------------------------------------


def test_what_was_logged_again_here_outlives_its_deletion_upstream():
    again = about(RestoreRecord, A)
    upstream = [
        collection(),
        version(A, description="d"),
        version(B),
        about(TagRecord, A, tag="t", present=True),
        about(TtlRecord, A, seconds=9),
    ]
    replay = replayed([*upstream, about(DeleteRecord, A)], (5, again, alias("prod", A)))
    assert replay.needed()[0] == again
    assert replay.state.collection("data").aliases == {"latest": 1, "prod": 0}
    assert list(replay.revived) == [again.write_id]
    purged = [*upstream, about(DeleteRecord, A), GcRecord(condemned=(), purged=(Source(DS, A.hex()),))]
    replay = replayed(purged, (5, again, alias("prod", A)))
    found = replay.state.version("data", "prod")
    assert (found.number, found.description, found.tags, found.ttl) == (2, "d", ("t",), 9)
    assert replay.needed()[0].write_id == again.write_id
    assert replay.in_vain == []
    assert replayed([*purged, replay.needed()], (5, again)).outgoing == [], "it has landed"


def test_what_is_live_all_the_same_is_not_sent():
    assert replayed([collection(), version(A)], (2, about(RestoreRecord, A))).needed() == []
    mine = [about(RestoreRecord, A), about(DeleteRecord, A)]
    assert replayed([collection(), version(A)], (2, *mine)).needed() == mine[1:]


# -- what came and went ------------------------------------------------------------------------------------------------


def test_versions_that_came_and_went_are_not_sent():
    came = [version(B), alias("test", B), about(TagRecord, B, tag="t", present=True), about(DeleteRecord, B)]
    stays = version(C)
    replay = replayed([collection(), version(A)], (2, *came, stays))
    assert replay.needed() == [stays]


def test_a_version_that_came_back_is_sent():
    mine = [version(B), about(DeleteRecord, B), about(RestoreRecord, B)]
    assert replayed([collection()], (1, *mine)).needed() == mine
    mine = [version(B), about(DeleteRecord, B), version(B)]
    assert replayed([collection()], (1, *mine)).needed() == mine


def test_the_deletion_of_what_the_upstream_has_is_sent():
    gone = about(DeleteRecord, A)
    assert replayed([collection(), version(A)], (2, gone)).needed() == [gone]
    again = version(A)  # had been deleted upstream, came again here, and went
    assert replayed([collection(), version(A), about(DeleteRecord, A)], (3, again, gone)).needed() == [again, gone]
    purging = GcRecord(condemned=(), purged=(Source(DS, A.hex()),))
    assert replayed([collection(), version(A), about(DeleteRecord, A), purging], (3, again, gone)).needed() == []


def test_an_alias_that_went_with_a_version_goes_upstream_too():
    upstream = [collection(), version(A), alias("prod", A)]
    replay = replayed(upstream, (3, version(B), alias("prod", B), alias("only-here", B), about(DeleteRecord, B)))
    assert "prod" not in replay.state.collection("data").aliases
    (removal,) = replay.needed()
    assert (removal.alias, removal.root) == ("prod", None)
    replay = replayed(upstream, (3, version(B), alias("prod", B), alias("prod", A), about(DeleteRecord, B)))
    assert fold([[record] for record in [*upstream, *replay.needed()]]).collection("data").aliases == {"latest": 0, "prod": 0}


def test_so_is_what_it_took_from_a_pending_version_that_stays():
    mine = [
        collection(OURS),
        version(A, OURS),
        alias("prod", A, OURS),
        version(B, OURS),
        alias("prod", B, OURS),
        about(DeleteRecord, B, OURS),
    ]
    replay = replayed([], (0, *mine))
    assert replay.state.collection("data").aliases.get("prod") is None
    assert fold([[record] for record in replay.needed()]).collection("data").aliases.get("prod") is None


def test_a_push_that_was_cut_off_after_the_upstream_had_it_sends_nothing_again():
    history = [collection(), version(B)]
    for ours in (
        [(2, about(RestoreRecord, B)), (2, about(DeleteRecord, B))],
        [(2, version(A)), (2, alias("prod", A)), (2, alias("prod", B)), (2, about(DeleteRecord, A))],
    ):
        sent = replayed(history, *ours).needed()
        again = replayed([*history, sent], *ours)
        assert sent and again.needed() == []
        shown, there = again.state.collection("data"), fold([[record] for record in [*history, *sent]]).collection("data")
        assert [version.root for version in shown.live()] == [version.root for version in there.live()]
        assert shown.aliases.get("prod") == there.aliases.get("prod")


# -- aliases -----------------------------------------------------------------------------------------------------------

THREE = [collection(), version(A), version(B), version(C)]


def conflicts(theirs, ours, base=4):
    return [(item.alias, item.ours, item.theirs) for item in replayed([*THREE, *theirs], (base, *ours)).conflicts()]


def test_an_alias_that_both_sides_moved_is_a_conflict():
    assert conflicts([alias("prod", A)], [alias("prod", B)]) == [("prod", "v1", "v0")]
    assert conflicts([alias("prod", A), alias("prod", None)], [alias("prod", B)]) == [("prod", "v1", "nowhere")]
    assert conflicts([alias("prod", A)], [alias("prod", None)]) == [("prod", "nowhere", "v0")]


def test_it_is_none_when_both_mean_the_same():
    assert conflicts([alias("prod", B)], [alias("prod", A), alias("prod", B)]) == []
    assert conflicts([alias("prod", A), alias("prod", None)], [alias("prod", B), alias("prod", None)]) == []


def test_it_is_none_when_only_one_side_moved_it():
    assert conflicts([alias("prod", A)], [alias("test", B)]) == []
    assert conflicts([], [alias("prod", B)]) == []
    assert conflicts([alias("prod", A)], [alias("prod", B)], base=5) == []  # we knew


def test_latest_is_never_one():
    assert conflicts([alias("latest", A)], [alias("latest", B)]) == []
    assert conflicts([version(D)], [alias("latest", B)]) == []


def test_an_alias_of_a_collection_that_became_one_with_theirs_can_be_one():
    mine = [collection(OURS), version(B, OURS), alias("prod", B, OURS)]
    (found,) = replayed([collection(), version(A), alias("prod", A)], (0, *mine)).conflicts()
    assert str(found) == "data:prod (yours: v1, upstream: v0)"
    assert found.collection_id == DS


def test_the_least_base_decides():
    assert conflicts([alias("prod", A)], [alias("prod", B)], base=5) == []
    replay = replayed([*THREE, alias("prod", A)], (4, alias("prod", B)), (5, alias("prod", C)))
    assert len(replay.conflicts()) == 1


# -- any history -------------------------------------------------------------------------------------------------------

NAMES, ROOTS, ALIASES = ("data", "other", "third"), (A, B, C, D), ("prod", "test")
steps = st.tuples(
    st.sampled_from(["log", "log", "alias", "unalias", "tag", "delete", "restore", "rename", "describe"]),
    st.sampled_from(NAMES),
    st.integers(0, 3),
    st.integers(0, 2),
)


def taken(state, step):
    """The records of a step, none where it isn't possible."""
    what, name, at, other = step
    ref, root = f"v{at}", ROOTS[at]
    try:
        match what:
            case "log":
                return log_version(state, name, ("dataset", "model")[other % 2], root=root, files=1, bytes=1, aliases=ALIASES[:other])
            case "alias":
                return facts.set_aliases(state, name, ref, [ALIASES[other % 2]])
            case "unalias":
                return facts.remove_aliases(state, name, [ALIASES[other % 2]])
            case "tag":
                return facts.set_tags(state, name, ref, add=[f"t{other}"])
            case "delete":
                return delete_version(state, name, ref, delete_aliases=True)
            case "restore":
                return restore_version(state, name, ref)
            case "rename":
                return facts.rename(state, name, NAMES[other])
            case _:
                return facts.describe(state, name, ref, str(other))
    except ObjstoreError:
        return []


def told(state):
    """What a user sees of a history: names, live versions by number, and what is said of them."""
    return {
        item.name: (item.type, [(v.number, v.root, v.tags, v.description) for v in item.live()], item.aliases)
        for item in state.collections.values()
    }


class Two:
    """An upstream's log and a clone's pending entries."""

    def __init__(self):
        self.upstream, self.pending, self.base = [], [], 0

    def step_upstream(self, step):
        self.append(taken(fold(self.upstream), step))

    def append(self, records):
        if records:
            self.upstream.append(records)

    def step_here(self, step):
        records = taken(replayed(self.upstream[: self.base], *self.pending).state, step)
        if records:
            self.pending.append((self.base, *records))

    def fetch(self):
        self.base = len(self.upstream)
        return replayed(self.upstream, *self.pending)


@given(st.lists(st.tuples(st.sampled_from(["upstream", "here", "here", "fetch"]), steps), max_size=30))
def test_what_a_clone_shows_is_what_the_upstream_has_after_a_push(what):
    two = Two()
    for where, step in what:
        if where == "upstream":
            two.step_upstream(step)
        elif where == "here":
            two.step_here(step)
        else:
            two.fetch()
    replay = two.fetch()
    sent = replay.needed()
    two.append(sent)
    shown, there = told(replay.state), told(fold(two.upstream))
    if len(sent) == len(replay.outgoing):
        assert there == shown
    assert without_what_came_and_went(there) == without_what_came_and_went(shown)
    again = two.fetch()  # as when it was cut off before the pending entries were removed
    assert again.needed() == []
    assert without_what_came_and_went(told(again.state)) == without_what_came_and_went(there)


def without_what_came_and_went(shown):
    """All but what a version that nobody has seen leaves behind: a gap in the numbers, and `latest` on nothing."""
    found = {}
    for name, (type_, versions, aliases) in shown.items():
        roots = {number: root for number, root, *_ in versions}
        found[name] = (type_, [rest for _, *rest in versions], {alias: roots[at] for alias, at in aliases.items() if alias != "latest"})
    return found
