"""Reading over a bad line: what arrives damaged is asked for again, and what is damaged there is told."""

from collections.abc import Iterable, Iterator

import pytest

from objstore.blobs.memory import MemoryBlobs
from objstore.errors import CorruptionError, NotFoundError
from objstore.odb import remotedatabase
from objstore.odb.cache import Cache
from objstore.odb.database import spans
from objstore.odb.record import decode
from objstore.odb.remotedatabase import RemoteDatabase
from objstore.odb.segment import segment_name
from objstore.odb.verify import check_pack
from tests.history.stores import Wrapper
from tests.odb.stores import Store, chunk, node, noise


class BadLine(Wrapper):
    """Flips a byte of the next answers to reads whose name begins so; counts the reads."""

    def __init__(self, inner):
        super().__init__(inner)
        self.flips = {}
        self.reads = []

    def read(self, name: str, /) -> bytes:
        return self._arrived(name, super().read(name))

    def read_ranges(self, name: str, ranges: Iterable[tuple[int, int]], /) -> Iterator[bytes]:
        for data in super().read_ranges(name, ranges):
            yield self._arrived(name, data)

    def read_part(self, name: str, offset: int, most: int, /) -> bytes:
        return self._arrived(name, super().read_part(name, offset, most))

    def _arrived(self, name, data):
        self.reads.append(name)
        prefix = name.partition("/")[0]
        if self.flips.get(prefix, 0):
            self.flips[prefix] -= 1
            middle = len(data) // 2
            return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        return data


OBJECTS = [chunk(noise(seed, 3000)) for seed in range(20)] + [node(b"a node")]


@pytest.fixture
def there(tmp_path):
    """A store elsewhere."""
    store = Store(tmp_path / "there", MemoryBlobs())
    store.add(*OBJECTS[:10])
    store.add(*OBJECTS[10:])
    return store


@pytest.fixture
def line(there):
    return BadLine(there.blobs)


@pytest.fixture
def database(tmp_path, there, line):
    found = RemoteDatabase(line, Cache(tmp_path / "here", "p"))
    found.load(there.segments)
    line.reads.clear()
    return found


def read_all(database):
    keys = [key for key, _ in OBJECTS]
    return {key: bytes(data) for key, data in database.read_many(keys)}


def test_it_reads_in_few_requests(database, line):
    assert read_all(database) == dict(OBJECTS)
    assert len(line.reads) == 3  # two packs of data, one of metadata


def test_a_pack_is_checked_in_few_requests(there, database, line):
    for name, _ in there.blobs.list("packs/"):
        line.reads.clear()
        health = check_pack(database, line, name.rpartition("/")[2], lambda _: None)
        assert health.problems == [] and health.objects > 0
        assert len(line.reads) <= 5  # size, footer, trailer, header, and all records at once


@pytest.mark.parametrize("flips", [1, 2])
def test_a_flipped_byte_is_read_again(database, line, flips):
    line.flips = {"packs": flips}
    assert read_all(database) == dict(OBJECTS)
    assert len(line.reads) == 3 + flips
    line.flips = {"packs": flips}
    key, data = OBJECTS[3]
    assert database.read(key) == data


def test_what_is_damaged_there_is_told_after_three_reads(database, line):
    line.flips = {"packs": 100}
    key, _ = OBJECTS[3]
    with pytest.raises(CorruptionError):
        database.read(key)
    assert len(line.reads) == 3
    with pytest.raises(CorruptionError):
        read_all(database)


def test_nothing_is_given_out_that_was_not_verified(database, line):
    located = database.locate([key for key, _ in OBJECTS])
    line.flips = {"packs": 2}
    for _, record in database.read_records(located):
        assert record
    assert {key: database.read(key) for key, _ in OBJECTS} == dict(OBJECTS)


@pytest.mark.parametrize("flips", [0, 1, 2])
@pytest.mark.parametrize("part", [remotedatabase._PART, 100])
def test_a_segment_that_arrives_damaged_is_read_again(tmp_path, there, line, flips, part, monkeypatch):
    monkeypatch.setattr(remotedatabase, "_PART", part)
    line.flips = {"index": flips}
    database = RemoteDatabase(line, Cache(tmp_path / "other", "p"))
    database.load(there.segments)
    assert read_all(database) == dict(OBJECTS)


def test_a_segment_that_is_damaged_or_missing_there_is_told(tmp_path, there, line):
    line.flips = {"index": 100}
    with pytest.raises(CorruptionError, match="is damaged"):
        RemoteDatabase(line, Cache(tmp_path / "other", "p")).load(there.segments)
    there.blobs.delete(segment_name(there.segments[0]))
    with pytest.raises(CorruptionError, match="is missing"):
        RemoteDatabase(there.blobs, Cache(tmp_path / "third", "p")).load(there.segments)


# -- after a gc there --------------------------------------------------------------------------------------------------


class Moving:
    """Packs that are rewritten while somebody reads."""

    def __init__(self, there, database):
        self.there, self.database = there, database
        self.looks = 0

    def move(self) -> None:
        for name in self.there.packs():
            self.there.blobs.delete(name)
        for name in self.there.segments:
            self.there.blobs.delete(segment_name(name))
        self.there.segments = []
        self.there.open()
        self.there.cache.clear_index()
        self.there.add(*OBJECTS, chunk(b"so that the pack is another"))

    def catch_up(self) -> None:
        self.looks += 1
        self.database.load(self.there.segments)


@pytest.fixture
def moving(database, there):
    made = Moving(there, database)
    database._catch_up = made.catch_up
    return made


@pytest.mark.parametrize("flips", [0, 1])
def test_what_has_moved_is_found_and_verified_where_it_is_now(database, moving, line, flips):
    moving.move()
    line.flips = {"packs": flips}
    located = database.locate([key for key, _ in OBJECTS])
    records = dict(database.read_records(located))
    assert records.keys() == dict(OBJECTS).keys()
    assert {key: bytes(data) for key, data in database.read_many(list(records))} == dict(OBJECTS)
    assert moving.looks
    assert {key: decode(key, record) for key, record in records.items()} == dict(OBJECTS)


def test_a_pack_that_has_gone_for_good_is_told_with_the_place(database, there):
    for name in there.packs():
        there.blobs.delete(name)
    with pytest.raises(CorruptionError, match=r"pack .* is missing in memory"):
        read_all(database)
    (span, *_) = spans(database.locate([OBJECTS[0][0]]))
    with pytest.raises(NotFoundError):
        database.read_verified(span)


def test_what_nobody_has_is_not_found(database):
    key, _ = chunk(b"nobody's")
    with pytest.raises(NotFoundError, match="is not in this store"):
        database.read(key)
    assert database.known([key]) == set()
