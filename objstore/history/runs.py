"""What the log `runs` adds up to: who used and logged what."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from objstore.errors import InvalidInputError, NotFoundError
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
from objstore.values.digest import Digest


class VersionRef(NamedTuple):
    """A version of this or another project."""

    project: str
    collection: str
    root: Digest


@dataclass(slots=True)
class RunFacts:
    """What the log says about one run. `used` and `logged` are in order, each version once."""

    id: str
    name: str
    created: str
    job_type: str = ""
    group: str = ""
    sweep: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    state: str = "running"
    used: dict[VersionRef, None] = field(default_factory=dict)
    logged: dict[VersionRef, None] = field(default_factory=dict)


class Runs:
    """The fold of `runs` up to `position`: the lineage graph, walkable both ways. Not thread-safe while `apply` runs."""

    def __init__(self) -> None:
        self.position = 0
        self.runs: dict[str, RunFacts] = {}
        """By id, in the order of their start."""
        self.unknown: set[str] = set()
        self._used_by: dict[VersionRef, dict[str, None]] = {}
        self._logged_by: dict[VersionRef, dict[str, None]] = {}

    def run(self, id_: str) -> RunFacts:
        try:
            return self.runs[id_]
        except KeyError:
            raise NotFoundError(f"there is no run {id_!r}") from None

    def used_by(self, version: VersionRef) -> list[RunFacts]:
        return [self.runs[id_] for id_ in self._used_by.get(version, ())]

    def logged_by(self, version: VersionRef) -> list[RunFacts]:
        return [self.runs[id_] for id_ in self._logged_by.get(version, ())]

    def apply(self, number: int, records: Iterable[Record | UnknownRecord]) -> None:
        """Folds in the entry that follows `position`."""
        if number != self.position + 1:
            raise InvalidInputError(f"log entry {number} doesn't follow entry {self.position}")
        for record in records:
            if isinstance(record, UnknownRecord):
                self.unknown.add(record.kind)
                if record.known is not None:
                    self._apply(record.known)
            else:
                self._apply(record)
        self.position = number

    def _apply(self, record: Record) -> None:
        match record:
            case RunInitRecord():
                self._start(record)
            case (
                RunConfigRecord(run=id_)
                | RunUseRecord(run=id_)
                | RunLogRecord(run=id_)
                | RunSummaryRecord(run=id_)
                | RunFinishRecord(run=id_)
            ):
                run = self.runs.get(id_)
                if run is not None:
                    self._apply_to(run, record)
            case _:
                self.unknown.add(str(record.__struct_config__.tag))

    def _start(self, record: RunInitRecord) -> None:
        run = self.runs.setdefault(record.run, RunFacts(record.run, record.name, record.time))
        run.name, run.job_type, run.group, run.sweep = record.name, record.job_type, record.group, record.sweep
        run.tags, run.notes, run.state = record.tags, record.notes, "running"

    def _apply_to(self, run: RunFacts, record: Record) -> None:
        match record:
            case RunConfigRecord():
                run.config = record.config
            case RunSummaryRecord():
                run.summary = record.summary
            case RunFinishRecord():
                run.state = record.state
            case RunUseRecord():
                version = VersionRef(record.project, record.collection, Digest.from_hex(record.root))
                run.used.setdefault(version)
                self._used_by.setdefault(version, {}).setdefault(run.id)
            case RunLogRecord():
                version = VersionRef(record.project, record.collection, Digest.from_hex(record.root))
                run.logged.setdefault(version)
                self._logged_by.setdefault(version, {}).setdefault(run.id)
