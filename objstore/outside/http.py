"""Objects of web servers (`http://`, `https://`), told apart by ETag and length. Standard library alone."""

import contextlib
import http.client
import netrc
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.parse import quote, urldefrag

from objstore.blobs.failures import ShortAnswerError
from objstore.errors import InvalidInputError, ObjstoreError, RemoteError
from objstore.outside.asking import Asking, changed
from objstore.outside.seen import ETAG, Seen
from objstore.outside.uri import Uri

_BLOCK = 1 << 20
_SILENCE = 20.0  # seconds without a byte
_REFUSES_HEAD = (400, 401, 403, 405, 501)
_LARGEST = 2**63 - 1  # of the files of any file system
_COMPRESSED = frozenset({"gzip", "x-gzip", "deflate", "compress", "x-compress", "br", "zstd"})


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> urllib.request.Request | None:
        """As the library does, but a HEAD stays one."""
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None:
            request.method = req.get_method()
            fp.close()  # else the library reads all that comes with the redirect, which may have no end
        return request


class _Netrc(urllib.request.BaseHandler):
    """User and password from ~/.netrc; of each host only its own, also after a redirect."""

    def http_request(self, request: urllib.request.Request) -> urllib.request.Request:
        with contextlib.suppress(OSError, netrc.NetrcParseError):
            known = netrc.netrc().hosts.get(request.host.partition(":")[0])  # not `default`, which is for nobody in particular
            if known is not None:
                import base64

                token = base64.b64encode(f"{known[0]}:{known[2]}".encode()).decode()
                request.add_unredirected_header("Authorization", f"Basic {token}")
        return request

    https_request = http_request


class Web:
    """`https://host/name.bin`. Redirects are followed, to other web addresses only; proxies are those of the environment."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler,
            urllib.request.UnknownHandler,
            urllib.request.HTTPHandler,
            urllib.request.HTTPSHandler,
            urllib.request.HTTPDefaultErrorHandler,
            urllib.request.HTTPErrorProcessor,
            _Redirects,
            _Netrc,
        ):
            self._opener.add_handler(handler())

    def find(self, uri: Uri) -> Seen | None:
        def look(limit: float) -> Seen:
            try:
                answer = self._open("HEAD", uri.text, limit)
            except urllib.error.HTTPError as error:
                if error.code not in _REFUSES_HEAD:
                    raise
                answer = self._open("GET", uri.text, limit)
            with answer:
                return seen(uri.text, answer.headers)

        with contextlib.suppress(FileNotFoundError):
            return self._asking.ask(uri.text, look)
        return None

    def below(self, uri: Uri) -> Iterator[tuple[str, Seen]]:
        """Nothing, since web servers don't list what they have."""
        yield from ()

    def read(self, uri: Uri, recorded: Seen) -> Iterator[bytes]:
        body = _Body(self, uri.text, recorded)
        try:
            while block := self._asking.ask(uri.text, body.next, size=_BLOCK):
                yield block
        finally:
            body.close()

    def close(self) -> None:
        """Nothing is kept open."""

    def _open(self, method: str, url: str, limit: float, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
        plain = quote(urldefrag(url).url, safe="%/:=&?~#+!$,;'@()*[]")
        request = urllib.request.Request(plain, method=method, headers={"Accept-Encoding": "identity", **(headers or {})})
        try:
            answer: http.client.HTTPResponse = self._opener.open(request, timeout=max(0.1, min(_SILENCE, limit)))
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 410:  # gone, for good
                raise FileNotFoundError from None
            raise
        except http.client.InvalidURL:
            raise InvalidInputError(f"{url} is not the address of anything; correct it") from None
        try:
            _check(url, answer, in_part=headers is not None)
        except RemoteError:
            answer.close()
            raise
        return answer


@dataclass
class _Body:
    """The body of an address, read on where a connection broke off; that needs a strong ETag, else nobody knows if it is the same."""

    web: Web
    url: str
    recorded: Seen
    done: int = 0
    etag: str | None = None
    length: int | None = None
    answer: http.client.HTTPResponse | None = field(default=None, repr=False)

    def next(self, limit: float) -> bytes:
        """The next piece; nothing in the end."""
        end = time.monotonic() + limit
        try:
            if self.answer is None:
                self._open(limit)
            block = self._block(end)
            if not block and self.length is not None and self.done < self.length:
                raise ShortAnswerError
        except ObjstoreError:
            self.close()
            raise
        except Exception as error:
            self.close()
            if self.done and self.etag is None:
                raise RemoteError(f"the connection to {self.url} broke off, and it has no ETag to read on by; try again") from error
            raise
        self.done += len(block)
        return block

    def _block(self, end: float) -> bytes:
        """A block, or what is left, of which no more is read than shows that it is too long. TimeoutError if it comes too slowly."""
        assert self.answer is not None
        wanted = _BLOCK if self.recorded.size is None else min(_BLOCK, self.recorded.size + 1 - self.done)
        block = bytearray()
        while len(block) < wanted and (piece := self.answer.read1(wanted - len(block))):
            block += piece
            if time.monotonic() > end and len(block) < wanted:
                raise TimeoutError
        return bytes(block)

    def _open(self, limit: float) -> None:
        if not self.done:
            self.answer = self.web._open("GET", self.url, limit)
            now = seen(self.url, self.answer.headers)
            how = self.recorded.difference(now)
            if how is None and ETAG in self.recorded.marks and ETAG not in now.marks:
                how = "the server tells no ETag any more"
            if how:
                raise changed(self.url, how)
            etag = self.answer.headers.get("ETag", "")
            self.etag, self.length = (etag if etag.startswith('"') else None), now.size
            return
        assert self.etag is not None
        self.answer = self.web._open("GET", self.url, limit, {"Range": f"bytes={self.done}-", "If-Range": self.etag})
        if self.answer.headers.get("ETag", self.etag) != self.etag:
            raise changed(self.url, "it was replaced while it was read")
        if self.answer.status != 206:
            self._skip(self.done)  # it begins at the beginning
        elif not self.answer.headers.get("Content-Range", "").startswith(f"bytes {self.done}-"):
            raise _other_bytes(self.url)

    def _skip(self, count: int) -> None:
        assert self.answer is not None
        while count:
            block = self.answer.read(min(count, _BLOCK))
            if not block:
                raise ShortAnswerError
            count -= len(block)

    def close(self) -> None:
        if self.answer is not None:
            self.answer.close()
            self.answer = None


def _check(url: str, answer: http.client.HTTPResponse, *, in_part: bool) -> None:
    """RemoteError for an answer whose bytes aren't those of the object, from a server that doesn't care what it is asked."""
    if answer.status == 206 and not in_part:
        raise _other_bytes(url)
    encoding = answer.headers.get("Content-Encoding", "")
    if _COMPRESSED & set(encoding.lower().replace(",", " ").split()):
        raise RemoteError(
            f"{url} was asked for as it is, and comes compressed (its Content-Encoding is {encoding}), so it can't be checked; have its "
            "server send it without that encoding, or add the file itself"
        )
    length = answer.headers.get("Content-Length", "")
    if length.isdecimal() and (len(length) > len(str(_LARGEST)) or int(length) > _LARGEST):
        raise RemoteError(f"{url} is said to have {length[:40]} bytes, more than any file can; its server is at fault")


def _other_bytes(url: str) -> RemoteError:
    return RemoteError(f"{url} answers with other bytes than it was asked for; its server is at fault")


def seen(url: str, headers: Message) -> Seen:
    """What the headers of an answer tell. A strong ETag goes without its quotes, as others write it; a weak one is kept whole."""
    length = headers.get("Content-Length", "")
    etag = headers.get("ETag", "").strip()
    strong = len(etag) > 1 and etag[0] == etag[-1] == '"'
    return Seen(url, int(length) if length.isdecimal() else None, {ETAG: etag[1:-1] if strong else etag} if etag else {})
