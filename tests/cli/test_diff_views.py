"""The ways in which `objstore diff` shows what differs: folder by folder, as Git does, line by line; and limited to paths."""

import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from objstore.errors import RemoteError
from objstore.repository.comparing import Comparison
from tests.cli.conftest import Cli

NOISE = random.Random(9).randbytes(2 << 20)
NOTES = "".join(f"note {number}\n" for number in range(30))


@pytest.fixture
def work(cli: Cli) -> Cli:
    """`work:v0` and `work:v1`, which differ in many ways; the folder is `work:v1`, and pinned to it."""
    cli.write("work/notes.md", NOTES)
    cli.write("work/data/a.bin", NOISE)
    cli.write("work/data/b.bin", NOISE[: 1 << 20])
    cli.write("work/data/gone.txt", "gone\n")
    cli.write("work/same.txt", "same\n")
    cli.write("work/tool", "#!/bin/sh\n")
    cli("add", "work")
    cli.write("work/notes.md", NOTES.replace("note 15\n", "other\n"))
    cli.write("work/data/a.bin", NOISE + b"more")
    (cli.folder / "work/data/b.bin").unlink()
    cli.write("work/moved/b.bin", b"before" + NOISE[: 1 << 20])
    (cli.folder / "work/data/gone.txt").unlink()
    cli.write("work/moved/new.txt", "new\n")
    (cli.folder / "work/same.txt").rename(cli.folder / "work/moved/same.txt")
    (cli.folder / "work/tool").chmod(0o755)
    cli("add", "work")
    return cli


BOTH = ("diff", "work:v0", "work:v1")
ALTERED = ["data/b.bin → moved/b.bin", "data/a.bin", "notes.md"]
"""Those with the most new bytes first."""


def folders(found: Any) -> dict[str, Any]:
    return {folder["path"]: folder for folder in found["stat"]["folders"]}


# -- --stat ------------------------------------------------------------------------------------------------------------


def test_stat_tells_of_each_altered_file_how_much_is_new(work: Cli) -> None:
    lines = work(*BOTH, "--stat", code=1).lines
    assert [line.split("  ")[0] for line in lines[:3]] == ALTERED
    assert all(line.endswith(" new") for line in lines[:3])
    found = work.json(*BOTH, "--stat", code=1)["stat"]["files"]
    assert sorted(file["path"] for file in found) == sorted(path.rpartition(" → ")[2] for path in ALTERED)
    assert all(0 < file["new_bytes"] < 300_000 or file["bytes"] == file["new_bytes"] for file in found)


def test_stat_tells_each_folder_and_what_a_pull_moves(work: Cli) -> None:
    lines = work(*BOTH, "--stat", code=1).lines[3:]
    assert [line.split("  ")[0] for line in lines[:3]] == ["./", "data/", "moved/"]
    assert "1 modified, 1 mode changed" in lines[0] and "2.0 MiB → 2.0 MiB" in lines[1] and lines[2].endswith(" new")
    assert "1 added, 2 renamed" in lines[2]
    assert lines[3].startswith("1 file added (4 B), 1 file removed (5 B), 2 files modified")
    assert lines[4].startswith("a pull moves at most ") and len(lines) == 5


def test_stat_in_json_counts_files_and_bytes(work: Cli) -> None:
    found = work.json(*BOTH, "--stat", code=1)
    top, data, moved = folders(found).values()
    assert (top["files"]["modified"], top["files"]["mode_changed"], data["files"]["removed"]) == (1, 1, 1)
    assert (data["old_bytes"], data["bytes"]) == ((2 << 20) + 5, (2 << 20) + 4)
    assert 4 < data["new_bytes"] < 300_000 and 6 + 4 < moved["new_bytes"] < 300_000
    total, transfer = found["stat"]["total"], found["stat"]["transfer"]
    assert total["new_bytes"] == sum(folder["new_bytes"] for folder in (top, data, moved))
    assert 0 < transfer["file_bytes"] <= total["new_bytes"] < transfer["stored_bytes"] + 5000
    assert found["totals"]["modified"]["files"] == 2, "the files are there as without --stat"


def test_stat_of_equal_versions_is_nothing(work: Cli) -> None:
    assert work("diff", "work:v0", "work:v0", "--stat").out == "no differences\n"
    found = work.json("diff", "work:v0", "work:v0", "--stat")
    assert found["stat"]["folders"] == [] and found["stat"]["transfer"] == {"objects": 0, "file_bytes": 0, "stored_bytes": 0}


def test_stat_of_a_folder_on_the_disk_tells_new_bytes_and_no_transfer(work: Cli) -> None:
    found, asked = work.json("diff", "work:v0", "./work", "--stat", code=1), work.json(*BOTH, "--stat", code=1)
    assert found["stat"]["transfer"] is None
    assert folders(found) == folders(asked)
    assert "a pull" not in work("diff", "work:v0", "./work", "--stat", code=1).out


def test_stat_says_where_it_is_not_known_how_much_is_new(work: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: Comparison, item: object) -> None:
        raise RemoteError("s3://bucket/work can't be reached")

    monkeypatch.setattr(Comparison, "pair", fails)
    said = work(*BOTH, "--stat", code=1)
    assert (
        said.err == "warning: of 3 files all bytes are counted, since it isn't known how many are new: s3://bucket/work can't be reached\n"
    )
    assert {file["why"] for file in work.json(*BOTH, "--stat", code=1)["stat"]["files"]} == {"s3://bucket/work can't be reached"}


def test_stat_of_pins_is_told_for_each(work: Cli) -> None:
    work.write("work/data/a.bin", NOISE + b"most")
    lines = work("diff", "--stat", code=1).lines
    assert lines[0] == "work: work:v1 → working tree"
    assert lines[1].startswith("work/data/a.bin  2.0 MiB → 2.0 MiB  ")
    assert lines[2].startswith("work/data/  1 modified  2.0 MiB → 2.0 MiB  ") and len(lines) == 4
    ((found),) = work.json("diff", "work", "--stat", code=1)
    assert list(folders(found)) == ["data"]


# -- --name-status -----------------------------------------------------------------------------------------------------


def as_git_prints(old: Path, new: Path) -> list[str]:
    """What Git says of two folders, as those of two commits."""

    def git(*words: str) -> str:
        settings = ["-c", "core.quotePath=true", "-c", "user.name=A", "-c", "user.email=a@b.c"]
        return subprocess.run(["git", *settings, *words], cwd=place, capture_output=True, check=True).stdout.decode()

    place = old.parent / "git"
    place.mkdir()
    git("init")
    for folder in (old, new):
        git("rm", "-r", "--quiet", "--ignore-unmatch", ".")
        shutil.copytree(folder, place, dirs_exist_ok=True)
        git("add", ".")
        git("commit", "-m", folder.name)
    return git("diff", "--name-status", "-M", "HEAD~", "HEAD").splitlines()


def test_name_status_is_what_git_prints(cli: Cli) -> None:
    dice = random.Random(2)
    texts = [dice.randbytes(60).hex() + "\n" for _ in range(8)]
    cli.write("before/a b", texts[0])
    cli.write("before/é/moved", texts[1])
    cli.write("before/z", texts[2])
    cli.write("before/tool", texts[3])
    cli.write("before/gone", texts[4])
    cli.write("before/d/x", texts[5])
    cli.write("after/a b", texts[0] * 2)
    cli.write('after/q"u\\o\tte\n', texts[1])
    cli.write("after/z", texts[2])
    cli.write("after/tool", texts[3]).chmod(0o755)
    cli.write("after/\x01日本", texts[6])
    cli.write("after/d.x", texts[7])
    cli.write("after/d/y", texts[5])
    expected = as_git_prints(cli.folder / "before", cli.folder / "after")
    assert sorted(line.split("\t")[0] for line in expected) == ["A", "A", "D", "M", "M", "R100", "R100"]
    assert cli("diff", "./before", "./after", "--name-status", code=1).lines == expected


def test_name_status_of_similar_files_has_three_digits(work: Cli) -> None:
    lines = work(*BOTH, "--name-status", code=1).lines
    (renamed,) = (line for line in lines if line.endswith("b.bin"))
    assert renamed[0] == "R" and 80 < int(renamed[1:4]) < 100 and renamed[4:] == "\tdata/b.bin\tmoved/b.bin"
    assert [line.split("\t")[-1] for line in lines] == sorted(line.split("\t")[-1] for line in lines)


def test_name_status_of_pins_has_paths_from_here_and_nothing_else(work: Cli) -> None:
    work.write("work/notes.md", "1")
    work.write("work/é", "1")
    assert work("diff", "--name-status", code=1).lines == ["M\twork/notes.md", 'A\t"work/\\303\\251"']
    work("add", "work")
    assert work("diff", "--name-status").out == "" and work("diff", "work:v0", "work:v0", "--name-status").out == ""


# -- --text ------------------------------------------------------------------------------------------------------------


def test_text_shows_the_lines_that_differ_after_the_files(work: Cli) -> None:
    said = work(*BOTH, "--text", "notes.md", code=1).lines
    assert said[:2] == ["M  notes.md  230 B → 228 B", "1 file modified (228 B)"]
    assert said[2:] == [
        "",
        "--- a/notes.md",
        "+++ b/notes.md",
        "@@ -13,7 +13,7 @@",
        *(f" note {number}" for number in range(12, 15)),
        "-note 15",
        "+other",
        *(f" note {number}" for number in range(16, 19)),
    ]


def test_text_says_of_which_files_it_tells_nothing(work: Cli) -> None:
    said = work(*BOTH, "--text", code=1).out
    assert "data/a.bin: not compared as text: it is binary\n" in said
    assert "moved/b.bin: not compared as text: it is binary\n" in said
    assert "+++ b/notes.md\n" in said


def test_what_text_prints_can_be_applied_by_git(work: Cli) -> None:
    work("get", "work:v0", "before")
    diff = work(*BOTH, "--text", code=1).out
    subprocess.run(["git", "apply", "--unsafe-paths", "--directory=before"], cwd=work.folder, input=diff.encode(), check=True)
    assert (work.folder / "before/notes.md").read_text() == (work.folder / "work/notes.md").read_text()


def test_text_is_in_json(work: Cli) -> None:
    found = {item["path"]: item for item in work.json(*BOTH, "--text", code=1)["text"]}
    assert list(found) == ["data/a.bin", "moved/b.bin", "notes.md"]
    assert found["notes.md"]["hunks"][0]["lines"][3:5] == ["-note 15", "+other"] and found["notes.md"]["why"] is None
    assert "binary" in found["moved/b.bin"]["why"] and found["moved/b.bin"]["old_path"] == "data/b.bin"


def test_text_of_a_pinned_path_is_that_of_the_file_on_the_disk(work: Cli) -> None:
    work.write("work/notes.md", NOTES)
    work.write("work/moved/new.txt", "newer\n")
    for said in (work("diff", "work/notes.md", "--text", code=1).out, work("diff", "work:v1", "./work", "notes.md", "--text", code=1).out):
        assert "-other\n+note 15\n" in said and "newer" not in said
    assert "--- a/work/notes.md\n+++ b/work/notes.md\n" in work("diff", "work/notes.md", "--text", code=1).out
    ((found),) = work.json("diff", "work/notes.md", "--text", code=1)
    assert [item["path"] for item in found["text"]] == ["notes.md"]


def test_control_characters_reach_a_program_but_no_terminal(work: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    work.write("work/notes.md", "\x1b[2Jcleared\tby\rme\n")
    ended = work("diff", "work/notes.md", "--text", code=1)
    assert "+\x1b[2Jcleared\tby\rme\n" in ended.out
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: self.name == "<stdout>")
    shown = work("diff", "work/notes.md", "--text", code=1).out
    assert "+\\x1b[2Jcleared\tby\\rme\n" in shown and "\x1b[2J" not in shown and "\r" not in shown


def test_what_is_told_of_two_git_revisions_can_be_text(work: Cli) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@b.c", *words], cwd=work.folder, check=True, capture_output=True)

    git("init")
    git("add", "work.objstore")
    git("commit", "-m", "one")
    work.write("work/notes.md", NOTES)
    work("add", "work")
    assert "-other\n+note 15\n" in work("diff", "--git", "HEAD", "--text", code=1).out
    assert work("diff", "--git", "HEAD", "--name-status", code=1).lines == ["M\twork/notes.md"]
    (found,) = work.json("diff", "--git", "HEAD", "--stat", code=1)
    assert found["stat"]["transfer"]["objects"] >= 2


# -- options and paths -------------------------------------------------------------------------------------------------


def test_views_exclude_one_another(work: Cli) -> None:
    assert "--stat and --text" in work(*BOTH, "--text", "--stat", code=2).err
    assert "--json" in work(*BOTH, "--name-status", "--json", code=2).err


def test_paths_limit_what_is_told(work: Cli) -> None:
    assert work(*BOTH, "data", "--name-status", code=1).lines[:2] == ["M\tdata/a.bin", "D\tdata/gone.txt"]
    assert work(*BOTH, "./moved/", "tool", "--name-status", code=1).lines[-1] == "M\ttool"
    assert [item["path"] for item in work.json(*BOTH, "notes.md", code=1)["modified"]] == ["notes.md"]
    assert list(folders(work.json(*BOTH, "--stat", "moved", code=1))) == ["moved"]
    assert work("diff", "work:v1", "./work", "moved").out == "no differences\n"


@pytest.mark.parametrize("sides", [("work:v0", "work:v1"), ("work:v0", "./work"), ("./work", "work:v0")])
def test_a_path_that_neither_side_has_is_an_error(work: Cli, sides: tuple[str, str]) -> None:
    assert "neither side has nowhere" in work("diff", *sides, "nowhere", code=3).err
    assert [item["path"] for item in work.json("diff", *sides, "data/gone.txt", code=1)["removed" if sides[0] == "work:v0" else "added"]]
