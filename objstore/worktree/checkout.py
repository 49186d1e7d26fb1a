"""Writing a manifest's files into a folder: only what isn't right already, every byte verified, each file whole or not at all."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from objstore.host.clock import file_clock
from objstore.host.filesystem import keeps_mode
from objstore.host.progress import Progress
from objstore.manifest.compare import compare as compare_manifests
from objstore.manifest.cursor import children, entries, totals
from objstore.manifest.entry import Entry
from objstore.odb.database import Database
from objstore.values.digest import Digest
from objstore.values.key import node_key
from objstore.worktree.compare import Foreign, Place, compare
from objstore.worktree.distinct import check_distinct
from objstore.worktree.fetching import LeftOut
from objstore.worktree.gathering import Listings
from objstore.worktree.ignore import STORE_FOLDER, Patterns
from objstore.worktree.scan import folder_source
from objstore.worktree.scancache import Notes, ScanCache
from objstore.worktree.target import Folder, history_in_the_way
from objstore.worktree.writing import Outcome, Writing

_NEVER_REMOVED = (STORE_FOLDER, b".git/", b".git")  # histories of their own, which no version of the files around them replaces


@dataclass
class Checkout:
    """Writes the manifest at `root` into `target`.

    `remove_foreign`: whether what the manifest hasn't got is removed. Otherwise it is left alone.
    """

    database: Database
    root: Digest
    target: Path
    progress: Progress
    keep_mode: bool = True
    remove_foreign: bool = False
    workers: int = 2
    clock: int = 0
    """The file system's time at the beginning: what changed since then may change again unseen."""
    left_out: LeftOut | None = None
    """Is told of references to what isn't there any more, which stay unwritten; they are an error without."""

    def run(self, scratch: Path, prefix: bytes = b"") -> Outcome:
        """Writes what is at or below `prefix`. Memory: a few batches of 8 MiB.

        Errors: ConflictError when something is in the way, or when two of the paths are one on that disk, or when what has to go holds a
        store or a Git repository (then nothing is written or removed);
        StorageError when the disk refuses, CorruptionError or NotFoundError when the store hasn't got the content; ReferenceMissingError,
        ReferenceChangedError or RemoteError for what a reference refers to. Whatever was written before stays, each file whole; running
        again goes on from there.
        """
        expected = totals(self.database, self.root, prefix)  # before anything is made, should the manifest be unreadable
        top = Folder.top(self.target)
        self.keep_mode = self.keep_mode and keeps_mode(self.target)
        remember = ScanCache(self.database.cache, folder_source(self.target), Patterns(), bytes([self.keep_mode]))
        self.progress.start("writing", files=expected.files, bytes_=expected.bytes)
        if self.remove_foreign:
            self._check_removable(top)
        check_distinct(self.target, (path for path, _ in entries(self.database, self.root, prefix)))
        base = remember.root()
        notes = Notes(scratch, self.clock, remember.record())
        listings = Listings(notes)
        places = compare(top, self._wanted(prefix, base), remember.listing, replace_links=self.remove_foreign)
        writing = Writing(
            self.database,
            self.target,
            self.progress,
            self.keep_mode,
            self.remove_foreign,
            self.clock,
            self.workers,
            left_out=self.left_out,
        )
        try:
            for place, facts in writing.run(self._own(places, writing.outcome), expected.files, expected.bytes):
                listings.add(place.folder.path, place.name, facts)
            listings.finish()
            if not prefix:
                notes.trust_before(file_clock(self.target))
                remember.remember(self.root, notes, until_reboot=True)
        finally:
            notes.close()
        return writing.outcome

    def _check_removable(self, top: Folder) -> None:
        """ConflictError when a folder with a history in it would have to go, before anything has gone."""
        for folder, history in top.histories():
            if folder and next(children(self.database, self.root, folder[:-1]), None) is None:
                raise history_in_the_way(folder + history)

    def _wanted(self, prefix: bytes, base: Digest | None) -> Iterator[tuple[bytes, Entry, bool]]:
        """Every path with its entry, and whether the root that the target had then has the same one."""
        if base is None or node_key(base) not in self.database:
            for path, entry in entries(self.database, self.root, prefix):
                yield path, entry, False
            return
        differing = compare_manifests(self.database, base, self.database, self.root)
        change = next(differing, None)
        for path, entry in entries(self.database, self.root, prefix):
            while change is not None and change.path < path:
                change = next(differing, None)
            yield path, entry, change is None or change.path != path

    def _own(self, places: Iterable[Place | Foreign], outcome: Outcome) -> Iterator[Place]:
        """The places that the manifest has; what it hasn't is removed, or passed over."""
        for place in places:
            if isinstance(place, Place):
                yield place
            elif self.remove_foreign and place.name not in _NEVER_REMOVED:
                place.folder.remove(place.name)
                outcome.removed.append((place.folder.path + place.name).decode(errors="backslashreplace"))
