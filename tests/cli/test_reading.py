"""`objstore log, list, show, ls, cat, get`."""

import os
from pathlib import Path

import pytest
from blake3 import blake3

from objstore.cli.app import app
from tests.cli.conftest import CONTENT, Cli, runner

DIGESTS = {path: blake3(content.encode()).hexdigest() for path, content in CONTENT.items()}


@pytest.fixture
def two(images: Cli) -> Cli:
    """A second version, `prod`, with a fourth file."""
    images.write("images/fox.png", "ring")
    images("add", "images", "-a", "prod", "-m", "with a fox\nand more")
    return images


def test_log_lists_the_newest_first(two: Cli) -> None:
    newest, oldest = two("log", "images").lines
    assert newest.startswith("v1  20") and "4 files" in newest and newest.endswith("latest prod  with a fox")
    assert oldest.startswith("v0  20") and "3 files" in oldest


def test_log_as_json_is_a_list_with_the_newest_first(two: Cli) -> None:
    assert [version["version"] for version in two.json("log", "images")] == ["v1", "v0"]


def test_log_leaves_deleted_versions_out_unless_asked(two: Cli) -> None:
    two("rm", "images:v0")
    assert [version["version"] for version in two.json("log", "images")] == ["v1"]
    assert "(deleted)" in two("log", "images", "--all").lines[1]


def test_list_shows_each_collection_once(two: Cli) -> None:
    two("add", "images/labels", "--no-pin", "-t", "labels")
    first, second = two("list").lines
    assert first.split()[:4] == ["images", "dataset", "2", "versions"] and "v1" in first
    assert second.split()[:4] == ["labels", "labels", "1", "version"]
    assert [item["name"] for item in two.json("list", "-t", "labels")] == ["labels"]
    assert two.json("list")[0]["aliases"] == {"latest": "v1", "prod": "v1"}


def test_list_of_nothing_is_nothing(cli: Cli) -> None:
    assert cli("list").out == ""
    assert cli.json("list") == []


def test_show_tells_what_is_known(two: Cli) -> None:
    said = two("show", "images:prod").out
    assert "images:v1" in said and "latest prod" in said and "    with a fox\n    and more\n" in said


def test_a_collection_alone_means_its_latest_version(two: Cli) -> None:
    assert two.json("show", "images")["version"] == "v1"


@pytest.mark.parametrize("name", ["images:v0", "vision/images:v0", "default/vision/images:v0"])
def test_names_may_say_this_project(two: Cli, name: str) -> None:
    assert two.json("show", name)["version"] == "v0"


def test_a_digest_names_a_version(two: Cli) -> None:
    digest = two.json("show", "images:v0")["digest"]
    assert two.json("show", f"images@{digest[:10]}")["version"] == "v0"


def test_ls_lists_one_level_with_the_totals_of_folders(images: Cli) -> None:
    assert images("ls", "images").lines == ["2.0 KiB          cat.png", "2.7 KiB          dog.png", "   24 B  1 file  labels/"]


def test_ls_of_a_folder_lists_what_it_holds(images: Cli) -> None:
    assert images("ls", "images", "labels").lines == images("ls", "images:v0", "labels/").lines == ["24 B    train.csv"]


def test_ls_of_a_file_lists_it(images: Cli) -> None:
    assert images("ls", "images", "labels/train.csv").out == "24 B    labels/train.csv\n"


def test_ls_recursive_lists_all_files(images: Cli) -> None:
    assert [line.split()[-1] for line in images("ls", "-r", "images").lines] == sorted(CONTENT)


def test_ls_as_json_lists_all_files(images: Cli) -> None:
    expected = [{"path": path, "size": len(CONTENT[path]), "digest": DIGESTS[path], "kind": "file"} for path in sorted(CONTENT)]
    assert images.json("ls", "images") == expected
    assert images.json("ls", "images", "labels") == expected[2:]


def test_ls_of_an_empty_version_is_empty(cli: Cli) -> None:
    (cli.folder / "nothing").mkdir()
    cli("add", "nothing")
    assert cli("ls", "nothing").out == cli("ls", "-r", "nothing").out == ""
    assert cli.json("ls", "nothing") == []


def test_a_path_can_t_forge_lines(cli: Cli) -> None:
    cli.write("odd/a\nb\x1b[31m", "x")
    cli("add", "odd")
    assert cli("ls", "odd").out == "1 B    a\\nb\\x1b[31m\n"
    assert cli.json("ls", "odd")[0]["path"] == "a\nb\x1b[31m"


def test_cat_of_a_folder_says_so(images: Cli) -> None:
    assert "labels is a folder in images; `objstore ls images labels` lists its files" in images("cat", "images", "labels", code=3).err


def test_cat_gives_the_bytes(cli: Cli) -> None:
    data = os.urandom(300_000)
    cli.write("data/x.bin", data)
    cli("add", "data")
    cli.write("data/x.bin", "other")
    assert runner().invoke(app, ["cat", "data:v0", "x.bin"]).stdout_bytes == data


def _tree(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_get_writes_a_folder_named_after_the_version_and_prints_it(images: Cli) -> None:
    assert images("get", "images").out == f"{Path('artifacts/images-v0')}\n"
    assert _tree(images.folder / "artifacts/images-v0") == CONTENT


def test_get_writes_where_it_is_told(images: Cli) -> None:
    assert images("get", "images:v0", "out/there").out == "out/there\n"
    assert _tree(images.folder / "out/there") == CONTENT


def test_get_takes_only_a_part(images: Cli) -> None:
    images("get", "images", "out", "--path", "labels/")
    assert _tree(images.folder / "out") == {"labels/train.csv": CONTENT["labels/train.csv"]}


def test_get_replaces_what_differs_and_keeps_what_is_foreign(images: Cli) -> None:
    images("get", "images", "out")
    same = images.folder / "out/dog.png"
    before = same.stat()
    images.write("out/cat.png", "bark")
    images.write("out/mine.txt", "mine")
    done = images.json("get", "images", "out")
    assert _tree(images.folder / "out") == {**CONTENT, "mine.txt": "mine"}
    assert (done["written"], done["kept"]) == (1, 2)
    assert (same.stat().st_ino, same.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_get_keeps_executable_bits(cli: Cli) -> None:
    cli.write("tools/run.sh", "#!/bin/sh").chmod(0o755)
    cli.write("tools/notes", "plain")
    cli("add", "tools")
    cli("get", "tools", "out")
    assert os.access(cli.folder / "out/run.sh", os.X_OK)
    assert not (cli.folder / "out/notes").stat().st_mode & 0o111
