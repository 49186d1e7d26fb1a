"""How much of a file is new beside another one."""

import random
from pathlib import Path

from objstore.comparison.content import OnDisk, chunk_rows
from objstore.comparison.files.newbytes import new_bytes
from tests.comparison.contents import InMemory

DATA = random.Random(1).randbytes(2_000_000)
CHANGED = DATA[:1_000_000] + b"inserted" + DATA[1_000_000:]


def test_bytes_in_chunks_that_the_old_file_has_are_not_new() -> None:
    old = {digest for digest, _ in chunk_rows(InMemory(DATA))}
    expected = sum(size for digest, size in chunk_rows(InMemory(CHANGED)) if digest not in old)
    found = new_bytes(InMemory(DATA), InMemory(CHANGED))
    assert found == (len(CHANGED), expected)
    assert 8 <= found.new < 600_000


def test_no_data_is_read_of_what_is_stored() -> None:
    old, new = InMemory(DATA), InMemory(CHANGED)
    assert new_bytes(old, new).new
    assert old.read_bytes == new.read_bytes == 0


def test_a_file_on_the_disk_is_cut_as_it_would_be_stored(tmp_path: Path) -> None:
    (tmp_path / "new").write_bytes(CHANGED)
    assert new_bytes(InMemory(DATA), OnDisk("new", tmp_path / "new")) == new_bytes(InMemory(DATA), InMemory(CHANGED))
    assert new_bytes(OnDisk("new", tmp_path / "new"), InMemory(CHANGED)) == (len(CHANGED), 0)


def test_files_with_nothing_in_common_are_all_new() -> None:
    assert new_bytes(InMemory(b""), InMemory(DATA)).to_dict() == {"bytes": len(DATA), "new": len(DATA)}
    assert new_bytes(InMemory(DATA), InMemory(b"")) == (0, 0)
