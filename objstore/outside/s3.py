"""Objects of S3 and what speaks like it, told apart by ETag, version and size. Loaded only when needed, as s3fs is."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fsspec.asyn import sync

from objstore.blobs.address import Address
from objstore.blobs.failures import Kind, ShortAnswerError, failure_of
from objstore.blobs.s3 import S3Transport
from objstore.blobs.transport import LISTED, LISTING_LIMIT
from objstore.errors import ReferenceChangedError, ReferenceMissingError, RemoteError
from objstore.outside.asking import Asking, changed, missing
from objstore.outside.ranges import ranges
from objstore.outside.seen import ETAG, VERSION, Seen
from objstore.outside.uri import Uri

_FOLDER = "application/x-directory"
_AT_ONCE = 16
_MAY_NOT = (Kind.DENIED, Kind.REFUSED)


class S3:
    """`s3://bucket/key`; endpoint and credentials are those of the environment and of AWS's own files.

    Every request goes to the server; s3fs, which caches listings, only makes the client.
    """

    def __init__(self, bucket: str, asking: Asking) -> None:
        self._bucket = bucket
        self._asking = asking
        self._transport = S3Transport(Address("s3", bucket), {})

    def find(self, uri: Uri) -> Seen | None:
        if not uri.key or uri.key.endswith("/"):
            return None
        try:
            head = self._head(uri.text, uri.key, uri.version)
        except FileNotFoundError:
            return None
        is_folder = head.get("ContentType", "").startswith(_FOLDER) and not head["ContentLength"]
        return None if is_folder else _seen(uri.text, head, head["ContentLength"])

    def below(self, uri: Uri) -> Iterator[tuple[str, Seen]]:
        if uri.version is not None:
            return
        prefix = uri.key.rstrip("/") + "/" if uri.key.rstrip("/") else ""
        for key, row in self._with_versions(uri.text, prefix):
            name = key[len(prefix) :]
            if name and not (name.endswith("/") and not row["Size"]):
                yield name, _seen(uri.below(name), row, row["Size"])

    def read(self, uri: Uri, recorded: Seen) -> Iterator[bytes]:
        version = recorded.marks.get(VERSION) or uri.version
        if recorded.size is None or ETAG not in recorded.marks:  # as it is now, then; but all of one object
            now = self.find(uri)
            if now is None:
                raise missing(uri.text)
            recorded, version = now, now.marks.get(VERSION) or version
        try:
            yield from ranges(recorded.size or 0, lambda start, end: self._part(uri, recorded, version, start, end))
            if not recorded.size:
                self._check_empty(uri, recorded, version)
        except (ReferenceMissingError, ReferenceChangedError):
            now = None if uri.version else self.find(uri)
            if now is None:
                raise
            gone = f"its version {version} is gone" if version else "it was replaced while it was read"
            raise changed(uri.text, recorded.difference(now) or gone) from None

    def close(self) -> None:
        self._transport.close()

    def _part(self, uri: Uri, recorded: Seen, version: str | None, start: int, end: int) -> bytes:
        request = {"Bucket": self._bucket, "Key": uri.key, "Range": f"bytes={start}-{end - 1}", "IfMatch": f'"{recorded.marks[ETAG]}"'}
        if version:
            request["VersionId"] = version

        async def get() -> tuple[dict[str, Any], bytes]:
            answer = await self._transport.fs._call_s3("get_object", **request)
            async with answer["Body"] as body:
                return answer, await body.read()

        def attempt(limit: float) -> tuple[dict[str, Any], bytes]:
            answer, data = sync(self._transport.fs.loop, get, **self._transport.within(limit))
            if len(data) != answer["ContentLength"]:
                raise ShortAnswerError
            return answer, data

        answer, data = self._asking.ask(uri.text, attempt, size=end - start)
        total = int(answer.get("ContentRange", f"/{len(data)}").rpartition("/")[2])
        how = recorded.difference(_seen(uri.text, answer, total))  # a server may ignore conditions
        if how or len(data) != end - start:
            raise changed(uri.text, how or "it was cut short")
        return data

    def _check_empty(self, uri: Uri, recorded: Seen, version: str | None) -> None:
        head = self._head(uri.text, uri.key, version)
        how = recorded.difference(_seen(uri.text, head, head["ContentLength"]))
        if how:
            raise changed(uri.text, how)

    def _head(self, shown: str, key: str, version: str | None) -> dict[str, Any]:
        request = {"Bucket": self._bucket, "Key": key, **({"VersionId": version} if version else {})}
        return self._call(shown, "head_object", request)

    def _with_versions(self, shown: str, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The newest version of each key. Where one may not list versions, or the server can't, each object is asked for its own."""
        asked: dict[str, object] | None = {"Bucket": self._bucket, "Prefix": prefix, "MaxKeys": LISTED}
        began = False
        while asked:
            try:
                page = self._list(shown, "list_object_versions", asked)
            except _CannotListError:
                if began:
                    raise RemoteError(f"{shown} could be listed at first, and then no more; try again") from None
                yield from self._one_by_one(shown, prefix)
                return
            began = True
            for row in page.get("Versions", ()):
                if row.get("IsLatest"):
                    yield row["Key"], row
            if not page.get("IsTruncated"):
                return
            asked = {**asked, "KeyMarker": page["NextKeyMarker"]}
            asked.pop("VersionIdMarker", None)
            if page.get("NextVersionIdMarker"):
                asked["VersionIdMarker"] = page["NextVersionIdMarker"]

    def _one_by_one(self, shown: str, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
        asked: dict[str, object] | None = {"Bucket": self._bucket, "Prefix": prefix, "MaxKeys": LISTED}
        has_versions: bool | None = None
        while asked:
            page = self._call(shown, "list_objects_v2", asked, "list", LISTING_LIMIT)
            rows = [(row["Key"], row) for row in page.get("Contents", ())]
            if rows and has_versions is None:
                has_versions = _version(self._head(shown, rows[0][0], None)) is not None
            if has_versions:
                with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="objstore-outside") as pool:
                    heads = list(pool.map(lambda row: self._head(shown, row[0], None), rows))
                rows = [(key, {**head, "Size": head["ContentLength"]}) for (key, _), head in zip(rows, heads, strict=True)]
            yield from rows
            after = page.get("NextContinuationToken")
            asked = {**asked, "ContinuationToken": after} if after else None

    def _list(self, shown: str, method: str, request: Mapping[str, object]) -> dict[str, Any]:
        def attempt(limit: float) -> dict[str, Any]:
            try:
                return self._request(method, request, limit)
            except Exception as error:
                if failure_of(error).kind in _MAY_NOT:
                    raise _CannotListError from None
                raise

        return self._asking.ask(shown, attempt, doing="list")

    def _call(self, shown: str, method: str, request: Mapping[str, object], doing: str = "read", limit: float = 0) -> dict[str, Any]:
        return self._asking.ask(shown, lambda left: self._request(method, request, limit or left), doing=doing)

    def _request(self, method: str, request: Mapping[str, object], limit: float) -> dict[str, Any]:
        answer: dict[str, Any] = self._transport.fs.call_s3(method, **request, **self._transport.within(limit))
        return answer


class _CannotListError(RemoteError):
    """Versions can't be listed here."""


def _seen(uri: str, told: dict[str, Any], size: int) -> Seen:
    marks = {ETAG: told.get("ETag", "").strip('"'), VERSION: _version(told)}
    return Seen(uri, int(size), {name: mark for name, mark in marks.items() if mark})


def _version(told: dict[str, Any]) -> str | None:
    """None where the bucket keeps no versions, or didn't when this one was written."""
    version = told.get("VersionId")
    return version if version != "null" else None
