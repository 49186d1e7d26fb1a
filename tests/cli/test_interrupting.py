"""Ctrl-C at any moment of a command's life: at most one line, and an exit code that is true.

From the first statement of `main` on, that is. Before it Python starts (some 10 ms) and imports `objstore` and the three small modules
that `main` is in and needs (some 2 ms): a Ctrl-C then is answered by Python alone, with a traceback if it is far enough to print one.
Nothing that can be done about that has its place in a library that other programs import too. So the tests begin where `main` does.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import objstore
from tests.cli.conftest import Cli, Ended
from tests.repository.stores import temporary_files

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(objstore.__file__).parents[1])}
ENVIRONMENT.pop("PYTHONUNBUFFERED", None)  # output that is still in a buffer must not be lost either

_TELLING = """
import os, sys
from objstore.cli import interrupting, main
begin = interrupting.begin

def telling():
    begin()
    {then}

interrupting.begin = telling
main.main()
"""

# Among them one that KeyboardInterrupt can't leave: Python prints "Exception ignored in …" and goes on.
_AT = {
    "right at the start": "os.kill(os.getpid(), 2)",
    "while click is loaded": """
    class Finder:
        def find_spec(self, name, *rest):
            if name == "click": os.kill(os.getpid(), 2)
    sys.meta_path.insert(0, Finder())""",
    "in a callback while the command is loaded": """
    class Value: pass
    import weakref
    class Finder:
        def find_spec(self, name, *rest):
            if name == "objstore.cli.commands.list":
                value = Value()
                noted.append(weakref.ref(value, lambda _: os.kill(os.getpid(), 2)))
    noted = []
    sys.meta_path.insert(0, Finder())""",
}
_WORKING = """
    from objstore.odb.packwriter import PackWriter
    real = PackWriter.append
    def append(*arguments):
        PackWriter.append = real
        os.kill(os.getpid(), 2)
        return real(*arguments)
    PackWriter.append = append"""
_DONE = """
    import click
    real = click.Context.__exit__
    def leave(context, *rest):
        if context.parent is None and context._depth == 1: os.kill(os.getpid(), 2)
        return real(context, *rest)
    click.Context.__exit__ = leave"""
_EXITING = "import atexit; atexit.register(os.kill, os.getpid(), 2)"
_LAST = """
    class Last:
        def __del__(self, kill=os.kill, pid=os.getpid()): kill(pid, 2)
    sys.modules["last"] = Last()"""


def _command(then: str, *words: str) -> list[str]:
    return [sys.executable, "-c", _TELLING.format(then=then), *words]


def _ran(command: list[str], folder: Path) -> Ended:
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60)
    return Ended(done.returncode, done.stdout, done.stderr)


def test_little_is_loaded_before_ctrl_c_is_seen_to(images: Cli) -> None:
    said = _ran(_command("print(*sys.modules, flush=True); os.kill(os.getpid(), 2)", "list"), images.folder)
    ours = {name for name in said.out.split() if name.startswith("objstore")}
    assert ours == {"objstore", "objstore.errors", "objstore.cli", "objstore.cli.main", "objstore.cli.interrupting"}
    assert not {"signal", "enum", "typing", "click"} & set(said.out.split())


@pytest.mark.parametrize("moment", list(_AT))
def test_ctrl_c_while_the_command_is_loaded_is_one_line(images: Cli, moment: str) -> None:
    assert _ran(_command(_AT[moment], "list"), images.folder) == Ended(130, "", "interrupted\n")


def test_ctrl_c_while_the_command_works_lets_it_clean_up(images: Cli) -> None:
    images.write("data/f", os.urandom(100_000))
    assert _ran(_command(_WORKING, "add", "data"), images.folder) == Ended(130, "", "interrupted\n")
    assert temporary_files(images.folder) == []


@pytest.mark.parametrize("moment", [_DONE, _EXITING], ids=["the command is done", "the interpreter ends"])
def test_ctrl_c_comes_too_late_once(images: Cli, moment: str) -> None:
    assert _ran(_command(moment, "list"), images.folder) == Ended(0, images("list").out, "")


def test_ctrl_c_while_the_interpreter_ends_leaves_the_exit_code(images: Cli) -> None:
    failed = _ran(_command(_EXITING, "log", "nothing"), images.folder)
    assert (failed.code, failed.out, failed.err.count("\n")) == (3, "", 1)


def test_ctrl_c_when_the_interpreter_has_given_up_its_handlers_is_quiet(images: Cli) -> None:
    ended = _ran(_command(_LAST, "list"), images.folder)
    assert (ended.out, ended.err) == (images("list").out, "")
    assert ended.code in (0, -signal.SIGINT)  # it is the system that ends it then


def test_where_ctrl_c_is_ignored_it_still_is(images: Cli) -> None:
    """As for a background job of a shell script."""
    command = _command(_AT["right at the start"], "list")
    ended = _ran(["sh", "-c", "trap '' INT; exec \"$@\"", "sh", *command], images.folder)
    assert ended == Ended(0, images("list").out, "")


def test_another_program_s_handler_is_left_alone(images: Cli) -> None:
    """The commands run in this very process here."""
    before = signal.getsignal(signal.SIGINT)
    images("list")
    assert signal.getsignal(signal.SIGINT) is before


def _interrupted_after(milliseconds: float, words: list[str], folder: Path) -> Ended:
    """A command that gets a Ctrl-C so long after `main` has begun, unless it has ended by then."""
    reading, writing = os.pipe()
    process = subprocess.Popen(
        _command(f"os.write({writing}, b'.')", *words),
        cwd=folder,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=[writing],
    )
    os.close(writing)
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        assert pipe.read(1) == b"."
    try:
        out, err = process.communicate(timeout=milliseconds / 1000)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    return Ended(process.returncode, out, err)


# What the next `add` warns of when the one before was interrupted between its version and its pin.
_HALF_PINNED = "when it was changed, not what its pin said"


@pytest.mark.slow
@pytest.mark.parametrize("words", [["list"], ["add", "data"]], ids=" ".join)
def test_ctrl_c_at_any_moment_is_quiet(images: Cli, words: list[str]) -> None:
    images.write("data/small.txt", "small")
    ends = []
    for moment in range(40):
        images.write("data/big.bin", os.urandom(3 << 20))
        ended = _interrupted_after(moment * 7.5, words, images.folder)
        if ended.code == 130:
            assert ended.err == "interrupted\n"
        else:  # done already; in the interpreter's last moments, when it has given up its handlers, the system ends it instead
            assert ended.code in (0, -signal.SIGINT) and ended.out, ended
            assert ended.err == "" or (ends[-1:] == [130] and _HALF_PINNED in ended.err and ended.err.count("\n") == 1), ended
        ends.append(ended.code)
    assert ends[0] == 130
    assert images("fsck").out.endswith("no problems\n")
