"""What was read elsewhere is kept on the disk, within bounds, and never in the way."""

import os

import pytest

from objstore.blobs.memory import MemoryBlobs
from objstore.errors import NotFoundError
from objstore.odb.blocks import Blocks
from tests.odb.stores import noise

MIB = 1 << 20
DATA = noise(1, 5 * MIB + 1000)


class Counting(MemoryBlobs):
    """Notes what is asked for."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def read_part(self, name, offset, most, /):
        self.asked.append((offset, most))
        return super().read_part(name, offset, most)


@pytest.fixture
def blobs():
    made = Counting()
    made.create("packs/ab/one", DATA)
    return made


@pytest.mark.parametrize(
    ("offset", "size"), [(0, 10), (MIB - 5, 10), (MIB, MIB), (100, 4 * MIB), (5 * MIB + 990, 10), (5 * MIB + 990, 500)]
)
def test_any_stretch_is_read_in_one_request_and_then_in_none(blobs, tmp_path, offset, size):
    for _ in range(2):
        assert Blocks(blobs, tmp_path / "blocks", 100 * MIB).read("packs/ab/one", offset, size) == DATA[offset : offset + size]
    assert len(blobs.asked) == 1


def test_only_what_is_not_here_is_asked_for(blobs, tmp_path):
    blocks = Blocks(blobs, tmp_path / "blocks", 100 * MIB)
    blocks.read("packs/ab/one", 0, 10)
    blocks.read("packs/ab/one", 3 * MIB, 10)
    assert blocks.read("packs/ab/one", 0, len(DATA)) == DATA
    assert blobs.asked == [(0, MIB), (3 * MIB, MIB), (MIB, 5 * MIB)]


def test_what_was_wrong_is_forgotten(blobs, tmp_path):
    blocks = Blocks(blobs, tmp_path / "blocks", 100 * MIB)
    blocks.read("packs/ab/one", 0, 10)
    for file in (tmp_path / "blocks").iterdir():
        file.write_bytes(bytes(MIB))
    assert blocks.read("packs/ab/one", 0, 10) == bytes(10)
    blocks.forget("packs/ab/one")
    assert blocks.read("packs/ab/one", 0, 10) == DATA[:10]


def test_many_processes_that_read_little_keep_no_more_than_one_that_reads_much(blobs, tmp_path):
    for at in range(6):
        Blocks(blobs, tmp_path / "blocks", 2 * MIB).read("packs/ab/one", at * MIB, 10)
        os.utime(tmp_path / "blocks" / f"one-{at}", (at, at))
    kept = sorted(file.name for file in (tmp_path / "blocks").iterdir())
    assert kept == ["one-4", "one-5"]


def test_a_folder_that_can_t_be_written_is_no_harm(blobs, tmp_path):
    (tmp_path / "blocks").write_bytes(b"a file")
    assert Blocks(blobs, tmp_path / "blocks", MIB).read("packs/ab/one", 5, 10) == DATA[5:15]


def test_a_blob_that_is_not_there_is_told(blobs, tmp_path):
    with pytest.raises(NotFoundError):
        Blocks(blobs, tmp_path / "blocks", MIB).read("packs/ab/two", 0, 10)
