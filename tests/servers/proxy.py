"""A proxy in front of an HTTP server: it counts what passes, and breaks what it is told to break.

Requests go on as they came, with the Host header of the proxy itself, so that signatures stay valid. Bodies stream in large pieces.
"""

import asyncio
import contextlib
import dataclasses
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from tests.servers.bucket import Bucket

_PIECE = 256 << 10
_BUSY = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"

Kind = Literal[
    "busy",  # 503 SlowDown; the server never sees it
    "stall",  # passed on after `seconds`
    "lost",  # carried out, but the connection closes without an answer
    "reset",  # the connection is reset in the middle of the answer's body
    "truncate",  # the connection closes in the middle of the answer's body
    "short",  # the answer has half its body, and says that this is all
    "trickle",  # the answer's body comes byte by byte, `seconds` from one to the next
    "flip",  # one byte in the middle of the answer's body is another
]


@dataclass
class Request:
    """One request that passed, or should have: its target with the query, the bytes of its body, those of the answer's."""

    method: str
    path: str
    sent: int = 0
    received: int = 0
    status: int = 0


@dataclass
class Fault:
    """What befalls the requests for which `matches(method, path)`: none of the first `skip` of them, then `times`, then none again."""

    kind: Kind
    matches: Callable[[str, str], bool] = lambda method, path: True
    times: int = 1
    skip: int = 0
    seconds: float = 2

    def befalls(self, request: Request) -> bool:
        if not self.times or not self.matches(request.method, request.path):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass
class Proxy:
    """`bucket` is the one behind, reached through here. `requests`: all since the last `reset`, in the order of their arrival."""

    bucket: Bucket
    requests: list[Request] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def reset(self) -> None:
        """Forgets what passed, and what should befall what comes."""
        self.requests.clear()
        self.faults.clear()

    def seen(self) -> list[str]:
        """The methods of the requests."""
        return [request.method for request in self.requests]


@contextlib.contextmanager
def proxied(bucket: Bucket) -> Iterator[Proxy]:
    """A proxy in front of a bucket's server, in a thread of its own."""
    target = urlsplit(bucket.endpoint)
    loop, ready = asyncio.new_event_loop(), threading.Event()
    found: list[Proxy] = []
    ended = asyncio.Event()

    async def serve() -> None:
        connections: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = loop.create_task(_Connection(found[0], str(target.hostname), int(target.port or 80), reader, writer).run())
            connections.add(task)
            task.add_done_callback(connections.discard)

        server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=4 * _PIECE)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        options = {**bucket.options, "endpoint_url": url}
        found.append(Proxy(dataclasses.replace(bucket, endpoint=url, options=options)))
        ready.set()
        await ended.wait()
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    def run() -> None:
        with contextlib.closing(loop):
            loop.run_until_complete(serve())

    thread = threading.Thread(target=run, name="proxy")
    thread.start()
    ready.wait()
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()


class _Connection:
    """One client's connection, with one of its own to the server."""

    def __init__(self, proxy: Proxy, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.proxy = proxy
        self.address = (host, port)
        self.client, self.to_client = reader, writer

    async def run(self) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            self.server, self.to_server = await asyncio.open_connection(*self.address, limit=4 * _PIECE)
            try:
                while await self.pass_one():
                    pass
            finally:
                self.to_server.transport.abort()
        self.to_client.close()

    async def pass_one(self) -> bool:
        """Passes one request and its answer; whether another may follow on this connection."""
        head = await self.client.readuntil(b"\r\n\r\n")
        (method, path, _), headers = _parsed(head)
        request = Request(method, path)
        self.proxy.requests.append(request)
        kind, seconds = next(((fault.kind, fault.seconds) for fault in list(self.proxy.faults) if fault.befalls(request)), ("", 0.0))
        if "expect" in headers:
            self.to_client.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            head = b"\r\n".join(line for line in head.split(b"\r\n") if not line.lower().startswith(b"expect:"))
        if kind == "stall":
            await asyncio.sleep(seconds)
        if kind != "busy":
            self.to_server.write(head)
        async for piece, content in _body(self.client, headers):
            request.sent += len(content)
            if kind != "busy":
                self.to_server.write(piece)
                await self.to_server.drain()
        if kind == "busy":
            request.status = 503
            self.to_client.write(
                b"HTTP/1.1 503 Slow Down\r\nContent-Length: %d\r\n\r\n" % len(_BUSY) + (b"" if method == "HEAD" else _BUSY)
            )
            await self.to_client.drain()
            return True
        return await self.answer(request, kind, seconds)

    async def answer(self, request: Request, kind: str, seconds: float) -> bool:
        head = await self.server.readuntil(b"\r\n\r\n")
        (_, status, *_), headers = _parsed(head)
        request.status = int(status)
        if request.method == "HEAD" or status in ("204", "304"):
            headers = {**headers, "content-length": "0"}
        elif "content-length" not in headers and "transfer-encoding" not in headers:
            headers["content-length"] = "-1"
        body = _body(self.server, headers)
        if kind in ("", "stall", "trickle"):
            self.to_client.write(head)
            async for piece, content in body:
                request.received += len(content)
                for part in [bytes([byte]) for byte in piece] if kind == "trickle" else [piece]:
                    await asyncio.sleep(seconds if kind == "trickle" else 0)
                    self.to_client.write(part)
                    await self.to_client.drain()
        else:
            whole = b"".join([content async for _, content in body])
            request.received += len(whole)
            await self.answer_badly(kind, head, whole)
        ends = kind in ("lost", "reset", "truncate") or headers.get("content-length") == "-1"  # even if there was nothing to break
        return not ends and headers.get("connection", "").lower() != "close"

    async def answer_badly(self, kind: str, head: bytes, body: bytes) -> None:
        if kind == "lost":
            return
        if not body:  # there is nothing to break
            self.to_client.write(head)
            return
        half, length = len(body) // 2, len(body)
        body = body[:half] + (bytes([body[half] ^ 1]) + body[half + 1 :] if kind == "flip" else b"")
        if kind == "short":
            length = half
        first, *lines = head[:-4].split(b"\r\n")
        kept = [line for line in lines if not line.lower().startswith((b"content-length:", b"transfer-encoding:"))]
        self.to_client.write(b"\r\n".join([first, *kept, b"Content-Length: %d" % length, b"", b""]) + body)
        await self.to_client.drain()
        if kind == "reset":
            await asyncio.sleep(0.05)  # what was sent before a reset should be read before it
            linger = struct.pack("ii", 1, 0)  # so that closing resets
            self.to_client.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.to_client.transport.abort()


def _parsed(head: bytes) -> tuple[list[str], dict[str, str]]:
    """The parts of the first line, and the headers by their names in small letters."""
    first, *lines = head.decode("latin-1").split("\r\n")
    return first.split(" ", 2), {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> AsyncIterator[tuple[bytes, bytes]]:
    """A body in pieces as they come, each with what of it is content; -1 for its length means up to the end."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        while True:
            line = await reader.readuntil(b"\r\n")
            size = int(line.split(b";")[0], 16)
            if size:
                content = await reader.readexactly(size + 2)
                yield line + content, content[:-2]
                continue
            yield line, b""
            while line != b"\r\n":  # trailers, and the empty line after them
                line = await reader.readuntil(b"\r\n")
                yield line, b""
            return
    left = int(headers.get("content-length", 0))
    while left:
        piece = await reader.read(_PIECE if left < 0 else min(left, _PIECE))
        if not piece:
            if left > 0:
                raise asyncio.IncompleteReadError(b"", left)
            return
        left -= len(piece) if left > 0 else 0
        yield piece, piece
