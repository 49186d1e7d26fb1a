"""How much of a file is new beside another one, or beside what it was."""

from typing import Any, NamedTuple

from objstore.comparison.content import Content, chunk_rows


class FileBytes(NamedTuple):
    """How many bytes of a file that both sides have, with other content, are new."""

    old_path: str
    path: str
    old_bytes: int
    bytes: int
    new_bytes: int
    """In chunks that the old content hasn't got."""
    why: str = ""
    """Why that isn't known; then `new_bytes` is the most that it can be."""

    def to_dict(self) -> dict[str, Any]:
        return {**self._asdict(), "why": self.why or None}


class NewBytes(NamedTuple):
    """Of the new file: all its bytes, and those in chunks that the old file hasn't got."""

    bytes: int
    new: int

    def to_dict(self) -> dict[str, int]:
        return self._asdict()


def new_bytes(old: Content, new: Content) -> NewBytes:
    """Counts the bytes of the new file's chunks that the old one hasn't got; one that the new file has twice counts twice.

    Of what is stored the recipes alone are read, no data; a file on a disk is read and cut. Memory: 100 bytes for a chunk of the old file.
    """
    known = {digest for digest, _ in chunk_rows(old)}
    return NewBytes(new.size, sum(length for digest, length in chunk_rows(new) if digest not in known))
