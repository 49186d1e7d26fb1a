"""A command line in a folder of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import objstore
from objstore.cli.app import app

CONTENT = {"cat.png": "meow" * 500, "dog.png": "woof" * 700, "labels/train.csv": "cat.png,cat\ndog.png,dog\n"}


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def runner() -> CliRunner:
    """click's, with the two output streams apart; so they are anyway since click 8.2."""
    apart: dict[str, Any] = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
    return CliRunner(**apart)


class Cli:
    """Runs commands in `folder`, in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: str, code: int = 0, input: str | None = None) -> Ended:
        """Runs a command that should end with this code. Fails on anything that isn't meant, like a traceback."""
        result = runner().invoke(app, list(words), input=input, prog_name="objstore")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        ended = Ended(result.exit_code, result.stdout, result.stderr)
        assert ended.code == code, ended
        if code > 1:
            assert ended.err.startswith("error: ") and ended.err.count("\n") == 1, ended
        return ended

    def json(self, *words: str, code: int = 0) -> Any:
        return self(*words, "--json", code=code).json

    def write(self, path: str, content: str | bytes) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def fill(self, folder: str = "images") -> Path:
        """A small folder to add."""
        for path, content in CONTENT.items():
            self.write(f"{folder}/{path}", content)
        return self.folder / folder


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """No repository yet."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Cli(folder)


@pytest.fixture
def cli(bare: Cli) -> Cli:
    """An empty repository."""
    bare("init", "--project", "vision")
    return bare


@pytest.fixture
def images(cli: Cli) -> Cli:
    """A repository with `images:v0`, and its folder beside it."""
    cli.fill()
    cli("add", "images")
    return cli


COMMAND = [sys.executable, "-m", "objstore"]


def started(words: Sequence[str], cwd: Path, **how: Any) -> "subprocess.Popen[bytes]":
    """A command in a process of its own."""
    root = str(Path(objstore.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root, **how.pop("env", {})}
    return subprocess.Popen(
        [*COMMAND, *words], cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how
    )


def ran(words: Sequence[str], cwd: Path, **how: Any) -> Ended:
    """A command in a process of its own, when it has ended."""
    process = started(words, cwd, **how)
    out, err = process.communicate(timeout=60)
    return Ended(process.returncode, out.decode(), err.decode())


def git(cli: Cli, *words: str, code: int = 0) -> str:
    """What Git, and the hooks that it runs, say in the folder; fails unless Git ends with this code."""
    environment = {**os.environ, "PYTHONPATH": str(Path(objstore.__file__).parents[1])}
    done = subprocess.run(["git", *words], cwd=cli.folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done
    return done.stdout + done.stderr
