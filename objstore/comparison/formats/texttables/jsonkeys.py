"""The columns of two files of JSON Lines: the keys of their objects."""

from collections.abc import Iterable

import msgspec

from objstore.comparison.formats.texttables.jsonobjects import KeyGatherer
from objstore.comparison.formats.texttables.parts import Parts
from objstore.comparison.formats.texttables.rowblocks import LineEnds, Span, row_blocks
from objstore.comparison.formats.texttables.source import TextSource

_HEAD = 64 * 1024


def columns_of(old: TextSource, new: TextSource, parts: Parts) -> tuple[list[str], list[str]]:
    """The keys of each in the order in which they appear, in its first lines and then in what isn't the same in both.

    A key that is only in parts that are the same, and not in the first lines, is in neither list. One that would be in one list only is
    looked for in those parts too, until it is found, so that no column seems to be added or removed that isn't.
    """
    same_old, same_new = ({pair[side] for pair in parts.same} for side in (0, 1))
    before = _gathered(old, (span for number, span in enumerate(parts.old) if number not in same_old))
    after = _gathered(new, (span for number, span in enumerate(parts.new) if number not in same_new))
    for key in _found(new, (parts.new[number] for number in sorted(same_new)), before.keys() ^ after.keys()):
        before.setdefault(key)
        after.setdefault(key)
    return list(before), list(after)


def _gathered(source: TextSource, spans: Iterable[Span]) -> dict[str, None]:
    keys = KeyGatherer()
    for span in (_head(source), *spans):
        for offset, block in row_blocks(source, span, LineEnds()):
            keys.add(source, offset, block)
    return keys.found


def _head(source: TextSource) -> Span:
    """Whole lines, some KiB of them; nothing when the first is longer."""
    piece = next(source.pieces(source.start, None, _HEAD), b"")
    return Span(source.start, source.start + LineEnds().feed(piece).last)


def _found(source: TextSource, spans: Iterable[Span], missing: set[str]) -> list[str]:
    """Those of the keys that are in these spans. Parses only where one may be, which plain search tells."""
    keys, left = KeyGatherer(), set(missing)
    for span in spans:
        if not left:
            break
        for offset, block in row_blocks(source, span, LineEnds()):
            if _anywhere(left, block):
                keys.add(source, offset, block)
                left.difference_update(keys.found)
    return [key for key in keys.found if key in missing]


def _anywhere(keys: set[str], block: bytes) -> bool:
    """Whether one of them may be in there: it stands there as JSON, or what is written with more escapes than need be does."""
    return b"\\u" in block or b"\\/" in block or any(msgspec.json.encode(key) in block for key in keys)
