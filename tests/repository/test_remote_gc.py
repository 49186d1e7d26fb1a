"""Collecting in an upstream that others use meanwhile, and in its mirrors."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from objstore.blobs.address import Address
from objstore.blobs.local import LocalBlobs
from objstore.errors import ConflictError, CorruptionError, RemoteError
from objstore.history.log import Log
from objstore.history.records import GcRecord
from objstore.history.versions import delete_version
from objstore.host import clock
from objstore.host.progress import Silent
from objstore.odb import repack
from objstore.odb.segment import segment_name
from objstore.repository import gcplan, pushing
from objstore.repository.collector import FreedThere
from objstore.repository.introducing import introduce
from objstore.repository.localgc import collect
from objstore.repository.mirroring import mirror
from objstore.repository.project import Project
from objstore.repository.remotegc import collect_bucket, collect_remote
from objstore.repository.restoring import restore
from objstore.repository.verifying import check_remote, verify
from objstore.values.digest import Digest
from tests.odb.stores import noise
from tests.repository.interrupting import Cut, cut_off
from tests.repository.sharing import Sharing, assert_sound, bring, change, contents, interrupted_by, log, send, shown
from tests.repository.stores import content_of
from tests.servers.bucket import Bucket

A, B, C, D = (noise(seed, 60_000) for seed in range(4))
GONE, KEPT = {"a": A, "b": B}, {"a": A, "c": C}


@pytest.fixture
def mine(sharing: Sharing) -> Project:
    """A clone whose upstream has a version, and what is left of one that was deleted."""
    project = sharing.new("mine")
    log(project, GONE, "gone")
    log(project, KEPT, "kept")
    send(project)
    remove(project, "gone")
    return project


def remove(project: Project, name: str, ref: str = "latest") -> None:
    change(project, lambda state: delete_version(state, name, ref, delete_aliases=True))
    send(project)


def gc(project: Project, name: str = "origin", *, min_age: float = 0, dry_run: bool = False) -> FreedThere:
    return collect_remote(project, Silent(), name, min_age=min_age, dry_run=dry_run)


def held(found: dict[Digest, dict[str, bytes]]) -> list[dict[str, bytes]]:
    return sorted(found.values(), key=repr)


def test_what_no_version_needs_is_freed_as_the_plan_said(sharing: Sharing, mine: Project) -> None:
    theirs = sharing.clone("theirs", data=False)
    before = sum(blob.stat().st_size for blob in (sharing.upstream / "packs").rglob("?" * 64))
    planned = gc(mine, dry_run=True)
    assert planned.dry_run and planned.requests > 0
    freed = gc(mine)
    after = sum(blob.stat().st_size for blob in (sharing.upstream / "packs").rglob("?" * 64))
    assert (freed.deleted, freed.rewritten, freed.purged) == (planned.deleted, planned.rewritten, planned.purged)
    assert freed.purged == ["gone:v0"]
    assert before - after > 55_000
    assert abs(planned.bytes - (before - after)) < 1500  # smaller trailers
    assert held(sharing.check_upstream()) == [KEPT]
    bring(theirs)
    assert held(contents(theirs)) == [KEPT]
    assert gc(mine).deleted == 0
    with pytest.raises(ConflictError, match="collected by gc"):
        restore(theirs, "gone", "v0")


def test_what_was_deleted_a_short_time_ago_stays_and_can_be_restored(sharing: Sharing, mine: Project) -> None:
    freed = gc(mine, min_age=3600)
    assert (freed.purged, freed.restorable) == ([], ["gone:v0"])
    restore(mine, "gone", "v0")
    send(mine)
    assert held(sharing.check_upstream()) == held({Digest(bytes(32)): GONE, Digest(b"1" * 32): KEPT})


def test_packs_that_nobody_names_go_when_they_are_old(sharing: Sharing, mine: Project) -> None:
    gc(mine)
    log(mine, {"d": D}, "new")
    with pytest.raises(Cut), pytest.MonkeyPatch.context() as patch:
        patch.setattr(pushing, "append", cut)
        send(mine)
    packs = len(sharing.blobs_there())
    assert gc(mine, min_age=3600).deleted == 0
    assert len(sharing.blobs_there()) == packs
    theirs = sharing.clone("theirs")
    assert gc(theirs).deleted == 2
    send(mine)
    assert held(sharing.check_upstream()) == held({Digest(bytes(32)): {"d": D}, Digest(b"1" * 32): KEPT})


def cut(*_: object) -> None:
    raise Cut


@pytest.mark.parametrize("step", range(1, 5))
def test_a_push_that_was_under_way_sends_again_what_was_about_to_go(sharing: Sharing, mine: Project, step: int) -> None:
    """It finds that half of what it needs is there, which nobody else does."""
    theirs = sharing.clone("theirs")
    log(mine, GONE | {"d": D}, "again")
    with interrupted_by(step, lambda: gc(theirs), sharing.upstream) as done:
        send(mine)
    assert done
    assert GONE | {"d": D} in sharing.check_upstream().values()


def test_a_clone_that_was_away_for_many_generations_comes_back(sharing: Sharing, mine: Project) -> None:
    away = sharing.clone("away")
    log(away, GONE, "own")
    log(away, {"c": C, "d": D}, "other")
    for number in range(6):
        log(mine, {"a": noise(10 + number, 50_000), "d": D}, "passing")
        send(mine)
        remove(mine, "passing")
        gc(mine)
    assert mine.clone is not None and mine.clone.mirror.generation > 10
    send(away)
    bring(away)
    assert {name: len(versions) for name, (_, versions, _) in shown(away).items()} == {
        "gone": 0,
        "kept": 1,
        "own": 1,
        "other": 1,
        "passing": 0,
    }
    assert held(sharing.check_upstream()) == held(dict(enumerate([GONE, KEPT, {"c": C, "d": D}])))  # type: ignore[arg-type]
    assert_sound(away)


@pytest.mark.parametrize("after", [False, True])
def test_whoever_comes_next_finishes_what_was_cut_off(
    sharing: Sharing, mine: Project, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    monkeypatch.setattr(gcplan, "_SEVERAL", 2)
    theirs = sharing.clone("theirs")
    bring(mine)
    for step in range(1, 200):
        log(mine, {"a": noise(100 + step, 3000), "c": C}, "passing")
        log(mine, {"b": noise(200 + step, 3000)}, "staying")
        send(mine)
        remove(mine, "passing")
        with cut_off(step, after=after) as reached:
            gc(sharing.open("mine"))
        mine = sharing.open("mine")
        gc(theirs)
        found = sharing.check_upstream().values()
        assert KEPT in found
        assert {"b": noise(200 + step, 3000)} in found
        if not reached:
            break
    assert step > 10
    assert len(sharing.blobs_there("index/")) == 1
    bring(mine)
    assert_sound(mine)


def test_two_at_once_both_come_to_their_end(sharing: Sharing, mine: Project) -> None:
    theirs = sharing.clone("theirs")
    helped = []
    with interrupted_by(2, lambda: helped.append(gc(theirs)), sharing.upstream):  # it has just begun
        gc(mine)
    assert helped[0].finished == 1
    assert held(sharing.check_upstream()) == [KEPT]


def test_a_gc_of_which_something_is_damaged_is_given_up_and_the_next_says_why(sharing: Sharing, mine: Project) -> None:
    there = Log(LocalBlobs(sharing.upstream))
    there.append(there.newest() + 1, [GcRecord(condemned=tuple(path.name for path in (sharing.upstream / "packs").rglob("?" * 64)))])
    hole = next(place.pack for key, place in mine.connect().cache.locate_from(b"\x01"))
    (sharing.upstream / "packs" / hole[:2] / hole).unlink()
    with pytest.raises(CorruptionError, match=r"push --verify"):
        gc(sharing.clone("theirs", data=False))
    assert verify(mine, Silent()).lost == []
    gc(mine)
    assert held(sharing.check_upstream()) == [KEPT]


def test_nothing_is_freed_while_a_pack_is_missing_and_who_has_it_fills_the_hole(sharing: Sharing, mine: Project) -> None:
    theirs = sharing.clone("theirs")
    for pack in (sharing.upstream / "packs").rglob("?" * 64):
        pack.unlink()
    with pytest.raises(CorruptionError, match="nothing is freed"):
        gc(theirs)
    affected = {name for problem in check_remote(mine, "origin", Silent()).problems for name in problem.affected}
    assert "kept:v0" in {name.partition(" ")[0] for name in affected}
    assert verify(mine, Silent()).lost == []
    assert check_remote(mine, "origin", Silent()).is_sound
    gc(mine)
    assert check_remote(mine, "origin", Silent()).problems == []
    assert held(sharing.check_upstream()) == [KEPT]


def test_a_clock_that_is_wrong_by_years_loses_nothing(sharing: Sharing, mine: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    monkeypatch.setattr(clock, "text_of", lambda _: "2050-01-01T00:00:00Z")
    log(mine, {"d": D}, "later")
    send(mine)
    remove(mine, "later")
    monkeypatch.undo()

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return now + timedelta(days=10_000)

    monkeypatch.setattr(gcplan, "datetime", Wrong)
    assert gc(mine, min_age=3600).restorable == ["gone:v0", "later:v0"]
    restore(mine, "later", "v0")
    send(mine)
    assert {"d": D} in sharing.check_upstream().values()


def test_a_mirror_frees_what_its_upstream_has_freed_and_its_log_stays_a_copy(sharing: Sharing, mine: Project) -> None:
    introduce(mine, "backup", Address.parse(str(sharing.place / "backup")), {}, checked=False)
    mirror(mine, "backup", Silent())
    assert gc(mine, "backup").deleted == 0
    gc(mine)
    mirror(mine, "backup", Silent())
    planned = gc(mine, "backup", dry_run=True)
    freed = gc(mine, "backup")
    assert freed.deleted == planned.deleted > 0
    assert freed.bytes == planned.bytes > 55_000
    mirror(mine, "backup", Silent())
    assert check_remote(mine, "backup", Silent()).problems == []


def test_gc_in_the_upstreams_own_folder_gives_up_what_somebody_has_begun(sharing: Sharing, mine: Project) -> None:
    there = Log(LocalBlobs(sharing.upstream))
    there.append(there.newest() + 1, [GcRecord(condemned=(next((sharing.upstream / "packs").rglob("?" * 64)).name,))])
    with sharing.upstream_project() as upstream:
        assert upstream.state.open_gcs
        collect(upstream, Silent())
        assert not upstream.state.open_gcs
    assert held(sharing.check_upstream()) == [KEPT]
    assert gc(mine).deleted == 0


def test_a_segment_that_gc_replaces_while_an_index_is_read_is_looked_up_anew(
    sharing: Sharing, mine: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gcplan, "_SEVERAL", 2)
    theirs = sharing.clone("theirs", data=False)
    log(mine, {"d": D}, "new")
    send(mine)
    connection = theirs.connect()
    read = connection.database.read_segment
    collected: list[FreedThere] = []

    def read_later(name: str) -> object:
        if not collected:
            collected.append(gc(mine))
            assert not (sharing.upstream / segment_name(name)).exists()
        return read(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection.database, "read_segment", read_later)
        bring(theirs)
    assert collected
    assert held(contents(theirs)) == held(dict(enumerate([KEPT, {"d": D}])))  # type: ignore[arg-type]


def test_packs_stay_where_they_are_if_all_in_them_is_needed(sharing: Sharing, mine: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repack, "_SMALL", 0)
    log(mine, {"d": D}, "own")
    send(mine)
    before = sharing.blobs_there()
    gc(mine)
    stayed = before.items() & sharing.blobs_there().items()
    assert len(stayed) == 4  # what `own` and `kept` brought
    assert held(sharing.check_upstream()) == held(dict(enumerate([KEPT, {"d": D}])))  # type: ignore[arg-type]


# -- in a bucket -------------------------------------------------------------------------------------------------------


@pytest.fixture
def in_bucket(sharing: Sharing, s3: Bucket) -> Callable[..., Project]:
    address = Address.parse(s3.place())

    def opened(**options: object) -> Project:
        return Project.at(address, {**s3.options, **options})

    project = sharing.new("mine")
    shutil.rmtree(sharing.place / "mine" / ".objstore" / "default" / "vision" / "local", ignore_errors=True)
    introduce(project, "origin", address, dict(s3.options), checked=False)
    log(project, GONE, "gone")
    log(project, KEPT, "kept")
    send(project)
    remove(project, "gone")
    return opened


def test_a_bucket_is_collected_without_a_clone(in_bucket: Callable[..., Project]) -> None:
    with in_bucket() as project:
        assert collect_bucket(project, Silent(), min_age=0).purged == ["gone:v0"]
        (kept,) = project.state.collection("kept").live()
        assert content_of(project, kept.root) == KEPT


def test_who_may_only_read_is_told_so_and_may_plan(in_bucket: Callable[..., Project], s3: Bucket) -> None:
    with in_bucket(**s3.readonly) as project:
        assert collect_bucket(project, Silent(), min_age=0, dry_run=True).purged == ["gone:v0"]
        with pytest.raises(RemoteError, match="write"):
            collect_bucket(project, Silent(), min_age=0)
    with in_bucket() as project:
        assert project.state.generation == 0
