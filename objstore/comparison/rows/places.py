"""Where a row is in a table: a number that has its part above, and its row in that part below; so they ascend as rows do."""

from typing import Any

from objstore.host import library

_ROW_BITS = 40


def places(part: int, rows: Any) -> Any:
    """Those of rows of a part: a NumPy array of uint64."""
    numpy = library.numpy()
    return rows.astype(numpy.uint64) | numpy.uint64(part << _ROW_BITS)


def parts_of(places: Any) -> Any:
    numpy = library.numpy()
    return (places >> numpy.uint64(_ROW_BITS)).astype(numpy.int64)


def rows_of(places: Any) -> Any:
    """Their numbers in their parts."""
    numpy = library.numpy()
    return (places & numpy.uint64((1 << _ROW_BITS) - 1)).astype(numpy.int64)
