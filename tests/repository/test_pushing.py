"""Pushing beside others: whoever is faster, nothing is lost, and nothing is written where it can't be right."""

import itertools
import shutil

import pytest

from objstore.blobs.address import Address
from objstore.blobs.local import LocalBlobs
from objstore.errors import ConflictError, InvalidInputError, NotFoundError, RemoteError, UnsupportedFormatError
from objstore.graph.reachability import mark
from objstore.history import facts
from objstore.history.log import Log
from objstore.history.records import GcRecord, GcVerdictRecord
from objstore.history.versions import delete_version
from objstore.host.progress import Silent
from objstore.odb import pack
from objstore.odb.keyset import KeySet
from objstore.repository import remotes
from objstore.repository.introducing import introduce
from objstore.repository.localgc import collect
from objstore.repository.project import Project
from objstore.repository.remotes import UPSTREAM, Remote
from objstore.repository.restoring import restore
from objstore.values.digest import plain
from tests.history.test_encoding import sealed
from tests.odb.stores import noise
from tests.repository.sharing import (
    Sharing,
    assert_sound,
    bring,
    change,
    contents,
    interrupted_by,
    log,
    look,
    send,
    shown,
)

SHARED = {"large": noise(1, 200_000), "small": b"small"}
OURS = {**SHARED, "ours": noise(2, 50_000)}
THEIRS = {**SHARED, "theirs": noise(3, 50_000)}


@pytest.fixture(autouse=True)
def _small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "TARGET_SIZE", 64 * 1024)


@pytest.fixture
def first(sharing: Sharing) -> Project:
    """A clone whose upstream has `data:v0`."""
    project = sharing.new("first")
    log(project, SHARED)
    send(project)
    return project


@pytest.fixture
def second(sharing: Sharing, first: Project) -> Project:
    return sharing.clone("second")


# -- beside others -----------------------------------------------------------------------------------------------------


def test_only_what_is_missing_is_sent(sharing: Sharing, first: Project) -> None:
    before = sharing.blobs_there()
    version = log(first, OURS)
    planned = send(first, dry_run=True)
    assert sharing.blobs_there() == before
    pushed = send(first)
    assert [str(item) for item in pushed.versions] == [str(item) for item in planned.versions] == [f"data:v{version.number}"]
    assert pushed.sent == planned.sent
    assert 50_000 <= pushed.sent.bytes < 52_000
    assert before.items() <= sharing.blobs_there().items()
    assert sharing.check_upstream() == contents(first)


def test_who_comes_second_gets_the_next_number_and_is_told(sharing: Sharing, first: Project, second: Project) -> None:
    log(first, OURS)
    log(second, THEIRS)
    send(first)
    pushed = send(second)
    assert [(str(old), str(new)) for old, new in pushed.fetched.renumbered] == [("data:v1", "data:v2")]
    assert [str(version) for version in pushed.versions] == ["data:v2"]
    assert not bring(first).fetched.renumbered
    bring(second)
    assert shown(first) == shown(second)
    assert contents(first) == contents(second) == sharing.check_upstream()


def test_the_same_content_pushed_by_both_is_one_version(sharing: Sharing, first: Project, second: Project) -> None:
    root = log(first, OURS, aliases=("a",)).root
    assert log(second, OURS, aliases=("b",)).root == root
    send(first)
    before = sharing.blobs_there()
    assert send(second).sent.bytes == 0
    assert sharing.blobs_there() == before
    bring(first)
    assert (
        shown(first)
        == shown(second)
        == {"data": ("dataset", [(0, shown(first)["data"][1][0][1]), (1, root)], {"latest": 1, "a": 1, "b": 1})}
    )


@pytest.mark.parametrize("theirs", [OURS, THEIRS])
def test_a_push_that_is_overtaken_at_any_moment_loses_nothing(
    sharing: Sharing, first: Project, second: Project, theirs: dict[str, bytes]
) -> None:
    log(first, OURS, aliases=("ours",))
    log(second, theirs, aliases=("theirs",))
    expected = {**contents(first), **contents(second)}
    kept = shutil.copytree(sharing.upstream, sharing.place / "kept")
    for step in itertools.count(1):
        ours, other = sharing.copy("first", "ours"), sharing.copy("second", "theirs")
        with interrupted_by(step, lambda other=other: send(other), sharing.upstream) as happened:  # type: ignore[misc]
            send(ours)
        send(other)
        bring(ours)
        bring(other)
        assert sharing.check_upstream() == expected == contents(ours) == contents(other)
        assert shown(ours) == shown(other)
        assert {"ours", "theirs", "latest"} == shown(ours)["data"][2].keys()
        for project in (ours, other):
            assert_sound(project)
        sharing.remove("ours", "theirs", "upstream")
        shutil.copytree(kept, sharing.upstream)
        if not happened:
            break
    assert step > 4


def test_what_is_logged_here_while_a_push_runs_waits_for_the_next(sharing: Sharing, first: Project) -> None:
    kept = shutil.copytree(sharing.upstream, sharing.place / "kept")
    log(first, OURS, aliases=("prod",))
    for step in itertools.count(1):
        copy = sharing.copy("first", "copy")
        other = Project.find(sharing.place / "copy")
        with interrupted_by(step, lambda other=other: log(other, THEIRS, aliases=("prod",)), sharing.upstream) as happened:  # type: ignore[misc]
            send(copy)
        there = sharing.check_upstream()
        assert len(there) == 2
        assert len(contents(copy)) == (3 if happened else 2)
        send(copy)
        assert sharing.check_upstream() == contents(copy)
        assert shown(copy)["data"][2]["prod"] == (2 if happened else 1)
        other.close()
        sharing.remove("copy", "upstream")
        shutil.copytree(kept, sharing.upstream)
        if not happened:
            break
    assert step > 4


def test_when_others_leave_nothing_to_be_sent_nothing_is(sharing: Sharing, first: Project, second: Project) -> None:
    """Our one record has lost its effect between the look at the upstream and the append."""
    change(second, lambda state: facts.set_aliases(state, "data", "v0", ["prod"]))

    def delete() -> None:
        change(first, lambda state: delete_version(state, "data", "v0", delete_aliases=True))
        send(first)

    with interrupted_by(1, delete, sharing.upstream) as happened:
        pushed = send(second)
    assert happened
    assert pushed.records == 0
    assert "prod isn't put on data:v0" in pushed.fetched.in_vain[0]
    assert send(second).fetched.in_vain == []
    assert shown(first) == shown(second)


# -- beside gc ---------------------------------------------------------------------------------------------------------


def test_what_a_gc_upstream_condemns_at_any_moment_is_sent_again(sharing: Sharing, first: Project, second: Project) -> None:
    """Its fence stands in the log before it is decided what goes. Whoever pushes after it relies on nothing that it condemns."""
    log(first, OURS)
    send(first)
    change(first, lambda state: delete_version(state, "data", "v1", delete_aliases=True))
    send(first)
    version = log(second, {**OURS, "more": b"more"})
    kept = shutil.copytree(sharing.upstream, sharing.place / "kept")

    def condemn() -> None:
        with sharing.upstream_project() as upstream:
            live = set(upstream.database.locate(keys_of(upstream, "v0")).values())
            needed = {place.pack for place in live}
            condemned = tuple(sorted(set(upstream.cache.pack_ids()) - needed))
            assert condemned
            upstream.account(lambda state: [GcRecord(condemned=condemned)])

    def decide() -> None:
        with sharing.upstream_project() as upstream:
            for gc in [gc for gc in upstream.state.gcs.values() if not gc.verdict]:
                upstream.account(lambda state, gc=gc: [GcVerdictRecord(gc=gc.number, deleted=tuple(sorted(gc.condemned)), superseded=())])
            for name in upstream.state.dead_packs:
                upstream.blobs.delete(pack.pack_name(name))

    for step in itertools.count(1):
        copy = sharing.copy("second", "copy")
        with interrupted_by(step, condemn, sharing.upstream) as happened:
            send(copy)
        if happened:
            decide()
        bring(copy)
        with sharing.upstream_project() as upstream:
            held = contents(upstream)
        assert held == contents(copy)
        assert version.root in held
        sharing.remove("copy", "upstream")
        shutil.copytree(kept, sharing.upstream)
        if not happened:
            break
    assert step > 3


def test_content_that_was_deleted_and_freed_upstream_comes_again_with_whoever_adds_it(
    sharing: Sharing, first: Project, second: Project
) -> None:
    with sharing.upstream_project() as upstream:
        change(upstream, lambda state: delete_version(state, "data", "v0", delete_aliases=True))
        collect(upstream, Silent())
    assert sharing.check_upstream() == {}
    root = log(second, SHARED).root  # it logs nothing new, as far as it knows
    pushed = send(second)
    assert [str(version) for version in pushed.versions] == ["data:v1"]
    (told,) = pushed.fetched.news()
    assert "data:v0 was deleted upstream" in told and told.endswith("it is v1 now")
    assert sharing.check_upstream() == {root: SHARED} == contents(second)
    look(first)
    assert contents(first) == {root: SHARED}


@pytest.mark.parametrize("had_moved", [True, False])
def test_content_that_was_deleted_upstream_and_logged_again_here_stays(
    sharing: Sharing, first: Project, second: Project, had_moved: bool
) -> None:
    if had_moved:
        log(first, OURS)
        send(first)
        look(second)
    change(first, lambda state: delete_version(state, "data", "v0", delete_aliases=True))
    send(first)
    root = log(second, SHARED, aliases=("kept",)).root
    pushed = send(second)
    assert list(pushed.fetched.news()) == ["data:v0 was deleted upstream, but had been logged again here meanwhile: it is restored"]
    assert pushed.fetched.in_vain == []
    assert shown(second)["data"][2] == {"latest": 0, "kept": 0}
    with sharing.upstream_project() as upstream:
        collect(upstream, Silent())
    look(first)
    assert shown(first) == shown(second)
    assert sharing.check_upstream()[root] == SHARED
    assert send(second).records == 0


def test_content_that_is_logged_again_and_again_waits_once_and_is_not_sent(first: Project) -> None:
    for _ in range(3):
        log(first, SHARED)
    assert first.clone is not None
    assert len(first.clone.replay.entries) == 1
    assert send(first).records == 0
    assert first.clone.replay.entries == {}


def test_what_was_freed_upstream_is_not_restored_from_here(sharing: Sharing, first: Project) -> None:
    change(first, lambda state: delete_version(state, "data", "v0", delete_aliases=True))
    send(first)
    restore(first, "data", "v0")
    with sharing.upstream_project() as upstream:
        collect(upstream, Silent())
    (told,) = send(first).fetched.in_vain
    assert "data:v0 isn't restored" in told
    assert shown(first)["data"][1] == []


def test_what_was_freed_here_before_it_was_pushed_is_not_restored(first: Project) -> None:
    log(first, OURS)
    change(first, lambda state: delete_version(state, "data", "v1", delete_aliases=True))
    collect(first, Silent())
    with pytest.raises(ConflictError, match="freed by a gc"):
        restore(first, "data", "v1")
    assert_sound(first)
    assert log(first, OURS).number == 2
    send(first)
    assert OURS in contents(first).values()


# -- some collections --------------------------------------------------------------------------------------------------


def test_only_the_named_collections_go(sharing: Sharing, first: Project, second: Project) -> None:
    log(first, OURS)
    log(first, THEIRS, "other")
    log(first, {"a": b"1"}, "third")
    pushed = send(first, "other", "third")
    assert [str(version) for version in pushed.versions] == ["other:v0", "third:v0"]
    look(second)
    assert shown(second).keys() == {"data", "other", "third"}
    assert len(shown(second)["data"][1]) == 1
    assert [str(version) for version in send(first).versions] == ["data:v1"]
    assert sharing.check_upstream() == contents(first)


def test_a_name_that_is_not_there_is_told(first: Project) -> None:
    with pytest.raises(NotFoundError, match="did you mean data"):
        send(first, "dat")


def test_a_collection_goes_by_the_name_that_it_had_here(sharing: Sharing, first: Project, second: Project) -> None:
    log(first, {"a": b"1"}, "new", type="model")
    send(first)
    log(second, {"a": b"2"}, "new", type="dataset")
    pushed = send(second, "new")
    assert pushed.fetched.renamed == {"new": "new-dataset"}
    assert [str(version) for version in pushed.versions] == ["new-dataset:v0"]
    look(first)
    assert shown(first) == shown(second)


def test_a_collection_whose_name_is_not_free_yet_upstream_waits(sharing: Sharing, first: Project) -> None:
    """`data` was renamed here, and another made of that name: alone, the new one would count for nothing upstream."""
    change(first, lambda state: facts.rename(state, "data", "old"))
    root = log(first, OURS).root
    before, entries = shown(first), sharing.blobs_there("log/")
    with pytest.raises(ConflictError, match="data is another collection upstream"):
        send(first, "data")
    assert (shown(first), sharing.blobs_there("log/")) == (before, entries)
    send(first, "old")
    send(first, "data")
    assert shown(first) == before
    assert root in sharing.check_upstream()


def test_a_conflict_stops_only_the_collection_that_it_is_about(first: Project, second: Project) -> None:
    log(first, OURS, aliases=("prod",))
    send(first)
    change(second, lambda state: facts.set_aliases(state, "data", "v0", ["prod"]))
    log(second, THEIRS, "other")
    with pytest.raises(ConflictError, match=r"data:prod \(yours: v0, upstream: v1\)"):
        send(second)
    assert [str(version) for version in send(second, "other").versions] == ["other:v0"]
    with pytest.raises(ConflictError, match="--ours"):
        send(second)
    assert bring(second, "ours").fetched.conflicts == []
    send(second)
    look(first)
    assert shown(first) == shown(second)
    assert shown(first)["data"][2]["prod"] == 0


# -- an upstream that isn't what it was --------------------------------------------------------------------------------


def test_another_projects_place_is_refused(sharing: Sharing, first: Project) -> None:
    shutil.rmtree(sharing.upstream)
    other = sharing.new("other")
    log(other, THEIRS)
    send(other)
    before = sharing.blobs_there("")
    log(first, OURS)
    for act in (send, look, bring):
        with pytest.raises(ConflictError, match="holds another project"):
            act(first)
    assert sharing.blobs_there("") == before
    assert len(contents(first)) == 2


@pytest.mark.parametrize("left", ["", "objstore.json"])
def test_an_upstream_that_was_emptied_is_told_and_nothing_here_is_touched(sharing: Sharing, first: Project, left: str) -> None:
    log(first, OURS)
    before = contents(first)
    settings = (sharing.upstream / "objstore.json").read_bytes()
    shutil.rmtree(sharing.upstream)
    if left:
        sharing.upstream.mkdir()
        (sharing.upstream / left).write_bytes(settings)
    for act in (send, look, bring):
        with pytest.raises((ConflictError, RemoteError), match="make a new clone" if left else "there is no project at"):
            act(first)
    assert not (sharing.upstream / "log").exists()
    assert contents(first) == before
    assert_sound(first)


def test_an_upstream_that_was_put_back_to_an_older_state_is_told(sharing: Sharing, first: Project, second: Project) -> None:
    kept = shutil.copytree(sharing.upstream, sharing.place / "kept")
    log(first, OURS)
    send(first)
    bring(second)
    log(second, THEIRS)
    shutil.rmtree(sharing.upstream)
    shutil.copytree(kept, sharing.upstream)
    for project in (first, second):
        before = contents(project)
        for act in (send, look, bring):
            with pytest.raises(ConflictError, match="make a new clone"):
                act(project)
        assert contents(project) == before
    third = sharing.clone("third")
    for files in (OURS, THEIRS):  # as the message says
        log(third, files)
    send(third)
    assert sharing.check_upstream() == contents(third)


def test_an_upstream_that_was_replaced_by_one_with_another_history_is_told(sharing: Sharing, first: Project, second: Project) -> None:
    kept = shutil.copytree(sharing.upstream, sharing.place / "kept")
    log(second, THEIRS)
    log(first, OURS)
    send(first)
    shutil.rmtree(sharing.upstream)
    shutil.copytree(kept, sharing.upstream)
    send(second)
    before = sharing.blobs_there("")
    with pytest.raises(ConflictError, match="isn't what it was"):
        send(first)
    assert sharing.blobs_there("") == before
    assert len(contents(first)) == 2


def test_an_upstream_put_back_to_before_a_push_that_was_cut_off_gets_it_again(sharing: Sharing, first: Project) -> None:
    kept = shutil.copytree(sharing.upstream, sharing.place / "kept")
    log(first, OURS)
    pending = {name: first.blobs.read(name) for name, _ in first.blobs.list("pending/")}
    send(first)
    for name, data in pending.items():  # as if it had been cut off before it removed them
        first.blobs.create(name, data)
    shutil.rmtree(sharing.upstream)
    shutil.copytree(kept, sharing.upstream)
    assert [str(version) for version in send(first).versions] == ["data:v1"]
    assert sharing.check_upstream() == contents(first)
    assert list(first.blobs.list("pending/")) == []


def test_an_upstream_that_is_or_becomes_a_clone_itself_is_refused(sharing: Sharing, first: Project) -> None:
    """Only the log of the last upstream in line decides numbers; nobody may append to a mirror of it."""
    middle = sharing.new("middle")
    log(middle, SHARED)
    below = sharing.clone_of(Address.parse(str(middle.folder)), "below")
    log(below, OURS)
    assert send(below).records
    remotes.remove(middle.remotes_file, UPSTREAM)
    remotes.add(middle.remotes_file, Remote(UPSTREAM, Address.parse(str(sharing.place / "top"))))
    send(middle)
    log(below, THEIRS)
    for act in (send, look, bring):
        with pytest.raises(ConflictError, match="is a clone itself"):
            act(below)
    assert send(middle).records == 0


def test_a_newer_format_is_read_as_far_as_it_is_known_and_never_written(sharing: Sharing, first: Project) -> None:
    log(first, OURS)
    settings = sharing.upstream / "objstore.json"
    body = settings.read_bytes().partition(b',"checksum"')[0].replace(b'"format":1', b'"format":2')
    settings.write_bytes(body + b',"checksum":"' + plain(body).hex().encode() + b'"}\n')
    before = sharing.blobs_there("")
    for act in (send, look, bring):
        with pytest.raises(UnsupportedFormatError, match="upgrade"):
            act(first)
    assert sharing.blobs_there("") == before
    assert len(contents(first)) == 2


@pytest.mark.parametrize("segments", [False, True])
def test_unknown_records_upstream_are_read_past_and_nothing_is_written(
    sharing: Sharing, first: Project, second: Project, segments: bool
) -> None:
    log(second, OURS)
    send(second)
    upstream = Log(LocalBlobs(sharing.upstream))
    number = len(list(upstream.read_from(1))) + 1
    named = (
        b',"segments":["%b"]' % b"".join(name.encode() for name in second.clone.mirror.segments[-1:]) if segments and second.clone else b""
    )
    record = b'{"kind":"new-kind","write_id":"%b","time":"2026-11-21T00:00:00Z"%b}' % (b"1" * 32, named)
    upstream.blobs.create(upstream.entry_name(number), sealed(record))
    log(first, THEIRS)
    before = sharing.blobs_there("")
    with pytest.raises(UnsupportedFormatError, match=r"new-kind.*upgrade"):
        send(first)
    assert sharing.blobs_there("") == before
    bring(first)
    assert len(contents(first)) == 3
    with pytest.raises(UnsupportedFormatError, match="upgrade"):
        log(first, {"a": b"1"})
    assert len(contents(sharing.clone("third"))) == 2


# -- what is remembered ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["cache", "remotes"])
def test_a_clone_loses_nothing_with_what_it_remembers(sharing: Sharing, first: Project, second: Project, what: str) -> None:
    log(second, OURS)
    log(first, THEIRS)
    send(first)
    before = contents(second)
    second.close()
    shutil.rmtree(second.local / what)
    second = sharing.open("second")
    assert contents(second) == before
    send(second)
    bring(second)
    assert sharing.check_upstream() == contents(second)
    assert_sound(second)


@pytest.mark.parametrize("what", ["cache", "remotes"])
def test_a_clone_without_data_reads_on_when_it_has_forgotten_where_things_are(sharing: Sharing, first: Project, what: str) -> None:
    project = sharing.clone("second", data=False)
    project.close()
    shutil.rmtree(project.local / what)
    project = sharing.open("second")
    assert contents(project) == contents(first)
    collect(project, Silent())
    assert_sound(project)


def test_a_remote_cannot_be_the_project_itself(first: Project) -> None:
    with pytest.raises(InvalidInputError, match="is this project itself"):
        introduce(first, "other", Address.parse(str(first.folder)), {})


def keys_of(project: Project, ref: str) -> list[bytes]:
    """What a version reaches."""
    with KeySet(project.scratch) as keys:
        mark(project.database, [project.state.version("data", ref).root], keys)
        return [key for batch in keys.batches(1000) for key in batch]


def test_what_another_process_was_about_to_remove_when_a_push_began_is_looked_at_again(sharing: Sharing) -> None:
    """It had removed that a version was deleted, and not yet the version."""
    mine = sharing.new("mine")
    first = log(mine, {"a": b"1"}).root
    send(mine)
    bring(mine)
    log(mine, {"a": b"2"})
    change(mine, lambda state: delete_version(state, "data", "v1", delete_aliases=True))
    last = max((mine.folder / "pending" / "main").iterdir(), key=lambda path: path.name.split("-")[1])
    deletion = last.read_bytes()
    last.unlink()
    other = sharing.open("mine")
    assert len(list(other.state.collection("data").live())) == 2
    last.write_bytes(deletion)
    assert not send(other).records
    assert sharing.check_upstream().keys() == {first}
