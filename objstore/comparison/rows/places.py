"""Where rows are in a table: part and number as one whole number each, ascending as the rows do."""

from typing import Any

from objstore.host import library

_ROW_BITS = 40


def places_of(part: int, rows: Any) -> Any:
    """For the numbers of rows of a part."""
    numpy = library.numpy()
    return rows.astype(numpy.uint64) | numpy.uint64(part << _ROW_BITS)


def parts_of(places: Any) -> Any:
    numpy = library.numpy()
    return (places >> numpy.uint64(_ROW_BITS)).astype(numpy.int64)


def rows_in_parts(places: Any) -> Any:
    """Their numbers, each in its part."""
    numpy = library.numpy()
    return (places & numpy.uint64((1 << _ROW_BITS) - 1)).astype(numpy.int64)
