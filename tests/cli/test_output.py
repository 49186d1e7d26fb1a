"""Sizes, colours, progress."""

import io
import re
import sys
import time

import pytest

from objstore.cli import progress
from objstore.cli.app import app
from objstore.cli.output import print_columns, printable
from objstore.cli.progress import Bar
from objstore.cli.sizes import counted, size
from objstore.host.progress import Silent
from tests.cli.conftest import Cli, runner


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (1024**2 - 1, "1.0 MiB"),
        (1024**2, "1.0 MiB"),
        (int(4.1 * 1024**3), "4.1 GiB"),
        (2**80, "1048576.0 EiB"),
    ],
)
def test_sizes_are_short(count: int, text: str) -> None:
    assert size(count) == text


def test_counts_have_their_noun() -> None:
    assert [counted(number, "file") for number in (0, 1, 1203)] == ["0 files", "1 file", "1,203 files"]


def test_what_a_terminal_would_obey_is_shown_instead() -> None:
    assert printable("a\x1b[31m\nb\x9b\u2028\udcff") == "a\\x1b[31m\\nb\\x9b\\u2028\\udcff"
    assert printable("\u202evsc.exe\u2066") == "\\u202evsc.exe\\u2066", "they would turn round the rest of the line, or what is in it"
    assert printable("grün → ✓ שלום\u200f") == "grün → ✓ שלום\u200f"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_silent_when_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress.progress() as shown:
        assert isinstance(shown, Silent)


def test_progress_says_nothing_of_short_work(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress.progress() as shown:
        shown.start("adding", files=10)
        shown.advance(files=10)
    assert terminal.getvalue() == ""


def test_progress_of_long_work_tells_stage_files_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "_PATIENCE", -1)
    monkeypatch.setattr(progress, "_INTERVAL", 0)
    with progress.progress() as shown:
        assert isinstance(shown, Bar)
        shown.start("scanning")
        shown.advance(files=7)
        shown.start("adding", files=1203, bytes_=4 << 30)
        shown.advance(files=800, bytes_=1 << 30)
        shown.advance(files=3)
    said = terminal.getvalue()
    assert "scanning" in said and "adding" in said
    assert "803/1,203 files" in said and "1.0 GiB of 4.0 GiB" in said


def test_progress_tells_the_rate_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "_PATIENCE", -1)
    monkeypatch.setattr(progress, "_INTERVAL", 0)
    with progress.progress() as shown:
        shown.start("sending", bytes_=4 << 20)
        for _ in range(4):
            time.sleep(0.05)
            shown.advance(bytes_=1 << 20)
    rate = re.findall(r"([0-9.]+) MiB/s", terminal.getvalue())
    assert 1 < float(rate[-1]) <= 20


def test_progress_has_no_colour_when_the_user_wants_none(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "_PATIENCE", -1)
    with progress.progress() as shown:
        shown.start("adding", files=2)
        shown.advance(files=1)
    assert "\x1b[3" not in terminal.getvalue()


def test_colours_are_for_terminals_that_want_them(images: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    images.write("images/new.png", "new")
    words = ["diff", "images", "./images"]
    assert "\x1b[32mA" in runner().invoke(app, words, color=True).stdout
    assert "\x1b" not in images(*words, code=1).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in runner().invoke(app, words, color=True).stdout


def test_columns_are_aligned_as_a_terminal_shows_letters(capsys: pytest.CaptureFixture[str]) -> None:
    print_columns([["old", "new"], ["日本", "x"], ["e\u0301", "y"]])
    assert capsys.readouterr().out.splitlines() == ["old   new", "日本  x", "e\u0301     y"]
