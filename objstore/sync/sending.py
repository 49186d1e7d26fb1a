"""Copying what roots reach to where it is missing, each record as it is stored here."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from objstore.errors import NotFoundError
from objstore.graph.reachability import walk
from objstore.host.batches import batches
from objstore.host.progress import Progress
from objstore.odb.database import Database
from objstore.odb.draft import Draft, Stored
from objstore.odb.keyset import KeySet
from objstore.odb.pack import PackClass
from objstore.odb.record import FRAME, Payload, decode
from objstore.values.digest import Digest
from objstore.values.key import Key, node_key

_TOGETHER = 64


@dataclass
class Missing:
    """What a place hasn't got of what some roots reach."""

    objects: int = 0
    bytes: int = 0
    """Of the records as they are stored."""


def missing(source: Database, roots: Iterable[Digest], stored: Stored, scratch: Path) -> Missing:
    """What of the roots' closure `stored` lacks. What lies below something that it has isn't looked at: its index is closed.

    Reads the metadata that is missing there. NotFoundError when `source` hasn't got all of it.
    """
    found = Missing()
    with KeySet(scratch) as seen:

        def enter(keys: list[Key]) -> list[Key]:
            fresh = seen.add_new(keys)
            known = stored.known(fresh)
            return [key for key in fresh if key not in known]

        for batch in _reached(source, roots, enter):
            places = source.locate(batch)
            found.objects += len(batch)
            found.bytes += sum(FRAME.size + place.stored for place in places.values())
    return found


def send(source: Database, roots: Iterable[Digest], draft: Draft, progress: Progress) -> None:
    """Copies into a draft of another place all that the roots reach in `source` and that place hasn't got.

    Every record is verified on the way. The same objects make the same packs each time. Memory: 64 chunks, and what a walk takes.
    NotFoundError when the source hasn't got it all; the draft can't be published then.
    """
    with draft.storing():
        for batch in _reached(source, roots, draft.claim):
            for payloads in _payloads(source, batch):
                draft.store(payloads)
                progress.advance(bytes_=sum(FRAME.size + len(payload.data) for payload in payloads))


def copy_records(source: Database, keys: Sequence[Key], draft: Draft) -> int:
    """Stores claimed objects in a draft, as they are in `source`; how many. Each is verified."""
    count = 0
    for batch in batches(keys, _TOGETHER):
        for payloads in _payloads(source, batch):
            draft.store(payloads)
            count += len(payloads)
    return count


def _reached(source: Database, roots: Iterable[Digest], enter: Callable[[list[Key]], list[Key]]) -> Iterator[list[Key]]:
    """The keys of all that is entered, some at a time; children come after what leads to them."""
    walked = walk(source, map(node_key, roots), enter)
    return batches(chain.from_iterable([key, *chunks] for key, _, chunks in walked), _TOGETHER)


def _payloads(source: Database, keys: Sequence[Key]) -> Iterator[list[Payload]]:
    """The records of these keys as they are, those of each class of packs together."""
    located = source.locate(keys)
    lost = next((key for key in keys if key not in located), None)
    if lost is not None:
        source.read(lost)  # says what is wrong
        raise NotFoundError("an object has come back while it was looked for; try again")
    found: dict[PackClass, list[Payload]] = {PackClass.DATA: [], PackClass.METADATA: []}
    for key, record in source.read_records(located):
        found[PackClass.of(key)].append(as_stored(key, record))
    yield from filter(None, found.values())


def as_stored(key: Key, record: bytes | memoryview) -> Payload:
    """A record as it is, to be stored elsewhere; CorruptionError when it isn't what its key says."""
    decode(key, record)
    return framed(key, record)


def framed(key: Key, record: bytes | memoryview) -> Payload:
    """The same of a record that was verified already."""
    _, codec, _, raw = FRAME.unpack_from(record)
    return Payload(key, codec, raw, memoryview(record)[FRAME.size :])
