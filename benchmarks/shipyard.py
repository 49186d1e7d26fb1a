"""What the cases about remotes share: a workshop with a server, places on it, and what goes there and comes from there."""

import sys
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from inputs import write_many_files
from measure import Sample, run
from scale import Scale
from servers import Server, Traffic
from workshop import Workshop

_S3FS = Path(__file__).with_name("s3fsfiles.py")
_READ_PART = Path(__file__).with_name("readpart.py")


class Pushed(NamedTuple):
    """A project in a bucket."""

    place: str
    sender: Path


class Shipyard(Workshop):
    """Every place is used once, as every path is."""

    def __init__(self, folder: Path, scale: Scale, repeats: int, server: Server) -> None:
        super().__init__(folder, scale, repeats)
        self._server = server
        self._pushed: dict[str, Pushed] = {}

    @cached_property
    def some(self) -> Path:
        """A folder with a fiftieth of the many files: what would take too long with all."""
        path = self.fresh("some")
        write_many_files(path, max(1, self.scale.many_files // 50), 10, seed=4)
        return path

    def new_place(self) -> str:
        """The URL of a place that has nothing yet."""
        return self._server.place()

    def sender(self, source: Path, name: str, place: str | None = None) -> Path:
        """A new repository whose `name:v0` is `source`, with a new place as its upstream."""
        repository = self.fresh("sender")
        self.added(source, name, repository)
        self.objstore("remote", "add", "origin", place or self.new_place(), "--no-check", repository=repository)
        return repository

    def pushed(self, source: Path, name: str) -> Pushed:
        """A place that has `source` as its `name:v0`, and the repository that brought it there."""
        if name not in self._pushed:
            place = self.new_place()
            sender = self.sender(source, name, place)
            self.straight("push", repository=sender)
            self._pushed[name] = Pushed(place, sender)
        return self._pushed[name]

    def straight(self, *arguments: str | Path, repository: Path | None = None) -> Sample:
        """Runs objstore, past the proxy."""
        return self.objstore(*arguments, repository=repository, environment=self._server.straight)

    def through(self, *arguments: str | Path, repository: Path | None = None) -> Sample:
        """The same, through the proxy."""
        return self.objstore(*arguments, repository=repository, environment=self._server.counted)

    def traffic(self) -> Traffic:
        """What passed the proxy since somebody last asked."""
        return self._server.traffic()

    def counted(self, *arguments: str | Path, repository: Path | None = None) -> Traffic:
        """Runs objstore through the proxy; what passed it."""
        self.traffic()
        self.through(*arguments, repository=repository)
        return self.traffic()

    def read_part(self, place: str, path: str, offset: int, size: int, cache: Path) -> tuple[Sample, Traffic]:
        """Reads a part of a file, with `cache` as the user's cache folder; the sample's output is the seconds without start-up."""
        self._server.traffic()
        environment = {**self._server.counted, "XDG_CACHE_HOME": str(cache)}
        sample = run([sys.executable, _READ_PART, place, path, str(offset), str(size)], environment=environment)
        return sample, self._server.traffic()

    def s3fs(self, operation: str, source: Path | str, target: Path | str) -> Sample:
        """Runs s3fs alone, past the proxy; its output is the seconds of the transfer itself."""
        return run([sys.executable, _S3FS, operation, source, target], environment=self._server.straight)
