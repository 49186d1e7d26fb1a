"""The bytes of one node of the tree."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import ClassVar, NamedTuple, Self

from objstore.errors import CorruptionError, InvalidInputError, UnsupportedFormatError
from objstore.manifest.entry import MAX_REFERENCE, UNKNOWN_SIZE, Entry, EntryKind
from objstore.manifest.keys import problem_with_keys
from objstore.values.digest import SIZE, reference_digest

VERSION = 1
MAX_LEVEL = 31
MAX_KEYS = 1024

_HEADER = struct.Struct("<BBHI")
_LENGTH = struct.Struct("<I")
_DIGEST = f"{SIZE}s"
_KINDS = bytes(EntryKind)


class Link(NamedTuple):
    """What an inner node keeps for a child: the files and bytes below it, and its digest."""

    files: int
    size: int
    digest: bytes


@dataclass(slots=True, eq=False)
class Leaf:
    """Entries, column by column; row *i* of each column belongs to `keys[i]`. Not to be changed once made."""

    level: ClassVar[int] = 0
    keys: list[bytes]
    kinds: bytes
    sizes: Sequence[int]
    digests: Sequence[bytes]
    references: Sequence[bytes | None]

    @classmethod
    def of(cls, keys: list[bytes], entries: Sequence[Entry]) -> Self:
        """InvalidInputError for a kind that doesn't exist; `encode` checks the rest."""
        if not keys:
            return cls(keys, b"", (), (), ())
        kinds, digests, sizes, references = zip(*entries, strict=True)
        if not set(kinds) <= set(EntryKind):
            raise InvalidInputError(f"between {keys[0]!r} and {keys[-1]!r} is an entry that is of an unknown kind")
        return cls(keys, bytes(kinds), sizes, digests, references)

    def entry(self, at: int) -> Entry:
        return Entry(self.kinds[at], self.digests[at], self.sizes[at], self.references[at])

    def values(self) -> list[Entry]:
        """All entries, made anew at each call."""
        rows = zip(self.kinds, self.digests, self.sizes, self.references, strict=True)
        return list(map(tuple.__new__, repeat(Entry), rows))  # half the time of calling Entry for each

    def totals(self, start: int = 0, stop: int | None = None) -> tuple[int, int]:
        """The files, and bytes of known size, from row `start` to before row `stop`."""
        sizes = self.sizes[start:stop]
        return len(sizes), min(sum(sizes) - UNKNOWN_SIZE * sizes.count(UNKNOWN_SIZE), 2**64 - 1)


@dataclass(slots=True, eq=False)
class Inner:
    """Links to children, column by column; `keys[i]` is the last key below child *i*. Not to be changed once made."""

    level: int
    keys: list[bytes]
    files: Sequence[int]
    sizes: Sequence[int]
    digests: Sequence[bytes]

    @classmethod
    def of(cls, level: int, keys: list[bytes], links: Sequence[Link]) -> Self:
        return cls(level, keys, *zip(*links, strict=True))

    def values(self) -> list[Link]:
        """All links, made anew at each call."""
        return list(map(tuple.__new__, repeat(Link), zip(self.files, self.sizes, self.digests, strict=True)))

    def totals(self, start: int = 0, stop: int | None = None) -> tuple[int, int]:
        """The files and bytes below the children from row `start` to before row `stop`."""
        return min(sum(self.files[start:stop]), 2**64 - 1), min(sum(self.sizes[start:stop]), 2**64 - 1)


Node = Leaf | Inner


def encode(node: Node) -> bytes:
    """The one encoding of a node, in a few microseconds.

    The keys are trusted to be right (`edit` has checked them); an entry that `decode` would refuse is InvalidInputError.
    """
    keys = node.keys
    joined = b"\0".join(keys)
    header = _HEADER.pack(VERSION, node.level, len(keys), len(joined))
    numbers = f"<{len(keys)}Q"
    if isinstance(node, Inner):
        return b"".join((header, joined, struct.pack(numbers, *node.files), struct.pack(numbers, *node.sizes), *node.digests))
    problem = _problem_with_entries(node)
    try:
        sizes = struct.pack(numbers, *node.sizes)
    except struct.error:
        problem = "has a size that doesn't fit"
    if not {SIZE}.issuperset(map(len, node.digests)):
        problem = f"has a digest that is not {SIZE} bytes"
    if problem:
        raise InvalidInputError(f"between {keys[0]!r} and {keys[-1]!r} is an entry that {problem}")
    bodies = chain.from_iterable((_LENGTH.pack(len(body)), body) for body in node.references if body is not None)
    return b"".join((header, joined, node.kinds, sizes, *node.digests, *bodies))


def decode(data: bytes) -> Node:
    """The node that encodes to `data`, in a few microseconds (20 for a leaf of 128 entries).

    CorruptionError, naming the problem, for anything that `encode` doesn't produce from valid paths and entries;
    UnsupportedFormatError for a node of a newer version.
    """
    if len(data) < _HEADER.size:
        raise _corrupt("is cut short")
    version, level, count, size = _HEADER.unpack_from(data)
    if version != VERSION:
        if version > VERSION:
            raise UnsupportedFormatError(f"manifest node of version {version}; this objstore reads up to {VERSION}: upgrade it")
        raise _corrupt("has version 0")
    if level > MAX_LEVEL or count > MAX_KEYS or (level and not count):
        raise _corrupt(f"has an impossible level or count: {level}, {count}")
    columns = _HEADER.size + size
    if len(data) < columns + count * (16 + SIZE if level else 9 + SIZE):
        raise _corrupt("is cut short")
    joined = data[_HEADER.size : columns]
    keys = joined.split(b"\0") if count else []
    if len(keys) != count or (size and not count):
        raise _corrupt(f"has not the {count} keys it claims")
    problem = problem_with_keys(keys, joined) if count else None
    if problem:
        raise _corrupt(problem)
    return _decode_inner(data, columns, level, keys) if level else _decode_leaf(data, columns, keys)


def _decode_inner(data: bytes, at: int, level: int, keys: list[bytes]) -> Inner:
    count = len(keys)
    digests = at + 16 * count
    if len(data) != digests + SIZE * count:
        raise _corrupt("has bytes after its end")
    numbers = struct.unpack_from(f"<{2 * count}Q", data, at)
    return Inner(level, keys, numbers[:count], numbers[count:], struct.unpack_from(_DIGEST * count, data, digests))


def _decode_leaf(data: bytes, at: int, keys: list[bytes]) -> Leaf:
    count = len(keys)
    digests = at + 9 * count
    end = digests + SIZE * count
    kinds = data[at : at + count]
    if kinds.translate(None, _KINDS):
        raise _corrupt("has an entry that is of an unknown kind")
    references: Sequence[bytes | None] = (None,) * count
    if EntryKind.REFERENCE in kinds:
        references, end = _bodies(data, end, kinds)
    if len(data) != end:
        raise _corrupt("has bytes after its end")
    sizes = struct.unpack_from(f"<{count}Q", data, at + count)
    leaf = Leaf(keys, kinds, sizes, struct.unpack_from(_DIGEST * count, data, digests), references)
    problem = _problem_with_entries(leaf)
    if problem:
        raise _corrupt(f"has an entry that {problem}")
    return leaf


def _bodies(data: bytes, at: int, kinds: bytes) -> tuple[Sequence[bytes | None], int]:
    """The bodies of the references among `kinds`, from `at` on, and where they end."""
    bodies: list[bytes | None] = []
    for kind in kinds:
        if kind != EntryKind.REFERENCE:
            bodies.append(None)
            continue
        start = at + _LENGTH.size
        at = start + int.from_bytes(data[at:start], "little")
        if at > len(data):
            raise _corrupt("is cut short")
        bodies.append(data[start:at])
    return bodies, at


def _problem_with_entries(leaf: Leaf) -> str | None:
    kinds, sizes, references = leaf.kinds, leaf.sizes, leaf.references
    if UNKNOWN_SIZE in sizes and any(size == UNKNOWN_SIZE and kind != EntryKind.REFERENCE for size, kind in zip(sizes, kinds, strict=True)):
        return "is a file of unknown size"
    if not kinds.count(EntryKind.REFERENCE) and references.count(None) == len(references):
        return None
    for kind, digest, body in zip(kinds, leaf.digests, references, strict=True):
        if (kind == EntryKind.REFERENCE) != (body is not None):
            return "is a reference without a body, or a file with one"
        if body is not None and (len(body) > MAX_REFERENCE or reference_digest(body) != digest):
            return "is a reference that doesn't match its digest, or is too long"
    return None


def _corrupt(problem: str) -> CorruptionError:
    return CorruptionError(f"manifest node {problem}; run `objstore fsck`")
