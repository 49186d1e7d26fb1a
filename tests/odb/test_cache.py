"""The cache may be lost, damaged or another's at any time: it is made anew, and nothing is missing."""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

import lmdb
import pytest

from objstore.errors import StorageError
from objstore.odb import cache as cache_module
from objstore.odb.cache import Cache
from objstore.values.key import chunk_key
from tests.odb.stores import Store, chunk, noise

OBJECTS = [chunk(noise(at, 100)) for at in range(300)]


def _overwrite(path: Path, start: int, data: bytes) -> None:
    with (path / "data.mdb").open("r+b") as file:
        file.seek(start)
        file.write(data)


def _cut(path: Path, keep: Callable[[int], int]) -> None:
    os.truncate(path / "data.mdb", keep((path / "data.mdb").stat().st_size))


def _removed(path: Path) -> None:
    for file in path.iterdir():
        file.unlink()
    path.rmdir()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "removed": _removed,
    "emptied": lambda path: _cut(path, lambda _: 0),
    "cut in half": lambda path: _cut(path, lambda size: size // 2),
    "cut to one page": lambda path: _cut(path, lambda _: 4096),
    "cut within a page": lambda path: _cut(path, lambda size: size - 100),
    "first page garbage": lambda path: _overwrite(path, 0, noise(1, 4096)),
    "first pages garbage": lambda path: _overwrite(path, 0, noise(1, 8192)),
    "first pages zero": lambda path: _overwrite(path, 0, bytes(8192)),
    "not LMDB": lambda path: (path / "data.mdb").write_bytes(b"something else entirely"),
    "data file removed": lambda path: (path / "data.mdb").unlink(),
    "lock file garbage": lambda path: (path / "lock.mdb").write_bytes(noise(2, 8192)),
    "lock file emptied": lambda path: (path / "lock.mdb").write_bytes(b""),
}


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_a_damaged_cache_is_made_anew_and_all_is_there(tmp_path: Path, damage: str) -> None:
    store = Store(tmp_path)
    store.add(*OBJECTS)
    store.cache.close()
    DAMAGES[damage](tmp_path / "cache")
    store.open()
    assert {key: bytes(data) for key, data in store.database.read_many([key for key, _ in OBJECTS])} == dict(OBJECTS)
    store.add(chunk(b"one more"))
    assert store.database.read(chunk(b"one more")[0]) == b"one more"
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []


def test_a_file_where_the_cache_should_be_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("not a folder")
    Store(tmp_path).add(*OBJECTS)


def test_a_cache_of_another_project_is_not_used(tmp_path: Path) -> None:
    first = Cache(tmp_path / "cache", "a" * 32)
    first.remember("state", b"theirs")
    first.close()
    assert Cache(tmp_path / "cache", "b" * 32).remembered("state") is None


def test_what_was_remembered_is_there_after_closing(tmp_path: Path) -> None:
    first = Cache(tmp_path / "cache", "a" * 32)
    first.remember("state", b"value")
    first.remember_scan(b"key", None, b"rows")
    first.close()
    first.close()
    second = Cache(tmp_path / "cache", "a" * 32)
    assert second.remembered("state") == b"value"
    assert second.scanned(b"key") == b"rows"


@pytest.mark.parametrize("closed", [True, False])
def test_after_a_crash_of_the_machine_only_a_closed_cache_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: bool) -> None:
    first = Cache(tmp_path / "cache", "a" * 32)
    first.remember("state", b"value")
    (first if closed else first._tables).close()
    monkeypatch.setattr(cache_module, "boot_id", lambda: b"another boot....")
    assert Cache(tmp_path / "cache", "a" * 32).remembered("state") == (b"value" if closed else None)


def test_a_scan_is_only_remembered_on_top_of_the_one_it_knows(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", "a" * 32)
    assert cache.remember_scan(b"key", None, b"1", [(b"key/a", b"a1"), (b"key/b", b"b1")])
    assert cache.remember_scan(b"key", b"1", b"2", [(b"key/a", b"a2")], [b"key/b"])
    assert (cache.scanned(b"key"), cache.scanned(b"key/a"), cache.scanned(b"key/b")) == (b"2", b"a2", None)
    assert not cache.remember_scan(b"key", b"1", b"3", [(b"key/a", b"a3")])
    assert (cache.scanned(b"key"), cache.scanned(b"key/a")) == (None, b"a2")


def test_segments_that_are_gone_leave_the_index(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(chunk(b"first"))
    store.add(chunk(b"second"))
    store.segments.pop(0)
    store.database.load(store.segments)
    assert chunk_key(chunk(b"first")[0][1:]) not in store.database
    assert store.database.read(chunk(b"second")[0]) == b"second"
    assert store.cache.segments == set(store.segments)


def _open_and_write(folder: Path, key: bytes) -> bytes:
    while not (folder / "start").exists():
        pass
    cache = Cache(folder / "cache", "p")
    cache.remember_scan(key, None, b"here")
    found = cache.scanned(key)
    cache.close()
    return found or b""


@pytest.fixture(scope="module")
def processes() -> Iterator[Pool]:
    with get_context("spawn").Pool(4) as pool:
        yield pool


@pytest.mark.parametrize("damage", ["none", "removed", "emptied", "another's"])
def test_many_processes_may_open_a_cache_that_has_to_be_made(tmp_path: Path, processes: Pool, damage: str) -> None:
    for attempt in range(10):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        if damage != "none":
            Cache(folder / "cache", "q" if damage == "another's" else "p").close()
        if damage in DAMAGES:
            DAMAGES[damage](folder / "cache")
        waiting = processes.starmap_async(_open_and_write, [(folder, key) for key in (b"a", b"b", b"c", b"d")], chunksize=1)
        (folder / "start").touch()
        assert waiting.get(timeout=60) == [b"here"] * 4


_THREADS = """
import sys, threading
from pathlib import Path
from objstore.odb.cache import Cache

def use(number):
    for attempt in range(20):
        cache = Cache(Path(sys.argv[1]) / str(attempt % 4), "p")
        cache.remember(f"{number}", b"value")
        assert cache.remembered(f"{number}") == b"value"
        cache.close()

threads = [threading.Thread(target=use, args=[number]) for number in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_many_threads_may_open_and_write_a_cache_at_once(tmp_path: Path) -> None:
    """In a process of its own: LMDB can wait for its writer lock in a way that stops all threads."""
    subprocess.run([sys.executable, "-c", _THREADS, str(tmp_path)], check=True, timeout=60)


def test_a_cache_that_was_thrown_away_serves_until_one_goes_over_to_the_next(tmp_path: Path) -> None:
    old = Cache(tmp_path / "cache", "p")
    old.remember("state", b"old")
    old.remember_scan(b"a1", None, b"1")
    old.remember_scan(b"a2", None, b"2")
    reading = old.scan_keys(b"a")
    assert next(reading) == b"a1"
    cache_module.discard(tmp_path / "cache")
    assert (old.is_forgotten, old.remembered("state")) == (True, b"old")
    new = Cache(tmp_path / "cache", "p")
    new.remember("state", b"new")
    old.go_over_to(new)
    assert (old.is_forgotten, old.remembered("state"), old.scanned(b"a1")) == (False, b"new", None)
    assert list(reading) == [b"a2"]
    old.close()
    assert Cache(tmp_path / "cache", "p").remembered("state") == b"new"


def test_a_cache_opens_while_other_threads_close_what_was_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its files are new, though a disk may give them the numbers of files that have gone only just now."""
    refused = []
    really_open = lmdb.open

    def watched(*arguments: Any, **options: Any) -> lmdb.Environment:
        try:
            return really_open(*arguments, **options)
        except lmdb.Error as error:
            refused.append(error)
            raise

    monkeypatch.setattr(lmdb, "open", watched)
    thrown_away: queue.SimpleQueue[list[Cache]] = queue.SimpleQueue()

    def let_go() -> None:
        while thrown_away.get():
            pass

    threads = [threading.Thread(target=let_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(100):
            last_user = [Cache(tmp_path / "cache", "p")]
            cache_module.discard(tmp_path / "cache")
            thrown_away.put(last_user)
            del last_user
    finally:
        for _ in threads:
            thrown_away.put([])
        for thread in threads:
            thread.join()
    assert refused == []


@pytest.mark.parametrize("name", ["data.mdb", "lock.mdb"])
def test_a_pipe_in_place_of_its_file_is_not_waited_for(tmp_path: Path, name: str) -> None:
    Cache(tmp_path / "cache", "p").close()
    (tmp_path / "cache" / name).unlink()
    os.mkfifo(tmp_path / "cache" / name)
    Cache(tmp_path / "cache", "p").remember("state", b"value")
    assert Cache(tmp_path / "cache", "p").remembered("state") == b"value"


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "precious").write_text("work of years")


def _other_lmdb(path: Path) -> None:
    with lmdb.open(str(path)) as env, env.begin(write=True) as transaction:
        transaction.put(b"work", b"of years")


@pytest.mark.parametrize(
    "ours", [_folder, lambda path: path.write_text("work of years"), _other_lmdb], ids=["a folder", "a file", "another program's LMDB"]
)
def test_what_lies_behind_a_link_is_not_removed(tmp_path: Path, ours: Callable[[Path], object]) -> None:
    """In a store of somebody else's, that may be anything of ours."""
    (tmp_path / "ours").mkdir()
    ours(tmp_path / "ours/cache")
    (tmp_path / "local").symlink_to("ours")
    before = (tmp_path / "ours/cache").stat().st_ino
    for use in (lambda: Cache(tmp_path / "local/cache", "p"), lambda: cache_module.discard(tmp_path / "local/cache")):
        with pytest.raises(StorageError, match=r"local is a link"):
            use()
    assert (tmp_path / "ours/cache").stat().st_ino == before


def test_a_cache_behind_a_link_is_used(tmp_path: Path) -> None:
    """Who wants it on another disk may put it there."""
    (tmp_path / "fast").mkdir()
    (tmp_path / "local").symlink_to("fast")
    cache = Cache(tmp_path / "local/cache", "p")
    cache.remember("state", b"value")
    cache.close()
    assert Cache(tmp_path / "local/cache", "p").remembered("state") == b"value"


def test_a_folder_that_is_no_cache_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "local/cache").mkdir(parents=True)
    (tmp_path / "local/cache/precious").write_text("work of years")
    for use in (lambda: Cache(tmp_path / "local/cache", "p"), lambda: cache_module.discard(tmp_path / "local/cache")):
        with pytest.raises(StorageError, match="holds other files"):
            use()
    assert [path.name for path in (tmp_path / "local/cache").iterdir()] == ["precious"]
