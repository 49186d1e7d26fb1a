"""What is found out about a place before a project is put there."""

import contextlib
import threading

import pytest

from objstore.blobs.address import Address
from objstore.blobs.local import LocalBlobs
from objstore.blobs.memory import MemoryBlobs
from objstore.blobs.opening import open_blobs
from objstore.blobs.probing import probe
from objstore.errors import BlobExistsError, RemoteError, UnsafeStoreError


@pytest.mark.parametrize("place", ["memory", "local", "s3", "gcs"])
def test_a_safe_place_passes_and_is_left_as_it_was(place, request, tmp_path):
    with contextlib.ExitStack() as stack:
        if place == "memory":
            blobs = MemoryBlobs()
        elif place == "local":
            blobs = stack.enter_context(contextlib.closing(LocalBlobs(tmp_path / "project")))
        else:
            blobs = stack.enter_context(contextlib.closing(request.getfixturevalue(place).open(tmp_path / "scratch")))
        blobs.create("objstore.json", b"{}")
        probe(blobs)
        assert dict(blobs.list("")) == {"objstore.json": 2}


def test_a_server_that_ignores_conditions_is_refused_and_left_as_it_was(unsafe_s3, tmp_path):
    with contextlib.closing(unsafe_s3.open(tmp_path / "scratch")) as blobs:
        with pytest.raises(UnsafeStoreError, match="overwrite each other's log"):
            probe(blobs)
        assert dict(blobs.list("")) == {}


def test_a_file_system_not_known_to_refuse_a_second_create_is_never_written_to(tmp_path):
    with contextlib.closing(open_blobs(Address.parse("memory:///probed"), tmp_path / "scratch")) as blobs:
        with pytest.raises(UnsafeStoreError, match="can only be read"):
            probe(blobs)
        assert list(blobs.list("")) == []


def test_where_one_may_not_write_the_probe_says_so(s3, tmp_path):
    with (
        contextlib.closing(s3.open(tmp_path / "scratch", **s3.readonly)) as blobs,
        pytest.raises(RemoteError, match=r"may not write probe/.* read-only") as caught,
    ):
        probe(blobs)
    assert not isinstance(caught.value, UnsafeStoreError)


class LastWins(MemoryBlobs):
    """Refuses a second create that comes later, but none that comes at the same time."""

    def __init__(self):
        super().__init__()
        self.together = threading.Barrier(4)

    def create(self, name, data, /):
        taken = name in self._blobs
        if self._blobs and not taken:  # the very first comes alone
            self.together.wait()
        if taken:
            raise BlobExistsError(name)
        self._blobs[name] = data


class Overwrites(MemoryBlobs):
    """Refuses a second create, and yet carries it out."""

    def create(self, name, data, /):
        taken = name in self._blobs
        self._blobs[name] = data
        if taken:
            raise BlobExistsError(name)


class ListsLate(MemoryBlobs):
    def list(self, prefix, /):
        yield from ()


class IgnoresRanges(MemoryBlobs):
    def read_ranges(self, name, ranges, /):
        for _ in ranges:
            yield self.read(name)


class KeepsDeleted(MemoryBlobs):
    def has(self, name, /):
        return True


@pytest.mark.parametrize("kind", [Overwrites, LastWins, ListsLate, IgnoresRanges, KeepsDeleted])
def test_every_promise_that_is_not_kept_is_found_and_nothing_is_left(kind):
    blobs = kind()
    with pytest.raises(UnsafeStoreError):
        probe(blobs)
    assert blobs._blobs == {}


class LosesAnswers(MemoryBlobs):
    """Every create lands, though it seems refused: as when a library below repeats a put whose answer was lost."""

    def create(self, name, data, /):
        super().create(name, data)
        raise BlobExistsError(name)


def test_an_answer_lost_on_the_way_does_not_make_a_place_unsafe():
    probe(LosesAnswers())
