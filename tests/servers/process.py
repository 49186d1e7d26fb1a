"""Server processes that never outlive the tests, however those end."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

# Linux kills the server when its parent has gone, also by SIGKILL (prctl(2), PR_SET_PDEATHSIG); elsewhere only an orderly end does.
_DIE_WITH_PARENT = """
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


def program(name: str, package: str) -> str:
    """The path of a program that a package brings; skips the test without it."""
    found = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name} (pip install {package})")
    return found


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, nor 10000 above them, where some servers open a second one."""
    found: list[int] = []
    while len(found) < count:
        port = random.SystemRandom().randrange(20000, 30000)
        if port not in found and _is_free(port) and _is_free(port + 10000):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextlib.contextmanager
def running(command: Sequence[str], folder: Path, is_ready: Callable[[], bool], seconds: float = 60) -> Iterator[None]:
    """Runs a server in `folder` until the block ends, which begins when it is ready."""
    log = folder / "server.log"
    with log.open("wb") as output:
        launch = [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, str(os.getpid()), *command]
        # A session of its own, so that Ctrl-C reaches the tests first, which then stop it.
        process = subprocess.Popen(launch, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    try:
        until = time.monotonic() + seconds
        while not is_ready():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{Path(command[0]).name} didn't start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)
        yield
    finally:
        # Not asked to end: some take seconds for it, and nothing of theirs is kept.
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        process.wait()


def answer(url: str) -> tuple[int, bytes]:
    """Status and body that a URL answers with; 0 if nobody listens."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except OSError:
        return 0, b""
