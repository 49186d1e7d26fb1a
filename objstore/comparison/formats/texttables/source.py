"""The text of a file, decompressed if need be."""

from collections.abc import Iterator

from objstore.comparison.content import Content, ContentFile
from objstore.comparison.unreadable import unreadable
from objstore.errors import UnreadableFileError
from objstore.host import library

PIECE = 4 * 1024 * 1024
_CODECS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
_UTF_8_MARK = b"\xef\xbb\xbf"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def compressed_too(*suffixes: str) -> tuple[str, ...]:
    """These suffixes, and each with those of what a file may be compressed with."""
    return tuple(suffix + codec for suffix in suffixes for codec in ("", *_CODECS))


class TextSource:
    """The bytes of a text in UTF-8. All offsets are in the decompressed text.

    Opening it reads its first bytes: UnreadableFileError when they are of another encoding.
    """

    def __init__(self, content: Content) -> None:
        self.content = content
        self.path = content.path
        self._codec = next((codec for suffix, codec in _CODECS.items() if content.path.lower().endswith(suffix)), None)
        head = next(self._all(len(_UTF_8_MARK)), b"") if self._codec else content.read(0, len(_UTF_8_MARK))
        if head.startswith(_UTF_16_MARKS):
            raise self.unreadable("its byte order mark says UTF-16", "convert it to UTF-8")
        self.start = len(_UTF_8_MARK) if head.startswith(_UTF_8_MARK) else 0
        """Where the text begins, after a byte order mark."""

    @property
    def name(self) -> str:
        """What its path says it is, in lower case, without how it is compressed."""
        name = self.path.lower()
        return name.rpartition(".")[0] if self._codec else name

    @property
    def end(self) -> int | None:
        """Where it ends; None when that shows only after decompressing it."""
        return None if self._codec else self.content.size

    def pieces(self, start: int, end: int | None = None, size: int = PIECE) -> Iterator[bytes]:
        """The bytes from `start` to before `end`, or to the end, at most `size` at once. What is compressed is read from its beginning."""
        if self._codec is None:
            stop = self.content.size if end is None else min(end, self.content.size)
            for at in range(start, stop, size):
                yield self.content.read(at, min(at + size, stop))
            return
        at = 0
        for data in self._all(size):
            piece = data[max(0, start - at) : None if end is None else max(0, end - at)]
            at += len(data)
            if piece:
                yield piece
            if end is not None and at >= end:
                return

    def line(self, offset: int) -> int:
        """The number of the line, from 1, that this byte is in; reads all before it."""
        return 1 + sum(piece.count(b"\n") for piece in self.pieces(0, offset))

    def unreadable(self, wrong: str, cure: str) -> UnreadableFileError:
        return unreadable(self.content, wrong, cure)

    def not_utf8(self, offset: int, block: bytes) -> UnreadableFileError | None:
        """The error for a block that begins there, if it isn't UTF-8."""
        try:
            block.decode()
        except UnicodeDecodeError as error:
            at = offset + error.start
            wrong = f"line {self.line(at):,} isn't UTF-8 at byte {at:,} of the text (0x{block[error.start]:02x})"
            return self.unreadable(wrong, "convert the file to UTF-8")
        return None

    def _all(self, size: int = PIECE) -> Iterator[bytes]:
        arrow = library.pyarrow()
        try:
            with arrow.CompressedInputStream(arrow.PythonFile(ContentFile(self.content), "r"), self._codec) as stream:
                while data := stream.read(size):
                    yield data
        except OSError as error:
            raise self.unreadable(f"it can't be decompressed ({error})", "restore it from where it came from") from error
