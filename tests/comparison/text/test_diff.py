"""What differs between two texts."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.comparison.text.diff import NO_NEWLINE, TextDiff, compare_text
from tests.comparison.contents import InMemory
from tests.conftest import fast_folder

OLD = "".join(f"line {number}\n" for number in range(100))


def compared(old: str | bytes, new: str | bytes, *, path: str = "notes.md") -> TextDiff:
    before, after = (text.encode() if isinstance(text, str) else text for text in (old, new))
    return compare_text(InMemory(before, path), InMemory(after, path))


def patched(old: bytes, found: TextDiff) -> bytes:
    """What `patch`, or Git where there is none, makes of a file."""
    folder = fast_folder()
    try:
        (folder / "file").write_bytes(old)
        diff = "".join(line + "\n" for line in found.lines()).encode()
        how = ["patch", "-p1", "--quiet", "--binary"] if shutil.which("patch") else ["git", "apply", "--whitespace=nowarn"]
        subprocess.run(how, cwd=folder, input=diff, check=True, capture_output=True)
        # GNU patch takes away a file that becomes empty.
        return (folder / "file").read_bytes() if (folder / "file").exists() else b""
    finally:
        shutil.rmtree(folder)


def git_diff(folder: Path, old: bytes, new: bytes) -> list[str]:
    """The hunks as Git prints them, with no names of functions after @@."""
    for name, data in {"old": old, "new": new}.items():
        (folder / name).write_bytes(data)
    command = ["git", "-c", "core.attributesFile=/dev/null", "diff", "--no-index", "--patience", "old", "new"]
    said = subprocess.run(command, cwd=folder, capture_output=True, check=False).stdout.decode()
    lines = said.split("\n")[4:-1]
    return [line[: line.index("@@", 2) + 2] if line.startswith("@@") else line for line in lines]


def test_a_changed_line_is_told_with_three_lines_around_it() -> None:
    found = compared(OLD, OLD.replace("line 50\n", "another\n"))
    assert list(found.lines()) == [
        "--- a/notes.md",
        "+++ b/notes.md",
        "@@ -48,7 +48,7 @@",
        *(f" line {number}" for number in range(47, 50)),
        "-line 50",
        "+another",
        *(f" line {number}" for number in range(51, 54)),
    ]
    assert (found.added, found.removed) == (1, 1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (OLD, OLD.replace("line 50\n", "another\n").replace("line 57\n", "near\n").replace("line 70\n", "far\n")),
        (OLD, "first\n" + OLD + "last\n"),
        (OLD, OLD[:-1]),
        (OLD[:-1], OLD),
        (OLD[:-1], OLD[:-1] + "0"),
        (OLD, ""),
        ("", OLD),
        ("", "no newline"),
        (OLD, OLD.replace("\n", "\r\n")),
        ("a\rb\nc\n", "a\rb\nd\n"),
        ("a\x0cb\x0bc\nd\u2028e\x85f\x1cg\nh\n", "a\x0cb\x0bc\nd\u2028e\x85f\x1dg\nh\n"),
        ("one\n" * 5, "one\n" * 7),
    ],
)
def test_hunks_are_those_of_git(tmp_path: Path, old: str, new: str) -> None:
    hunks = list(compared(old, new).lines())[2:]
    assert hunks == git_diff(tmp_path, old.encode(), new.encode())


def test_equal_texts_have_no_hunks() -> None:
    found = compared(OLD, OLD)
    assert not found and not found.why and list(found.lines()) == []


texts = st.lists(st.sampled_from(["a", "b", "", "a\r", "c\x0c", "d\u2028", "é", "\\", "-x", "+", "@@"]), max_size=40).flatmap(
    lambda lines: st.sampled_from(["\n".join(lines), "\n".join([*lines, ""])])
)


@settings(max_examples=150, deadline=None)
@given(texts, texts)
def test_patch_makes_the_new_text_of_the_old_one(old: str, new: str) -> None:
    found = compare_text(InMemory(old.encode(), "file"), InMemory(new.encode(), "file"))
    assert bool(found) == (old != new)
    if found:
        assert patched(old.encode(), found) == new.encode()


def test_what_would_take_too_long_is_told_roughly_and_said_to_be() -> None:
    old = [f"{number % 4000}\n" for number in range(16_000)]
    new = [line if number % 2 else f"new {line}" for number, line in enumerate(old)]
    found = compared("".join(old), "".join(new))
    assert found and "roughly" in found.why
    data = "".join(old).encode()
    assert patched(data, TextDiff("file", "file", found.hunks)) == "".join(new).encode()


@pytest.mark.parametrize(("data", "why"), [(b"a\0b\n", "binary"), (b"\xff\xfe\n", "UTF-8"), (b"x" * 8000 + b"\0\xff", "UTF-8")])
def test_what_is_no_text_is_said_to_be_none(data: bytes, why: str) -> None:
    for old, new in ((data, b"text\n"), (b"text\n", data)):
        found = compared(old, new)
        assert not found and why in found.why


def test_a_nul_far_behind_makes_no_binary() -> None:
    assert compared(b"x\n" * 5000 + b"\0\n", b"x\n" * 5000 + b"1\n").added == 1


def test_a_file_that_is_too_large_is_not_read() -> None:
    old, new = InMemory(b"x\n" * 50_000), InMemory(b"y\n" * 50_000)
    found = compare_text(old, new, most_bytes=99_999)
    assert "97.7 KiB" in found.why and not found
    assert old.read_bytes <= 8000 and new.read_bytes <= 8000


def test_the_dict_is_json_with_all_that_a_patch_needs() -> None:
    made = json.loads(json.dumps(compared("a\nb\n", "a\nc").to_dict()))
    lines = [" a", "-b", "+c", NO_NEWLINE]
    assert made == {
        "path": "notes.md",
        "old_path": "notes.md",
        "why": None,
        "added_lines": 1,
        "removed_lines": 1,
        "hunks": [{"old_start": 1, "old_lines": 2, "new_start": 1, "new_lines": 2, "lines": lines}],
    }


def test_names_are_written_as_git_does() -> None:
    found = compare_text(InMemory(b"a\n", "d e/é"), InMemory(b"b\n", "x y"))
    assert list(found.lines("p/"))[:2] == ['--- "a/p/d e/\\303\\251"\t', "+++ b/p/x y\t"]


def test_a_notebook_is_shown_the_first_lines_escaped() -> None:
    shown = compared("x\n" * 50, "<script>\x1b\n" * 5 + "y\n" * 46, path="<b>")._repr_html_()
    assert "&lt;script&gt;\\x1b" in compared("x\n", "<script>\x1b\n")._repr_html_()
    assert "&lt;b&gt;" in shown and "51 lines added, 50 lines removed" in shown and "<script" not in shown
    assert shown.count("<tr>") == 21
    assert "binary" in compared("\0", "x")._repr_html_()


def test_a_notebook_is_shown_headers_of_hunks_as_they_are() -> None:
    assert ">@@ -1 +1 @@<" in compared("a\n", "b\n")._repr_html_()
