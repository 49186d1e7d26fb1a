"""A shared place in memory, programs that work in it, and somebody who decides which of them goes on next.

The programs are the real ones; each is a coroutine, and one runs at a time. Before whatever others can notice, or what others can have
changed, a program waits to be told to go on. Nothing else of what they do depends on time, chance or threads; so what a program does next
depends on what it has seen of the place so far, and on nothing else.
"""

import contextlib
import fcntl
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import greenlet
import pytest

from objstore.blobs.memory import MemoryBlobs
from objstore.blobs.protocol import Listed
from objstore.errors import RemoteError
from objstore.history import log
from objstore.host import clock
from objstore.manifest import split
from objstore.odb import cache, database, draft, remotedatabase, repack
from objstore.odb.blocks import Blocks
from objstore.odb.keptsegments import KeptSegments
from objstore.odb.pack import PackClass
from objstore.odb.packwriter import PackWriter
from objstore.repository import collector
from objstore.repository.project import Project
from objstore.repository.settings import NAME, Settings
from objstore.sync import receiving
from objstore.values.digest import plain
from tests.gcmodel.tables import MemoryTables

Noticed = Callable[[str, str, bool], bool]
"""Whether a program waits before a step: what it is (create, read, list, delete), of which name, and whether there is such a name."""


class Crash(greenlet.GreenletExit):
    """The program is gone, as after kill -9."""


@dataclass
class Program:
    """One that works in the place."""

    name: str
    work: Callable[[Project], None]
    is_open: bool = False
    """Whether it has opened the project: that is before anybody does anything."""
    waits_for: tuple[str, str] | None = ("begin", "")
    """The step that it is about to take; None once it has ended."""
    error: BaseException | None = None
    is_dead: bool = False
    seen: bytes = b""
    """Stands for all that it has seen of the place so far."""
    fault: str = ""
    """What befalls it at its next step."""
    names: Iterator[int] = field(default_factory=itertools.count)
    appended: int = 0
    """How many log entries."""
    ids: Iterator[int] = field(default_factory=itertools.count)
    """Begins anew with each step: what is tried again is the same again."""


class Steps:
    """A BlobStore as one program sees it."""

    root = None
    location = "the place"

    def __init__(self, world: "World", program: Program, scratch: Path) -> None:
        self._world = world
        self._program = program
        self._blobs = world.blobs
        self.scratch = scratch

    def create(self, name: str, data: bytes, /) -> None:
        self._step("create", name, lambda: self._blobs.create(name, data))

    def adopt(self, name: str, file: Path, /) -> None:
        data = file.read_bytes()
        file.unlink()
        self._step("create", name, lambda: self._blobs.create(name, data))

    def replace(self, name: str, file: Path, /) -> None:
        raise AssertionError("nothing is replaced here")

    def read(self, name: str, /) -> bytes:
        return bytes(self._step("read", name, lambda: self._blobs.read(name)))

    def read_ranges(self, name: str, ranges: Iterable[tuple[int, int]], /) -> Iterator[bytes]:
        wanted = list(ranges)
        return iter(self._step("read", name, lambda: list(self._blobs.read_ranges(name, wanted))))

    def read_part(self, name: str, offset: int, most: int, /) -> bytes:
        return bytes(self._step("read", name, lambda: self._blobs.read_part(name, offset, most)))

    def size(self, name: str, /) -> int:
        return int(self._step("read", name, lambda: self._blobs.size(name)))

    def has(self, name: str, /) -> bool:
        return bool(self._step("read", name, lambda: self._blobs.has(name)))

    def list(self, prefix: str, /) -> Iterator[tuple[str, int]]:
        return iter(self._step("list", prefix, lambda: sorted(self._blobs.list(prefix))))

    def list_dated(self, prefix: str, /) -> Iterator[Listed]:
        return (Listed(name, size, 0.0) for name, size in self.list(prefix))

    def delete(self, name: str, /) -> None:
        self._step("delete", name, lambda: self._blobs.delete(name))

    def close(self) -> None:
        pass

    def _step(self, what: str, name: str, act: Callable[[], Any]) -> Any:
        program = self._program
        if program.is_dead:
            raise Crash
        self._world.wait(program, what, name)
        fault, program.fault = program.fault, ""
        if fault == "crash before":
            program.is_dead = True
            raise Crash
        try:
            found = act()
        except Exception as error:
            self._note(f"{what} {name} {type(error)}")
            raise
        program.appended += what == "create" and name.startswith("log/")
        self._note(f"{what} {name} {found!r}")
        if fault == "crash after":
            program.is_dead = True
            raise Crash
        if fault == "lost":
            raise RemoteError("the answer was lost")
        return found

    def _note(self, text: str) -> None:
        self._program.seen = plain(self._program.seen + text.encode())


class PlaceInMemory:
    """What a project in a bucket needs of that (repository.bucket.Bucket)."""

    name = "default/model"

    def __init__(self, blobs: Any, folder: Path) -> None:
        self.blobs = blobs
        self.folder = folder

    def settings(self) -> Settings:
        return Settings.decode(self.blobs.read(NAME))

    def check_still_there(self, settings: Settings) -> None:
        pass

    def forget(self) -> None:
        pass


class World:
    """One run of some programs, in a place that begins with some blobs."""

    def __init__(self, begins_with: Mapping[str, bytes], programs: Sequence[Program], folder: Path, noticed: Noticed) -> None:
        self.blobs = MemoryBlobs()
        self.programs = programs
        self._folder = folder
        self._noticed = noticed
        self._decider = greenlet.getcurrent()
        self._coroutines = {program.name: greenlet.greenlet(self._run) for program in programs}
        for name, data in begins_with.items():
            self.blobs.create(name, data)
        for program in programs:
            self.go_on(program)

    def wait(self, program: Program, what: str, name: str) -> None:
        """From a program's side: before a step."""
        if program.is_open and self._noticed(what, name, self.blobs.has(name)):
            program.waits_for = (what, name)
            self._decider.switch()

    def go_on(self, program: Program, fault: str = "") -> None:
        """Has a program take its next step, and go on until the one after that."""
        program.fault = fault
        program.ids = itertools.count()
        self._decider = greenlet.getcurrent()
        self._coroutines[program.name].switch(program)

    def stop(self) -> None:
        """Ends all that are still at it."""
        for program in self.programs:
            while program.waits_for is not None:
                program.is_dead = True
                self.go_on(program)

    def state(self) -> bytes:
        """What the rest of the run depends on."""
        names = sorted((name, data if name.startswith("log/") else b"") for name, data in self.blobs._blobs.items())
        programs = [(p.seen, p.waits_for, p.is_dead) if p.waits_for else repr(p.error) for p in self.programs]
        return plain(repr((names, programs)).encode())

    def _run(self, program: Program) -> None:
        greenlet.getcurrent().program = program
        try:
            scratch = self._folder / program.name / "scratch"
            scratch.mkdir(parents=True, exist_ok=True)
            with open_place(Steps(self, program, scratch), scratch.parent) as project:
                program.is_open = True
                program.work(project)
        except BaseException as error:
            program.error = error
        program.waits_for = None


def open_place(blobs: Any, folder: Path) -> Project:
    return Project(folder, bucket=PlaceInMemory(blobs, folder))  # type: ignore[arg-type]


class Inline:
    """A pool whose work is done at once by whoever submits it, so that there is one order of steps."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def submit(self, work: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        try:
            done.set_result(work(*arguments))
        except Exception as error:
            done.set_exception(error)
        return done

    def map(self, work: Callable[..., Any], items: Iterable[Any]) -> list[Any]:
        return [work(item) for item in items]

    def shutdown(self, **_: object) -> None:
        pass

    def __enter__(self) -> "Inline":
        return self

    def __exit__(self, *_: object) -> None:
        pass


class NoFile:
    """Of a draft that nobody else on this machine will look for."""

    @classmethod
    def create(cls, _: Path) -> "NoFile":
        return cls()

    @classmethod
    def abandoned(cls, _: Path) -> Iterator[Any]:
        return iter(())

    def add(self, pack: str) -> None:
        pass

    def use(self, packs: Iterable[str]) -> None:
        pass

    def build_on(self, root: str) -> None:
        pass

    def release(self) -> None:
        pass

    def remove(self) -> None:
        pass


class PackInMemory(PackWriter):
    """One that is in a file only when it is complete."""

    def __init__(self, path: Path, pack_class: PackClass, generation: int) -> None:
        super().__init__(path, pack_class, generation)
        super().close()
        path.unlink()
        self._bytes = bytearray()

    def read(self, offset: int, size: int) -> bytes:
        self._flush()
        return bytes(self._bytes[offset : offset + size])

    def finish(self) -> tuple[bytes, int]:
        finished = super().finish()
        self.path.write_bytes(self._bytes)
        return finished

    def _write_vector(self, pieces: list[bytes | memoryview]) -> None:
        self._bytes += b"".join(pieces)
        self._written = len(self._bytes)


@contextlib.contextmanager
def modelled(*, small: float = 0.0) -> Iterator[None]:
    """While inside, programs take no time, chance or threads of their own, and what they remember is in memory.

    `small`: up to which size packs are merged though nothing in them is dead.
    """
    counts = itertools.count()

    def random(count: int) -> bytes:
        program = getattr(greenlet.getcurrent(), "program", None)
        if program is None:
            return plain(str(next(counts)).encode())[:count]
        which = (program.appended, next(program.ids)) if count == 16 else next(program.names)
        return plain(f"{program.name} {which}".encode())[:count]

    with pytest.MonkeyPatch.context() as patch:
        for module in (log, draft, remotedatabase, collector, receiving):
            patch.setattr(module, "ThreadPoolExecutor", Inline)
        patch.setattr(cache, "Tables", MemoryTables)
        patch.setattr(repack, "_SMALL", small)
        patch.setattr(split, "BELOW", 100)
        patch.setattr(os, "urandom", random)
        patch.setattr(os, "getpid", lambda: 1)  # what is explored apart is no other process to a program
        # Each has a folder of its own, but shares it with what it might have become otherwise: so nothing in it may matter.
        patch.setattr(fcntl, "flock", lambda *_: None)
        patch.setattr(database, "DraftFile", NoFile)
        patch.setattr(draft, "PackWriter", PackInMemory)
        patch.setattr(Blocks, "_load", lambda *_: None)
        patch.setattr(Blocks, "_keep", lambda *_: None)
        patch.setattr(KeptSegments, "read", lambda *_: None)
        patch.setattr(KeptSegments, "keep", lambda *_: None)
        patch.setattr(clock, "text_of", lambda _: "2026-11-22T00:00:00Z")
        yield
