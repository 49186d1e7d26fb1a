"""An S3 server to measure against, reached straight or through a proxy that counts."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure import CommandFailedError

_WRITES = ("PUT", "POST", "DELETE")


@dataclass(frozen=True, slots=True)
class Request:
    """One that has passed the proxy: its target with the query, the bytes of its body, those of the answer's."""

    method: str
    path: str
    sent: int
    received: int
    status: int

    @property
    def kind(self) -> str:
        """The method, and what of a project it was for: `GET index`."""
        return f"{self.method} {'listing' if 'list-type=' in self.path else self._part}"

    @property
    def _part(self) -> str:
        parts = self.path.partition("?")[0].split("/")[3:]  # after the bucket and the project
        return "log" if parts[:1] == ["log"] else parts[0] if parts else "bucket"


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests."""

    requests: list[Request]

    @property
    def writes(self) -> int:
        return sum(request.method in _WRITES for request in self.requests)

    @property
    def bytes(self) -> int:
        """Sent and received, without headers."""
        return sum(request.sent + request.received for request in self.requests)

    def __str__(self) -> str:
        kinds = Counter(request.kind for request in self.requests)
        return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))

    @classmethod
    def most(cls, several: Iterable["Traffic"]) -> "Traffic":
        """The one with the most requests."""
        return max(several, key=lambda traffic: len(traffic.requests))


class Server:
    """A server with one bucket. `straight` and `counted` are the environments for who goes there past the proxy, or through it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        about = self._heard()
        self._bucket = about["url"]
        self.straight = _environment(about, about["endpoint"])
        self.counted = _environment(about, about["proxy"])

    def place(self) -> str:
        """The URL of a place that nobody uses."""
        return f"{self._bucket}/{os.urandom(8).hex()}"

    def traffic(self) -> Traffic:
        """What has passed the proxy since the last call."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return Traffic([Request(**request) for request in self._heard()])

    def _heard(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise CommandFailedError("the server didn't start, or has ended; it needs `pip install 'objstore[test,s3]'`")
        return json.loads(line)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server that keeps its data in a new folder."""
    folder.mkdir()
    command = [sys.executable, str(Path(__file__).with_name("serving.py")), str(folder)]
    # A session of its own, so that Ctrl-C ends what is measured first.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        yield Server(process)


def _environment(about: Mapping[str, str], endpoint: str) -> dict[str, str]:
    given = {"AWS_ACCESS_KEY_ID": about["key"], "AWS_SECRET_ACCESS_KEY": about["secret"], "AWS_ENDPOINT_URL": endpoint}
    return {**{name: value for name, value in os.environ.items() if not name.startswith("AWS_")}, **given}
