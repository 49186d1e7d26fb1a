"""Helper processes for many small files, where Python's own cost per file is what takes the time and threads can't share it.

A member is a Python process that runs `objstore.worktree.member.main`. It knows nothing of the store: it gets a batch of work
through a pipe, and answers with values. It ends when the pipe closes, so it outlives nobody. Where none can be started, or one
has died, the caller does the work itself, with the same functions.
"""

import contextlib
import fcntl
import os
import queue
import struct
import subprocess
import sys
from collections.abc import Sequence
from typing import IO, Self

import msgspec

from objstore.errors import ObjstoreError
from objstore.worktree import tasks
from objstore.worktree.tasks import Answer, Failure, Task

_LENGTH = struct.Struct("<Q")
_DECODER: "msgspec.msgpack.Decoder[Answer]" = msgspec.msgpack.Decoder(Answer)

_BOOT = "import sys; sys.path[:] = sys.argv[1:]; from objstore.worktree.member import main; main()"

FILES_WORTHWHILE = 3000
"""With fewer files, starting processes costs more than they save."""
_PIPE_SIZE = 1024 * 1024
SMALL = 64 * 1024
"""With larger files, in bytes on average, threads do as well."""


def crew_for(files: int, bytes_: int) -> "contextlib.AbstractContextManager[Crew | None]":
    """A crew when there are so many, and so small, files that one pays."""
    return Crew(os.cpu_count() or 1) if files >= FILES_WORTHWHILE and bytes_ < SMALL * files else contextlib.nullcontext()


class Crew:
    """Some members, started at once and stopped at the end. `run` may be called from as many threads as there are members."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._free: queue.SimpleQueue[subprocess.Popen[bytes] | None] = queue.SimpleQueue()
        self._members: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        for _ in range(self.size):
            member = _start()
            if member:
                self._members.append(member)
            self._free.put(member)
        return self

    def __exit__(self, *_: object) -> None:
        for member in self._members:
            for pipe in (member.stdin, member.stdout):
                with contextlib.suppress(OSError):
                    _pipe(pipe).close()
        for member in self._members:
            member.wait()

    def run(self, task: Task) -> Answer:
        """A task's answer; errors of objstore are raised as they would be here."""
        member = self._free.get()
        try:
            answer = None if member is None else _ask(member, task)
            if answer is None:
                member = None  # it has died: from now on its share is done here
                answer = tasks.run(task)
        finally:
            self._free.put(member)
        if isinstance(answer, Failure):
            raise answer.error()
        return answer


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """What a member does until its pipe closes."""
    decoder = msgspec.msgpack.Decoder(Task)
    while (request := _receive(requests)) is not None:
        try:
            answer: Answer = tasks.run(decoder.decode(request))
        except (ObjstoreError, OSError) as error:
            answer = Failure.of(error)
        _send(answers, msgspec.msgpack.encode(answer))


def _start() -> "subprocess.Popen[bytes] | None":
    if not sys.executable:
        return None
    try:
        member = subprocess.Popen(
            [sys.executable, "-c", _BOOT, *_import_path()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None
    for pipe in (member.stdin, member.stdout):
        _widen(_pipe(pipe))
    return member


def _widen(pipe: IO[bytes]) -> None:
    """Lets a batch go through at once, where the system allows it, instead of in sixteen turns."""
    with contextlib.suppress(AttributeError, OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)


def _import_path() -> Sequence[str]:
    return [entry for entry in sys.path if entry]


def _ask(member: "subprocess.Popen[bytes]", task: Task) -> Answer | None:
    try:
        _send(_pipe(member.stdin), msgspec.msgpack.encode(task))
        answer = _receive(_pipe(member.stdout))
    except OSError:
        return None
    return None if answer is None else _DECODER.decode(answer)


def _send(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes | None:
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(head)
    data = pipe.read(size)
    return data if len(data) == size else None


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
