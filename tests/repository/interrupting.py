"""Cutting off whatever a process does at one of its durable steps, or refusing it some of them."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from objstore.blobs.local import LocalBlobs
from objstore.history.log import Log
from objstore.odb.draftfile import DraftFile
from objstore.odb.table import Tables

STEPS: list[tuple[Any, str]] = [
    (os, "link"),
    (os, "rename"),
    (LocalBlobs, "delete"),
    (LocalBlobs, "delete_all"),
    (Log, "append"),
    (DraftFile, "add"),
    (Tables, "put"),
    (Tables, "clear"),
]


class Cut(BaseException):
    """Stands for the death of the process."""


@contextlib.contextmanager
def cut_off(step: int, *, after: bool) -> Iterator[list[int]]:
    """Ends what runs inside at its n-th durable step, before or after that is done; from then on none is done any more.

    Gives a list that has the step in it once that has come.
    """
    done = 0
    reached: list[int] = []

    def watched(original: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            nonlocal done
            done += 1
            if done == step:
                reached.append(step)
            if done == step and after:
                original(*args, **kwargs)
            if done >= step:
                raise Cut
            return original(*args, **kwargs)

        return run

    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Cut):
        for owner, name in STEPS:
            patch.setattr(owner, name, watched(getattr(owner, name)))
        yield reached


@contextlib.contextmanager
def full_disk(first: int, count: int) -> Iterator[None]:
    """Refuses some writes: of the files that are linked or written inside, `count` from the n-th on."""
    done = 0

    def watched(original: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            nonlocal done
            done += 1
            if first <= done < first + count:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return original(*args, **kwargs)

        return run

    with pytest.MonkeyPatch.context() as patch:
        for name in ("link", "writev"):
            patch.setattr(os, name, watched(getattr(os, name)))
        yield
