"""Databases over memory, and content for them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from blake3 import blake3

from objstore.blobs.memory import MemoryBlobs
from objstore.blobs.protocol import BlobStore
from objstore.odb.cache import Cache
from objstore.odb.database import Database
from objstore.odb.draft import Draft
from objstore.odb.recipe import ChunkRow, RecipeBuilder
from objstore.values.digest import Digest, node_digest, plain
from objstore.values.key import Key, chunk_key, node_key


def noise(seed: int, size: int) -> bytes:
    """The same incompressible bytes for the same seed."""
    return blake3(seed.to_bytes(4, "little")).digest(length=size)


def chunk(data: bytes) -> tuple[Key, bytes]:
    return chunk_key(plain(data)), data


def node(data: bytes) -> tuple[Key, bytes]:
    return node_key(node_digest(data)), data


class Store:
    """A database with its own list of segments, as a log would keep it."""

    def __init__(self, folder: Path, blobs: BlobStore | None = None) -> None:
        self.folder = folder
        self.blobs: BlobStore = blobs or MemoryBlobs()
        self.segments: list[str] = []
        self.open()

    def open(self) -> None:
        self.cache = Cache(self.folder / "cache", "p")
        self.database = Database(self.blobs, self.cache)
        self.database.load(self.segments)

    def draft(self) -> Draft:
        return self.database.open_draft(self.folder / "drafts", 0)

    def log(self, draft: Draft) -> None:
        """What a log record does: from now on the draft's objects are the store's."""
        self.segments += draft.publish()
        draft.finish()
        self.database.load(self.segments)

    def add(self, *objects: tuple[Key, bytes]) -> None:
        draft = self.draft()
        for key, data in objects:
            draft.add(key, data)
        self.log(draft)

    def add_file(self, pieces: Sequence[bytes]) -> Digest:
        """Stores a file cut as given, with a recipe if there are several pieces."""
        draft = self.draft()
        content = b"".join(pieces)
        digest = plain(content)
        builder = RecipeBuilder(draft.add)
        for piece in pieces:
            draft.add(*chunk(piece))
            builder.add((plain(piece), len(piece)))
        if len(pieces) > 1:
            draft.add(*builder.finish(digest, len(content)))
        self.log(draft)
        return digest

    def packs(self) -> list[str]:
        return sorted(name for name, _ in self.blobs.list("packs/"))


def rows(count: int, seed: int = 0) -> Iterator[ChunkRow]:
    """Rows of chunks that nobody has."""
    stream = blake3(seed.to_bytes(4, "little")).digest(length=32 * count)
    return ((stream[at : at + 32], at % 1000 + 1) for at in range(0, len(stream), 32))
