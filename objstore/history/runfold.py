"""Folding the records of runs into rows."""

from collections.abc import Iterable
from struct import Struct
from typing import Any

from msgspec.structs import replace

from objstore.errors import InvalidInputError
from objstore.history.records import (
    Record,
    RunConfigRecord,
    RunFinishRecord,
    RunInitRecord,
    RunLogRecord,
    RunSummaryRecord,
    RunUseRecord,
    UnknownRecord,
)
from objstore.history.rows import Layered, NewRows, Rows
from objstore.history.runs import RunFacts, Runs, VersionRef, encode_facts, encode_version, run_key, short, short_version
from objstore.values.digest import Digest

_PLACE = Struct(">BQI")  # tier, entry, number in it


class RunFold(Runs):
    """Runs to which records are added. Adding some again, in their order, changes nothing.

    `tier`: 0 for what is in the log, 1 for what a clone adds behind it. One thread at a time may use it.
    """

    def __init__(self, under: Rows, position: int = 0, unknown: Iterable[str] = (), *, tier: int = 0) -> None:
        self.fresh = NewRows()
        """What isn't in the rows below yet."""
        super().__init__(Layered(self.fresh, under))
        self.position = position
        """The number of the last entry of the log that was folded in."""
        self.unknown = set(unknown)
        """The kinds of record that this program doesn't know; while there are any it must not write."""
        self._tier = tier

    def apply(self, number: int, records: Iterable[Record | UnknownRecord]) -> None:
        """Folds in the entry that follows `position`."""
        if number != self.position + 1:
            raise InvalidInputError(f"log entry {number} doesn't follow entry {self.position}")
        self.add(number, records)
        self.position = number

    def add(self, number: int, records: Iterable[Record | UnknownRecord]) -> None:
        """Folds in an entry; a later one of the same tier has a greater number."""
        for at, record in enumerate(records):
            place = _PLACE.pack(self._tier, number, at)
            if isinstance(record, UnknownRecord):
                self.unknown.add(record.kind)
                if record.known is not None:
                    self._add(place, record.known)
            else:
                self._add(place, record)

    def _add(self, place: bytes, record: Record) -> None:
        match record:
            case RunInitRecord():
                self._begin(place, record)
            case (
                RunConfigRecord(run=id_)
                | RunUseRecord(run=id_)
                | RunLogRecord(run=id_)
                | RunSummaryRecord(run=id_)
                | RunFinishRecord(run=id_)
            ):
                run = self.find(id_)
                if run is not None:
                    self._add_to(place, run, record)
            case _:
                self.unknown.add(str(record.__struct_config__.tag))

    def _begin(self, place: bytes, record: RunInitRecord) -> None:
        before = self.find(record.run)
        self._put_facts(
            replace(
                before or RunFacts(record.run, record.name, record.time),
                name=record.name,
                job_type=record.job_type,
                group=record.group,
                sweep=record.sweep,
                tags=record.tags,
                notes=record.notes,
                state="running",
                finished="",
            )
        )
        if before is None:
            self.fresh[b"n" + place] = record.run.encode()
        if record.sweep and (before is None or record.sweep != before.sweep):
            self.fresh[b"s" + short(record.sweep) + place] = record.run.encode()

    def _add_to(self, place: bytes, run: RunFacts, record: Record) -> None:
        match record:
            case RunConfigRecord():
                self._put_facts(replace(run, config=_merged(run.config, record.config)))
            case RunSummaryRecord():
                self._put_facts(replace(run, summary=_merged(run.summary, record.summary)))
            case RunFinishRecord():
                self._put_facts(replace(run, state=record.state, finished=record.time))
            case RunUseRecord():
                self._connect(b"U", b"u", place, run.id, VersionRef(record.project, record.collection, Digest.from_hex(record.root)))
            case RunLogRecord():
                self._connect(b"L", b"l", place, run.id, VersionRef(record.project, record.collection, Digest.from_hex(record.root)))

    def _put_facts(self, facts: RunFacts) -> None:
        self.fresh[run_key(facts.id)] = encode_facts(facts)

    def _connect(self, from_run: bytes, from_version: bytes, place: bytes, id_: str, version: VersionRef) -> None:
        run, target = short(id_), short_version(version)
        if self.rows.get(from_run + run + target) is None:
            self.fresh[from_run + run + target] = place + encode_version(version)
            self.fresh[from_version + target + run] = place + id_.encode()


def _merged(before: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """What a record makes of values: it may not know of those that another process or clone has recorded of the run."""
    return {**before, **values} if values else {}
