"""Mirrors of an upstream, and filling its holes."""

from typing import Any

import pytest

from objstore.blobs.address import Address
from objstore.blobs.local import LocalBlobs
from objstore.errors import ConflictError, CorruptionError
from objstore.history.log import Log
from objstore.history.records import GcRecord, Record, SegmentsRecord
from objstore.history.versions import delete_version
from objstore.host.locks import FileLock
from objstore.host.progress import Silent
from objstore.repository import mirroring, verifying
from objstore.repository.checking import check
from objstore.repository.introducing import introduce
from objstore.repository.localgc import collect
from objstore.repository.mirroring import Mirrored, mirror
from objstore.repository.project import Project
from objstore.repository.pruning import prune
from objstore.repository.verifying import verify
from objstore.sync.copying import absent
from tests.odb.stores import noise
from tests.repository.sharing import Sharing, assert_sound, bring, change, contents, forget_tables, interrupted_by, log, send

ONE, TWO = {"a": noise(1, 90_000), "b": noise(2, 9000)}, {"a": noise(1, 90_000), "c": noise(3, 9000)}


def backed_up(sharing: Sharing, project: Project, dry_run: bool = False) -> Mirrored:
    introduce(project, "backup", Address.parse(str(sharing.place / "backup")), {}, checked=False)
    return mirror(project, "backup", Silent(), dry_run=dry_run)


def in_backup(sharing: Sharing) -> object:
    place = sharing.place / "backup"
    assert check(place, Silent()).problems == []
    forget_tables(place)
    with Project(place) as project:
        return contents(project)


def test_a_mirror_has_the_log_as_it_is_and_all_that_it_needs(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    log(sharing.clone("other"), TWO)
    send(sharing.projects["other"])
    done = backed_up(sharing, mine)
    assert done.entries == 2 and done.bytes > 90_000
    assert in_backup(sharing) == sharing.check_upstream()
    for entry in (sharing.upstream / "log" / "main").iterdir():
        assert (sharing.place / "backup" / "log" / "main" / entry.name).read_bytes() == entry.read_bytes()


def test_what_a_mirror_has_is_not_sent_again(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    backed_up(sharing, mine)
    assert backed_up(sharing, mine) == Mirrored()
    log(mine, TWO)
    send(mine)
    foreseen = backed_up(sharing, mine, dry_run=True)
    assert foreseen.entries == 1 and 0 < foreseen.bytes < 20_000
    assert backed_up(sharing, mine) == Mirrored(1, foreseen.bytes)
    assert in_backup(sharing) == sharing.check_upstream()


def test_a_dry_run_makes_nothing_where_there_is_nothing(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    assert backed_up(sharing, mine, dry_run=True).bytes > 90_000
    assert not (sharing.place / "backup").exists()


def test_gc_of_the_upstream_waits_for_a_mirror(sharing: Sharing, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    waited = []

    def look(*arguments: object) -> dict[str, int]:
        with FileLock(sharing.upstream / "local" / "lock") as lock:
            waited.append(not lock.try_exclusive())
        return absent(*arguments)

    monkeypatch.setattr(mirroring, "absent", look)
    backed_up(sharing, mine)
    assert waited == [True]


def test_what_is_not_pushed_does_not_come_into_a_mirror(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    log(mine, TWO)
    backed_up(sharing, mine)
    assert in_backup(sharing) == sharing.check_upstream()


def test_a_project_without_upstream_has_mirrors_of_itself(sharing: Sharing) -> None:
    (sharing.place / "alone").mkdir()
    with Project.create(sharing.place / "alone") as alone:
        log(alone, ONE)
        backed_up(sharing, alone)
        assert alone.clone is None
        assert in_backup(sharing) == contents(alone)


def test_what_gc_has_done_since_a_project_was_opened_is_seen_before_it_is_copied(sharing: Sharing) -> None:
    (sharing.place / "alone").mkdir()
    with Project.create(sharing.place / "alone") as alone:
        log(alone, ONE)
        log(alone, TWO)
        with Project.find(sharing.place / "alone") as other:
            change(other, lambda state: delete_version(state, "data", "v0"))
            assert collect(other, Silent()).bytes
        backed_up(sharing, alone)
        assert in_backup(sharing) == contents(alone)


def test_a_mirror_made_by_one_who_has_no_data_is_whole(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    partial = sharing.clone("partial", data=False)
    backed_up(sharing, partial)
    assert in_backup(sharing) == sharing.check_upstream()


def test_a_mirror_that_has_gone_its_own_way_is_left_alone(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    backed_up(sharing, mine)
    forget_tables(sharing.place / "backup")
    with Project(sharing.place / "backup", sharing.place / "mine") as own:
        log(own, TWO)
    before = in_backup(sharing)
    with pytest.raises(ConflictError, match="no mirror"):
        mirror(mine, "backup", Silent())
    assert in_backup(sharing) == before


def test_another_project_is_no_mirror(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    with Project.create_at(sharing.place / "backup"):
        pass
    with pytest.raises(ConflictError, match="another project"):
        backed_up(sharing, mine)


def test_a_missing_pack_of_the_upstream_is_filled_from_here(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    before = sharing.check_upstream()
    assert verify(mine, Silent()).broken == []
    for pack in (sharing.upstream / "packs").rglob("?" * 64):
        pack.unlink()
    found = verify(mine, Silent())
    assert len(found.broken) == found.packs == 2
    assert found.lost == [] and found.restored >= 4
    assert contents(sharing.clone("other")) == before


def test_a_pack_cut_short_is_filled_and_others_see_it(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    other = sharing.clone("other", data=False)
    before = contents(mine)
    for pack in (sharing.upstream / "packs").rglob("?" * 64):
        pack.write_bytes(pack.read_bytes()[:-20])
    assert verify(mine, Silent()).lost == []
    bring(other)
    assert contents(other) == before
    assert_sound(other)


@pytest.mark.parametrize("meanwhile", [SegmentsRecord(segments=()), GcRecord(condemned=())])
def test_what_others_log_while_holes_are_filled_is_heeded(sharing: Sharing, meanwhile: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    for pack in (sharing.upstream / "packs").rglob("?" * 64):
        pack.unlink()

    def append(*arguments: Any) -> bool:
        if not there.read_entry(2):
            there.append(2, [meanwhile])
        return original(*arguments)

    there, original = Log(LocalBlobs(sharing.upstream)), verifying.append
    monkeypatch.setattr(verifying, "append", append)
    assert verify(mine, Silent()).lost == []
    assert sharing.check_upstream() == contents(mine)


def test_what_is_not_here_either_is_told(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    prune(mine, Silent())
    for pack in (sharing.upstream / "packs").rglob("?" * 64):
        pack.unlink()
    found = verify(mine, Silent())
    assert len(found.lost) >= 2
    assert all(lost.startswith("chunk ") for lost in found.lost)


def test_gc_of_the_upstream_waits_until_all_is_copied(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    free = []

    def look() -> None:
        with FileLock(sharing.upstream / "local" / "lock") as lock:
            free.append(lock.try_exclusive())

    with interrupted_by(2, look, sharing.place / "backup"):
        backed_up(sharing, mine)
    assert free == [False]


def test_a_mirror_is_not_told_of_what_the_upstream_has_lost(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, ONE)
    send(mine)
    bring(mine)
    lost = max((sharing.upstream / "packs").rglob("*/*"), key=lambda path: path.stat().st_size)
    lost.unlink()
    with pytest.raises(CorruptionError, match=lost.name):
        backed_up(sharing, mine)
    assert not (sharing.place / "backup" / "log").exists()
    verify(mine, Silent())
    backed_up(sharing, mine)
    assert in_backup(sharing) == contents(mine)
