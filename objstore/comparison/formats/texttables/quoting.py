"""Where rows of CSV end, given that line breaks in quotes don't end them."""

from enum import Enum
from typing import Any

from objstore.comparison.formats.texttables.rowblocks import Ends
from objstore.host import library

_QUOTE = 0x22


class Place(Enum):
    """Where in a row one is between two bytes: what decides about the quotes that follow."""

    ROW = "a row begins"
    VALUE = "a value begins"
    WITHIN = "within a value that is not in quotes, or after its quotes"
    QUOTED = "in quotes"
    CLOSED = "behind a quote that ends them, unless another one follows at once"


_OPENS = (Place.ROW, Place.VALUE, Place.CLOSED)


class Quotes:
    """Follows quotes exactly through a text that it is fed piece by piece.

    As in Python's csv module and in Arrow: a quote opens only where a value begins, two in a row inside stand for one, and any other is
    itself. Cost: above 1 GB/s where no quote is; a tenth of that where quotes stand within values.
    """

    # Were all quotes at the ends of values or doubled, it would be enough to count them: inside, after an odd number. So they are counted,
    # and it is checked for all at once that each that would open stands where a value begins or behind another quote (the second of two).
    # Only a piece with one that doesn't is gone through quote by quote.

    def __init__(self, delimiter: bytes, place: Place = Place.ROW) -> None:
        self.place = place
        self._numpy = library.numpy()
        self._begins = frozenset(delimiter + b"\r\n")
        self._fits = self._numpy.zeros(256, bool)
        self._fits[[*self._begins, _QUOTE]] = True

    def feed(self, piece: bytes) -> Ends:
        """Where rows end in it; a carriage return alone isn't counted as an end."""
        if not piece:
            return Ends(0, 0)
        inside = self.place is Place.QUOTED
        turns = self._turns(piece, inside=inside)
        ends = Ends(self._first(piece, turns, inside), self._last(piece, turns, inside))
        self.place = self._behind(piece, turns, inside)
        return ends

    def row_starts(self, block: bytes) -> Any:
        """Where the rows of a block of whole rows begin, other than empty ones: a NumPy array."""
        numpy = self._numpy
        codes = numpy.frombuffer(block, numpy.uint8)
        breaks = numpy.flatnonzero((codes == 0x0A) | (codes == 0x0D))
        outside = numpy.searchsorted(self._turns(block, inside=False), breaks) % 2 == 0
        starts = numpy.concatenate(([0], breaks[outside] + 1))
        starts = starts[starts < len(block)]
        return starts[(codes[starts] != 0x0A) & (codes[starts] != 0x0D)]

    def _turns(self, piece: bytes, *, inside: bool) -> Any:
        """The offsets of the quotes that open or close."""
        numpy = self._numpy
        if _QUOTE not in piece:
            return numpy.empty(0, numpy.int64)
        codes = numpy.frombuffer(piece, numpy.uint8)
        quotes = numpy.flatnonzero(codes == _QUOTE)
        opening = quotes[int(inside) :: 2]
        first_fits = not len(opening) or opening[0] > 0 or self.place in _OPENS
        if first_fits and self._fits[codes[opening[opening > 0] - 1]].all():
            return quotes
        return numpy.array(self._one_by_one(piece, quotes.tolist(), inside=inside), numpy.int64)

    def _one_by_one(self, piece: bytes, quotes: list[int], *, inside: bool) -> list[int]:
        turns: list[int] = []
        for at in quotes:
            if inside:
                opens = False
            elif at == 0:
                opens = self.place in _OPENS
            else:
                opens = piece[at - 1] in self._begins or bool(turns and turns[-1] == at - 1)
            if inside or opens:
                turns.append(at)
                inside = opens
        return turns

    def _first(self, piece: bytes, turns: Any, inside: bool) -> int:
        at = 0
        while end := piece.find(b"\n", at) + 1:
            passed = int(self._numpy.searchsorted(turns, end))
            if (passed + inside) % 2 == 0:
                return end
            if passed == len(turns):
                return 0
            at = int(turns[passed])
        return 0

    def _last(self, piece: bytes, turns: Any, inside: bool) -> int:
        at = len(piece)
        while end := piece.rfind(b"\n", 0, at) + 1:
            passed = int(self._numpy.searchsorted(turns, end))
            if (passed + inside) % 2 == 0:
                return end
            if passed == 0:
                return 0
            at = int(turns[passed - 1])
        return 0

    def _behind(self, piece: bytes, turns: Any, inside: bool) -> Place:
        if (len(turns) + inside) % 2:
            return Place.QUOTED
        if len(turns) and turns[-1] == len(piece) - 1:
            return Place.CLOSED
        if piece.endswith(b"\n"):
            return Place.ROW
        return Place.VALUE if piece[-1] in self._begins else Place.WITHIN
