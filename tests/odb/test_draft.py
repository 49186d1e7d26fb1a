"""Drafts: what is written is written once, by whoever comes first, and outlives a writer that dies."""

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from objstore.blobs.local import LocalBlobs
from objstore.errors import ConflictError, NotFoundError, StorageError
from objstore.host.locks import FileLock
from objstore.odb import pack
from objstore.odb.draft import Draft
from objstore.odb.draftfile import DraftFile
from objstore.odb.pack import PackClass
from objstore.odb.packwriter import PackWriter
from objstore.odb.record import encode
from objstore.values.key import Key
from tests.odb.stores import Store, chunk, node, noise
from tests.repository.stores import temporary_files

OBJECTS = [chunk(noise(at, 1000)) for at in range(200)]
KEYS = [key for key, _ in OBJECTS]
SECONDS = 60


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, LocalBlobs(tmp_path / "store"))


@pytest.fixture
def small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "TARGET_SIZE", 4000)


def in_time(work: Callable[[], Any]) -> Any:
    """What `work` returns, unless it hangs."""
    result: list[Any] = []
    thread = threading.Thread(target=lambda: result.append(work()), daemon=True)
    thread.start()
    thread.join(SECONDS)
    assert result, "hangs or has failed"
    return result[0]


def stored(draft: Draft, objects: list[tuple[Key, bytes]]) -> int:
    """Claims and stores; how many this caller had to store."""
    by_key = dict(objects)
    claimed = draft.claim(list(by_key))
    draft.store([encode(key, by_key[key]) for key in claimed])
    return len(claimed)


def test_what_is_claimed_is_claimed_once_under_threads(store: Store, small_packs: None) -> None:
    draft = store.draft()
    groups = [[OBJECTS[at % len(OBJECTS)] for at in range(start, start + 50)] for start in range(0, 400, 10)]
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda group: stored(draft, group), groups))
    assert sum(counts) == len(OBJECTS)
    in_time(lambda: store.log(draft) or True)
    assert {key: bytes(data) for key, data in store.database.read_many(KEYS)} == dict(OBJECTS)
    assert sum(len(store.database.read_trailer(name.rpartition("/")[2]).rows) for name in store.packs()) == len(OBJECTS)


def test_what_the_store_has_is_not_claimed(store: Store) -> None:
    store.add(*OBJECTS[:10])
    draft = store.draft()
    assert draft.claim(KEYS[5:15]) == KEYS[10:15]
    draft.close()


@pytest.mark.parametrize("objects", [OBJECTS[:1], [node(b"a node")]], ids=["to a pack that it has", "to a new pack"])
def test_a_thread_that_adds_after_the_end_makes_nothing(store: Store, objects: list[tuple[Key, bytes]]) -> None:
    draft = store.draft()
    stored(draft, OBJECTS[1:5])
    claimed = [encode(key, data) for key, data in objects if draft.claim([key])]
    draft.close()
    for add in (lambda: draft.store(claimed), lambda: stored(draft, OBJECTS[5:])):
        with pytest.raises(ConflictError, match="closed"):
            add()
    assert temporary_files(store.folder) == []


def test_a_thread_that_is_writing_at_the_end_is_waited_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it writes must not go into whatever file has the descriptor next."""
    draft = store.draft()
    writing, ended = threading.Event(), threading.Event()
    real = PackWriter._write_vector

    def slow(*arguments: Any) -> None:
        writing.set()
        assert not ended.wait(0.3)
        real(*arguments)

    monkeypatch.setattr(PackWriter, "_write_vector", slow)
    with ThreadPoolExecutor(1) as pool:
        adding = pool.submit(stored, draft, [chunk(noise(1, 2_000_000))])
        assert writing.wait(SECONDS)
        draft.close()
        ended.set()
        with pytest.raises(ConflictError, match="closed"):
            adding.result()
    assert temporary_files(store.folder) == []


def test_packs_that_are_open_at_the_end_are_all_published(store: Store) -> None:
    """As when several threads have written at once: each had a pack of its own."""
    draft = store.draft()
    writers = [draft._take_writer(PackClass.DATA) for _ in range(5)]
    for slot, _ in writers:
        draft._idle[PackClass.DATA].append(slot)
        stored(draft, OBJECTS[slot * 10 : slot * 10 + 10])
    draft.add(*node(b"node"))
    in_time(lambda: store.log(draft) or True)
    assert store.database.missing([*KEYS[:50], node(b"node")[0]]) == []


def test_a_draft_can_be_read_while_its_packs_are_published(store: Store, small_packs: None) -> None:
    draft = store.draft()
    seen = store.database.with_draft(draft)
    done = threading.Event()

    def read() -> int:
        count = 0
        while not done.is_set():
            for key, data in OBJECTS:
                try:
                    assert seen.read(key) == data
                except NotFoundError:
                    break
                count += 1
        return count

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        try:
            for at in range(0, len(OBJECTS), 4):
                stored(draft, OBJECTS[at : at + 4])
        finally:
            done.set()
        for reader in readers:
            reader.result()
    assert {key: bytes(data) for key, data in seen.read_many(KEYS)} == dict(OBJECTS)
    draft.close()


def test_a_record_is_readable_between_the_end_of_its_pack_and_its_name(
    store: Store, small_packs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = store.draft()
    seen = store.database.with_draft(draft)
    reading, go_on = threading.Event(), threading.Event()
    adopt = store.blobs.adopt

    def slow(name: str, file: Path) -> None:
        reading.set()
        assert go_on.wait(SECONDS)
        adopt(name, file)

    monkeypatch.setattr(store.blobs, "adopt", slow)
    stored(draft, OBJECTS[:10])
    assert reading.wait(SECONDS)
    try:
        assert in_time(lambda: bytes(seen.read(KEYS[0]))) == OBJECTS[0][1]
    finally:
        go_on.set()
    store.log(draft)
    assert store.database.read(KEYS[0]) == OBJECTS[0][1]


def test_two_drafts_at_once_both_get_in(store: Store) -> None:
    first, second = store.draft(), store.draft()
    assert stored(first, OBJECTS[:20]) == 20
    assert stored(second, OBJECTS[10:30]) == 20
    store.log(first)
    store.log(second)
    assert {key: bytes(data) for key, data in store.database.read_many(KEYS[:30])} == dict(OBJECTS[:30])


def test_two_drafts_that_write_the_same_are_one_pack(store: Store) -> None:
    first, second = store.draft(), store.draft()
    for draft in (first, second):
        stored(draft, OBJECTS[:20])
    store.log(first)
    store.log(second)
    assert len(store.packs()) == 1
    assert len(store.segments) == 2
    assert len(set(store.segments)) == 1
    assert store.database.missing(KEYS[:20]) == []


def test_an_abandoned_drafts_chunks_are_not_written_again(store: Store, small_packs: None) -> None:
    lost = store.draft()
    stored(lost, OBJECTS)
    lost.add(*node(b"node"))
    lost.publish()
    lost.close()
    written = store.packs()
    assert len(written) > 1
    draft = store.draft()
    assert draft.claim(KEYS) == []
    assert draft.claim([node(b"node")[0]]) == [node(b"node")[0]]  # what has children is written anew
    draft.store([encode(*node(b"node"))])
    seen = store.database.with_draft(draft)
    assert {key: bytes(data) for key, data in seen.read_many(KEYS)} == dict(OBJECTS)
    store.log(draft)
    assert {key: bytes(data) for key, data in store.database.read_many(KEYS)} == dict(OBJECTS)
    assert store.packs() == written
    assert DraftFile.packs_in_use(store.folder / "drafts") == set()


def test_a_living_drafts_packs_are_left_to_it(store: Store, small_packs: None) -> None:
    living = store.draft()
    stored(living, OBJECTS)
    living.publish()
    other = store.draft()
    assert other.claim(KEYS) == KEYS
    other.close()
    store.segments += living.publish()
    living.finish()


def test_an_adopted_pack_is_still_named_when_its_new_draft_dies(store: Store, small_packs: None) -> None:
    lost = store.draft()
    stored(lost, OBJECTS)
    lost.publish()
    lost.close()
    store.draft().close()
    again = store.draft()
    assert again.claim(KEYS) == []
    again.close()


def test_a_draft_without_anything_has_no_segment(store: Store) -> None:
    draft = store.draft()
    assert draft.publish() == []
    draft.finish()
    assert store.packs() == []


def test_a_closed_draft_leaves_no_files(store: Store) -> None:
    draft = store.draft()
    stored(draft, OBJECTS)
    draft.close()
    assert temporary_files(store.folder) == []


def test_many_rows_are_kept_on_disk_and_come_back_sorted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("objstore.odb.pending._IN_MEMORY", 30)
    draft = store.draft()
    for at in range(0, len(OBJECTS), 7):
        stored(draft, OBJECTS[at : at + 7])
        assert draft.claim(KEYS[: at + 7]) == []
    store.log(draft)
    segment = store.database.read_segment(store.segments[0])
    assert [key for key, _ in segment.rows()] == sorted(KEYS)
    assert temporary_files(store.folder) == []


def test_a_disk_that_refuses_a_pack_is_told_and_leaves_no_files(store: Store, small_packs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise StorageError("no space left")

    draft = store.draft()
    monkeypatch.setattr(store.blobs, "adopt", refuse)
    with pytest.raises(StorageError):
        for at in range(0, len(OBJECTS), 4):
            stored(draft, OBJECTS[at : at + 4])
        draft.publish()
    draft.close()
    assert temporary_files(store.folder) == []
    monkeypatch.undo()
    store.add(*OBJECTS)
    assert store.database.missing(KEYS) == []


def test_why_a_pack_could_not_be_published_in_the_background_is_told(
    store: Store, small_packs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StorageError("no space left")

    draft = store.draft()
    monkeypatch.setattr(store.blobs, "adopt", refuse)
    draft.add(*chunk(noise(1, 5000)))
    (published,) = draft._publishing
    assert isinstance(published.exception(SECONDS), StorageError)
    with pytest.raises(StorageError):
        draft.publish()
    draft.close()


@pytest.mark.parametrize("folder", ["store/local/staging", "drafts"])
def test_a_draft_whose_files_were_removed_says_so(store: Store, folder: str) -> None:
    draft = store.draft()
    draft.add(*chunk(noise(1, 5000)))
    shutil.rmtree(store.folder / folder)
    with pytest.raises(StorageError, match="add everything again"):
        draft.publish()
    draft.close()


def test_what_this_process_has_let_go_of_is_abandoned(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = store.folder / "drafts"
    held, let_go = DraftFile.create(folder), DraftFile.create(folder)
    tried: list[FileLock] = []
    monkeypatch.setattr(FileLock, "try_exclusive", lambda lock: tried.append(lock) or False)
    assert list(DraftFile.abandoned(folder)) == []
    assert tried == []  # held by this very process
    let_go.release()
    list(DraftFile.abandoned(folder))
    assert len(tried) == 1
    monkeypatch.undo()
    (found,) = DraftFile.abandoned(folder)
    assert list(DraftFile.abandoned(folder)) == []  # it is ours now
    found.remove()
    held.release()
    assert len(list(DraftFile.abandoned(folder))) == 1


@pytest.mark.parametrize("torn", [b"\0" * 65, b"\xff\xfe\n", b"deadbeef", b"../../x\n", b"0" * 64 + b"\n", b"\n\n"])
def test_a_torn_draft_file_hinders_nobody(store: Store, torn: bytes) -> None:
    folder = store.folder / "drafts"
    folder.mkdir(exist_ok=True)
    (folder / "0123456789abcdef").write_bytes(torn)
    store.add(*OBJECTS[:3])
    assert store.database.missing(KEYS[:3]) == []
    assert list(folder.iterdir()) == []
    (folder / "0123456789abcdef").write_bytes(torn)
    assert DraftFile.packs_in_use(folder) <= {"0" * 64}


@pytest.mark.parametrize("damage", ["removed", "emptied", "cut", "trailer"])
def test_a_damaged_pack_of_an_abandoned_draft_is_not_adopted(store: Store, damage: str) -> None:
    lost = store.draft()
    stored(lost, OBJECTS)
    lost.publish()
    lost.close()
    (name,) = store.packs()
    path = store.folder / "store" / name
    data = path.read_bytes()
    path.unlink()
    if damage != "removed":
        path.write_bytes({"emptied": b"", "cut": data[:-9], "trailer": data[:-40] + b"\0" + data[-39:]}[damage])
    draft = store.draft()
    assert draft.claim(KEYS[:2]) == KEYS[:2]
    draft.close()
