"""The first push: a project goes to an empty place as it is, whoever else comes, and wherever it is cut off."""

import itertools
import shutil

import pytest

from objstore.errors import CorruptionError
from objstore.history.versions import delete_version
from objstore.host.progress import Silent
from objstore.odb import pack
from objstore.odb.pack import pack_name
from objstore.repository.checking import check
from objstore.repository.localgc import collect
from objstore.repository.project import Project
from objstore.values.digest import plain
from objstore.values.key import Kind, chunk_key
from tests.odb.stores import noise
from tests.repository.interrupting import cut_off
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

ONE = {"large": noise(1, 300_000), "small": b"small", "x/y": b"1"}
TWO = {**ONE, "x/y": b"2", "more": noise(2, 150_000)}


@pytest.fixture(autouse=True)
def _small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "TARGET_SIZE", 96 * 1024)


@pytest.fixture
def first(sharing: Sharing) -> Project:
    """A repository with two versions that nobody else has yet."""
    project = sharing.new("first")
    log(project, ONE)
    log(project, TWO, aliases=("prod",))
    return project


def test_it_arrives_as_it_is_and_numbers_stay(sharing: Sharing, first: Project) -> None:
    before, held = shown(first), contents(first)
    pushed = send(first)
    assert [str(version) for version in pushed.versions] == ["data:v0", "data:v1"]
    assert first.clone is not None
    assert shown(first) == before == shown(sharing.clone("second"))
    assert sharing.check_upstream() == held
    assert_sound(first)
    assert {name for name, _ in first.blobs.list("packs/")} == set(sharing.blobs_there())


def test_a_second_push_does_nothing(sharing: Sharing, first: Project) -> None:
    send(first)
    before = sharing.blobs_there("")
    for opened in (lambda: first, lambda: sharing.open("first")):
        pushed = send(opened())
        assert (pushed.records, pushed.versions, pushed.sent.bytes) == (0, [], 0)
    assert sharing.blobs_there("") == before


def test_a_dry_run_changes_nothing(sharing: Sharing, first: Project) -> None:
    planned = send(first, dry_run=True)
    assert not sharing.upstream.exists()
    assert first.clone is None
    pushed = send(first)
    assert (planned.versions, planned.records, planned.sent.bytes) == (pushed.versions, pushed.records, pushed.sent.bytes)


def test_an_empty_project_can_be_pushed_and_cloned(sharing: Sharing) -> None:
    send(sharing.new("first"))
    second = sharing.clone("second")
    log(second, ONE)
    send(second)
    bring(sharing.projects["first"])
    assert shown(sharing.projects["first"]) == shown(second)


def test_after_gc_and_deletion_it_arrives_whole(sharing: Sharing, first: Project) -> None:
    log(first, {"gone": noise(9, 200_000)}, "gone")
    change(first, lambda state: delete_version(state, "gone", "v0", delete_aliases=True))
    collect(first, Silent())
    log(first, {"later": noise(3, 100_000)}, "later")
    held = contents(first)
    send(first)
    assert sharing.check_upstream() == held
    assert shown(sharing.clone("second")) == shown(first)
    assert contents(sharing.projects["second"]) == held


@pytest.mark.parametrize("after", [False, True])
def test_cut_off_anywhere_it_goes_on_and_sends_nothing_twice(sharing: Sharing, first: Project, after: bool) -> None:
    before, held = shown(first), contents(first)
    outcomes = set()
    for step in itertools.count(1):
        copy = sharing.copy("first", "copy")
        with cut_off(step, after=after) as cut:
            send(copy)
        arrived = sharing.blobs_there("") if sharing.upstream.exists() else {}
        copy = sharing.open("copy")
        outcomes.add((bool(arrived), copy.clone is not None))
        send(copy)
        assert arrived.items() <= sharing.blobs_there("").items()
        assert shown(copy) == before
        assert sharing.check_upstream() == held
        assert send(copy).records == 0
        assert contents(copy) == held
        assert_sound(copy)
        sharing.remove("copy", "upstream")
        if not cut:
            break
    assert outcomes == {(False, False), (True, False), (True, True)}


def test_what_is_logged_while_it_runs_arrives_too(sharing: Sharing, first: Project) -> None:
    for step in itertools.count(1):
        sharing.copy("first", "copy")
        project, other = sharing.projects["copy"], Project.find(sharing.place / "copy")
        with interrupted_by(step, lambda other=other: log(other, {"new": noise(5, 120_000)}, "new"), sharing.upstream) as happened:  # type: ignore[misc]
            send(project)
        assert shown(project).keys() == {"data", "new"} if happened else {"data"}
        send(project)
        assert sharing.check_upstream() == contents(project)
        other.close()
        sharing.remove("copy", "upstream")
        if not happened:
            break
    assert step > 8


# -- two at once -------------------------------------------------------------------------------------------------------


def test_a_copy_of_the_folder_that_pushes_at_the_same_time_loses_nothing(sharing: Sharing, first: Project) -> None:
    sharing.copy("first", "second")
    log(first, {"by-first": noise(3, 120_000)}, aliases=("prod",))
    log(sharing.projects["second"], {"by-second": noise(4, 120_000)})
    for step in itertools.count(1):
        ours, theirs = sharing.copy("first", "ours"), sharing.copy("second", "theirs")
        expected = {**contents(ours), **contents(theirs)}
        with interrupted_by(step, lambda theirs=theirs: send(theirs), sharing.upstream) as happened:  # type: ignore[misc]
            send(ours)
        send(theirs)
        bring(ours)
        bring(theirs)
        assert shown(ours) == shown(theirs)
        assert sharing.check_upstream() == expected == contents(ours) == contents(theirs)
        for project in (ours, theirs):
            assert send(project).records == 0
            assert_sound(project)
        sharing.remove("ours", "theirs", "upstream")
        if not happened:
            break
    assert step > 8


# -- joining -----------------------------------------------------------------------------------------------------------


def test_of_two_copies_that_both_logged_on_the_second_ones_entries_wait(sharing: Sharing, first: Project) -> None:
    second = sharing.copy("first", "second")
    log(first, {"by-first": b"1"})
    log(second, {"by-second": b"2"})
    log(second, {"by-second": b"2"}, "other", type="model")
    expected = {**contents(first), **contents(second)}
    send(first)
    fetched = look(second)
    assert [(str(old), str(new)) for old, new in fetched.renumbered] == [("data:v2", "data:v3")]
    assert len(list(second.blobs.list("pending/main/"))) == 2
    pushed = send(second)
    assert [str(version) for version in pushed.versions] == ["data:v3", "other:v0"]
    bring(first)
    bring(second)
    assert shown(first) == shown(second)
    assert contents(first) == contents(second) == sharing.check_upstream() == expected
    for project in (first, second):
        assert_sound(project)


@pytest.mark.parametrize("after", [False, True])
def test_joining_cut_off_anywhere_loses_nothing(sharing: Sharing, first: Project, after: bool) -> None:
    second = sharing.copy("first", "second")
    log(first, {"by-first": b"1"})
    for at in range(3):
        log(second, {"by-second": b"%d" % at})
    expected = {**contents(first), **contents(second)}
    send(first)
    kept = sharing.place / "kept"
    shutil.copytree(sharing.upstream, kept)
    for step in itertools.count(1):
        copy = sharing.copy("second", "copy")
        with cut_off(step, after=after) as cut:
            look(copy)
        copy = sharing.open("copy")
        before = [root for item in copy.state.collections.values() for root in (version.root for version in item.live())]
        assert {version.root for version in second.state.collection("data").live()} <= set(before)
        log(copy, {"in between": b"%d" % step})
        expected_here = {**expected, **contents(copy)}
        send(copy)
        assert sharing.check_upstream() == expected_here
        bring(copy)
        with sharing.upstream_project() as upstream:
            assert shown(copy) == shown(upstream)
        sharing.check_log()
        assert_sound(copy)
        sharing.remove("copy", "upstream")
        shutil.copytree(kept, sharing.upstream)
        if not cut:
            break


def test_a_damaged_pack_does_not_go_there(sharing: Sharing, first: Project) -> None:
    path = max((first.folder / "packs").rglob("*/*"), key=lambda found: found.stat().st_size)
    path.chmod(0o600)
    whole = path.read_bytes()
    path.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    with pytest.raises(CorruptionError, match=path.name):
        send(first)
    assert path.name not in {name.rpartition("/")[2] for name in sharing.blobs_there()}
    path.write_bytes(whole)
    send(first)
    assert sharing.check_upstream() == contents(first)


def test_a_project_that_lacks_a_pack_is_not_pushed_as_if_it_were_whole(sharing: Sharing, first: Project) -> None:
    small = first.database.locate([chunk_key(plain(ONE["small"]))])
    packs = {place.pack for _, place in first.cache.locate_from(bytes([Kind.CHUNK]))} - {place.pack for place in small.values()}
    (first.folder / pack_name(min(packs))).unlink()
    for dry_run in (True, False):
        with pytest.raises(CorruptionError, match="is missing in .* `objstore fsck --repair`"):
            send(first, dry_run=dry_run)
    assert sharing.blobs_there("log/") == {}
    assert not check(first.folder, Silent(), repair=True).is_sound
    mended = sharing.open("first")
    log(mended, TWO)
    collect(mended, Silent())
    send(mended)
    assert contents(sharing.clone("second")) == contents(mended)
    assert_sound(mended)
