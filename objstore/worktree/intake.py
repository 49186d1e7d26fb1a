"""Taking a source in: scan, then read what has changed, then edit the manifest."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from objstore.host.progress import Progress
from objstore.manifest.cursor import entries
from objstore.odb.database import Database
from objstore.values.digest import Digest, node_digest
from objstore.values.key import node_key
from objstore.worktree.ignore import Patterns
from objstore.worktree.listing import FACTS
from objstore.worktree.scan import Changed, Scan, Source
from objstore.worktree.scancache import ChangeSpool, Notes, ScanCache, ends_with_boot, root_of
from objstore.worktree.wanted import Change, Wanted

if TYPE_CHECKING:  # loaded only by what writes
    from objstore.odb.draft import Draft


class DraftNodes:
    """A manifest's node store: reads from the database, writes into a draft."""

    def __init__(self, database: Database, draft: "Draft") -> None:
        self._database = database
        self._draft = draft

    def read_node(self, digest: Digest, /) -> bytes:
        return self._database.read_node(digest)

    def write_node(self, data: bytes, /) -> Digest:
        digest = node_digest(data)
        self._draft.add(node_key(digest), data)
        return digest


@dataclass
class Plan:
    """What must be read of a source so as to have it all; nothing has been read yet."""

    base: Digest | None
    """The root to edit: what the source was when it was last taken in."""
    changes: ChangeSpool
    notes: Notes
    files: int
    bytes: int
    changed_files: int = 0
    changed_bytes: int = 0

    @property
    def is_unchanged(self) -> bool:
        return self.base is not None and not self.changes.count

    def close(self) -> None:
        self.changes.close()
        self.notes.close()


@dataclass
class Intake:
    """Takes a source into a database."""

    database: Database
    source: Source
    patterns: Patterns
    progress: Progress
    keep_mode: bool = True
    workers: int = 2
    may_build_on: Callable[[Digest], bool] = field(default=lambda _: True)
    """Whether what was taken in under a root is still there."""

    def __post_init__(self) -> None:
        self._scans = ScanCache(self.database.cache, self.source, self.patterns, bytes([self.keep_mode]))

    @contextlib.contextmanager
    def plan(self, scratch: Path, clock: int) -> Iterator[Plan]:
        """Walks the source. `clock`: the file system's time before the walk. Every SourceFileError of the walk comes now."""
        record = self._scans.record()
        remembered = root_of(record)
        base = remembered if remembered is not None and self._is_here(remembered) else None
        plan = self._scanned(scratch, clock, record, base)
        try:
            if base is not None and self._scans.record() != record:
                # Somebody else has finished meanwhile, so the listings that we compared with may belong to another root.
                plan.close()
                plan = self._scanned(scratch, clock, self._scans.record(), None)
            yield plan
        finally:
            plan.close()

    def _is_here(self, root: Digest) -> bool:
        return node_key(root) in self.database and self.may_build_on(root)

    def _scanned(self, scratch: Path, clock: int, record: bytes | None, base: Digest | None) -> Plan:
        scan = Scan(self.source, self.patterns, self._scans.listing if base else _nothing)
        plan = Plan(base, ChangeSpool(scratch), Notes(scratch, clock, record), 0, 0)
        # Without a root to build on, nothing tells what there is of earlier scans: whatever isn't seen now goes.
        plan.notes.folders_gone = base is None
        try:
            self.progress.start("scanning")
            for found in scan:
                if isinstance(found, Changed):
                    self._note_change(plan, found)
                else:
                    plan.notes.add(found)
                    self.progress.advance(files=found.listing.files)
        except BaseException:
            plan.close()
            raise
        plan.files, plan.bytes = scan.totals.files, scan.totals.bytes
        return plan

    def execute(self, plan: Plan, draft: "Draft") -> Digest:
        """Reads what has changed into the draft; the root of the source's manifest."""
        from objstore.manifest.edit import edit  # not needed, so not loaded, when nothing has changed
        from objstore.worktree.crew import crew_for
        from objstore.worktree.ingest import Ingest

        self.progress.start("adding", files=plan.changed_files, bytes_=plan.changed_bytes)
        database = self.database.with_draft(draft)
        if plan.base is not None:
            draft.build_on(plan.base)
        with crew_for(plan.changed_files, plan.changed_bytes) as crew:
            ingest = Ingest(draft, self.progress, self.keep_mode, self.workers, crew)
            return edit(DraftNodes(database, draft), plan.base, ingest.run(self.wanted(plan)))

    def hashed(self, plan: Plan) -> Iterator[Change]:
        """What `execute` would change in the manifest at `plan.base`, ascending, found by reading alone; nothing is stored."""
        from objstore.worktree.hashing import hashed

        self.progress.start("reading", files=plan.changed_files, bytes_=plan.changed_bytes)
        return hashed(self.wanted(plan), self.progress, self.keep_mode, self.workers)

    def nothing(self, scratch: Path, clock: int) -> Plan:
        """The plan of a source that isn't there."""
        plan = Plan(None, ChangeSpool(scratch), Notes(scratch, clock, self._scans.record()), 0, 0)
        plan.notes.folders_gone = True
        return plan

    def remember(self, plan: Plan, root: Digest, *, until_reboot: bool = False) -> None:
        """To be called once the root is safely in the store, so that the next scan can build on it.

        `until_reboot`: the files were written just now and not synced (see ScanCache.remember).
        """
        # What is built on files that weren't synced is no better known than they are.
        unsynced = until_reboot or (plan.base is not None and ends_with_boot(plan.notes.base))
        self._scans.remember(root, plan.notes, until_reboot=unsynced)

    def remember_gone(self) -> None:
        """To be called when the source was taken away, so that it isn't held for one that was never there."""
        self._scans.remember_gone()

    def remembered(self, folder: bytes) -> bytes | None:
        """The joined rows of a folder's last listing."""
        return self._scans.listing(folder)

    def _note_change(self, plan: Plan, change: Changed) -> None:
        plan.changes.add(change.path, change.facts)
        if change.facts:
            plan.changed_files += 1
            plan.changed_bytes += FACTS.unpack(change.facts)[0]
        elif change.path.endswith(b"/"):
            plan.notes.folders_gone = True

    def wanted(self, plan: Plan) -> Iterator[Wanted]:
        """Every file that has changed or gone since `plan.base`, or every file there is without one; ascending."""
        for path, facts in plan.changes.read(FACTS.size):
            if facts is None and path.endswith(b"/"):
                assert plan.base is not None
                for below, _ in entries(self.database, plan.base, path[:-1]):
                    if below.startswith(path):  # the base may have a file where somebody has seen an empty folder since
                        yield Wanted(below, b"", None)
            else:
                yield Wanted(path, self.source.on_disk(path) if facts else b"", facts)


def _nothing(_: bytes) -> None:
    return None
