"""How much room a project takes, and what takes it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from objstore.graph.reachability import mark
from objstore.history.collection import Collection
from objstore.odb.keyset import KeySet
from objstore.odb.record import FRAME
from objstore.repository.project import Project
from objstore.values.key import Key

_BATCH = 4096


@dataclass(frozen=True)
class CollectionUsage:
    """A collection's part."""

    name: str
    versions: int
    """Live ones."""
    files: int
    """Of all live versions together."""
    bytes: int
    """What the live versions would take without any sharing."""
    reachable_bytes: int
    """What is stored of them; shared content counts in every collection that reaches it."""


@dataclass(frozen=True)
class Usage:
    """Bytes on the disk."""

    pack_bytes: int
    index_bytes: int
    log_bytes: int
    cache_bytes: int
    collections: list[CollectionUsage] = field(default_factory=list)

    @property
    def store_bytes(self) -> int:
        """All but the cache, which may be deleted."""
        return self.pack_bytes + self.index_bytes + self.log_bytes


def usage(project: Project, names: Iterable[str] | None = None) -> Usage:
    """Measures the project, and each collection (or those named). Cost: a walk of every live manifest."""
    wanted = [project.state.collection(name) for name in names] if names is not None else list(project.state.collections.values())
    return Usage(
        _total(project, "packs/"),
        _total(project, "index/"),
        _total(project, "log/"),
        _folder_bytes(project.folder / "local" / "cache"),
        [_of_collection(project, collection) for collection in sorted(wanted, key=lambda collection: collection.name)],
    )


def _of_collection(project: Project, collection: Collection) -> CollectionUsage:
    live = list(collection.live())
    with KeySet(project.scratch) as keys:
        mark(project.database, [version.root for version in live], keys)
        reachable = sum(_stored(project, batch) for batch in keys.batches(_BATCH))
    return CollectionUsage(collection.name, len(live), sum(v.files for v in live), sum(v.bytes for v in live), reachable)


def _stored(project: Project, keys: list[Key]) -> int:
    return sum(FRAME.size + place.stored for place in project.database.locate(keys).values())


def _total(project: Project, prefix: str) -> int:
    return sum(size for _, size in project.blobs.list(prefix))


def _folder_bytes(folder: Path) -> int:
    """What a folder takes on the disk; the cache's files are sparse."""
    return sum(path.stat().st_blocks * 512 for path in folder.glob("*")) if folder.is_dir() else 0
