"""The places that outside addresses are in."""

import threading
from collections.abc import Callable
from typing import Self

from objstore.blobs.opening import maker
from objstore.blobs.retrying import Retrying
from objstore.outside.asking import Asking
from objstore.outside.place import Place
from objstore.outside.uri import Uri


class Outside:
    """Opens each place when it is first needed, each bucket once. To be closed; not for use across a fork. Thread-safe."""

    def __init__(self, retrying: Retrying | None = None) -> None:
        self._retrying = retrying
        self._lock = threading.Lock()
        self._places: dict[tuple[str, str], Place] = {}

    def place(self, uri: Uri) -> Place:
        """InvalidInputError for a scheme that nobody knows, or whose package isn't installed."""
        key = (uri.scheme, uri.bucket if uri.scheme in ("s3", "gs", "http") else "")
        with self._lock:
            if key not in self._places:
                self._places[key] = _maker(uri)(Asking(self._retrying))
            return self._places[key]

    def close(self) -> None:
        with self._lock:
            places, self._places = list(self._places.values()), {}
        for place in places:
            place.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _maker(uri: Uri) -> Callable[[Asking], Place]:
    """The modules are loaded here, since those below take up to a second."""
    match uri.scheme:
        case "file":
            from objstore.outside.file import Files

            return lambda _: Files()
        case "http":
            from objstore.outside.http import Web

            return Web
        case "s3":
            maker("s3")
            from objstore.outside.s3 import S3

            return lambda asking: S3(uri.bucket, asking)
        case "gs":
            maker("gs")
            from objstore.outside.gcs import Gcs

            return lambda asking: Gcs(uri.bucket, asking)
        case _:
            from objstore.outside.anyfs import AnyFiles

            return AnyFiles
