"""A store of nodes in a dict, small trees, and a second way to build one."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from blake3 import blake3
from hypothesis import strategies as st

from objstore.errors import NotFoundError
from objstore.manifest import split
from objstore.manifest.edit import edit
from objstore.manifest.entry import Entry, EntryKind, reference_entry
from objstore.manifest.node import Inner, Leaf, Link, Node, decode, encode
from objstore.values.digest import Digest, node_digest, plain

SMALL_MAX = 6


class Nodes:
    """Nodes by digest, counting what is asked of it."""

    def __init__(self) -> None:
        self.data: dict[Digest, bytes] = {}
        self.reads: list[Digest] = []
        self.writes: list[Digest] = []

    def read_node(self, digest: Digest, /) -> bytes:
        self.reads.append(digest)
        if digest not in self.data:
            raise NotFoundError(f"no node {digest.short}")
        return self.data[digest]

    def write_node(self, data: bytes, /) -> Digest:
        digest = node_digest(data)
        self.data[digest] = data
        self.writes.append(digest)
        return digest

    def forget_counts(self) -> None:
        self.reads, self.writes = [], []


@contextmanager
def small_nodes() -> Iterator[None]:
    """Nodes of some four keys, six at most, so that a few dozen paths make a tree of several levels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(split, "BELOW", 64)
        patch.setattr(split, "MAX_KEYS", SMALL_MAX)
        yield


def file(content: bytes | str, size: int | None = None) -> Entry:
    data = content.encode() if isinstance(content, str) else content
    return Entry(EntryKind.FILE, plain(data), len(data) if size is None else size)


def numbered(count: int, pattern: bytes = b"data/%05d.bin") -> dict[bytes, Entry]:
    return {pattern % number: file(pattern % number, number) for number in range(count)}


def build(store: Nodes, entries: Mapping[bytes, Entry]) -> Digest:
    return edit(store, None, sorted(entries.items()))


def nodes(store: Nodes, root: Digest) -> Iterator[tuple[Digest, Node]]:
    """Every node of a tree, parents first."""
    node = decode(store.data[root])
    yield root, node
    if isinstance(node, Inner):
        for digest in node.digests:
            yield from nodes(store, Digest(digest))


def by_the_book(entries: Mapping[bytes, Entry]) -> Digest:
    """The root as spec/manifest.md defines it, with nothing spared."""
    level, rows = 0, sorted(entries.items())
    if not rows:
        return node_digest(encode(Leaf.of([], [])))
    while True:
        above = []
        for run in _nodes(rows, level):
            keys, values = [key for key, _ in run], [value for _, value in run]
            node = Inner.of(level, keys, values) if level else Leaf.of(keys, values)
            above.append((keys[-1], Link(*node.totals(), node_digest(encode(node)))))
        if len(above) == 1:
            return Digest(above[0][1].digest)
        level, rows = level + 1, above


def _nodes(rows: Iterable[tuple[bytes, object]], level: int) -> Iterator[list]:
    run: list = []
    for row in rows:
        run.append(row)
        if blake3(row[0]).digest()[level] < split.BELOW or len(run) == split.MAX_KEYS:
            yield run
            run = []
    if run:
        yield run


_parts = st.sampled_from([b"a", b"b", b"a-", b"a0", b"dir", "é".encode(), b".x", b"z" * 20]) | st.integers(0, 99).map(lambda n: b"%02d" % n)
paths = st.lists(_parts, min_size=1, max_size=3).map(b"/".join)
values = st.one_of(
    st.integers(0, 3).map(lambda n: file(b"x" * n)),
    st.just(Entry(EntryKind.EXECUTABLE, plain(b""), 0)),
    st.integers(0, 2).map(lambda n: reference_entry({"uri": f"s3://bucket/{n}"})),
    st.just(reference_entry({"uri": "s3://bucket/sized", "etag": "e"}, size=7)),
)
maps = st.dictionaries(paths, values, max_size=80)
