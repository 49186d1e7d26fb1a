"""Wall time, processor time and peak memory of a command."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO

_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


class CommandFailedError(Exception):
    """A measured command ended with an exit code that it shouldn't."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of a command."""

    seconds: float
    cpu_seconds: float
    private_bytes: int | None  # None where the system doesn't tell, or the run was too short or not watched
    rss_bytes: int
    output: str


@dataclass(frozen=True, slots=True)
class Runs:
    """Several runs of one command: the median of their times, the maximum of their memory."""

    samples: Sequence[Sample]

    @property
    def seconds(self) -> float:
        return median(sample.seconds for sample in self.samples)

    @property
    def private_bytes(self) -> int | None:
        return max((sample.private_bytes for sample in self.samples if sample.private_bytes is not None), default=None)

    @property
    def rss_bytes(self) -> int:
        return max(sample.rss_bytes for sample in self.samples)


def run(
    command: Sequence[str | os.PathLike[str]],
    cwd: Path | None = None,
    *,
    watch: bool = True,
    settle: bool = True,
    environment: Mapping[str, str] | None = None,
    code: int = 0,
) -> Sample:
    """Runs `command` to its end; CommandFailedError unless it exits with `code`.

    `settle` writes out first what is still dirty, so that no run pays for the writes of the one before it. `watch` samples
    the memory. `rss_bytes` is never less than this process's own, since the kernel counts from before the exec: keep it small.
    """
    if settle:
        os.sync()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
        watcher = _MemoryWatcher(process.pid) if watch else None
        try:
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            if watcher:
                watcher.stop()
        if process.returncode != code:
            raise CommandFailedError(f"{_shown(command)} exited with {process.returncode}: {_text(errors)[-2000:] or _text(out)[-2000:]}")
        return Sample(seconds, usage.ru_utime + usage.ru_stime, watcher.peak if watcher else None, usage.ru_maxrss * _RSS_UNIT, _text(out))


def in_turn(repeats: int, reference: Callable[[int], Sample], subject: Callable[[int], Sample], touched: int = 0) -> tuple[Runs, Runs]:
    """Runs reference, subject, reference, subject, …, so that both meet the same weather; each is told its turn's number.

    `touched`: bytes of free memory that are written to before each run. On a virtual machine, memory that nobody has used for a while may
    have gone back to the host, and is ten times slower the next time: copying a file may take 0.3 s or 3 s for that alone.
    """
    pairs = []
    for turn in range(repeats):
        _touch_free_memory(touched)
        first = reference(turn)
        _touch_free_memory(touched)
        pairs.append((first, subject(turn)))
    return Runs([first for first, _ in pairs]), Runs([second for _, second in pairs])


def _touch_free_memory(size: int) -> None:
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    size = min(size, free * 3 // 4)  # more would drive files out of the cache
    if size:
        subprocess.run([sys.executable, "-c", f"bytearray(b'x') * {size}"], check=True)


class _MemoryWatcher:
    """Samples the private memory of a process and its descendants every 20 ms and keeps the maximum.

    Reading smaps_rollup holds a lock that the process needs to map memory, and takes longer the more it has mapped; so the
    pauses grow with it, and watching never takes more than a twentieth of the time.
    """

    def __init__(self, pid: int) -> None:
        self.peak: int | None = None
        self._pid = pid
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        pause = 0.0
        while not self._done.wait(pause):
            start = time.perf_counter()
            now = _private_bytes_of_tree(self._pid)
            if now is not None:
                self.peak = max(self.peak or 0, now)
            pause = max(0.02, 20 * (time.perf_counter() - start))


def _private_bytes_of_tree(pid: int) -> int | None:
    """Bytes that would come free if the process and its descendants ended; None when it is gone or the system doesn't tell."""
    own = _private_bytes(pid)
    if own is None:
        return None
    return own + sum(_private_bytes_of_tree(child) or 0 for child in _children(pid))


def _private_bytes(pid: int) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    kib = [int(line.split()[1]) for line in lines if line.startswith(("Private_Clean:", "Private_Dirty:"))]
    return sum(kib) * 1024 if kib else None


def _children(pid: int) -> list[int]:
    try:
        found = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    return [int(child) for line in found for child in line.split()]


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace").strip()


def _shown(command: Sequence[str | os.PathLike[str]]) -> str:
    return " ".join(os.fspath(part) for part in command)
