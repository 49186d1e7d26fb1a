"""What is to be brought is asked for in few requests, each byte once, and in bounded memory."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.blobs.memory import MemoryBlobs
from objstore.errors import CorruptionError, NotFoundError
from objstore.host.progress import Silent
from objstore.odb.cache import Cache
from objstore.odb.remotedatabase import RemoteDatabase
from objstore.sync import receiving
from objstore.sync.receiving import Wanted, receive
from tests.odb.stores import Store, chunk, node, noise
from tests.odb.test_remotedatabase import BadLine

SMALL = [chunk(noise(seed, 200)) for seed in range(60)]
LARGE = [chunk(noise(100 + seed, 30_000)) for seed in range(10)]
NODES = [node(b"%d" % seed) for seed in range(5)]


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A store elsewhere with three packs of data and one of metadata."""
    store = Store(tmp_path_factory.mktemp("there"), MemoryBlobs())
    for objects in (SMALL[:30], LARGE, [*SMALL[30:], *NODES]):
        store.add(*objects)
    return store


@pytest.fixture
def source(there, tmp_path):
    found = RemoteDatabase(BadLine(there.blobs), Cache(tmp_path / "known", "p"))
    found.load(there.segments)
    return found


@pytest.fixture
def here(tmp_path):
    return Store(tmp_path / "here", MemoryBlobs())


def brought(source, here, objects, tmp_path):
    """Brings objects; what is held then."""
    draft = here.draft()
    try:
        with Wanted(source, tmp_path / "scratch") as wanted:
            wanted.add(draft.claim([key for key, _ in objects]))
            receive(source, wanted, draft, Silent())
        here.log(draft)
    finally:
        draft.close()
    return {key: bytes(data) for key, data in here.database.read_many([key for key, _ in objects])}


def test_what_is_wanted_comes(source, here, tmp_path):
    wanted = [*SMALL[::2], *LARGE[3:], *NODES]
    assert brought(source, here, wanted, tmp_path) == dict(wanted)
    others = [key for key, _ in SMALL[1::2]]
    assert here.database.known(others) == set()


def test_neighbours_come_in_one_request(source, here, tmp_path):
    source._blobs.reads.clear()
    brought(source, here, [*SMALL, *LARGE, *NODES], tmp_path)
    assert len(source._blobs.reads) == 4


def test_what_is_here_is_not_brought_again(source, here, tmp_path):
    brought(source, here, SMALL, tmp_path)
    source._blobs.reads.clear()
    brought(source, here, [*SMALL, *NODES], tmp_path)
    assert len(source._blobs.reads) == 1


def test_a_flipped_byte_on_the_way_is_read_again(source, here, tmp_path):
    source._blobs.flips = {"packs": 2}
    assert brought(source, here, LARGE, tmp_path) == dict(LARGE)


def test_what_is_damaged_there_does_not_become_a_part_of_what_is_here(source, here, tmp_path):
    source._blobs.flips = {"packs": 1000}
    with pytest.raises(CorruptionError):
        brought(source, here, [*LARGE, *SMALL], tmp_path)
    assert here.segments == []
    assert here.packs() == []


def test_what_the_source_does_not_list_is_not_found(source, tmp_path):
    with Wanted(source, tmp_path / "scratch") as wanted, pytest.raises(NotFoundError, match="neither here nor in the upstream"):
        wanted.add([chunk(b"nobody's")[0]])


@given(
    chosen=st.sets(st.integers(0, len(SMALL) + len(LARGE) + len(NODES) - 1)),
    batch=st.integers(1, 20),
    gap=st.sampled_from([0, 500, 100_000]),
    largest=st.sampled_from([300, 5000, 65_000, 1 << 20]),
)
def test_every_object_is_in_one_span_and_spans_are_as_they_should_be(there, tmp_path_factory, chosen, batch, gap, largest):
    objects = [*SMALL, *LARGE, *NODES]
    scratch = tmp_path_factory.mktemp("spans")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("_BATCH", batch), ("_GAP", gap), ("_LARGEST", largest)):
            patch.setattr(receiving, name, value)
        with Wanted(there.database, scratch) as wanted:
            wanted.add([objects[at][0] for at in chosen])
            spans = list(wanted.spans())
    records = [(span.pack, span.start + at, size, key) for span in spans for key, at, size in span.records]
    assert sorted(key for *_, key in records) == sorted(objects[at][0] for at in chosen)
    assert records == sorted(records)
    assert wanted.objects == len(chosen)
    assert wanted.bytes == sum(size for _, _, size, _ in records)
    for span in spans:
        assert span.size <= largest or len(span.records) == 1
        assert max(at + size for _, at, size in span.records) == span.size
    for first, second in itertools.pairwise(spans):  # it wouldn't have been better to read both at once
        both = second.start + second.size - first.start
        assert first.pack != second.pack or second.start - first.start - first.size > gap or both > largest


def test_however_many_objects_lie_together_few_are_held_at_once(there, tmp_path, monkeypatch):
    monkeypatch.setattr(receiving, "_BATCH", 4)
    held = []
    original = receiving.spans

    def watched(located, **how):
        held.append(len(located))
        return original(located, **how)

    monkeypatch.setattr(receiving, "spans", watched)
    with Wanted(there.database, tmp_path / "scratch") as wanted:
        wanted.add([key for key, _ in SMALL])
        assert sum(len(span.records) for span in wanted.spans()) == len(SMALL)
    monkeypatch.setattr(receiving, "_LARGEST", 1000)
    held.clear()
    with Wanted(there.database, tmp_path / "scratch") as wanted:
        wanted.add([key for key, _ in SMALL])
        list(wanted.spans())
    assert max(held) <= 12
