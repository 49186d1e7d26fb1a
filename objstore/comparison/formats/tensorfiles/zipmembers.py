"""The members of a zip archive, stored or deflated: where their bytes are, and what they unpack to.

Python's zipfile reads the directory. Members are read here, since it doesn't tell where their bytes lie.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, LargeZipFile, ZipFile, ZipInfo

from objstore.comparison.content import Content, ContentFile
from objstore.comparison.tensors.pair import Stretch
from objstore.comparison.unreadable import shown, unreadable
from objstore.errors import ObjstoreError, UnreadableFileError

_LOCAL_HEADER = struct.Struct("<4s5HIIIHH")
_LOCAL_MAGIC = b"PK\3\4"
_MOST_RATIO = 1040  # deflate makes at best 258 bytes of two bits
_ENCRYPTED = 1
_FIRST_PIECE, _PIECE = 4 * 1024, 256 * 1024  # of many members only a header is read


@dataclass(frozen=True, slots=True)
class Member:
    """One of them."""

    name: str
    size: int
    """Unpacked."""
    deflated: bool
    crc: int
    stretch: Stretch
    """Its bytes, packed as they are."""

    def open(self) -> "MemberReader":
        return MemberReader(self)


def members(content: Content) -> list[Member]:
    """All of an archive, as far as its directory and the headers before them tell; each has bytes of its own, as many as are possible.

    UnreadableFileError otherwise, and for encrypted ones and other ways to compress.
    """
    found = [_member(content, info) for info in _directory(content) if not info.is_dir()]
    for before, after in pairwise(sorted(found, key=lambda each: (each.stretch.start, each.stretch.length))):
        if before.stretch.start + before.stretch.length > after.stretch.start:
            raise unreadable(content, f"its members {shown(before.name)} and {shown(after.name)} overlap")
    return found


def _directory(content: Content) -> list[ZipInfo]:
    try:
        with ZipFile(ContentFile(content)) as archive:
            return archive.infolist()
    except ObjstoreError:  # of the content: it is one of those below as well
        raise
    except (BadZipFile, LargeZipFile, NotImplementedError, OSError, OverflowError, ValueError, struct.error) as error:
        raise unreadable(content, f"it is no valid zip archive ({error})") from error


def _member(content: Content, info: ZipInfo) -> Member:
    name = shown(info.filename)
    if info.flag_bits & _ENCRYPTED or info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise unreadable(content, f"its member {name} is encrypted, or compressed in a way that arrays aren't")
    header = content.read(info.header_offset, info.header_offset + _LOCAL_HEADER.size) if info.header_offset >= 0 else b""
    if len(header) < _LOCAL_HEADER.size or not header.startswith(_LOCAL_MAGIC):
        raise unreadable(content, f"its member {name} isn't at byte {info.header_offset:,}, where its directory says")
    *_, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    start = info.header_offset + _LOCAL_HEADER.size + name_length + extra_length
    deflated = info.compress_type == ZIP_DEFLATED
    if start + info.compress_size > content.size or not _possible(info, deflated):
        raise unreadable(content, f"its member {name} can't have the {info.file_size:,} bytes that its directory says")
    return Member(info.filename, info.file_size, deflated, info.CRC, Stretch(content, start, info.compress_size))


def _possible(info: ZipInfo, deflated: bool) -> bool:
    return info.file_size <= _MOST_RATIO * info.compress_size if deflated else info.file_size == info.compress_size


class MemberReader:
    """What a member unpacks to, in order, a piece in memory at a time; its checksum is checked at its end.

    UnreadableFileError for a member that isn't what the directory says.
    """

    def __init__(self, member: Member) -> None:
        self._member = member
        self._pieces = self._inflated() if member.deflated else self._packed()
        self._pending = b""
        self._crc = 0
        self._left = member.size

    def read(self, count: int) -> bytes:
        """So many bytes more, or as many as are left."""
        wanted = count = min(count, self._left)
        taken = []
        while wanted:
            piece = self._pending or next(self._pieces, b"")
            if not piece:
                raise self._wrong(f"ends {self._left:,} bytes before its end")
            taken.append(piece[:wanted])
            self._pending = piece[wanted:]
            wanted -= len(taken[-1])
        data = taken[0] if len(taken) == 1 else b"".join(taken)
        self._left -= count
        self._crc = zlib.crc32(data, self._crc)
        if count and not self._left and self._crc != self._member.crc:
            raise self._wrong("has another checksum than its directory says")
        return data

    def _packed(self) -> Iterator[bytes]:
        content, start, length = self._member.stretch
        end, size = start + length, _FIRST_PIECE
        while start < end:
            yield content.read(start, min(start + size, end))
            start, size = start + size, min(size * 2, _PIECE)

    def _inflated(self) -> Iterator[bytes]:
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for piece in self._packed():
                while piece and not unpacker.eof:
                    yield from filter(None, [unpacker.decompress(piece, _PIECE)])
                    piece = unpacker.unconsumed_tail
            yield unpacker.flush()  # what a few bytes more can make
        except zlib.error as error:
            raise self._wrong(f"is damaged ({error})") from error

    def _wrong(self, what: str) -> UnreadableFileError:
        return unreadable(self._member.stretch.content, f"its member {shown(self._member.name)} {what}")
