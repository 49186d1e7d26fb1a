"""Requests to outside addresses: tried again as often as those to remotes, and their failures told in our words."""

from collections.abc import Callable
from typing import TypeVar

from objstore.blobs.explaining import explained
from objstore.blobs.failures import Failure, Kind
from objstore.blobs.retrying import RequestFailedError, Retrying
from objstore.errors import ObjstoreError, ReferenceChangedError, ReferenceMissingError

T = TypeVar("T")

_OTHER = (Kind.EXISTS, Kind.BEYOND)  # a condition wasn't met, or there are fewer bytes


class Asking:
    """Asks servers of one place."""

    def __init__(self, retrying: Retrying | None = None) -> None:
        self._retrying = retrying or Retrying()
        self._answered = False

    def ask(self, uri: str, request: Callable[[float], T], *, size: int = 0, doing: str = "read") -> T:
        """What the request (given the seconds that are left) answers, which carries `size` bytes.

        ReferenceMissingError, ReferenceChangedError when a condition wasn't met, else RemoteError.
        """
        try:
            answer = self._retrying.run(request, size=size, answered=self._answered)
        except RequestFailedError as failed:
            self._answered |= failed.failure.answered
            raise _told(failed.failure, failed.tries, uri, doing) from failed.__cause__
        self._answered = True
        return answer


def missing(uri: str) -> ReferenceMissingError:
    return ReferenceMissingError(f"there is nothing at {uri}; check the address")


def changed(uri: str, how: str) -> ReferenceChangedError:
    return ReferenceChangedError(
        f"{uri} isn't what it was when it was referred to ({how}); put it back, or refer to it anew with add_reference in a new version"
    )


def _told(failure: Failure, tries: int, uri: str, doing: str) -> ObjstoreError:
    if failure.kind in (Kind.MISSING, Kind.NO_BUCKET):
        return missing(uri)
    if failure.kind in _OTHER:
        return changed(uri, "the server has another object there")
    return explained(failure, tries, uri, doing, "")
