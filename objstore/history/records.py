"""The records of both logs, one class per kind (spec/log.md); their types are the rules of the format.

A record is checked when it is encoded and when it is decoded; what is inside `metadata`, `config` and `summary` is
put in order, or refused with InvalidInputError, when it is made.
"""

import os
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, Struct, field
from msgspec.structs import force_setattr

from objstore.history.metadata import canonical
from objstore.history.names import ALIAS_PATTERN, COLLECTION_PATTERN, RUN_PATTERN, TAG_PATTERN, TYPE_PATTERN
from objstore.host.clock import now_text


def new_id() -> str:
    """A random id of 32 hexadecimal digits."""
    return os.urandom(16).hex()


Id = Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
DigestHex = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Time = Annotated[str, Meta(pattern=r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")]
CollectionName = Annotated[str, Meta(pattern=COLLECTION_PATTERN)]
Type = Annotated[str, Meta(pattern=TYPE_PATTERN)]
Alias = Annotated[str, Meta(pattern=ALIAS_PATTERN)]
Tag = Annotated[str, Meta(pattern=TAG_PATTERN)]
RunId = Annotated[str, Meta(pattern=RUN_PATTERN)]
Text = Annotated[str, Meta(min_length=1)]
Count = Annotated[int, Meta(ge=0)]


class Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind"):
    """What every record has."""

    write_id: Id = field(default_factory=new_id)
    time: Time = field(default_factory=now_text)
    segments: tuple[DigestHex, ...] = ()

    def _put_in_order(self, name: str) -> None:
        value = getattr(self, name)
        if value:
            force_setattr(self, name, canonical(value))


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """A version: that which another was drafted or linked from, or which can't be restored any more."""

    collection: Id
    root: DigestHex


class RunRef(Struct, frozen=True, forbid_unknown_fields=True):
    """A run of this or another project."""

    project: Id
    run: RunId


class CollectionRecord(Record, frozen=True, kw_only=True, tag="collection"):
    collection: Id
    name: CollectionName
    type: Type
    description: str = ""


class RenameRecord(Record, frozen=True, kw_only=True, tag="rename"):
    collection: Id
    name: CollectionName


class VersionRecord(Record, frozen=True, kw_only=True, tag="version"):
    collection: Id
    root: DigestHex
    files: Count
    bytes: Count
    description: str = ""
    metadata: dict[str, Any] = {}
    source: Source | None = None
    run: RunRef | None = None

    def __post_init__(self) -> None:
        self._put_in_order("metadata")


class AliasRecord(Record, frozen=True, kw_only=True, tag="alias"):
    collection: Id
    alias: Alias
    root: DigestHex | None


class TagRecord(Record, frozen=True, kw_only=True, tag="tag"):
    collection: Id
    root: DigestHex
    tag: Tag
    present: bool


class DescribeRecord(Record, frozen=True, kw_only=True, tag="describe"):
    collection: Id
    root: DigestHex | None
    description: str


class MetadataRecord(Record, frozen=True, kw_only=True, tag="metadata"):
    collection: Id
    root: DigestHex
    metadata: dict[str, Any]

    def __post_init__(self) -> None:
        self._put_in_order("metadata")


class TtlRecord(Record, frozen=True, kw_only=True, tag="ttl"):
    collection: Id
    root: DigestHex
    seconds: Count | None


class DeleteRecord(Record, frozen=True, kw_only=True, tag="delete"):
    collection: Id
    root: DigestHex


class RestoreRecord(Record, frozen=True, kw_only=True, tag="restore"):
    collection: Id
    root: DigestHex


class SettingsRecord(Record, frozen=True, kw_only=True, tag="settings"):
    ttl: Count | None


class PartRecord(Record, frozen=True, kw_only=True, tag="part"):
    pending: Text
    collection: CollectionName
    type: Type
    writer: Text
    root: DigestHex
    files: Count
    bytes: Count


class PartFinishRecord(Record, frozen=True, kw_only=True, tag="part-finish"):
    pending: Text
    collection: Id
    root: DigestHex


class PartAbandonRecord(Record, frozen=True, kw_only=True, tag="part-abandon"):
    pending: Text


class SegmentsRecord(Record, frozen=True, kw_only=True, tag="segments"):
    pass


class GcRecord(Record, frozen=True, kw_only=True, tag="gc"):
    condemned: tuple[DigestHex, ...]
    purged: tuple[Source, ...] = ()


class GcVerdictRecord(Record, frozen=True, kw_only=True, tag="gc-verdict"):
    gc: Count
    deleted: tuple[DigestHex, ...]
    superseded: tuple[DigestHex, ...]


class RunInitRecord(Record, frozen=True, kw_only=True, tag="run-init"):
    run: RunId
    name: str
    job_type: str = ""
    group: str = ""
    sweep: str = ""
    tags: tuple[Tag, ...] = ()
    notes: str = ""


class RunConfigRecord(Record, frozen=True, kw_only=True, tag="run-config"):
    run: RunId
    config: dict[str, Any]

    def __post_init__(self) -> None:
        self._put_in_order("config")


class RunUseRecord(Record, frozen=True, kw_only=True, tag="run-use"):
    run: RunId
    project: Id
    collection: Id
    root: DigestHex


class RunLogRecord(Record, frozen=True, kw_only=True, tag="run-log"):
    run: RunId
    project: Id
    collection: Id
    root: DigestHex


class RunSummaryRecord(Record, frozen=True, kw_only=True, tag="run-summary"):
    run: RunId
    summary: dict[str, Any]

    def __post_init__(self) -> None:
        self._put_in_order("summary")


class RunFinishRecord(Record, frozen=True, kw_only=True, tag="run-finish"):
    run: RunId
    state: Literal["finished", "failed", "crashed"]


@dataclass(frozen=True, slots=True)
class UnknownRecord:
    """What a newer program wrote: an unknown kind, or a known one with an unknown field.

    Its segments count all the same. `known` is the record without the unknown fields, where that makes sense; it has its effect.
    """

    kind: str
    write_id: str = ""
    time: str = ""
    segments: tuple[str, ...] = ()
    known: Record | None = None


MainRecord = (
    CollectionRecord
    | RenameRecord
    | VersionRecord
    | AliasRecord
    | TagRecord
    | DescribeRecord
    | MetadataRecord
    | TtlRecord
    | DeleteRecord
    | RestoreRecord
    | SettingsRecord
    | PartRecord
    | PartFinishRecord
    | PartAbandonRecord
    | SegmentsRecord
    | GcRecord
    | GcVerdictRecord
)
RunsRecord = RunInitRecord | RunConfigRecord | RunUseRecord | RunLogRecord | RunSummaryRecord | RunFinishRecord
AnyRecord = MainRecord | RunsRecord

MAIN_KINDS: tuple[type[Record], ...] = get_args(MainRecord)
RUNS_KINDS: tuple[type[Record], ...] = get_args(RunsRecord)
HOLDINGS_KINDS: tuple[type[Record], ...] = (SegmentsRecord, GcRecord, GcVerdictRecord)
KINDS_OF = {"main": MAIN_KINDS, "runs": RUNS_KINDS, "holdings": HOLDINGS_KINDS}
"""Which kinds each log has."""
KINDS: dict[str, type[Record]] = {str(kind.__struct_config__.tag): kind for kind in MAIN_KINDS + RUNS_KINDS}
"""Every kind that this program knows."""
