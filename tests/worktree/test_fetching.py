"""Fetching what references refer to."""

from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from objstore.errors import InvalidInputError, ReferenceMissingError
from objstore.manifest.entry import reference_entry
from objstore.odb.cache import Cache
from objstore.worktree.fetching import Fetching
from objstore.worktree.references import Contents, recorded


def test_whoever_is_stopped_gives_up_at_the_next_block(cache: Cache, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(20 << 20))
    entry = reference_entry({"uri": f"file://{tmp_path}/big"})
    with Fetching(Contents(cache)) as fetching:
        blocks = fetching.blocks(b"big", entry)
        next(blocks)
        fetching.stop()
        with pytest.raises(CancelledError):
            next(blocks)


def test_only_what_was_read_to_its_end_is_remembered(cache: Cache, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(20 << 20))
    entry = reference_entry({"uri": f"file://{tmp_path}/big"})
    contents = Contents(cache)
    with Fetching(contents) as fetching:
        blocks = fetching.blocks(b"big", entry)
        next(blocks)
        assert contents.last(entry) is None
        list(blocks)
        assert contents.last(entry) is not None
        assert contents.proven(entry) is None


def test_what_may_be_left_out_is_told(cache: Cache, tmp_path: Path) -> None:
    entry = reference_entry({"uri": f"file://{tmp_path}/nothing"})
    told: list[tuple[bytes, str]] = []
    with Fetching(Contents(cache), lambda path, uri: told.append((path, uri))) as fetching:
        with pytest.raises(ReferenceMissingError):
            list(fetching.blocks(b"a", entry))
        assert fetching.may_leave_out(b"a", entry)
    assert told == [(b"a", f"file://{tmp_path}/nothing")]
    assert not Fetching(Contents(cache)).may_leave_out(b"a", entry)


@pytest.mark.parametrize("uri", ["nothing", "s3://key:secret@bucket/x", "file://relative", "https://host/a b\nc"])
def test_an_address_that_others_have_stored_is_checked_like_one_that_is_given(cache: Cache, uri: str) -> None:
    with Fetching(Contents(cache)) as fetching, pytest.raises(InvalidInputError, match="evil can't be fetched"):
        list(fetching.blocks(b"evil", reference_entry({"uri": uri})))


def test_a_digest_that_is_none_proves_nothing(cache: Cache) -> None:
    contents = Contents(cache)
    for mark in ("", "x" * 64, "ab", "é"):
        assert contents.proven(reference_entry({"uri": "file:///a", "blake3": mark})) is None


def test_marks_of_a_later_objstore_are_kept(cache: Cache) -> None:
    entry = reference_entry({"uri": "s3://b/k", "crc64": "1"}, 4)
    assert dict(recorded(entry).marks) == {"crc64": "1"}
