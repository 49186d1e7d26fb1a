"""Which records add parts to a pending version and finish it. Pure: each looks at a state and returns records, for `commit`."""

from collections.abc import Iterable

from objstore.errors import ConflictError, InvalidInputError, NotFoundError
from objstore.history.names import check_collection_name, check_type, check_type_of
from objstore.history.pending import Pending
from objstore.history.records import CollectionRecord, PartFinishRecord, PartRecord, Record
from objstore.history.state import State
from objstore.values.digest import Digest


def pending_id(collection: str, distributed_id: str) -> str:
    """The id of the pending version that all writers with one `distributed_id` fill: one for each collection."""
    if not distributed_id:
        raise InvalidInputError("a distributed id can't be empty")
    return f"{check_collection_name(collection)}/{distributed_id}"


def add_part(
    state: State,
    pending: str,
    collection: str,
    type: str,
    *,
    writer: str,
    root: Digest,
    files: int,
    bytes: int,
    segments: Iterable[str] = (),
) -> list[Record]:
    """Adds one writer's entries, or replaces what it added before.

    ConflictError if the pending version is for another collection or type, InvalidInputError if the collection has another type.
    """
    check_collection_name(collection)
    check_type(type)
    before = state.pendings.get(pending)
    if before is not None and (before.collection, before.type) != (collection, type):
        raise ConflictError(f"the parts of {pending!r} are for {before.collection} of type {before.type}, not {collection} of type {type}")
    known = state.find_collection(collection)
    if known is not None:
        check_type_of(collection, known.type, type)
    return [
        PartRecord(
            segments=tuple(segments),
            pending=pending,
            collection=collection,
            type=type,
            writer=writer,
            root=root.hex(),
            files=files,
            bytes=bytes,
        )
    ]


def find_pending(state: State, pending: str) -> Pending:
    """The parts so far; NotFoundError if there are none, or they were finished or abandoned."""
    try:
        return state.pendings[pending]
    except KeyError:
        raise NotFoundError(
            f"there are no parts of {pending!r}: add some with upsert_artifact, unless they have been finished or given up"
        ) from None


def finish_parts(state: State, pending: str, root: Digest, logging: list[Record]) -> list[Record]:
    """`logging`, the records that log the merged parts as a version with that root, and the word that the parts are done, in one entry."""
    name = find_pending(state, pending).collection
    known = state.find_collection(name)
    made = [record.collection for record in logging if isinstance(record, CollectionRecord) and record.name == name]
    collection = known.id if known else made[0]
    return [*logging, PartFinishRecord(pending=pending, collection=collection, root=root.hex())]
