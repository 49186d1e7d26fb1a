"""What fetch and pull bring: all metadata, and of data what was asked for; each once, and from wherever it is by now."""

import itertools
import shutil
import threading
from collections.abc import Collection, Sequence

import pytest

from objstore.errors import ConflictError, CorruptionError, NotFoundError
from objstore.graph.children import PARENTS
from objstore.history import facts
from objstore.history.versions import delete_version
from objstore.host.progress import Silent
from objstore.odb import pack
from objstore.odb.pack import pack_name
from objstore.odb.record import decode
from objstore.repository.fetching import follow
from objstore.repository.localgc import collect
from objstore.repository.project import Project
from objstore.repository.pulling import Part, named, pull
from objstore.repository.restoring import restore
from objstore.values.digest import plain
from objstore.values.key import Kind, chunk_key
from tests.odb.stores import noise
from tests.repository.interrupting import cut_off
from tests.repository.sharing import Sharing, assert_sound, bring, change, contents, interrupted_by, log, look, send, shown
from tests.repository.stores import content_of

FILES = {"train/a": noise(1, 100_000), "train/b": noise(2, 300_000), "test/c": noise(3, 50_000), "readme": b"text", "empty": b""}
NEXT = {**FILES, "train/b": noise(4, 300_000)}


@pytest.fixture(autouse=True)
def _small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "TARGET_SIZE", 64 * 1024)


@pytest.fixture
def first(sharing: Sharing) -> Project:
    """A repository with two versions of `data`, pushed."""
    project = sharing.new("first")
    log(project, FILES)
    log(project, NEXT, aliases=("prod",))
    send(project)
    return project


def held(project: Project, *kinds: Kind) -> set[bytes]:
    """The keys of what a repository has itself."""
    return {key for key, _ in project.cache.locate_from(b"") if key[0] in kinds}


def test_a_clone_without_data_has_all_metadata_and_no_data(sharing: Sharing, first: Project) -> None:
    second = sharing.clone("second", data=False)
    assert held(second, *PARENTS) == held(first, *PARENTS)
    assert held(second, Kind.CHUNK) == set()
    assert shown(second) == shown(first)
    assert_sound(second)
    assert contents(second) == contents(first)  # read there
    assert held(second, Kind.CHUNK) == set()


def test_what_gc_moves_between_looking_up_and_reading_is_found_though_it_is_not_pushed(sharing: Sharing, first: Project) -> None:
    log(first, {"kept": b"kept" * 1000, "dropped": noise(7, 50_000)}, "mine")
    log(first, {"kept": b"kept" * 1000}, "mine")
    change(first, lambda state: delete_version(state, "mine", "v0"))
    located = first.database.locate([chunk_key(plain(b"kept" * 1000))])
    with Project.find(first.folder) as other:
        assert collect(other, Silent()).rewritten
    ((key, record),) = first.database.read_records(located)
    assert decode(key, record) == b"kept" * 1000


def test_a_fetch_brings_the_metadata_of_what_is_new(sharing: Sharing, first: Project) -> None:
    second = sharing.clone("second", data=False)
    before = set(packs_of(second))
    log(first, {"new": noise(9, 300_000)}, "new")
    send(first)
    assert look(second).entries == 1
    assert held(second, *PARENTS) == held(first, *PARENTS)
    assert len(set(packs_of(second)) - before) == 1
    assert look(second).entries == 0


def packs_of(project: Project) -> list[str]:
    return [name for name, _ in project.blobs.list("packs/")]


def test_a_part_is_brought_with_nothing_beside_it(sharing: Sharing, first: Project) -> None:
    second = sharing.clone("second", data=False)
    done = pull(second, Silent(), lambda state: named(state, ["data:v0"], "test/"))
    assert 50_000 < done.bytes < 51_000
    chunks = held(second, Kind.CHUNK)
    pull(second, Silent(), lambda state: named(state, ["data:v0"], "test"))
    assert held(second, Kind.CHUNK) == chunks
    with pytest.raises(NotFoundError, match="has no te"):
        pull(second, Silent(), lambda state: named(state, ["data:v0"], "te"))
    pull(second, Silent(), lambda state: named(state, ["data:v0"], "readme"))
    assert held(second, Kind.CHUNK) > chunks
    done = pull(second, Silent(), lambda state: named(state, ["data"]))
    assert held(second, Kind.CHUNK) < held(first, Kind.CHUNK)
    bring(second)
    assert held(second, Kind.CHUNK) == held(first, Kind.CHUNK)


def test_what_is_here_is_not_brought_again(sharing: Sharing, first: Project) -> None:
    second = sharing.clone("second")
    assert held(second, Kind.CHUNK) == held(first, Kind.CHUNK)
    before = second.holdings.position, set(packs_of(second))
    for opened in (lambda: second, lambda: sharing.open("second")):
        project = opened()
        done = bring(project)
        assert (done.objects, done.bytes) == (0, 0)
        assert (project.holdings.position, set(packs_of(project))) == before
    project = sharing.open("second")
    project.cache.remember("held " + next(iter(contents(project))).hex(), b"")  # it has to look, and finds all of it
    assert bring(project).objects == 0


def test_what_a_local_gc_took_is_brought_again(sharing: Sharing, first: Project) -> None:
    second = sharing.clone("second")
    change(second, lambda state: delete_version(state, "data", "v0"))
    collect(second, Silent())
    assert held(second, Kind.CHUNK) < held(first, Kind.CHUNK)
    send(second)
    with sharing.upstream_project() as upstream:
        restore(upstream, "data", "v0")
    assert bring(second).objects > 0
    assert held(second, Kind.CHUNK) == held(first, Kind.CHUNK)
    shutil.rmtree(sharing.upstream / "packs")
    assert contents(second) == contents(first)


def test_deleted_versions_are_not_brought(sharing: Sharing, first: Project) -> None:
    change(first, lambda state: delete_version(state, "data", "v0"))
    send(first)
    second = sharing.clone("second")
    assert held(second, Kind.CHUNK) < held(first, Kind.CHUNK)
    assert contents(second).keys() == {version.root for version in first.state.collection("data").live()}


def test_what_a_gc_upstream_has_moved_is_found_where_it_is_now(sharing: Sharing, first: Project) -> None:
    """Metadata and data were seen in packs that have gone since."""
    log(first, {"gone": noise(8, 30_000), **FILES}, "other")
    send(first)
    reader, puller = sharing.clone("reader", data=False), sharing.clone("puller", data=False)
    expected = contents(first)
    roots = {version.root for version in first.state.collection("data").live()}
    with sharing.upstream_project() as upstream:
        change(upstream, lambda state: delete_version(state, "other", "v0", delete_aliases=True))
        pack_there = set(packs_of(upstream))
        collect(upstream, Silent())
        assert not pack_there <= set(packs_of(upstream))
    reader = sharing.open("reader")
    for root in roots:
        assert content_of(reader, root) == expected[root]
    bring(puller)
    shutil.rmtree(sharing.upstream)
    assert contents(puller) == {root: expected[root] for root in roots}
    assert_sound(puller)


def test_a_pull_while_others_push_brings_a_whole_history(sharing: Sharing, first: Project) -> None:
    second = sharing.clone("second", data=False)
    other = sharing.clone("other")
    for step in itertools.count(1):
        copy = sharing.copy("second", "copy")
        log(other, {"step": b"%d" % step})
        with interrupted_by(step, lambda: send(other), copy.folder) as happened:
            bring(copy)
        if not happened:
            break
        assert contents(copy).keys() <= contents(other).keys()
        bring(copy)
        send(other)
        assert_sound(copy)
        sharing.remove("copy")
    assert step > 8
    send(other)
    bring(second)
    assert shown(second) == shown(other)


@pytest.mark.parametrize("after", [False, True])
def test_a_clone_cut_off_anywhere_is_completed_by_a_pull(sharing: Sharing, first: Project, after: bool) -> None:
    sharing.clone("empty", data=False)
    log(first, {"more": noise(7, 100_000)})
    send(first)
    for step in itertools.count(1 + after, 2):
        copy = sharing.copy("empty", "copy")
        with cut_off(step, after=after) as cut:
            bring(copy)
        copy = sharing.open("copy")
        arrived = held(copy, Kind.CHUNK)
        bring(copy)
        assert arrived <= held(copy, Kind.CHUNK) == held(first, Kind.CHUNK)
        assert shown(copy) == shown(first)
        data = [name for name in packs_of(copy) if copy.database.read_trailer(name[-64:]).pack_class is pack.PackClass.DATA]
        chunks = [row.key for name in data for row in copy.database.read_trailer(name[-64:]).rows]
        assert len(chunks) == len(set(chunks))
        assert_sound(copy)
        sharing.remove("copy")
        if not cut:
            break
    assert step > 20


# -- conflicts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_decision_is_kept_by_a_second_look(sharing: Sharing, first: Project, side: str) -> None:
    second = sharing.clone("second")
    change(first, lambda state: facts.set_aliases(state, "data", "v0", ["prod"]))
    send(first)
    change(second, lambda state: facts.remove_aliases(state, "data", ["prod"]))
    (found,) = bring(second).fetched.conflicts
    assert (found.ours, found.theirs) == ("nowhere", "v0")
    assert bring(second).fetched.conflicts == [found]
    with pytest.raises(ConflictError):
        send(second)
    assert bring(second, side).fetched.conflicts == []  # type: ignore[arg-type]
    for opened in (lambda: second, lambda: sharing.open("second")):
        project = opened()
        assert bring(project).fetched.conflicts == []
        assert ("prod" in shown(project)["data"][2]) == (side == "theirs")
    send(sharing.open("second"))
    look(first)
    assert ("prod" in shown(first)["data"][2]) == (side == "theirs")


def test_a_side_without_a_conflict_changes_nothing(first: Project, sharing: Sharing) -> None:
    second = sharing.clone("second")
    change(second, lambda state: facts.set_aliases(state, "data", "v0", ["test"]))
    before = shown(second)
    for side in ("ours", "theirs"):
        bring(second, side)  # type: ignore[arg-type]
        assert shown(second) == before


def test_holes_upstream_are_told_and_nothing_else_is_lost(sharing: Sharing, first: Project) -> None:
    second = sharing.clone("second", data=False)
    needed = first.database.locate([chunk_key(plain(FILES["readme"]))])
    packs = {place.pack for _, place in first.cache.locate_from(bytes([Kind.CHUNK]))} - {place.pack for place in needed.values()}
    (sharing.upstream / pack_name(min(packs))).unlink()
    with pytest.raises(NotFoundError, match="fetch"):
        bring(second)
    assert shown(second) == shown(first)
    pull(second, Silent(), lambda state: [Part(state.version("data", "v1").root, b"readme")])


def test_a_log_with_a_gap_is_not_cloned_since_a_push_would_fill_it(sharing: Sharing, first: Project) -> None:
    log(first, FILES, "another")
    send(first)
    (sharing.upstream / "log" / "main" / f"{1:020d}").unlink()
    with pytest.raises(CorruptionError, match=f"{1:020d} is missing"):
        sharing.clone("second")


def test_a_clone_that_was_cut_off_says_how_it_goes_on(sharing: Sharing, first: Project) -> None:
    sharing.clone("second", data=False)
    with pytest.raises(ConflictError, match="objstore pull"):
        sharing.clone("second")


def test_who_slept_puts_back_no_index_that_others_have_replaced(sharing: Sharing, first: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    sharing.clone("second")
    reader, fetcher = (Project.find(sharing.place / "second") for _ in range(2))
    with reader, fetcher:
        log(first, {"a": b"new"})
        send(first)
        sleeper = reader.connect()
        load = sleeper.database.load

        def later(segments: Sequence[str], dead: Collection[str]) -> None:
            log(first, {"a": b"newer"})
            send(first)
            others.start()
            others.join(1)  # it has to wait for the one who sleeps
            load(segments, dead)

        others = threading.Thread(target=look, args=[fetcher])
        monkeypatch.setattr(sleeper.database, "load", later)
        sleeper._read_on(fetcher.state.copy())
        others.join()
        assert fetcher.clone is not None
        assert fetcher.connect().cache.segments == set(fetcher.clone.mirror.segments)
        assert len(fetcher.clone.mirror.segments) == 4


def test_a_check_looks_again_for_what_the_upstreams_gc_has_moved_since_a_fetch_that_was_cut_off(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, {"a": b"first"})
    send(mine)
    theirs = sharing.clone("theirs")
    for number in range(3):
        log(theirs, {"a": b"%d" % number})
        send(theirs)
    follow(mine, mine.connect())  # and no metadata
    assert_sound(mine)
    with sharing.upstream_project() as upstream:
        assert collect(upstream, Silent()).rewritten
    assert_sound(mine)
