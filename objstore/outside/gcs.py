"""Objects of Google Cloud Storage, told apart by generation, ETag and size. Loaded only when needed, as gcsfs is."""

from collections.abc import Iterator
from typing import Any

from objstore.blobs.address import Address
from objstore.blobs.failures import ShortAnswerError
from objstore.blobs.gcs import GcsTransport
from objstore.blobs.transport import LISTED, LISTING_LIMIT
from objstore.errors import InvalidInputError
from objstore.outside.asking import Asking, changed, missing
from objstore.outside.ranges import ranges
from objstore.outside.seen import ETAG, VERSION, Seen
from objstore.outside.uri import Uri


class Gcs:
    """`gs://bucket/key`; credentials are those of the environment and of Google's own tools.

    An object's generation is its version: a number that no other content of that name has, in any bucket.
    """

    def __init__(self, bucket: str, asking: Asking) -> None:
        self._bucket = bucket
        self._asking = asking
        self._transport = GcsTransport(Address("gs", bucket), {})

    def find(self, uri: Uri) -> Seen | None:
        if not uri.key or uri.key.endswith("/"):
            return None
        try:
            return _seen(uri.text, self._get(uri.text, "b/{}/o/{}", self._bucket, uri.key, generation=uri.version))
        except FileNotFoundError:
            return None

    def below(self, uri: Uri) -> Iterator[tuple[str, Seen]]:
        if uri.version is not None:
            return
        prefix = uri.key.rstrip("/") + "/" if uri.key.rstrip("/") else ""
        asked: dict[str, object] | None = {"prefix": prefix, "maxResults": LISTED}
        while asked:
            page = self._get(uri.text, "b/{}/o", self._bucket, doing="list", limit=LISTING_LIMIT, **asked)
            for found in page.get("items", ()):
                name = found["name"][len(prefix) :]
                if name and not (name.endswith("/") and not int(found["size"])):
                    yield name, _seen(uri.below(name), found)
            after = page.get("nextPageToken")
            asked = {**asked, "pageToken": after} if after else None

    def read(self, uri: Uri, recorded: Seen) -> Iterator[bytes]:
        generation = recorded.marks.get(VERSION) or uri.version
        if recorded.size is None or generation is None:  # as it is now, then; but all of one object
            now = self.find(uri)
            if now is None:
                raise missing(uri.text)
            recorded, generation = now, now.marks[VERSION]
        try:
            if recorded.size == 0:
                self._get(uri.text, "b/{}/o/{}", self._bucket, uri.key, generation=generation)
            yield from ranges(recorded.size or 0, lambda start, end: self._part(uri, generation, start, end))
        except FileNotFoundError:
            now = None if uri.version else self.find(uri)
            if now is None:
                raise
            raise changed(uri.text, recorded.difference(now) or f"its generation {generation} is gone") from None

    def close(self) -> None:
        self._transport.close()

    def _part(self, uri: Uri, generation: str | None, start: int, end: int) -> bytes:
        def attempt(limit: float) -> bytes:
            _, data = self._transport.fs.call(
                "GET",
                "b/{}/o/{}",
                self._bucket,
                uri.key,
                alt="media",
                generation=generation,
                headers={"Range": f"bytes={start}-{end - 1}"},
                **self._transport.within(limit),
            )
            if len(data) != end - start:
                raise ShortAnswerError
            return bytes(data)

        return self._asking.ask(uri.text, attempt, size=end - start)

    def _get(self, shown: str, path: str, *names: str, doing: str = "read", limit: float = 0, **parameters: object) -> Any:
        def attempt(left: float) -> Any:
            within = self._transport.within(limit or left)
            return self._transport.fs.call("GET", path, *names, json_out=True, **parameters, **within)

        return self._asking.ask(shown, attempt, doing=doing)


def _seen(uri: str, told: dict[str, Any]) -> Seen:
    if told.get("contentEncoding") == "gzip":
        raise InvalidInputError(
            f"{uri} is kept compressed and handed out uncompressed (its Content-Encoding is gzip), so what is fetched can't be checked; "
            "store it without that encoding"
        )
    return Seen(uri, int(told["size"]), {ETAG: told["etag"], VERSION: str(told["generation"])})
