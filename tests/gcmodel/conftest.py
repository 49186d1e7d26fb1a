"""A small process to explore from: forking one that has run other tests before takes several times as long."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

Apart = Callable[..., Any]


@pytest.fixture(scope="package")
def apart() -> Iterator[Apart]:
    """Calls a function of a module in a process of its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield lambda function, *arguments: pool.submit(function, *arguments).result()
