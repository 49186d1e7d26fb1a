"""Objects of any other file system that fsspec knows, told apart by size and whatever checksum it gives."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs

from objstore.errors import InvalidInputError
from objstore.outside.asking import Asking, changed, missing
from objstore.outside.ranges import RANGE, ranges
from objstore.outside.seen import CHECKSUM, ETAG, VERSION, Seen
from objstore.outside.uri import Uri

T = TypeVar("T")

# What is made of the content alone, as various file systems call it.
_CHECKSUMS = ("blake3", "digest", "sha512", "sha256", "sha1", "sha", "md5", "md5Hash", "md5Checksum", "content_md5", "content_hash", "CRC")
_ETAGS = ("etag", "ETag")
_VERSIONS = ("version_id", "VersionId")


class AnyFiles:
    """Whatever `fsspec.open` takes, chained addresses (`zip://a.csv::https://host/x.zip`) too.

    Where a file system gives no checksum, a file that was replaced by one of the same size isn't told from it.
    """

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def find(self, uri: Uri) -> Seen | None:
        fs, path = self._open(uri)
        try:
            info = self._ask(uri, fs, lambda **within: fs.info(path, **within))
        except FileNotFoundError:
            return None
        return self._seen(uri.text, fs, info) if info.get("type") == "file" else None

    def below(self, uri: Uri) -> Iterator[tuple[str, Seen]]:
        fs, path = self._open(uri)
        above = path.rstrip("/") + "/" if path.rstrip("/") else fs.root_marker
        try:
            infos: Mapping[str, Any] = self._ask(uri, fs, lambda **_: fs.find(path, detail=True), "list")
        except FileNotFoundError:
            return
        for each, info in infos.items():
            name = each.removeprefix(above)
            if info["type"] == "file" and each != path and not (name.endswith("/") and not info["size"]):
                yield name, self._seen(uri.below(name), fs, info)

    def read(self, uri: Uri, recorded: Seen) -> Iterator[bytes]:
        fs, path = self._open(uri)
        now = self._checked(uri, recorded)
        if now.size is None:
            yield from self._stream(uri, fs, path)
        else:
            yield from ranges(now.size, lambda start, end: self._part(uri, fs, path, start, end))
        if now.size is None or now.size > RANGE:  # more than one request, so there may have been two files
            self._checked(uri, now)

    def close(self) -> None:
        """File systems close what they have open by themselves."""

    def _open(self, uri: Uri) -> tuple[Any, str]:
        """The file system, anew: one that is kept may keep listings. Some connect at once."""

        def connect(_: float) -> tuple[Any, str]:
            try:
                fs, path = url_to_fs(uri.text, skip_instance_cache=True, use_listings_cache=False)
            except ImportError as error:
                raise InvalidInputError(
                    f"{uri.scheme}:// needs a package that isn't installed: the one that fsspec names for it"
                ) from error
            except (TypeError, KeyError, ValueError) as error:
                raise InvalidInputError(f"{uri.text} can't be referred to: fsspec knows no such address; correct it") from error
            return fs, str(path)

        return self._asking.ask(uri.text, connect)

    def _checked(self, uri: Uri, recorded: Seen) -> Seen:
        now = self.find(uri)
        if now is None:
            raise missing(uri.text)
        how = recorded.difference(now)
        if how:
            raise changed(uri.text, how)
        return now

    def _part(self, uri: Uri, fs: Any, path: str, start: int, end: int) -> bytes:
        data: bytes = self._ask(uri, fs, lambda **within: fs.cat_file(path, start, end, **within))
        if len(data) != end - start:
            raise changed(uri.text, "it was cut short")
        return data

    def _stream(self, uri: Uri, fs: Any, path: str) -> Iterator[bytes]:
        with self._ask(uri, fs, lambda **_: fs.open(path, "rb")) as file:
            while block := self._ask(uri, fs, lambda **_: file.read(RANGE)):
                yield block

    def _ask(self, uri: Uri, fs: Any, request: Callable[..., T], doing: str = "read") -> T:
        return self._asking.ask(
            uri.text, lambda limit: request(**({"timeout": max(limit, 0.1)} if fs.async_impl else {})), size=RANGE, doing=doing
        )

    def _seen(self, uri: str, fs: Any, info: Mapping[str, Any]) -> Seen:
        marks = {ETAG: _first(info, _ETAGS)[1].strip('"'), VERSION: _first(info, _VERSIONS)[1]}
        name, checksum = _first(info, _CHECKSUMS)
        if checksum:
            marks[CHECKSUM] = f"{name}:{checksum}"
        elif not marks[ETAG] and type(fs).ukey is not AbstractFileSystem.ukey:
            # fsspec's own is a hash of all that is told of a file, be it the time somebody last read it.
            marks[CHECKSUM] = f"ukey:{fs.ukey(info['name'])}"
        size = info.get("size")
        return Seen(uri, None if size is None else int(size), {name: mark for name, mark in marks.items() if mark})


def _first(info: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, str]:
    for name in names:
        value = info.get(name)
        if isinstance(value, bytes | bytearray):
            return name, value.hex()
        if isinstance(value, str | int) and value != "":
            return name, str(value)
    return "", ""
