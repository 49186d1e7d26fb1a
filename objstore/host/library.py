"""The libraries behind tables and arrays, loaded when they are first needed: they take a good part of a second."""

import sys
from typing import Any

from objstore.errors import InvalidInputError

_FIRST_WITH_CHUNKING = 21


def pyarrow() -> Any:
    """PyArrow. InvalidInputError where it isn't installed, or is too old to cut columns by their content."""
    try:
        import pyarrow
    except ImportError as error:
        raise InvalidInputError("tables need PyArrow, which isn't installed: run `pip install 'objstore[tables]'`") from error
    if int(pyarrow.__version__.split(".")[0]) < _FIRST_WITH_CHUNKING:
        raise InvalidInputError(
            f"tables need PyArrow {_FIRST_WITH_CHUNKING} or newer, and this is {pyarrow.__version__}: run `pip install 'objstore[tables]'`"
        )
    return pyarrow


def parquet() -> Any:
    """What reads and writes Parquet; errors as of `pyarrow`."""
    pyarrow()
    from pyarrow import parquet

    return parquet


def csv() -> Any:
    """What reads CSV; errors as of `pyarrow`."""
    pyarrow()
    from pyarrow import csv

    return csv


def compute() -> Any:
    """What works on whole columns; errors as of `pyarrow`."""
    pyarrow()
    from pyarrow import compute

    return compute


def pandas() -> Any:
    """pandas. InvalidInputError where it isn't installed."""
    try:
        import pandas
    except ImportError as error:
        raise InvalidInputError("a DataFrame needs pandas, which isn't installed: run `pip install pandas`") from error
    return pandas


def numpy() -> Any:
    """NumPy. InvalidInputError where it isn't installed."""
    try:
        import numpy
    except ImportError as error:
        raise InvalidInputError("an array needs NumPy, which isn't installed: run `pip install 'objstore[tensors]'`") from error
    return numpy


def loaded(name: str) -> Any:
    """A library if something has loaded it, else None; there can't be objects of its types otherwise."""
    return sys.modules.get(name)
