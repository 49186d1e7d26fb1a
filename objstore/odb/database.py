"""The object database: reading objects, and opening drafts of new ones."""

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from objstore.blobs.protocol import BlobStore
from objstore.errors import CorruptionError, NotFoundError
from objstore.odb import pack, segment
from objstore.odb.cache import Cache
from objstore.odb.draftfile import DraftFile
from objstore.odb.record import FRAME, decode
from objstore.odb.segment import Location, Segment
from objstore.values.digest import Digest
from objstore.values.key import Key, describe, node_key, recipe_prefix

if TYPE_CHECKING:  # loaded only by what writes
    from objstore.odb.draft import Draft, Stored

_PIECE = 4 * 1024 * 1024
_TAIL = 64 * 1024  # has the trailer of most packs of large chunks
_GAP = 64 * 1024  # two wanted records this close are read together with what lies between


class SegmentMissingError(CorruptionError):
    """A segment isn't where the log says; unless gc has put others in its place since, it is lost."""


class Span(NamedTuple):
    """A stretch of a pack that is worth reading at once, and each wanted record's offset and size in it."""

    pack: str
    start: int
    size: int
    records: list[tuple[Key, int, int]]


class Database:
    """Immutable objects by key. Thread-safe for reading."""

    def __init__(
        self,
        blobs: BlobStore,
        cache: Cache,
        draft: "Draft | None" = None,
        catch_up: Callable[[], None] = lambda: None,
    ) -> None:
        """With a draft, its objects are there too. `catch_up`: brings the index up to date; called when a pack isn't where it says."""
        self._blobs = blobs
        self._cache = cache
        self._draft = draft
        self._catch_up = catch_up
        self._open_upstream: Callable[[], Database | None] = lambda: None
        self._follows = False
        self._is_near = blobs.root is not None

    @property
    def _upstream(self) -> "Database | None":
        return self._open_upstream()

    def with_draft(self, draft: "Draft") -> Self:
        """The same database, seen together with a draft."""
        twin = copy(self)
        twin._draft = draft
        return twin

    def follow(self, upstream: "Callable[[], Database | None]") -> None:
        """From now on what isn't here is looked for there; `upstream` is asked for it each time, and only then."""
        self._open_upstream = upstream
        self._follows = True

    @property
    def alone(self) -> Self:
        """The same database without an upstream: what is kept in this very place."""
        twin = copy(self)
        twin._open_upstream, twin._follows = lambda: None, False
        return twin

    def before(self, other: "Database") -> Self:
        """The same database, but for what isn't kept in this very place: that is read from the other."""
        twin = copy(self)
        twin.follow(lambda: other)
        twin._is_near = self.is_near and other.is_near
        return twin

    @property
    def is_near(self) -> bool:
        """Whether nodes and recipes are read from this machine's disks, as also in a clone: where not, each may take a request."""
        return self._is_near

    @property
    def cache(self) -> Cache:
        return self._cache

    # -- the index -----------------------------------------------------------------------------------------------------

    def load(self, segments: Sequence[str], dead: Collection[str] = ()) -> None:
        """Makes the index reflect exactly these segments, less `dead` packs. Cost: reads those that the cache doesn't have yet."""
        for name in self.begin_load(segments):
            self._cache.add_segment(name, self.read_segment(name), dead)

    def begin_load(self, segments: Sequence[str]) -> list[str]:
        """Those that the index doesn't reflect yet; what others have taken the place of, it doesn't reflect any more."""
        cached = self._cache.segments
        if cached - set(segments):
            self._cache.clear_index()
            cached = set()
        return [name for name in segments if name not in cached]

    def read_segment(self, name: str) -> Segment:
        """A segment, verified now, and read in pieces. SegmentMissingError when it isn't there, though the log names it."""
        blob = segment.segment_name(name)

        def read(at: int, length: int) -> bytes:
            return next(iter(self._blobs.read_ranges(blob, [(at, length)])))

        with _missing_is_damage(name):
            size = self._blobs.size(blob)
            pieces = (read(at, min(_PIECE, size - at)) for at in range(0, size, _PIECE))
            if segment.segment_id(pieces).hex() != name:
                raise CorruptionError(f"index segment {name[:12]} is damaged; run `objstore fsck --repair`")
            return Segment(size, _missing_is_damage(name)(read))

    def __contains__(self, key: Key) -> bool:
        return not self.missing([key])

    def missing(self, keys: Sequence[Key]) -> list[Key]:
        """Those keys that aren't stored, in order."""
        known = self.known(keys)
        return [key for key in keys if key not in known and (self._draft is None or key not in self._draft)]

    def known(self, keys: Sequence[Key]) -> set[Key]:
        """Those keys that the index lists, here or upstream."""
        known = self._cache.known(keys)
        if len(known) < len(keys) and (upstream := self._upstream) is not None:
            known |= upstream.known([key for key in keys if key not in known])
        return known

    def recipe_keys(self, file: bytes) -> list[Key]:
        """The recipes of a file, by its digest."""
        prefix = recipe_prefix(file)
        found = [key for key, _ in self._cache.locate_from(prefix)]
        found += self._draft.keys_from(prefix) if self._draft else []
        if not found and (upstream := self._upstream) is not None:
            return upstream.recipe_keys(file)
        return found

    def locate(self, keys: Sequence[Key]) -> dict[Key, Location]:
        """Where stored objects are; those that aren't stored are left out."""
        located = self._cache.locate_many(keys)
        if len(located) < len(keys) and (upstream := self._upstream) is not None:
            located |= upstream.locate([key for key in keys if key not in located])
        return located

    # -- reading -------------------------------------------------------------------------------------------------------

    def read(self, key: Key) -> bytes | memoryview:
        """An object, verified. NotFoundError when it isn't stored, CorruptionError when it isn't what it was."""
        drafted = self._draft.read_record(key) if self._draft else None
        if drafted is not None:
            return decode(key, drafted)
        ((_, record),) = self.read_records({key: self._located(key)})
        return decode(key, record)

    def _located(self, key: Key) -> Location:
        location = self._locate(key)
        if location is None:
            again = (self._locate(key) for _ in self.catching_up())
            location = next(filter(None, again), None)
        if location is None:
            raise NotFoundError(f"{describe(key)} is not in this store")
        return location

    def catching_up(self) -> Iterator[None]:
        """For whoever misses something: sees what others have done since, gc for example, first here, then upstream; look again each time.

        RemoteError when the upstream can't be reached.
        """
        self._catch_up()
        yield
        if (upstream := self._upstream) is not None:
            yield from upstream.catching_up()

    def _locate(self, key: Key) -> Location | None:
        location = self._cache.locate(key)
        if location is None and (upstream := self._upstream) is not None:
            location = upstream.locate([key]).get(key)
        return location

    def read_node(self, digest: Digest, /) -> bytes:
        return bytes(self.read(node_key(digest)))

    def read_many(self, keys: Sequence[Key]) -> Iterator[tuple[Key, bytes | memoryview]]:
        """Objects, verified, in the order in which they lie in packs; neighbours are read at once.

        The caller bounds how much it asks for. A key given twice comes once.
        """
        located = self.locate(keys)
        for key in dict.fromkeys(keys):
            if key not in located:
                yield key, self.read(key)
        for key, record in self.read_records(located):
            yield key, decode(key, record)

    def read_records(self, located: Mapping[Key, Location]) -> Iterator[tuple[Key, bytes | memoryview]]:
        """The records at these places, not verified, in the order in which they lie in packs; neighbours are read at once.

        gc may have moved a record since somebody looked: then it is looked up again, once.
        """
        elsewhere = {key: place for key, place in located.items() if self._is_upstream(place.pack)}
        if elsewhere:
            assert self._upstream is not None
            yield from self._upstream.read_records(elsewhere)
            located = {key: place for key, place in located.items() if key not in elsewhere}
        for span in spans(located):
            try:
                block = self.read_span(span)
            except NotFoundError:
                self._catch_up()
                for key, _, _ in span.records:
                    yield key, self._read_anew(key)
                continue
            for key, at, size in span.records:
                yield key, block[at : at + size]

    def _is_upstream(self, pack: str) -> bool:
        """Whether a pack is the upstream's, and not here. One that neither lists any more was here, and gc has moved what it held."""
        if not self._follows or self._cache.has_pack(pack):
            return False
        upstream = self._upstream
        return upstream is not None and upstream.cache.has_pack(pack)

    def read_span(self, span: Span) -> memoryview:
        """The bytes of a span, as they lie there, not verified. NotFoundError when the pack has gone."""
        return memoryview(next(iter(self._blobs.read_ranges(pack.pack_name(span.pack), [(span.start, span.size)]))))

    @property
    def root(self) -> Path | None:
        """The folder of this machine that has the packs as files, if there is one."""
        return self._blobs.root

    def _read_anew(self, key: Key) -> bytes | memoryview:
        located = self._located(key)
        if self._is_upstream(located.pack):
            assert self._upstream is not None
            return next(record for _, record in self._upstream.read_records({key: located}))
        try:
            (span,) = spans({key: located})
            return self._read_one(span)
        except NotFoundError as error:
            raise CorruptionError(f"pack {located.pack[:12]} is missing in {self._blobs.location}; run `objstore fsck`") from error

    def _read_one(self, span: Span) -> memoryview:
        """The record of a span that has one."""
        return self.read_span(span)

    # -- writing -------------------------------------------------------------------------------------------------------

    def open_draft(
        self,
        folder: Path,
        generation: int,
        lost: Collection[Key] = (),
        dead: Collection[str] = (),
        *,
        lasting: bool = False,
        stored: "Stored | None" = None,
        at_once: int = 1,
        takes_over: bool = True,
    ) -> "Draft":
        """A draft for new objects, and for those that are `lost` though the index lists them.

        `stored`: what of the store can be relied on, if not all of it. Takes over what abandoned drafts in the same folder left, but for
        packs that are `dead`: whoever builds an index leaves those out. Unless it `takes_over`, it only asks for them before it writes the
        same again.
        `lasting`: gc may be at work before it is logged. Close it, or finish it when logged.
        """
        from objstore.odb.draft import Draft

        file = DraftFile.create(folder)
        draft = Draft(self._blobs, stored or self, file, generation, lost, lasting=lasting, at_once=at_once)
        self._adopt(folder, draft, dead, takes_over)
        return draft

    def _adopt(self, folder: Path, draft: "Draft", dead: Collection[str], takes_over: bool) -> None:
        """Data packs need nothing but themselves, so they can be taken over from any draft; others are left to gc."""
        for old in DraftFile.abandoned(folder):
            if self.root is None:  # where writing costs more than asking
                draft.expect(old.packs)
            for name in set(old.packs).difference(dead) if takes_over else ():
                with contextlib.suppress(NotFoundError, CorruptionError):
                    trailer = self.read_trailer(name)
                    if trailer.pack_class is pack.PackClass.DATA and self.alone.missing([row.key for row in trailer.rows]):
                        draft.adopt(name, trailer)
            old.remove()

    def read_trailer(self, name: str, size: int | None = None) -> pack.Trailer:
        """What a pack says about itself, checked against its name; its records aren't read.

        `size`: that of the pack, where it is known; then it mostly takes one request.
        """
        blob = pack.pack_name(name)
        if size is None:
            size = self._blobs.size(blob)
        begin = max(0, size - _TAIL)
        tail = next(iter(self._blobs.read_ranges(blob, [(begin, size - begin)])))
        if len(tail) < pack.FOOTER.size:
            raise CorruptionError(f"pack {name[:12]} is cut short")
        length = pack.decode_footer(tail[-pack.FOOTER.size :])
        at = size - pack.FOOTER.size - length
        if at < 0:
            raise CorruptionError(f"pack {name[:12]} is cut short")
        if at < begin:
            tail = next(iter(self._blobs.read_ranges(blob, [(at, begin - at)]))) + tail
            begin = at
        body = tail[at - begin : at - begin + length]
        if pack.pack_id(body).hex() != name:
            raise CorruptionError(f"the trailer of pack {name[:12]} is damaged")
        trailer = pack.decode_trailer(body)
        if trailer.content_size != at:
            raise CorruptionError(f"pack {name[:12]} doesn't have the size that its trailer says")
        return trailer


@contextlib.contextmanager
def _missing_is_damage(name: str) -> Iterator[None]:
    try:
        yield
    except NotFoundError as error:
        raise SegmentMissingError(f"index segment {name[:12]} is missing; run `objstore fsck --repair`") from error


def spans(located: Mapping[Key, Location], *, gap: int = _GAP, largest: int | None = None) -> Iterator[Span]:
    """What to read to have the records at these places, in the order of packs.

    Neighbours go together, with up to `gap` unwanted bytes between two, but not beyond `largest` bytes.
    """
    wanted = sorted(located.items(), key=_by_place)
    first = 0
    for at in range(1, len(wanted) + 1):
        if at == len(wanted) or not _together(wanted[first][1], wanted[at - 1][1], wanted[at][1], gap, largest):
            start, last = wanted[first][1].offset, wanted[at - 1][1]
            records = [(key, place.offset - start, FRAME.size + place.stored) for key, place in wanted[first:at]]
            yield Span(last.pack, start, _end(last) - start, records)
            first = at


def _by_place(item: tuple[Key, Location]) -> tuple[str, int]:
    return item[1][:2]


def _together(first: Location, last: Location, other: Location, gap: int, largest: int | None) -> bool:
    """Whether `other` is read with what lies from `first` to `last`."""
    is_near = last.pack == other.pack and other.offset - _end(last) <= gap
    return is_near and (largest is None or _end(other) - first.offset <= largest)


def _end(place: Location) -> int:
    return place.offset + FRAME.size + place.stored
