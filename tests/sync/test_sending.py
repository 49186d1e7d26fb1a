"""What is missing elsewhere is sent, each record as it is, and nothing else."""

import pytest

from objstore.blobs.memory import MemoryBlobs
from objstore.errors import CorruptionError, NotFoundError
from objstore.host.progress import Silent
from objstore.manifest.edit import edit
from objstore.manifest.entry import Entry, EntryKind
from objstore.odb import pack
from objstore.odb.pack import pack_name
from objstore.sync import sending
from objstore.sync.sending import missing, send
from objstore.values.digest import plain
from objstore.values.key import chunk_key
from objstore.worktree.intake import DraftNodes
from tests.odb.stores import Store, chunk, noise

CONTENT = {b"%03d" % at: noise(at, 500) for at in range(50)}


@pytest.fixture
def source(tmp_path):
    return Store(tmp_path / "source", MemoryBlobs())


@pytest.fixture
def target(tmp_path):
    return Store(tmp_path / "target", MemoryBlobs())


def add(store, files, base=None):
    """A manifest with these files, and what they hold; its root."""
    draft = store.draft()
    for data in files.values():
        draft.add(*chunk(data))
    changes = [(path, Entry(EntryKind.FILE, plain(data), len(data))) for path, data in sorted(files.items())]
    root = edit(DraftNodes(store.database.with_draft(draft), draft), base, iter(changes))
    store.log(draft)
    return root


def sent(source, target, *roots):
    draft = target.draft()
    try:
        send(source.database, roots, draft, Silent())
        target.log(draft)
    finally:
        draft.close()


def keys_of(store):
    return {key for key, _ in store.database.cache.locate_from(b"")}


def test_all_that_a_root_reaches_comes_and_then_nothing_is_missing(source, target, tmp_path):
    root = add(source, CONTENT)
    add(source, {b"other": b"other"})
    before = missing(source.database, [root], target.database, tmp_path)
    sent(source, target, root)
    assert before.objects == len(keys_of(target)) > len(CONTENT)
    assert keys_of(target) < keys_of(source)
    assert {key: bytes(data) for key, data in target.database.read_many(sorted(keys_of(target)))}
    after = missing(source.database, [root], target.database, tmp_path)
    assert (after.objects, after.bytes) == (0, 0)
    packs = target.packs()
    sent(source, target, root)
    assert target.packs() == packs


def test_only_the_difference_is_sent(source, target, tmp_path):
    first = add(source, CONTENT)
    sent(source, target, first)
    second = add(source, {b"007": b"changed"}, first)
    found = missing(source.database, [second], target.database, tmp_path)
    before = keys_of(target)
    sent(source, target, second)
    assert len(keys_of(target) - before) == found.objects < 5
    assert chunk_key(plain(b"changed")) in keys_of(target)


def test_records_stay_as_they_are_stored(source, target):
    root = add(source, {b"zeros": bytes(5000), b"noise": noise(1, 5000)})
    sent(source, target, root)
    for key in keys_of(target):
        ((_, ours),) = source.database.read_records(source.database.locate([key]))
        ((_, theirs),) = target.database.read_records(target.database.locate([key]))
        assert bytes(ours) == bytes(theirs)


def test_the_same_objects_make_the_same_packs(source, tmp_path, monkeypatch):
    monkeypatch.setattr(pack, "TARGET_SIZE", 4000)
    monkeypatch.setattr(sending, "_TOGETHER", 4)
    root = add(source, CONTENT)
    targets = [Store(tmp_path / str(at), MemoryBlobs()) for at in range(2)]
    for target in targets:
        sent(source, target, root)
    assert targets[0].packs() == targets[1].packs()
    assert len(targets[0].packs()) > 5


def test_a_root_that_is_there_costs_nothing(source, target):
    root = add(source, CONTENT)
    sent(source, target, root)
    for name in source.packs():  # nothing of it is read
        source.blobs.delete(name)
    sent(source, target, root)


def test_what_the_source_has_not_got_is_told_and_nothing_counts(source, target, tmp_path):
    root = add(source, CONTENT)
    for act in (
        lambda: sent(source, target, plain(b"no root")),
        lambda: missing(source.database, [plain(b"no")], target.database, tmp_path),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert target.segments == []
    damage(source, root)
    with pytest.raises(CorruptionError):
        sent(source, target, root)
    assert target.segments == []
    assert target.packs() == []


def damage(store, root):
    """Flips a byte of one chunk."""
    place = store.database.locate([chunk_key(plain(CONTENT[b"020"]))])
    (found,) = place.values()
    name = pack_name(found.pack)
    data = bytearray(store.blobs.read(name))
    data[found.offset + 40] ^= 1
    store.blobs.delete(name)
    store.blobs.create(name, bytes(data))
