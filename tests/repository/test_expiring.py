"""What has expired goes, at the hands of `expire` and of every gc; nothing else does, and nobody is surprised."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from objstore.blobs.address import Address
from objstore.errors import ConflictError
from objstore.history.facts import set_default_ttl, set_ttl
from objstore.history.parts import add_part, finish_parts
from objstore.history.records import Record
from objstore.history.state import State
from objstore.history.versions import delete_version, log_version
from objstore.host import clock
from objstore.host.progress import Silent
from objstore.repository import collector
from objstore.repository.collector import FreedThere
from objstore.repository.expiring import Expired, expire
from objstore.repository.introducing import introduce
from objstore.repository.localgc import Freed, collect
from objstore.repository.mirroring import mirror
from objstore.repository.project import Project
from objstore.repository.remotegc import MIN_AGE, collect_bucket, collect_remote
from objstore.repository.restoring import restore
from tests.odb.stores import noise
from tests.repository.interrupting import cut_off
from tests.repository.sharing import Sharing, assert_sound, bring, change, contents, log, send, shown
from tests.servers.bucket import Bucket

A, B, C = (noise(seed, 60_000) for seed in range(3))
DAY = 86_400


def in_days(days: float) -> datetime:
    return clock.now() + timedelta(days=days)


def live(project: Project, name: str = "data") -> list[int]:
    return [number for number, _ in shown(project)[name][1]]


def kept(project: Project) -> list[dict[str, bytes]]:
    return sorted(contents(project).values(), key=repr)


def names(found: Expired) -> list[str]:
    return [version.name for version in found.versions]


# -- on a disk ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """`data:v0` lives for a day, `data:v1` for ever."""
    with Project.create(tmp_path) as made:
        log(made, {"a": A, "b": B}, ttl=DAY, aliases=("prod",))
        log(made, {"b": B, "c": C})
        yield made


def gc(project: Project, days: float, *, dry_run: bool = False) -> Freed:
    return collect(project, Silent(), now=in_days(days), dry_run=dry_run)


def test_what_has_expired_is_deleted_aliases_and_all(project: Project) -> None:
    found = expire(project, now=in_days(2))
    (version,) = found.versions
    assert (version.name, version.aliases, found.dry_run) == ("data:v0", ("prod",), False)
    assert live(project) == [1]
    assert names(expire(project, now=in_days(2))) == []


def test_it_can_be_restored_until_gc_and_lives_on_then(project: Project) -> None:
    expire(project, now=in_days(2))
    assert restore(project, "data", "v0", now=in_days(3))
    assert gc(project, 4).expired == []
    assert live(project) == [0, 1]
    assert kept(project) == sorted([{"a": A, "b": B}, {"b": B, "c": C}], key=repr)


def test_what_was_deleted_by_hand_keeps_its_ttl_when_restored(project: Project) -> None:
    expire(project, now=in_days(2))
    assert not restore(project, "data", "v0", now=clock.now())
    assert gc(project, 2).expired == ["data:v0"]


def test_a_plan_changes_nothing(project: Project) -> None:
    position = project.state.position
    found = expire(project, now=in_days(2), dry_run=True)
    assert names(found) == ["data:v0"] and found.dry_run
    planned = gc(project, 2, dry_run=True)
    assert (planned.expired, planned.purged) == (["data:v0"], ["data:v0"])
    project.refresh()
    assert project.state.position == position
    assert live(project) == [0, 1]
    freed = gc(project, 2)
    assert (freed.expired, freed.purged) == (["data:v0"], ["data:v0"])
    assert abs(freed.bytes - planned.bytes) < 10_000


def test_gc_frees_what_expires_in_one_entry_with_the_deletion(project: Project) -> None:
    position = project.state.position
    freed = gc(project, 2)
    assert freed.bytes > 55_000
    assert project.state.position == position + 1
    assert kept(project) == [{"b": B, "c": C}]
    assert_sound(project)
    with pytest.raises(ConflictError, match="collected by gc"):
        restore(project, "data", "v0")
    assert gc(project, 3).expired == []


def test_before_its_time_gc_leaves_a_version_alone(project: Project) -> None:
    freed = gc(project, 0.9)
    assert (freed.expired, freed.overdue, freed.purged) == ([], [], [])
    assert live(project) == [0, 1]


def test_what_expires_where_nothing_can_be_freed_is_deleted_and_can_be_restored(project: Project) -> None:
    log(project, {"a": A, "b": B}, "same")
    collect(project, Silent())  # merges small packs
    freed = gc(project, 2)
    assert (freed.expired, freed.purged, freed.deleted) == (["data:v0"], [], 0)
    assert live(project) == [1]
    restore(project, "data", "v0")
    assert_sound(project)


@pytest.mark.parametrize("after", [False, True])
def test_a_gc_that_is_cut_off_anywhere_has_deleted_wholly_or_not_at_all(fast_disk: Path, after: bool) -> None:
    step = 0
    while True:
        step += 1
        place = fast_disk / str(step)
        place.mkdir()
        with Project.create(place) as project:
            log(project, {"a": A, "b": B}, ttl=DAY)
            log(project, {"b": B, "c": C})
            with cut_off(step, after=after) as reached:
                gc(project, 2)
        with Project.find(place) as project:
            assert live(project) in ([0, 1], [1])
            assert {"b": B, "c": C} in kept(project)
            assert len(kept(project)) == len(live(project))  # each whole
            assert_sound(project)
            gc(project, 2)
            assert kept(project) == [{"b": B, "c": C}]
            assert_sound(project)
        if not reached:
            return


def test_with_a_clock_that_is_years_ahead_nothing_goes(project: Project) -> None:
    with pytest.raises(ConflictError, match="trust_clock=True"):
        expire(project, now=in_days(400))
    planned = expire(project, now=in_days(400), dry_run=True)
    assert planned.doubt and names(planned) == ["data:v0"]
    freed = gc(project, 400)
    assert (freed.expired, freed.overdue, freed.purged) == ([], ["data:v0"], [])
    assert freed.doubt
    assert live(project) == [0, 1]
    assert names(expire(project, now=in_days(400), trust_clock=True)) == ["data:v0"]


def test_a_ttl_that_is_changed_at_the_last_moment_counts(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writing = Project.writing
    with Project.find(tmp_path) as other:

        def overtaken(self: Project, *args: object) -> contextlib.AbstractContextManager[None]:
            monkeypatch.setattr(Project, "writing", writing)
            change(other, lambda state: set_ttl(state, "data", "v0", None))
            return writing(self, *args)

        monkeypatch.setattr(Project, "writing", overtaken)
        assert names(expire(project, now=in_days(2))) == []
    assert live(project) == [0, 1]


def test_content_that_is_added_again_when_it_has_expired_is_not_lost(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    later = in_days(3)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert log(project, {"a": A, "b": B}).number == 0
    assert collect(project, Silent()).expired == []
    assert live(project) == [0, 1]
    assert collect(project, Silent(), now=later + timedelta(days=1)).expired == ["data:v0"]


# -- in a clone --------------------------------------------------------------------------------------------------------


@pytest.fixture
def mine(sharing: Sharing) -> Project:
    """A clone whose upstream has `data:v0`, which lives for a day, and `data:v1`."""
    project = sharing.new("mine")
    log(project, {"a": A, "b": B}, ttl=DAY)
    log(project, {"b": B, "c": C})
    send(project)
    return project


def gc_there(project: Project, days: float, name: str = "origin", *, min_age: float = 0, dry_run: bool = False) -> FreedThere:
    return collect_remote(project, Silent(), name, min_age=min_age, dry_run=dry_run, now=in_days(days))


def test_in_a_clone_the_deletions_wait_to_be_pushed(sharing: Sharing, mine: Project) -> None:
    assert names(expire(mine, now=in_days(2))) == ["data:v0"]
    assert live(mine) == [1]
    assert len(sharing.check_upstream()) == 2
    send(mine)
    assert list(sharing.check_upstream().values()) == [{"b": B, "c": C}]


def test_gc_of_a_clone_deletes_nothing_that_expires_but_names_it(sharing: Sharing, mine: Project) -> None:
    log(mine, {"new": A}, "own", ttl=DAY)
    freed = gc(mine, 2)
    assert (freed.expired, freed.overdue, freed.doubt) == ([], ["data:v0", "own:v0"], "")
    assert (live(mine), live(mine, "own")) == ([0, 1], [0])
    send(mine)
    assert {"new": A} in sharing.check_upstream().values()


def test_gc_of_the_upstream_deletes_what_expires_and_frees_it(sharing: Sharing, mine: Project) -> None:
    planned = gc_there(mine, 2, dry_run=True)
    assert (planned.expired, planned.purged) == (["data:v0"], ["data:v0"])
    assert len(sharing.check_upstream()) == 2
    freed = gc_there(mine, 2)
    assert (freed.expired, freed.purged, freed.rewritten) == (planned.expired, planned.purged, planned.rewritten)
    assert freed.bytes > 55_000
    assert list(sharing.check_upstream().values()) == [{"b": B, "c": C}]
    assert live(mine) == [1]
    assert gc_there(mine, 3).expired == []


def test_what_expired_a_short_time_ago_can_be_restored_upstream(sharing: Sharing, mine: Project) -> None:
    theirs = sharing.clone("theirs")
    assert gc_there(mine, 0, min_age=MIN_AGE).expired == []
    change(mine, lambda state: set_ttl(state, "data", "v0", 1))
    send(mine)
    freed = collect_remote(mine, Silent(), now=clock.now() + timedelta(seconds=5))
    assert (freed.expired, freed.purged, freed.restorable) == (["data:v0"], [], ["data:v0"])
    bring(theirs)
    assert live(theirs) == [1]
    assert restore(theirs, "data", "v0", now=in_days(1))
    send(theirs)
    assert gc_there(theirs, 5).expired == []
    assert len(sharing.check_upstream()) == 2


def test_what_was_given_longer_to_live_here_does_not_expire_upstream(sharing: Sharing, mine: Project) -> None:
    change(mine, lambda state: set_ttl(state, "data", "v0", None))
    for dry_run in (True, False):
        with pytest.raises(ConflictError, match="`objstore push` first"):
            gc_there(mine, 2, dry_run=dry_run)
    assert len(sharing.check_upstream()) == 2
    send(mine)
    assert gc_there(mine, 2).expired == []


def test_a_ttl_that_is_changed_upstream_at_the_last_moment_counts(sharing: Sharing, mine: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = sharing.clone("theirs")

    def late(_: object) -> float:
        change(theirs, lambda state: set_ttl(state, "data", "v0", None))
        send(theirs)
        return in_days(2).timestamp()

    monkeypatch.setattr(collector, "now_there", late)
    freed = collect_remote(mine, Silent(), min_age=0)
    assert (freed.expired, freed.purged) == ([], [])
    assert live(mine) == [0, 1]


def test_a_clock_there_that_is_years_ahead_is_not_believed(sharing: Sharing, mine: Project) -> None:
    for dry_run in (True, False):
        freed = gc_there(mine, 400, dry_run=dry_run)
        assert (freed.expired, freed.overdue) == ([], ["data:v0"])
        assert freed.doubt
    assert len(sharing.check_upstream()) == 2


def test_nothing_expires_in_a_mirror(sharing: Sharing, mine: Project) -> None:
    introduce(mine, "backup", Address.parse(str(sharing.place / "backup")), {})
    mirror(mine, "backup", Silent())
    freed = gc_there(mine, 2, "backup")
    assert (freed.expired, freed.overdue) == ([], [])
    with contextlib.closing(Project(sharing.place / "backup")) as there:
        assert live(there) == [0, 1]


def test_where_nothing_has_a_ttl_gc_doesn_t_ask_for_the_time(sharing: Sharing, monkeypatch: pytest.MonkeyPatch) -> None:
    project = sharing.new("plain")
    log(project, {"a": A})
    send(project)
    monkeypatch.setattr(collector, "now_there", None)
    assert collect_remote(project, Silent(), min_age=0).expired == []


# -- in a bucket -------------------------------------------------------------------------------------------------------


@pytest.fixture
def in_bucket(sharing: Sharing, s3: Bucket) -> Callable[[], Project]:
    address = Address.parse(s3.place())
    project = sharing.new("mine")
    shutil.rmtree(sharing.place / "mine" / ".objstore" / "default" / "vision" / "local", ignore_errors=True)
    introduce(project, "origin", address, dict(s3.options), checked=False)
    log(project, {"a": A, "b": B})
    log(project, {"b": B, "c": C})
    send(project)
    return lambda: Project.at(address, s3.options)


def test_versions_expire_in_a_bucket(in_bucket: Callable[[], Project], monkeypatch: pytest.MonkeyPatch) -> None:
    with in_bucket() as project:
        change(project, lambda state: set_default_ttl(state, DAY))
        change(project, lambda state: set_ttl(state, "data", "v1", None))
        with monkeypatch.context() as patched:
            later = in_days(90)
            patched.setattr(clock, "now", lambda: later)  # this machine's; the bucket's counts
            assert names(expire(project)) == []
        planned = collect_bucket(project, Silent(), min_age=0, now=in_days(2), dry_run=True)
        assert planned.expired == planned.purged == ["data:v0"]
        assert names(expire(project, now=in_days(2))) == ["data:v0"]
        restore(project, "data", "v0", now=in_days(2))
        change(project, lambda state: set_ttl(state, "data", "v0", DAY))
        freed = collect_bucket(project, Silent(), min_age=0, now=in_days(2))
        assert freed.expired == freed.purged == ["data:v0"]
        assert kept(project) == [{"b": B, "c": C}]


def test_deletions_in_a_place_are_dated_by_its_clock(sharing: Sharing, mine: Project) -> None:
    now = in_days(2)
    collect_remote(mine, Silent(), now=now)
    with sharing.upstream_project() as there:
        (version,) = (version for version in there.state.collection("data").versions if version.deleted)
    assert version.deleted_at == clock.text_of(now)


# -- parts that nobody finishes ----------------------------------------------------------------------------------------


def part(project: Project, content: bytes, writer: str) -> None:
    """Adds a part whose content no version has any more."""
    name = f"of-{writer}"
    root = log(project, {writer: content}, name).root
    change(project, lambda state: add_part(state, "data/g", "data", "dataset", writer=writer, root=root, files=1, bytes=len(content)))
    change(project, lambda state: delete_version(state, name, "v0", delete_aliases=True))


def parts(project: Project) -> dict[str, list[str]]:
    project.refresh()
    return {pending.id: sorted(pending.parts) for pending in project.state.pendings.values()}


def test_gc_gives_up_parts_that_nobody_has_finished_for_a_week_and_frees_them(tmp_path: Path) -> None:
    with Project.create(tmp_path) as project:
        part(project, A, "ann")
        part(project, C, "bob")
        assert gc(project, 6.9).given_up == []
        assert parts(project) == {"data/g": ["ann", "bob"]}
        assert_sound(project)
        planned = gc(project, 7.1, dry_run=True)
        assert planned.given_up == ["data/g (2 writers)"]
        assert parts(project) == {"data/g": ["ann", "bob"]}
        freed = gc(project, 7.1)
        assert freed.given_up == planned.given_up
        assert min(freed.bytes, planned.bytes) > 110_000
        assert parts(project) == {}
        assert_sound(project)
        assert gc(project, 8).given_up == []


def test_with_a_clock_that_is_years_ahead_parts_stay(tmp_path: Path) -> None:
    with Project.create(tmp_path) as project:
        part(project, A, "ann")
        freed = gc(project, 400)
        assert freed.given_up == [] and freed.doubt
        assert parts(project) == {"data/g": ["ann"]}
        assert expire(project, now=in_days(400), trust_clock=True).given_up == ("data/g (1 writer)",)
        assert parts(project) == {}


def test_a_clone_gives_up_no_parts_but_gc_of_its_upstream_does(sharing: Sharing, mine: Project) -> None:
    part(mine, C * 2, "ann")
    change(mine, lambda state: set_ttl(state, "data", "v0", None))
    send(mine)
    assert gc(mine, 8).given_up == []
    assert expire(mine, now=in_days(8)).given_up == ()
    assert parts(mine) == {"data/g": ["ann"]}
    assert gc_there(mine, 8, dry_run=True).given_up == ["data/g (1 writer)"]
    freed = gc_there(mine, 8)
    assert freed.given_up == ["data/g (1 writer)"]
    assert freed.bytes > 50_000
    assert parts(mine) == {}
    assert len(sharing.check_upstream()) == 2


@pytest.mark.parametrize("finished", [False, True])
def test_parts_that_have_changed_here_are_not_given_up_upstream(sharing: Sharing, mine: Project, finished: bool) -> None:
    part(mine, A * 2, "ann")
    send(mine)
    if finished:
        root = next(iter(mine.state.pendings["data/g"].parts.values())).root

        def finish(state: State) -> list[Record]:
            return finish_parts(state, "data/g", root, log_version(state, "data", "dataset", root=root, files=1, bytes=2 * len(A)))

        change(mine, finish)
    else:
        part(mine, C * 2, "bob")
    for dry_run in (True, False):
        with pytest.raises(ConflictError, match="parts of data/g .* `objstore push` first"):
            gc_there(mine, 8, dry_run=dry_run)


def test_a_part_that_is_added_upstream_at_the_last_moment_keeps_all(
    sharing: Sharing, mine: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    part(mine, A * 2, "ann")
    send(mine)
    theirs = sharing.clone("theirs")
    later = in_days(8)

    def late(_: object) -> float:
        with monkeypatch.context() as patched:
            patched.setattr(clock, "now", lambda: later)
            part(theirs, C * 2, "bob")
            send(theirs)
        return later.timestamp()

    monkeypatch.setattr(collector, "now_there", late)
    assert collect_remote(mine, Silent(), min_age=0).given_up == []
    assert parts(mine) == {"data/g": ["ann", "bob"]}


def test_parts_are_given_up_in_a_bucket(in_bucket: Callable[[], Project], tmp_path: Path) -> None:
    source = tmp_path / "source"
    with in_bucket() as project:
        root = log(project, {"ann": A * 2}, "of-ann", source=source).root
        change(project, lambda state: add_part(state, "data/g", "data", "dataset", writer="ann", root=root, files=1, bytes=2))
        change(project, lambda state: delete_version(state, "of-ann", "v0", delete_aliases=True))
        assert collect_bucket(project, Silent(), min_age=0, now=in_days(6)).given_up == []
        planned = collect_bucket(project, Silent(), min_age=0, now=in_days(8), dry_run=True)
        freed = collect_bucket(project, Silent(), min_age=0, now=in_days(8))
        assert freed.given_up == planned.given_up == ["data/g (1 writer)"]
        assert parts(project) == {}
