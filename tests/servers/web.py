"""A web server on loopback whose pages behave as they are told to."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Page:
    """What a path answers. `cuts`: how many of the next bodies break off in their middle. `heads`: the status of a HEAD, unless 200.

    `every`: after so many seconds the body is sent again, for ever. `headers`: in place of those that it would have.
    """

    body: bytes = b""
    etag: str | None = None
    status: int = 200
    heads: int = 200
    to: str | None = None
    cuts: int = 0
    tells_length: bool = True
    ranges: bool = True
    password: str | None = None
    every: float | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Site:
    """`pages` by path; `requests`: method, path and Authorization of all that came."""

    url: str = ""
    pages: dict[str, Page] = field(default_factory=dict)
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)

    def methods(self) -> list[str]:
        return [method for method, _, _ in self.requests]


@contextlib.contextmanager
def serving() -> Iterator[Site]:
    """A server of its own, in a thread."""
    site = Site()
    ends = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, *, body: bool) -> None:
            site.requests.append((self.command, self.path, self.headers.get("Authorization")))
            page = site.pages.get(self.path, Page(status=404))
            status = page.status if body else (page.heads if page.heads != 200 else page.status)
            if page.password is not None and self.headers.get("Authorization") != page.password:
                status = 401
            if page.to is not None:
                status = 302
            data, headers = (page.body if status in (200, 206, 302) else b""), {}
            asked = self.headers.get("Range")
            if asked and status == 200 and page.ranges and self.headers.get("If-Range") == page.etag:
                start = int(asked.removeprefix("bytes=").removesuffix("-"))
                status, headers["Content-Range"] = 206, f"bytes {start}-{len(data) - 1}/{len(data)}"
                data = data[start:]
            self.send_response(status)
            for name, value in {**headers, "ETag": page.etag, "Location": page.to, **page.headers}.items():
                if value is not None:
                    self.send_header(name, value)
            if "Content-Length" in page.headers:
                pass
            elif page.tells_length:
                self.send_header("Content-Length", str(len(data)))
            else:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            if body and page.cuts and data:
                page.cuts -= 1
                data, self.close_connection = data[: len(data) // 2], True
            if body:
                self.wfile.write(data)
            while body and page.every is not None and not ends.wait(page.every):
                self.wfile.write(data)

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Nothing to tell: clients hang up when they have seen enough."""

    with Server(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        site.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="web")
        thread.start()
        try:
            yield site
        finally:
            ends.set()
            server.shutdown()
            thread.join()
