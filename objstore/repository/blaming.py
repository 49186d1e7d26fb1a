"""In which version files last changed, and which runs made that."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from objstore.errors import EntryNotFoundError
from objstore.history.collection import Collection, Version
from objstore.history.records import RunRef
from objstore.manifest.compare import compare
from objstore.manifest.cursor import entries, get
from objstore.manifest.entry import UNKNOWN_SIZE, Entry
from objstore.odb.database import Database
from objstore.values.digest import Digest
from objstore.values.paths import is_below


@dataclass(frozen=True, slots=True)
class Blame:
    """The version since which a file is what it is. `is_new`: in the version before, there was none at its path."""

    path: str
    collection: str
    version: Version
    is_new: bool
    entry: Entry

    @property
    def run(self) -> RunRef | None:
        """The run that logged that version."""
        return self.version.run

    @property
    def change(self) -> str:
        return "added" if self.is_new else "modified"

    def row(self) -> tuple[str, ...]:
        """For people: the version, what became of the file in it, when, the run's id, the path."""
        return f"{self.collection}:{self.version.name}", self.change, self.version.created, self.run.run if self.run else "", self.path

    def to_dict(self) -> dict[str, Any]:
        run = self.run
        return {
            "path": self.path,
            "version": f"{self.collection}:{self.version.name}",
            "change": self.change,
            "created": self.version.created,
            "digest": self.entry.digest.hex(),
            "size": None if self.entry.size == UNKNOWN_SIZE else self.entry.size,
            "run": None if run is None else {"id": run.run, "project": run.project},
        }


def blame(database: Database, collection: Collection, version: Version, path: str) -> Iterator[Blame]:
    """For each file at or below a path of a version (all, if it is empty), in which version it last changed; ascending by path.

    Versions that are deleted don't count: what they changed counts for the next one that isn't. The executable bit is part of a file.
    EntryNotFoundError where the version has nothing there. Cost: the differences between the versions on the way back, as far as
    something there is older than they are. Memory: the files at or below the path.
    """
    prefix = path.encode()
    open_ = dict(entries(database, version.root, prefix))
    if path and not open_:
        raise EntryNotFoundError(
            f"{collection.name}:{version.name} has no {path!r}; `objstore ls {collection.name}:{version.name}` lists what it has"
        )
    found: dict[bytes, Blame] = {}
    at = version
    changes = _change_of_file if prefix in open_ else _changes_below
    for before in _earlier(collection, version):
        for changed, old in changes(database, before.root, at.root, prefix):
            if changed in open_:
                found[changed] = Blame(changed.decode(), collection.name, at, old is None, open_.pop(changed))
        if not open_:
            break
        at = before
    found.update((rest, Blame(rest.decode(), collection.name, at, True, entry)) for rest, entry in open_.items())
    return (found[each] for each in sorted(found))


def _changes_below(database: Database, old: Digest, new: Digest, prefix: bytes) -> Iterator[tuple[bytes, Entry | None]]:
    """The paths at or below a prefix whose entries differ, with the old one."""
    return ((change.path, change.old) for change in compare(database, old, database, new) if is_below(change.path, prefix))


def _change_of_file(database: Database, old: Digest, new: Digest, path: bytes) -> list[tuple[bytes, Entry | None]]:
    """The same of one file, which is looked up whatever else differs."""
    before = get(database, old, path)
    return [] if before == get(database, new, path) else [(path, before)]


def _earlier(collection: Collection, version: Version) -> list[Version]:
    """The versions before it that aren't deleted, the newest first."""
    return [each for each in reversed(collection.versions[: version.number]) if not each.deleted]
