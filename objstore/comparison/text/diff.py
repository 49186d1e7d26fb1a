"""What differs between two texts, line by line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from objstore.comparison.content import Content
from objstore.comparison.text.matching import Block, match
from objstore.values import html
from objstore.values.quoting import quoted
from objstore.values.sizes import counted, size

MOST_BYTES = 16 * 1024 * 1024
NO_NEWLINE = "\\ No newline at end of file"
_CONTEXT = 3
_HEAD = 8000  # in which Git, too, looks for a NUL


class Hunk(NamedTuple):
    """A change, or some that are near one another, with up to three equal lines before, between and after."""

    old_start: int
    """The number of its first line, from 1; where it has no lines on that side: of the line before."""
    old_lines: int
    new_start: int
    new_lines: int
    lines: list[str]
    """Each with a blank, `-` or `+` before it, without its newline; or NO_NEWLINE, of the line before."""

    @property
    def header(self) -> str:
        return f"@@ -{_span(self.old_start, self.old_lines)} +{_span(self.new_start, self.new_lines)} @@"

    def to_dict(self) -> dict[str, Any]:
        return self._asdict()


@dataclass(frozen=True, slots=True)
class TextDiff:
    """What differs between two texts. Applied to the old one with `patch`, its lines give the new one, byte for byte."""

    old_path: str
    path: str
    hunks: tuple[Hunk, ...] = ()
    why: str = ""
    """Why they weren't compared, or only roughly."""

    def __bool__(self) -> bool:
        return bool(self.hunks)

    @property
    def added(self) -> int:
        """How many lines."""
        return self._count("+")

    @property
    def removed(self) -> int:
        return self._count("-")

    def _count(self, sign: str) -> int:
        return sum(line[0] == sign for hunk in self.hunks for line in hunk.lines)

    def lines(self, prefix: str = "") -> Iterator[str]:
        """A unified diff as Git prints it, without newlines; only `\\n` ends a line. `prefix` comes before each path. None for no hunks."""
        if self.hunks:
            yield f"--- {_name('a/' + prefix + self.old_path)}"
            yield f"+++ {_name('b/' + prefix + self.path)}"
        for hunk in self.hunks:
            yield hunk.header
            yield from hunk.lines

    def to_dict(self) -> dict[str, Any]:
        """For JSON (spec/diff.md)."""
        return {
            "path": self.path,
            "old_path": self.old_path,
            "why": self.why or None,
            "added_lines": self.added,
            "removed_lines": self.removed,
            "hunks": [hunk.to_dict() for hunk in self.hunks],
        }

    def _repr_html_(self) -> str:
        """For a notebook: the first lines of it."""
        rows = (row for hunk in self.hunks for row in (("", hunk.header), *((line[0], line[1:]) for line in hunk.lines)))
        lines = f"{counted(self.added, 'line')} added, {counted(self.removed, 'line')} removed"
        note = ", ".join(filter(None, [lines if self.hunks or not self.why else "", self.why]))
        title = self.path if self.path == self.old_path else f"{self.old_path} → {self.path}"
        return html.table(("", "line"), rows, note, title)


def compare_text(old: Content, new: Content, *, context: int = _CONTEXT, most_bytes: int = MOST_BYTES) -> TextDiff:
    """The unified diff of two files of UTF-8, whose lines end with `\\n` alone.

    Where one has a NUL in its first 8000 bytes, isn't UTF-8 or has more than `most_bytes`, there are no hunks, and `why` says so; a large
    file isn't read. Errors: those of reading. Memory: twenty times the bytes of both. Time: seconds at most (see `match`).
    """
    why = _binary(old, new) or _large(old, new, most_bytes)
    texts = [] if why else [_decoded(content.read(0, content.size)) for content in (old, new)]
    if why or None in texts:
        return TextDiff(old.path, new.path, why=why or "not compared as text: it isn't UTF-8")
    before, after = (_lines(text or "") for text in texts)
    matching = match(before, after)
    rough = "compared roughly: where too many lines differ, all of them are told as removed and added" if matching.is_rough else ""
    return TextDiff(old.path, new.path, tuple(_hunks(before, after, matching.blocks, context)), rough)


def _large(old: Content, new: Content, most: int) -> str:
    largest = max(old.size, new.size)
    return f"not compared as text: it has {size(largest)}, and the limit is {size(most)}" if largest > most else ""


def _binary(old: Content, new: Content) -> str:
    is_binary = any(b"\0" in content.read(0, min(_HEAD, content.size)) for content in (old, new))
    return "not compared as text: it is binary" if is_binary else ""


def _decoded(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _lines(text: str) -> list[str]:
    """With the newlines that they have: the last may have none."""
    *whole, rest = text.split("\n")
    return [line + "\n" for line in whole] + ([rest] if rest else [])


class _Change(NamedTuple):
    """Lines before `old_end` are replaced by lines before `new_end`."""

    old: int
    old_end: int
    new: int
    new_end: int


def _changes(blocks: Sequence[Block], old_size: int, new_size: int) -> Iterator[_Change]:
    old = new = 0
    for block in (*blocks, Block(old_size, new_size, 0)):
        if old < block.old or new < block.new:
            yield _Change(old, block.old, new, block.new)
        old, new = block.old + block.length, block.new + block.length


def _hunks(old: Sequence[str], new: Sequence[str], blocks: Sequence[Block], context: int) -> Iterator[Hunk]:
    near: list[_Change] = []
    for change in _changes(blocks, len(old), len(new)):
        if near and change.old - near[-1].old_end > 2 * context:
            yield _hunk(old, new, near, context)
            near = []
        near.append(change)
    if near:
        yield _hunk(old, new, near, context)


def _hunk(old: Sequence[str], new: Sequence[str], changes: Sequence[_Change], context: int) -> Hunk:
    before = min(context, changes[0].old)
    start, new_start = changes[0].old - before, changes[0].new - before
    end = min(changes[-1].old_end + context, len(old))
    new_end = changes[-1].new_end + end - changes[-1].old_end
    lines: list[str] = []
    at = start
    for change in changes:
        lines += _signed(" ", old[at : change.old])
        lines += _signed("-", old[change.old : change.old_end])
        lines += _signed("+", new[change.new : change.new_end])
        at = change.old_end
    lines += _signed(" ", old[at:end])
    old_lines, new_lines = end - start, new_end - new_start
    return Hunk(start + (old_lines > 0), old_lines, new_start + (new_lines > 0), new_lines, lines)


def _signed(sign: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        if line.endswith("\n"):
            yield sign + line[:-1]
        else:
            yield sign + line
            yield NO_NEWLINE


def _span(start: int, count: int) -> str:
    return str(start) if count == 1 else f"{start},{count}"


def _name(path: str) -> str:
    """As Git writes it in a header: a tab after it tells where a name with blanks ends."""
    return quoted(path) + ("\t" if " " in path else "")
