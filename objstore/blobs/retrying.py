"""The one policy for trying a request again; the libraries below are told not to."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from objstore.blobs.failures import Failure, failure_of
from objstore.errors import ObjstoreError

T = TypeVar("T")


class RequestFailedError(Exception):
    """A request failed for good, after so many tries; each but the last may have been carried out, unknown to us."""

    def __init__(self, failure: Failure, tries: int) -> None:
        super().__init__(failure, tries)
        self.failure = failure
        self.tries = tries


@dataclass(frozen=True, slots=True)
class Retrying:
    """Exponential backoff with jitter, up to `tries` tries within a deadline; times in seconds.

    A try ends by itself after 5 s without a connection or 20 s without a byte (the file system's timeouts), so 90 s leave room for four
    that stall, and the waits between eight busy answers (12 to 24 s in all) let a store spread its load. A request that carries bytes
    gets longer, as if the line took no more than `slowest` bytes a second: with less, a pack would never get through a slow one.
    A host that has never answered is most likely misspelt: no try begins later than `patience` after the first. But it may only be busy,
    or we are, so where the first try has taken longer than that there is a second: a host that is refused or unknown is told within
    seconds, one that takes no connection after 10 s, one that takes it and then keeps silent after 40 s.
    """

    tries: int = 8
    first_wait: float = 0.25
    longest_wait: float = 8.0
    deadline: float = 90.0
    patience: float = 4.0
    slowest: int = 128 << 10
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def run(self, attempt: Callable[[float], T], *, size: int = 0, answered: bool = True) -> T:
        """What `attempt` returns; it is given the seconds that are left. RequestFailedError from its last exception.

        `size`: the bytes it carries; `answered`: whether the host has done so before. An ObjstoreError from the attempt is final.
        """
        allowed = self.deadline + size / self.slowest
        began, tries = self.clock(), 0
        while True:
            tries += 1
            try:
                return attempt(allowed - (self.clock() - began))
            except ObjstoreError:
                raise
            except Exception as error:
                failure = failure_of(error)
                answered |= failure.answered
                wait = min(self.first_wait * 2 ** (tries - 1), self.longest_wait) * (1 + self.chance()) / 2
                end = began + (allowed if answered or tries == 1 else self.patience)
                if not failure.transient or tries == self.tries or self.clock() + wait >= end:
                    raise RequestFailedError(failure, tries) from error
            self.sleep(wait)
