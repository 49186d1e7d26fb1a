"""The logs of a clone: its upstream's as far as it knows them, its own entries that wait, and what it holds (spec/log.md)."""

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import takewhile
from pathlib import Path

from msgspec.structs import replace

from objstore.blobs.protocol import BlobStore
from objstore.errors import ConflictError, NotFoundError
from objstore.history.commit import check_writable
from objstore.history.folded import Folded
from objstore.history.log import EntryTakenError, Log, Records
from objstore.history.logbook import Decide
from objstore.history.records import AliasRecord, Record, SegmentsRecord
from objstore.history.replay import AliasConflict, Replay, with_collections
from objstore.history.state import State
from objstore.history.unpushed import PendingName, Unpushed
from objstore.host.locks import locked_exclusive
from objstore.odb.cache import Cache

Change = Callable[[Record], Record | None]
"""What becomes of a pending record; None to remove it."""


class CloneLogbook:
    """Of a clone on this disk. `lock`: the file whose lock whoever changes the mirror or pending entries holds."""

    def __init__(self, blobs: BlobStore, cache: Cache, lock: Path) -> None:
        self._lock = lock
        self._mirror = Folded(Log(blobs, "main"), cache, "state")
        self._holdings = Folded(Log(blobs, "holdings"), cache, "holdings")
        self._unpushed = Unpushed(blobs)
        self._names: list[PendingName] | None = None
        """The pending entries that are in the replay, if there is one that can be gone on with."""
        self._replay = Replay(self._mirror.state)

    @property
    def state(self) -> State:
        return self._replay.state

    @property
    def holdings(self) -> State:
        return self._holdings.state

    @property
    def mirror(self) -> State:
        """The upstream's history, as far as it is known here."""
        return self._mirror.state

    @property
    def log(self) -> Log:
        """The mirror itself."""
        return self._mirror.log

    def entry(self, number: int) -> bytes | None:
        """An entry of the mirror as it is stored."""
        return self._mirror.log.read_entry(number)

    @property
    def replay(self) -> Replay:
        """What becomes of the pending entries."""
        return self._replay

    # -- as every logbook ----------------------------------------------------------------------------------------------

    def refresh(self) -> bool:
        while True:
            # In this order: what has landed is put into the mirror before it is removed here, so it is found in one of them.
            is_new = self._holdings.refresh()
            names = self._unpushed.names()
            is_moved = self._mirror.refresh()
            try:
                return self._follow(names, is_moved) or is_new
            except NotFoundError:  # one has landed, or was rewritten, since it was listed
                self._names = None

    def _follow(self, names: list[PendingName], is_moved: bool) -> bool:
        if self._names is None or is_moved or names[: len(self._names)] != self._names:
            self._replay_anew(names)
        else:
            self._replay.add_all(self._unpushed.read(name) for name in names[len(self._names) :])
        is_new = is_moved or names != self._names
        self._names = names
        return is_new

    def commit(self, decide: Decide) -> list[Record]:
        with self.alone():
            self.check_writable()
            records = list(decide(self.state))
            segments = tuple(dict.fromkeys(segment for record in records for segment in record.segments))
            if segments:
                self.account(lambda holdings: [SegmentsRecord(segments=segments)] if set(segments) - set(holdings.segments) else [])
            said = (record for record in records if not isinstance(record, SegmentsRecord) and not self._replay.is_kept(record))
            history = [replace(record, segments=()) for record in said]
            if history:
                self._unpushed.append(self.mirror.position, history)
                self.refresh()
            return records

    def account(self, decide: Decide) -> list[Record]:
        return self._holdings.commit(decide)

    def check(self) -> None:
        self._mirror.check()
        self._holdings.check()

    def check_writable(self) -> None:
        check_writable(self.state)
        check_writable(self.holdings)

    def read_anew(self) -> None:
        self._mirror.read_anew()
        self._holdings.read_anew()
        self._names = None
        self.refresh()

    def remember(self) -> None:
        self._mirror.remember()
        self._holdings.remember()

    def forget(self) -> None:
        self._mirror.forget()
        self._holdings.forget()
        self._names = None
        self._replay = Replay(self.mirror)

    # -- what comes from the upstream, and goes there ------------------------------------------------------------------

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While inside, no other process changes the mirror or the pending entries. Everything is up to date."""
        with locked_exclusive(self._lock):
            self.refresh()
            yield

    def extend(self, entries: Sequence[tuple[int, bytes]]) -> None:
        """Takes entries of the upstream's log into the mirror; ConflictError when it has others there. Inside `alone`."""
        try:
            self._mirror.log.append_all(entries)
        except EntryTakenError as error:
            raise ConflictError(f"entry {error.number} of the upstream's log isn't what it was when this clone last read it") from error
        self.refresh()

    def settle(self, replay: Replay, done: Collection[str]) -> None:
        """Removes the records with these write ids: they have landed, or are of no use. Inside `alone`.

        What is left, and what came after `replay`, is about the collections that the upstream has.
        """

        def change(record: Record) -> Record | None:
            return None if record.write_id in done else with_collections(record, replay.same_as)

        def rebase(base: int) -> int:
            # What follows the mirror as it was is our own: whoever wrote after that entry didn't move an alias against us.
            return self.mirror.position if base == replay.base else base

        self._rewrite(change, rebase)

    def decide(self, conflicts: Collection[AliasConflict], *, ours: bool) -> None:
        """Settles conflicts: our aliases stay where they are, or go where the upstream has them. Inside `alone`."""
        decided = {(conflict.collection_id, conflict.alias) for conflict in conflicts}
        replay = self.replay

        def change(record: Record) -> Record | None:
            if record.write_id in replay.landed:  # with another base nobody would see that it has
                return None
            known = with_collections(record, replay.same_as)
            is_about = isinstance(known, AliasRecord) and (known.collection, known.alias) in decided
            return None if is_about and not ours else record

        self._rewrite(change, lambda base: self.mirror.position if ours else base)

    def _rewrite(self, change: Change, rebase: Callable[[int], int]) -> None:
        """Replaces all entries by changed ones, perhaps with another base. Killed in between, records are there twice, and count once."""
        self.check_writable()  # so all of them are known records
        names = self._unpushed.names()
        entries = [[record for record in self._unpushed.read(name).records if isinstance(record, Record)] for name in names]
        changed = [[after for record in records if (after := change(record)) is not None] for records in entries]
        if changed != entries or any(rebase(name.base) != name.base for name in names):
            for name, records in zip(names, changed, strict=True):
                if records:
                    self._unpushed.append(rebase(name.base), records)
            # The last ones first. Killed in between, what is left of them is how they began, so each still follows what it needs; the
            # other way round, a version would come before the record that makes its collection, and be taken for one without effect.
            self._unpushed.remove(reversed(names))
        self.refresh()

    def _replay_anew(self, names: Sequence[PendingName]) -> None:
        self._replay = Replay(self.mirror, self._since(min((name.base for name in names), default=self.mirror.position)))
        self._replay.add_all(map(self._unpushed.read, names))

    def _since(self, base: int) -> Iterator[tuple[int, Records]]:
        """The entries of the mirror after `base`, but none that its fold hasn't seen yet."""
        last = self.mirror.position
        return takewhile(lambda entry: entry[0] <= last, self._mirror.log.read_from(base + 1)) if base < last else iter(())
