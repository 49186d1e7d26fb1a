import pytest

from objstore.errors import CorruptionError, InvalidInputError, NotFoundError
from objstore.history.records import (
    AliasRecord,
    CollectionRecord,
    DeleteRecord,
    DescribeRecord,
    GcRecord,
    GcVerdictRecord,
    MetadataRecord,
    PartAbandonRecord,
    PartFinishRecord,
    PartRecord,
    RenameRecord,
    RestoreRecord,
    RunFinishRecord,
    RunRef,
    SegmentsRecord,
    SettingsRecord,
    Source,
    TagRecord,
    TtlRecord,
    UnknownRecord,
    VersionRecord,
)
from objstore.history.state import State
from objstore.values.digest import plain

DS, OTHER = "d" * 32, "e" * 32
A, B, C = (plain(name) for name in (b"a", b"b", b"c"))


def fold(*records):
    """A state with one entry for each record."""
    state = State()
    for number, record in enumerate(records, 1):
        state.apply(number, [record])
    return state


def collection(id_=DS, name="my-dataset", type_="dataset"):
    return CollectionRecord(collection=id_, name=name, type=type_)


def version(root, id_=DS, **more):
    return VersionRecord(collection=id_, root=root.hex(), files=1, bytes=2, **more)


def alias(name, root):
    return AliasRecord(collection=DS, alias=name, root=root and root.hex())


def about(kind, root, **more):
    return kind(collection=DS, root=root.hex(), **more)


def test_versions_are_numbered_from_0_and_latest_follows():
    state = fold(collection(), version(A), version(B))
    found = state.collection("my-dataset")
    assert [v.root for v in found.versions] == [A, B]
    assert state.version(found).number == 1
    assert found.aliases == {"latest": 1}


def test_content_of_a_live_version_is_that_version():
    state = fold(collection(), version(A), version(B), version(A, description="again"))
    found = state.collection("my-dataset")
    assert len(found.versions) == 2
    assert found.aliases == {"latest": 0}
    assert found.versions[0].description == ""


def test_content_of_a_deleted_version_gets_a_new_number():
    state = fold(collection(), version(A), about(DeleteRecord, A), version(A))
    found = state.collection("my-dataset")
    assert [v.deleted for v in found.versions] == [True, False]
    assert found.find_root(A).number == 1


def test_restore_means_the_newest_of_deleted_twins():
    state = fold(collection(), version(A), about(DeleteRecord, A), version(A), about(DeleteRecord, A), about(RestoreRecord, A))
    assert [v.number for v in state.collection("my-dataset").live()] == [1]


def test_a_deletion_takes_the_aliases_and_restoring_does_not_bring_them_back():
    state = fold(collection(), version(A), alias("prod", A), about(DeleteRecord, A), about(RestoreRecord, A))
    assert state.collection("my-dataset").aliases == {}
    assert not state.version("my-dataset", "v0").deleted


def test_an_alias_moves_is_removed_and_never_lands_on_a_deleted_version():
    state = fold(collection(), version(A), version(B), alias("prod", A), alias("prod", B), about(DeleteRecord, A), alias("old", A))
    assert state.collection("my-dataset").aliases == {"latest": 1, "prod": 1}
    state.apply(8, [alias("prod", None), alias("never-there", None)])
    assert state.collection("my-dataset").aliases == {"latest": 1}


def test_facts_change_and_the_version_stays():
    state = fold(
        collection(),
        version(A, metadata={"a": 1}, source=Source(OTHER, B.hex()), run=RunRef("a" * 32, "r")),
        about(TagRecord, A, tag="b", present=True),
        about(TagRecord, A, tag="a", present=True),
        about(TagRecord, A, tag="a", present=True),
        about(TagRecord, A, tag="c", present=True),
        about(TagRecord, A, tag="c", present=False),
        about(MetadataRecord, A, metadata={"b": 2}),
        about(DescribeRecord, A, description="better"),
        about(TtlRecord, A, seconds=60),
        DescribeRecord(collection=DS, root=None, description="of the collection"),
    )
    found = state.version("my-dataset")
    assert (found.tags, found.metadata, found.description, found.ttl) == (("a", "b"), {"b": 2}, "better", 60)
    assert (found.files, found.bytes, found.source, found.run) == (1, 2, Source(OTHER, B.hex()), RunRef("a" * 32, "r"))
    assert state.collection("my-dataset").description == "of the collection"


def test_a_name_in_use_is_not_given_again():
    state = fold(collection(), collection(OTHER, type_="model"), collection(name="elsewhere"), version(A, OTHER))
    assert list(state.collections) == [DS]
    assert state.collection("my-dataset").type == "dataset"
    assert list(state.collection("my-dataset").live()) == []


def test_an_id_under_a_name_and_type_in_use_is_another_one_of_that_collection():
    state = fold(collection(), collection(OTHER), version(A), version(B, OTHER), RenameRecord(collection=DS, name="new"), collection(OTHER))
    assert list(state.collections) == [DS] and len(state.collection("new").versions) == 1
    for each in (state, state.copy(), State.decode(state.encode())):
        assert each.find_by_id(OTHER) is each.find_by_id(DS) is each.collection("new")
        assert each.ids(OTHER) == each.ids(DS) == [DS, OTHER]
    assert state.find_by_id("f" * 32) is None


def test_a_rename_frees_the_old_name_and_takes_no_used_one():
    state = fold(
        collection(),
        RenameRecord(collection=DS, name="renamed"),
        collection(OTHER),
        RenameRecord(collection=DS, name="my-dataset"),
        version(A),
    )
    assert state.collection("renamed").id == DS
    assert state.collection("my-dataset").id == OTHER
    assert state.version("renamed").root == A


def test_records_about_what_is_not_there_have_no_effect():
    empty = fold(collection()).encode()
    nothing = fold(collection())
    nothing.apply(2, [about(kind, A) for kind in (DeleteRecord, RestoreRecord)])
    nothing.apply(3, [alias("prod", A), about(TagRecord, A, tag="x", present=True), version(A, OTHER)])
    nothing.apply(4, [GcVerdictRecord(gc=1, deleted=("1" * 64,), superseded=()), PartAbandonRecord(pending="p")])
    nothing.position = 1
    assert nothing.encode() == empty


def test_segments_of_any_record_count_until_superseded_for_ever():
    s1, s2, s3 = ("1" * 64, "2" * 64, "3" * 64)
    state = fold(
        SegmentsRecord(segments=(s2, s1)),
        DeleteRecord(collection=OTHER, root=A.hex(), segments=(s3, s1)),
        GcRecord(condemned=()),
        GcVerdictRecord(gc=3, deleted=(), superseded=(s1, s2), segments=("4" * 64,)),
        SegmentsRecord(segments=(s2,)),
    )
    assert state.segments == [s3, "4" * 64]


def test_a_segment_that_was_superseded_counts_again_when_a_verdict_names_it():
    s1, s2 = ("1" * 64, "2" * 64)
    records = [
        SegmentsRecord(segments=(s1,)),
        GcRecord(condemned=()),
        GcVerdictRecord(gc=2, deleted=(), superseded=(s1,), segments=(s2,)),
        GcRecord(condemned=()),
        GcVerdictRecord(gc=4, deleted=(), superseded=(s2,), segments=(s1,)),
    ]
    assert fold(*records).segments == [s1]
    assert fold(*records, GcVerdictRecord(gc=4, deleted=(), superseded=(s1,), segments=(s2,))).segments == [s1]
    assert fold(*records, SegmentsRecord(segments=(s2, s1))).segments == [s1]


def test_a_gc_is_the_generation_and_condemns_until_its_verdict():
    p1, p2, p3 = ("1" * 64, "2" * 64, "3" * 64)
    state = fold(GcRecord(condemned=(p1, p2)), SegmentsRecord(), GcRecord(condemned=(p3,)))
    assert state.generation == 3
    assert state.condemned == {p1, p2, p3}
    assert [gc.number for gc in state.open_gcs] == [1, 3]
    state.apply(4, [GcVerdictRecord(gc=1, deleted=(p1,), superseded=())])
    assert state.generation == 3
    assert state.condemned == {p3}
    assert state.dead_packs == {p1}


def test_only_the_first_verdict_counts():
    p1, p2 = ("1" * 64, "2" * 64)
    state = fold(
        GcRecord(condemned=(p1, p2)),
        GcVerdictRecord(gc=1, deleted=(p1,), superseded=()),
        GcVerdictRecord(gc=1, deleted=(p2,), superseded=()),
        GcVerdictRecord(gc=9, deleted=(p2,), superseded=()),
    )
    assert state.dead_packs == {p1}


def purging(*roots):
    return GcRecord(condemned=("ab" * 32,), purged=tuple(Source(collection=DS, root=root.hex()) for root in roots))


def test_a_gc_takes_away_the_deleted_versions_that_it_names_and_no_others():
    state = fold(
        collection(),
        version(A),
        version(B),
        version(C),
        about(DeleteRecord, A),
        about(DeleteRecord, B),
        purging(A, C),
        about(DeleteRecord, C),
        *(about(RestoreRecord, root) for root in (A, B, C)),
        GcVerdictRecord(gc=7, deleted=("ab" * 32,), superseded=()),
    )
    assert [v.root for v in state.collection("my-dataset").live()] == [B, C]
    with pytest.raises(NotFoundError, match="collected by gc"):
        state.version("my-dataset", "v0")


def test_what_a_gc_has_taken_away_can_be_logged_anew():
    state = fold(collection(), version(A), about(DeleteRecord, A), purging(A), version(A))
    assert [(v.number, v.deleted, v.purged) for v in state.collection("my-dataset").versions] == [(0, True, True), (1, False, False)]
    assert set(state.roots(deleted=True)) == {A}


def test_parts_are_roots_until_finished_or_abandoned():
    def part(root, writer, pending="p", name="my-dataset"):
        return PartRecord(pending=pending, collection=name, type="dataset", writer=writer, root=root.hex(), files=1, bytes=2)

    state = fold(collection(), part(A, "w0"), part(B, "w1"), part(C, "w0"), part(A, "w2", name="other"), part(A, "w0", "q"))
    assert {p.writer: p.root for p in state.pendings["p"].parts.values()} == {"w0": C, "w1": B}
    assert set(state.roots()) == {A, B, C}
    state.apply(7, [PartFinishRecord(pending="p", collection=DS, root=A.hex())])
    assert set(state.roots()) == {A}
    state.apply(8, [PartAbandonRecord(pending="q")])
    assert set(state.roots()) == set()


def test_the_project_has_a_default_ttl():
    state = fold(collection(), version(A), version(B), about(TtlRecord, B, seconds=None), SettingsRecord(ttl=60))
    a, b = state.collection("my-dataset").versions
    assert (state.ttl(a), state.ttl(b)) == (60, None)


def test_entries_are_folded_in_order():
    state = fold(collection())
    for number in (1, 3):
        with pytest.raises(InvalidInputError, match="doesn't follow"):
            state.apply(number, [])


def test_unknown_records_are_remembered_and_what_is_known_of_them_counts():
    state = fold(
        collection(),
        version(A),
        UnknownRecord("merge", segments=("1" * 64,)),
        UnknownRecord("delete with 'reason'", known=about(DeleteRecord, A)),
        RunFinishRecord(run="r", state="failed"),
    )
    assert state.unknown == {"merge", "delete with 'reason'", "run-finish"}
    assert state.segments == ["1" * 64]
    assert list(state.collection("my-dataset").live()) == []


# -- which version is meant --------------------------------------------------------------------------------------------


@pytest.fixture
def three():
    return fold(collection(), version(A), version(B), version(C), alias("prod", A), about(DeleteRecord, B))


def test_a_version_is_named_by_alias_number_or_digest(three):
    for ref, number in [("latest", 2), ("prod", 0), ("v0", 0), ("v2", 2), ("@" + A.hex(), 0), ("@" + C.hex()[:6].upper(), 2)]:
        assert three.version("my-dataset", ref).number == number


@pytest.mark.parametrize("ref", ["v3", "nope", "@0000000000", "v" + "9" * 5000])
def test_what_is_not_there_is_answered_with_what_is(three, ref):
    with pytest.raises(NotFoundError) as caught:
        three.version("my-dataset", ref)
    assert "v0, v2" in str(caught.value)
    assert "latest, prod" in str(caught.value)


@pytest.mark.parametrize("ref", ["v1", "@" + B.hex()[:8]])
def test_a_deleted_version_is_answered_with_how_to_restore_it(three, ref):
    with pytest.raises(NotFoundError, match="`objstore restore my-dataset:v1` brings it back"):
        three.version("my-dataset", ref)
    assert three.version("my-dataset", ref, deleted=True).number == 1


def test_an_ambiguous_digest_is_refused_with_the_choices():
    roots = [plain(b"%d" % n) for n in range(40)]
    state = fold(collection(), *(version(root) for root in roots))
    first = next(r for r in roots if sum(other.hex()[0] == r.hex()[0] for other in roots) > 1)
    with pytest.raises(InvalidInputError, match="ambiguous"):
        state.version("my-dataset", "@" + first.hex()[0])


def test_a_collection_that_is_not_there_is_answered_with_names_like_it(three):
    with pytest.raises(NotFoundError, match="did you mean my-dataset"):
        three.collection("my-datset")
    with pytest.raises(NotFoundError, match="there are my-dataset"):
        three.collection("zzz")
    with pytest.raises(NotFoundError, match="nothing has been logged"):
        State().collection("x")
    with pytest.raises(NotFoundError, match="no versions yet"):
        fold(collection()).version("my-dataset")


# -- snapshots ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def rich():
    return fold(
        collection(),
        version(A, metadata={"a": [1, 2.5, None]}, source=Source(OTHER, B.hex()), run=RunRef("a" * 32, "r"), segments=("1" * 64, "2" * 64)),
        about(TagRecord, A, tag="x", present=True),
        version(B),
        about(DeleteRecord, B),
        GcRecord(condemned=("5" * 64,)),
        GcVerdictRecord(gc=6, deleted=("5" * 64,), superseded=("1" * 64,)),
        GcRecord(condemned=("6" * 64,)),
        PartRecord(pending="p", collection="n", type="t", writer="w", root=C.hex(), files=1, bytes=2),
        SettingsRecord(ttl=9),
        UnknownRecord("merge"),
        RenameRecord(collection=DS, name="renamed"),
    )


@pytest.mark.parametrize("again", [lambda state: State.decode(state.encode()), State.copy])
def test_a_snapshot_and_a_copy_fold_on_as_the_original(rich, again):
    twin = again(rich)
    assert twin.encode() == rich.encode()
    records = [
        version(B),
        about(RestoreRecord, B),
        SegmentsRecord(segments=("1" * 64, "7" * 64)),
        collection(OTHER, "renamed"),
        collection(OTHER, "new"),
    ]
    before = rich.encode()
    twin.apply(13, records)
    assert rich.encode() == before
    rich.apply(13, records)
    assert twin.encode() == rich.encode()
    assert twin.collection("renamed").find_root(B).number == 2


def test_a_damaged_snapshot_is_refused(rich):
    data = rich.encode()
    for at in range(len(data)):
        with pytest.raises(CorruptionError):
            State.decode(data[:at])
        with pytest.raises(CorruptionError):
            State.decode(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
