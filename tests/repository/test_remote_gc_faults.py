"""A gc in the upstream where something is wrong there, or with what somebody believes of it."""

import math

import pytest

from objstore.blobs.address import Address
from objstore.blobs.local import LocalBlobs
from objstore.errors import ConflictError, CorruptionError, InvalidInputError, StorageError, UnsupportedFormatError
from objstore.history.encoding import encode_entry
from objstore.history.log import Log
from objstore.history.records import GcRecord, SegmentsRecord
from objstore.host.progress import Silent
from objstore.odb.pack import pack_name
from objstore.repository import adding, collector, gcplan, verifying
from objstore.repository.introducing import introduce
from objstore.repository.logging import Labels
from objstore.repository.mirroring import mirror
from objstore.repository.project import Project
from objstore.repository.pruning import prune
from objstore.repository.restoring import restore
from objstore.repository.verifying import check_remote, verify
from objstore.values.digest import Digest, plain
from objstore.values.key import chunk_key
from objstore.worktree.ignore import Patterns
from tests.history.test_encoding import sealed
from tests.odb.stores import noise
from tests.repository.interrupting import full_disk
from tests.repository.sharing import Sharing, contents, log, look, send
from tests.repository.stores import content_of
from tests.repository.test_gc_meanwhile import once
from tests.repository.test_remote_gc import GONE, KEPT, A, D, gc, held, mine, remove

__all__ = ["mine"]  # a fixture


def pack_with(project: Project, data: bytes) -> str:
    """The pack of the upstream that has a chunk."""
    look(project)
    key = chunk_key(plain(data))
    return project.connect().cache.locate_many([key])[key].pack


def flip(sharing: Sharing, pack: str, data: bytes) -> None:
    """Damages a chunk where it lies."""
    path = sharing.upstream / pack_name(pack)
    blob = bytearray(path.read_bytes())
    blob[blob.index(data) + 1000] ^= 1
    path.chmod(0o644)
    path.write_bytes(blob)


# -- what somebody believes -----------------------------------------------------------------------------------------------


def test_what_is_added_in_the_folder_itself_relies_on_nothing_that_is_condemned(sharing: Sharing, mine: Project) -> None:
    """Its own gc would wait, but one of a clone doesn't."""
    gc(mine)
    with sharing.upstream_project() as upstream:
        log(upstream, {"d": D}, "fleeting", source=sharing.place / "source")
    look(mine)
    remove(mine, "fleeting")

    def add_again() -> None:
        with sharing.upstream_project() as upstream:
            log(upstream, {"d": D}, "again", source=sharing.place / "source")

    with once(collector, "move", after=add_again):
        gc(mine)
    assert held(sharing.check_upstream()) == held({Digest(bytes(32)): KEPT, Digest(b"1" * 32): {"d": D}})


def test_what_is_unchanged_in_the_folder_itself_is_stored_again_when_gc_is_taking_it(sharing: Sharing, mine: Project) -> None:
    source = sharing.place / "source"
    with sharing.upstream_project() as upstream:
        log(upstream, {"d": D}, "fleeting", source=source)
    look(mine)
    remove(mine, "fleeting")

    def add_again() -> None:
        with sharing.upstream_project() as upstream:
            adding.add(upstream, [source], Labels("fleeting"), Patterns(), Silent())

    with once(collector, "move", after=add_again):
        gc(mine)
    assert {"d": D} in sharing.check_upstream().values()


def test_a_gc_between_taking_in_and_logging_in_the_folder_itself_loses_nothing(sharing: Sharing, mine: Project) -> None:
    source = sharing.place / "source"
    with sharing.upstream_project() as upstream:
        log(upstream, {"d": D}, "fleeting", source=source)
        look(mine)
        remove(mine, "fleeting")
        with once(adding, "log_draft", before=lambda: gc(mine)), pytest.raises(ConflictError, match="add it all again"):
            log(upstream, {"d": D}, "other", source=sharing.place / "other")
        log(upstream, {"d": D}, "other", source=sharing.place / "other")
    assert {"d": D} in sharing.check_upstream().values()


def test_a_version_that_was_restored_here_is_not_put_beyond_recall(sharing: Sharing, mine: Project) -> None:
    restore(mine, "gone", "v0")
    for dry_run in (True, False):
        with pytest.raises(ConflictError, match=r"gone:v0 .* `objstore push` first"):
            gc(mine, dry_run=dry_run)
    send(mine)
    gc(mine)
    assert held(sharing.check_upstream()) == held({Digest(bytes(32)): GONE, Digest(b"1" * 32): KEPT})


def test_what_gc_has_freed_is_read_again_though_it_was_taken_in_before(sharing: Sharing, mine: Project) -> None:
    theirs = sharing.clone("theirs")
    log(theirs, {"x": D}, "data")
    send(theirs)
    prune(theirs, Silent())
    look(mine)
    remove(mine, "data")
    gc(mine)
    look(theirs)
    source = theirs.tree / "source-data"  # type: ignore[operator]
    (source / "new").write_bytes(b"new")
    added = adding.add(theirs, [source], Labels("data"), Patterns(), Silent())
    assert content_of(theirs, added.version.root) == {"x": D, "new": b"new"}
    send(theirs)
    assert {"x": D, "new": b"new"} in sharing.check_upstream().values()


def test_where_listings_tell_no_times_what_was_just_deleted_stays(sharing: Sharing, mine: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gcplan, "clock", lambda _: math.inf)
    assert gc(mine, min_age=3600).restorable == ["gone:v0"]


# -- what is wrong there --------------------------------------------------------------------------------------------------


def test_a_damaged_chunk_is_taken_from_the_collector_s_own_store(sharing: Sharing, mine: Project) -> None:
    pack = pack_with(mine, A)
    flip(sharing, pack, A)
    gc(mine)
    assert held(sharing.check_upstream()) == [KEPT]


def test_where_nobody_has_a_damaged_chunk_nothing_is_freed_and_nothing_stays_condemned(sharing: Sharing, mine: Project) -> None:
    theirs = sharing.clone("theirs", data=False)
    flip(sharing, pack_with(mine, A), A)
    packs = sharing.blobs_there()
    with pytest.raises(CorruptionError, match="fsck --remote --repair"):
        gc(theirs)
    look(theirs)
    assert theirs.clone is not None
    assert theirs.clone.mirror.open_gcs == []
    assert sharing.blobs_there() == packs


def test_what_is_damaged_upstream_is_sent_again(sharing: Sharing, mine: Project) -> None:
    flip(sharing, pack_with(mine, KEPT["c"]), KEPT["c"])
    assert not check_remote(mine, "origin", Silent()).is_sound
    assert check_remote(mine, "origin", Silent(), repair=True).is_sound
    theirs = sharing.clone("theirs")
    assert held(contents(theirs)) == [KEPT]
    gc(mine)
    assert held(sharing.check_upstream()) == [KEPT]


def test_only_the_upstream_is_repaired_from_here(sharing: Sharing, mine: Project) -> None:
    introduce(mine, "backup", Address.parse(str(sharing.place / "backup")), {}, checked=False)
    with pytest.raises(InvalidInputError, match="push --remote backup"):
        check_remote(mine, "backup", Silent(), repair=True)


def test_a_chunk_that_no_version_needs_is_sent_again_too_as_others_may_rely_on_it(sharing: Sharing, mine: Project) -> None:
    large, small = noise(30, 60_000), noise(31, 2000)
    log(mine, {"large": large, "small": small}, "both")
    log(mine, {"large": large}, "part")
    send(mine)
    remove(mine, "both")
    gc(mine)
    pack = sharing.upstream / pack_name(pack_with(mine, small))  # it isn't worth being written anew
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes()[:-10])
    assert verify(mine, Silent()).lost == []
    log(mine, {"small": small}, "again")
    send(mine)
    assert check_remote(mine, "origin", Silent()).is_sound
    gc(mine)
    assert {"small": small} in sharing.check_upstream().values()


def test_a_hole_that_was_filled_is_none_any_more(sharing: Sharing, mine: Project) -> None:
    (sharing.upstream / pack_name(pack_with(mine, KEPT["c"]))).unlink()
    assert len(verify(mine, Silent()).broken) == 1
    assert verify(mine, Silent()).broken == []


def test_a_log_with_a_gap_is_left_alone(sharing: Sharing, mine: Project) -> None:
    behind = sharing.clone("behind")
    log(mine, {"d": D}, "one")
    send(mine)
    log(mine, {"e": noise(9, 60_000)}, "two")
    send(mine)
    there = Log(LocalBlobs(sharing.upstream))
    gap = there.newest() - 1
    (sharing.upstream / there.entry_name(gap)).unlink()
    blobs = sharing.blobs_there()
    for dry_run in (True, False):
        with pytest.raises(CorruptionError, match=f"{gap} is missing"):
            gc(behind, dry_run=dry_run)
    assert sharing.blobs_there() == blobs
    assert there.read_entry(gap) is None


def test_without_room_for_what_moves_the_rest_is_freed(sharing: Sharing, mine: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    content = noise(20, 10_000)
    log(mine, {"e": content}, "apart")
    send(mine)
    apart = pack_name(pack_with(mine, content))
    remove(mine, "apart")

    def no_room(*_: object) -> None:
        raise StorageError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr("objstore.sync.moving.receive", lambda database, wanted, *_: no_room() if wanted.objects else None)
        freed = gc(mine)
    assert freed.deleted >= 1
    assert not (sharing.upstream / apart).exists()
    assert held(sharing.check_upstream()) == [KEPT]
    assert gc(mine).rewritten > 0


def test_a_mirror_that_a_newer_program_has_written_is_left_alone(sharing: Sharing, mine: Project) -> None:
    introduce(mine, "backup", Address.parse(str(sharing.place / "backup")), {}, checked=False)
    gc(mine)
    mirror(mine, "backup", Silent())
    log(mine, {"d": D}, "fleeting")
    send(mine)
    mirror(mine, "backup", Silent())
    remove(mine, "fleeting")
    gc(mine)
    mirror(mine, "backup", Silent())
    there = Log(LocalBlobs(sharing.place / "backup"))
    line = encode_entry([SegmentsRecord()]).split(b"\n")[1].replace(b'"segments"', b'"merge"', 1)
    there.append_bytes(there.newest() + 1, sealed(line))
    with pytest.raises(UnsupportedFormatError):
        gc(mine, "backup")


def test_what_it_says_was_freed_is_what_is_gone(sharing: Sharing, mine: Project) -> None:
    before = _bytes_there(sharing)
    freed = gc(mine)
    assert freed.bytes == before - _bytes_there(sharing)


def test_a_few_small_packs_are_not_worth_the_traffic(sharing: Sharing, mine: Project) -> None:
    gc(mine)
    for at in range(2):
        log(mine, {"x": noise(50 + at, 1000)}, f"small{at}")
        send(mine)
    before = sharing.blobs_there()
    assert gc(mine).rewritten == 0
    assert sharing.blobs_there() == before
    for at in range(2, 10):
        log(mine, {"x": noise(50 + at, 1000)}, f"small{at}")
        send(mine)
    assert gc(mine).rewritten > 8
    assert len(sharing.check_upstream()) == 11


def test_a_fill_of_holes_tells_what_has_become_of_own_changes(sharing: Sharing, mine: Project) -> None:
    theirs = sharing.clone("theirs")
    log(theirs, {"d": D}, "kept")
    log(mine, {"e": noise(7, 1000)}, "kept")
    send(mine)
    found = verifying.verify(theirs, Silent())
    assert [str(new) for _, new in found.fetched.renumbered] == ["kept:v2"]


def _bytes_there(sharing: Sharing) -> int:
    return sum(size for prefix in ("packs/", "index/") for _, size in LocalBlobs(sharing.upstream).list(prefix))


def test_wherever_the_room_ends_it_is_told_and_the_next_one_gets_through(sharing: Sharing, mine: Project) -> None:
    there = Log(LocalBlobs(sharing.upstream))
    told = 0
    for step in range(1, 60):
        log(mine, {"a": noise(100 + step, 3000), "c": noise(200, 3000)}, "passing")
        log(mine, {"c": noise(200, 3000)}, "staying")
        send(mine)
        remove(mine, "passing")
        there.append(there.newest() + 1, [GcRecord(condemned=tuple(path.name for path in (sharing.upstream / "packs").rglob("?" * 64)))])
        try:
            with full_disk(step, 10_000):
                gc(mine)
        except StorageError:
            told += 1
        else:
            break
    assert told > 5
    gc(mine)
    assert KEPT in sharing.check_upstream().values()
