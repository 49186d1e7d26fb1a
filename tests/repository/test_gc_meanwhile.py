"""What a gc in the upstream does to others who are in the middle of something, and they to it."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from objstore.blobs.address import Address
from objstore.blobs.local import LocalBlobs
from objstore.errors import ObjstoreError
from objstore.history.log import Log
from objstore.history.records import GcRecord
from objstore.history.versions import delete_version
from objstore.host.progress import Silent
from objstore.odb import repack
from objstore.repository import checking, collector, fetching, mirroring, verifying
from objstore.repository.checking import check
from objstore.repository.collector import Collector
from objstore.repository.connection import Connection
from objstore.repository.introducing import introduce
from objstore.repository.localgc import collect
from objstore.repository.mirroring import mirror
from objstore.repository.project import Project
from objstore.repository.verifying import check_remote, verify
from tests.odb.stores import noise
from tests.repository.interrupting import Cut
from tests.repository.sharing import Sharing, change, log, look, send
from tests.repository.test_remote_gc import GONE, KEPT, A, B, C, D, gc, held, mine, remove

__all__ = ["mine"]  # a fixture


@contextlib.contextmanager
def once(owner: Any, name: str, *, before: Callable[[], object] = lambda: None, after: Callable[[], object] = lambda: None) -> Any:
    """Has something else happen before or after a function is called for the first time."""
    original, called = getattr(owner, name), []

    def watched(*arguments: Any, **named: Any) -> Any:
        is_first = not called
        called.append(name)
        if is_first:
            before()
        result = original(*arguments, **named)
        if is_first:
            after()
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, watched)
        yield
    assert called


def die(*_: object) -> None:
    raise Cut


def test_a_collector_builds_on_nothing_that_it_left_behind_long_ago(sharing: Sharing) -> None:
    """What it had moved somebody else moved too, and by now that is dead."""
    first = sharing.new("first")
    for name, files in {"one": {"c1": A}, "two": {"c2": B}, "x": {"x": C}}.items():
        log(first, files, name)
    send(first)
    remove(first, "x")
    second = sharing.clone("second")
    with pytest.raises(Cut), once(collector, "move", after=die):
        gc(first)
    assert gc(second).finished == 1
    remove(second, "two")
    with pytest.raises(Cut), once(Collector, "sweep", before=die):
        gc(second)
    log(second, {"e": D}, "more")
    send(second)
    gc(sharing.open("first"))
    assert held(sharing.check_upstream()) == held(dict(enumerate([{"c1": A}, {"e": D}])))  # type: ignore[arg-type]


def test_who_fills_holes_takes_nothing_for_one_that_gc_has_freed(sharing: Sharing, mine: Project) -> None:
    theirs = sharing.clone("theirs", data=False)
    judge = Collector._judge
    judged: list[bool] = []

    def verify_meanwhile(self: Collector, *arguments: Any) -> bool:
        def go_on() -> None:
            judged.append(judge(self, *arguments))
            self.sweep()

        if not judged:
            with once(verifying, "whole_packs", before=go_on):
                assert verify(theirs, Silent()).broken == []
            return judged[0]
        return judge(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Collector, "_judge", verify_meanwhile)
        gc(mine)
    other = sharing.clone("other")
    log(other, GONE, "again")
    send(other)
    assert held(sharing.check_upstream()) == held(dict(enumerate([GONE, KEPT])))  # type: ignore[arg-type]


def test_who_fills_holes_begins_anew_when_a_gc_has_begun(sharing: Sharing, mine: Project) -> None:
    for pack in (sharing.upstream / "packs").rglob("?" * 64):
        pack.unlink()
    there = Log(LocalBlobs(sharing.upstream))
    with once(verifying, "append", before=lambda: there.append(there.newest() + 1, [GcRecord(condemned=())])):
        assert verify(mine, Silent()).lost == []
    gc(mine)
    assert held(sharing.check_upstream()) == [KEPT]


def test_a_whole_copy_isnt_given_up_for_a_damaged_one(sharing: Sharing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repack, "_SMALL", 100_000)
    first = sharing.new("first")
    files = {f"f{at}": noise(at, 60_000) for at in range(40)}
    log(first, files, "big")
    send(first)
    pack = max((sharing.upstream / "packs").rglob("?" * 64), key=lambda path: path.stat().st_size)
    data = bytearray(pack.read_bytes())
    data[1000] ^= 1
    pack.write_bytes(data)
    check(sharing.upstream, Silent(), repair=True)
    with sharing.upstream_project() as upstream:
        log(upstream, files, "big", source=sharing.place / "source")
    second = sharing.clone("second", data=False)
    for number in range(2):
        log(second, {"q": noise(70 + number, 5000)}, f"other-{number}")
        send(second)
    gc(second)
    assert [problem.affected for problem in check(sharing.upstream, Silent()).problems if problem.affected] == []


def test_a_pack_that_goes_missing_while_a_gc_is_open_blocks_nobody_for_ever(sharing: Sharing, mine: Project) -> None:
    index = mine.connect().cache
    metadata = {place.pack for kind in (b"\x02", b"\x03", b"\x04") for _, place in index.locate_from(kind)}
    there = Log(LocalBlobs(sharing.upstream))
    there.append(there.newest() + 1, [GcRecord(condemned=tuple(sorted(metadata)))])
    for hole in set(index.pack_ids()) - metadata:
        (sharing.upstream / "packs" / hole[:2] / hole).unlink()
    with contextlib.suppress(ObjstoreError):
        gc(mine)
    assert verify(mine, Silent()).lost == []
    gc(mine)
    assert held(sharing.check_upstream()) == [KEPT]


def test_a_fetch_looks_again_for_what_gc_has_taken(sharing: Sharing, mine: Project) -> None:
    theirs = sharing.clone("theirs", data=False)
    log(mine, {"d": D, "z": A}, "fleeting")
    send(mine)
    remove(mine, "fleeting")
    with once(fetching, "receive_objects", before=lambda: gc(mine)):
        look(theirs)


def test_a_mirror_is_made_of_what_there_is_after_a_gc(sharing: Sharing, mine: Project) -> None:
    theirs = sharing.clone("theirs")
    introduce(theirs, "backup", Address.parse(str(sharing.place / "backup")), {}, checked=False)
    with once(mirroring, "fetch_now", after=lambda: gc(mine)):
        mirror(theirs, "backup", Silent())
    assert check_remote(theirs, "backup", Silent()).problems == []


def test_a_check_takes_what_gc_has_moved_for_no_damage(sharing: Sharing, mine: Project) -> None:
    theirs = sharing.clone("theirs")
    with once(checking._Checker, "_log", after=lambda: gc(mine)):
        assert check_remote(theirs, "origin", Silent()).problems == []


def test_a_check_in_the_folder_itself_does_so_too(sharing: Sharing, mine: Project) -> None:
    with once(checking._Checker, "_log", after=lambda: gc(mine)):
        assert check(sharing.upstream, Silent()).problems == []


def test_a_push_that_has_landed_is_done_though_a_gc_comes_at_once(sharing: Sharing, mine: Project) -> None:
    theirs = sharing.clone("theirs")
    log(theirs, {"d": D}, "new")
    with once(Connection, "take_in", before=lambda: gc(mine)):
        assert [str(version) for version in send(theirs).versions] == ["new:v0"]
    assert send(theirs).versions == []


def test_what_came_and_went_here_doesnt_block_a_push_when_it_went_there_too(sharing: Sharing, mine: Project) -> None:
    theirs = sharing.clone("theirs")
    log(theirs, GONE, "gone")
    change(theirs, lambda state: delete_version(state, "gone", "latest", delete_aliases=True))
    collect(theirs, Silent())
    gc(mine)
    log(theirs, {"d": D}, "fresh")
    assert [str(version) for version in send(theirs).versions] == ["fresh:v0"]
