"""What a folder is now, told as a manifest of the store with changes over it. Nothing is stored."""

import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from objstore.manifest.cursor import entries
from objstore.manifest.entry import UNKNOWN_SIZE, Entry
from objstore.manifest.sides import Side
from objstore.manifest.tree import Tree
from objstore.odb.database import Database
from objstore.values.digest import Digest
from objstore.worktree.intake import Intake, Plan
from objstore.worktree.listing import FACTS, UNKNOWN
from objstore.worktree.localchanges import LocalChange, LocalChanges
from objstore.worktree.patching import Patching
from objstore.worktree.references import Contents, is_reference
from objstore.worktree.wanted import Wanted, entry_of

UNREAD = bytes(32)
"""Stands for the digest of a file that wasn't read, since its size alone tells that it is another. No file has it."""

Expected = Callable[[bytes], Entry | None]


@dataclass
class Survey:
    """A folder's files: those of the manifest at `base`, but for the changes. Good until its `taken` ends."""

    database: Database
    base: Digest | None
    """What the folder was when it was last taken in or checked out; what it is expected to be where nobody remembers. None: nothing."""
    changes: LocalChanges
    plan: Plan
    intake: Intake
    proved: int = 0
    """How many files had to be read, and turned out to be those of the base."""
    edited: int = 0
    """How many files aren't those of the base."""

    @property
    def side(self) -> Side:
        """The files, to be compared."""
        return Side(self.database, self.base, ((change.path, change.entry) for change in self.changes))

    def remember(self) -> None:
        """Remembers which files are those of the base, so that they needn't be read again."""
        if self.base is None or not self.proved:
            return
        patching = self.patching()
        for change in self.changes:
            patching.add(change.path, UNKNOWN if change.was else None)
        patching.finish()
        self.intake.remember(self.plan, self.base)

    def remember_checkout(self, root: Digest, clock: int) -> None:
        """Remembers that the folder has been made what `root` is, as far as `patching` was told; files since `clock` may have changed."""
        self.plan.notes.trust_before(clock)
        self.intake.remember(self.plan, root, until_reboot=True)

    def patching(self, gone: Set[bytes] = frozenset()) -> Patching:
        """To tell which files are other ones than the survey saw, or not the base's."""
        # Without a base the notes have every folder there is, and what was remembered before is of no use.
        return Patching(self.plan.notes, self.intake.remembered if self.plan.base else _nothing, gone)


@contextlib.contextmanager
def taken(
    database: Database, intake: Intake, scratch: Path, clock: int, expected: Digest | None, *, read_all: bool = False, exists: bool = True
) -> Iterator[Survey]:
    """Walks a source, and reads what may have changed since it was last known.

    `expected`: what it should be. `exists`: whether it is there at all. Without `read_all` a file whose size is neither its old nor its
    expected one isn't read. Cost: that of a scan, and of reading what has changed; where nobody knows the source yet, of reading all.
    SourceFileError for what can't be read.
    """
    with intake.plan(scratch, clock) if exists else contextlib.closing(intake.nothing(scratch, clock)) as plan:
        survey = Survey(database, (plan.base or expected) if exists else None, LocalChanges(scratch), plan, intake)
        try:
            _Taking(survey, expected, read_all, clock).run()
            yield survey
        finally:
            survey.changes.close()


class _Waiting(NamedTuple):
    """A path that may differ from the base, and what the base has there."""

    wanted: Wanted
    old: Entry | None
    is_read: bool
    reference: Entry | None
    """What it is known to be, if it is the content of a reference."""


class _Taking:
    """Finds out what the changed files of a scan are."""

    def __init__(self, survey: Survey, expected: Digest | None, read_all: bool, clock: int) -> None:
        self._survey = survey
        self._read_all = read_all
        self._clock = clock
        self._contents = Contents(survey.database.cache)
        self._expected: Expected = _nothing
        if expected is not None and expected != survey.base:
            self._expected = Tree(survey.database, expected).get
        self._waiting: deque[_Waiting] = deque()

    def run(self) -> None:
        intake, plan, changes = self._survey.intake, self._survey.plan, self._survey.changes
        if plan.is_unchanged:
            return
        from objstore.worktree.hashing import hashed  # not needed, so not loaded, when nothing has changed

        intake.progress.start("reading", files=plan.changed_files)
        for path, entry in hashed(self._to_read(), intake.progress, intake.keep_mode, intake.workers):
            wanted, old, is_read, reference = self._waiting.popleft()
            if wanted.facts is not None and not is_read:
                entry = entry_of(wanted, UNREAD, wanted.size, intake.keep_mode)
            if entry is not None and not intake.keep_mode:
                entry = _known(entry, old, self._expected(path))
            if is_read:
                reference = self._referred_to(wanted, entry, old)
            if reference is not None:
                # Told as a change even where it is none: remembered as one of the base's files, it would be taken for the reference, and
                # not taken in, when it is added.
                changes.add(LocalChange(path, old is not None, UNKNOWN, reference))
                self._survey.edited += reference != old
            elif entry == old:
                self._survey.proved += entry is not None
            else:
                changes.add(LocalChange(path, old is not None, wanted.facts or UNKNOWN, entry))
                self._survey.edited += 1

    def _to_read(self) -> Iterator[Wanted]:
        for wanted, old in self._beside_base():
            reference = self._known_reference(wanted, old)
            is_read = wanted.facts is not None and reference is None and (self._read_all or self._may_be_known(wanted, old))
            self._waiting.append(_Waiting(wanted, old, is_read, reference))
            yield wanted if is_read else wanted._replace(facts=None)

    def _may_be_known(self, wanted: Wanted, old: Entry | None) -> bool:
        return any(entry is not None and entry.size in (wanted.size, UNKNOWN_SIZE) for entry in (old, self._expected(wanted.path)))

    def _known_reference(self, wanted: Wanted, old: Entry | None) -> Entry | None:
        """The reference that a file is known to be the content of, without reading it."""
        facts = wanted.facts
        return next((one for one in self._references(wanted, old) if facts and self._contents.is_at(one, wanted.disk, facts)), None)

    def _referred_to(self, wanted: Wanted, entry: Entry | None, old: Entry | None) -> Entry | None:
        """The reference that a file which was read is the content of, as far as this machine has fetched it."""
        for reference in self._references(wanted, old):
            if entry is not None and self._contents.last(reference) == entry.digest:
                if wanted.facts and FACTS.unpack(wanted.facts)[2] < self._clock:  # else it may change again unseen
                    self._contents.note_at(reference, wanted.disk, wanted.facts)
                return reference
        return None

    def _references(self, wanted: Wanted, old: Entry | None) -> list[Entry]:
        return [one for one in (old, self._expected(wanted.path)) if one is not None and is_reference(one)]

    def _beside_base(self) -> Iterator[tuple[Wanted, Entry | None]]:
        """Every path that may differ from the base, with its entry there."""
        base, plan = self._survey.base, self._survey.plan
        files = self._survey.intake.wanted(plan)
        if base is None:
            yield from ((file, None) for file in files)
        elif plan.base is not None:
            find = Tree(self._survey.database, base).get
            yield from ((file, find(file.path)) for file in files)
        else:
            yield from _merged(files, entries(self._survey.database, base))


def _merged(files: Iterator[Wanted], wanted: Iterator[tuple[bytes, Entry]]) -> Iterator[tuple[Wanted, Entry | None]]:
    """All files there are, and all there should be."""
    file = next(files, None)
    for path, entry in wanted:
        while file is not None and file.path < path:
            yield file, None
            file = next(files, None)
        if file is not None and file.path == path:
            yield file, entry
            file = next(files, None)
        else:
            yield Wanted(path, b"", None), entry
    while file is not None:
        yield file, None
        file = next(files, None)


def _known(entry: Entry, *others: Entry | None) -> Entry:
    """The one of the others that has the same content; nothing tells whether the file is executable."""
    return next((other for other in others if other is not None and (other.digest, other.size) == (entry.digest, entry.size)), entry)


def _nothing(_: bytes, /) -> None:
    return None
