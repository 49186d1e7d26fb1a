"""Pins: `add`, `status`, `checkout` and `diff` of the working tree."""

import os
import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from objstore.errors import StorageError
from objstore.host.locks import FileLock
from objstore.repository.project import Project
from objstore.values.digest import Digest
from objstore.worktree import hashing
from objstore.worktree.pin import Pin
from objstore.worktree.update import Update
from objstore.worktree.writing import Outcome, Writing
from tests.cli.conftest import CONTENT, Cli


@pytest.fixture
def two(images: Cli) -> Cli:
    """`images:v0` and `v1`, which has a file more, one less and one changed; `v1` is pinned."""
    images.write("images/fox.png", "yip")
    (images.folder / "images/dog.png").unlink()
    images.write("images/cat.png", "purr")
    images("add", "images")
    return images


def pin(cli: Cli, path: str = "images") -> Pin:
    return Pin.decode((cli.folder / f"{path}.objstore").read_bytes(), path)


def content(folder: Path) -> dict[str, bytes]:
    return {os.fspath(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def facts(folder: Path) -> dict[str, tuple[int, int, int]]:
    found = {os.fspath(path.relative_to(folder)): path.stat() for path in folder.rglob("*") if path.is_file()}
    return {path: (status.st_ino, status.st_mtime_ns, status.st_ctime_ns) for path, status in found.items()}


def rewrite_pin(cli: Cli, old: str, new: str, path: str = "images") -> None:
    file = cli.folder / f"{path}.objstore"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


# -- add -------------------------------------------------------------------------------------------------------------------


def test_adding_a_folder_pins_it(images: Cli) -> None:
    shown = images.json("show", "images:v0")
    found = pin(images)
    assert (found.collection, found.kind, found.number, found.root.hex()) == ("images", "folder", 0, shown["digest"])
    assert (found.files, found.size) == (shown["files"], shown["bytes"])


def test_adding_a_file_pins_it(cli: Cli) -> None:
    cli.write("model.bin", "weights")
    assert cli.json("add", "model.bin")["pin"] == "model.bin.objstore"
    assert pin(cli, "model.bin").kind == "file"


def test_no_pin_leaves_the_pin_as_it_is_or_writes_none(images: Cli) -> None:
    before = (images.folder / "images.objstore").read_text()
    images.write("images/new", "x")
    images("add", "images", "--no-pin")
    images.fill("others")
    assert images.json("add", "others", "--no-pin")["pin"] is None
    assert (images.folder / "images.objstore").read_text() == before
    assert not (images.folder / "others.objstore").exists()


def test_what_has_a_pin_needs_no_name(cli: Cli) -> None:
    cli.fill("folder")
    cli("add", "folder", "-n", "pets")
    cli.write("folder/new", "x")
    assert cli("add", "folder").out.startswith("pets:v1 ")
    assert pin(cli, "folder").number == 1


def test_a_pin_follows_its_collection_to_a_new_name(images: Cli) -> None:
    images("rename", "images", "pets")
    images.write("images/new", "x")
    assert images("add", "images").out.startswith("pets:v1 ")
    assert images("status").out.startswith("images  pets:v1  unchanged")


def test_patterns_stay_with_the_pin(cli: Cli) -> None:
    cli.fill("pets")
    cli("add", "pets", "--exclude", "labels/")
    assert pin(cli, "pets").exclude == ("labels/",)
    assert cli("status").out.startswith("pets  pets:v0  unchanged")
    cli.write("pets/labels/more.csv", "x")
    cli.write("pets/new", "x")
    cli("add", "pets")
    assert [entry["path"] for entry in cli.json("ls", "pets")] == ["cat.png", "dog.png", "new"]
    cli("checkout", "pets:v0")
    assert (cli.folder / "pets/labels/more.csv").exists()


@pytest.mark.parametrize("words", [["images/cat.png", "images/labels", "-n", "two"], [".", "-n", "all"]])
def test_what_belongs_at_no_one_path_below_the_top_gets_no_pin(images: Cli, words: list[str]) -> None:
    assert images.json("add", *words)["pin"] is None


def test_what_is_outside_of_the_tree_gets_no_pin(images: Cli, tmp_path: Path) -> None:
    images.fill("../elsewhere")
    assert images.json("add", str(tmp_path / "elsewhere"))["pin"] is None
    assert not (tmp_path / "elsewhere.objstore").exists()


def test_nested_pins_are_refused_before_anything_is_stored(images: Cli) -> None:
    assert images("add", "images/labels", code=2).err.startswith("error: images/labels can't be pinned: it is inside images")
    images.fill("outer/inner")
    images("add", "outer/inner")
    assert images("add", "outer", code=2).err.startswith("error: outer can't be pinned: outer/inner inside it has a pin")
    assert [found["name"] for found in images.json("list")] == ["images", "inner"]


def test_a_pin_file_itself_isn_t_added(images: Cli) -> None:
    assert images("add", "images.objstore", code=2).err == "error: images.objstore is a pin; add images, which it pins\n"


def test_the_working_tree_of_a_git_repository_isn_t_added_whole_by_accident(images: Cli) -> None:
    (images.folder / ".git").mkdir()
    assert "add the paths in it, or give --no-pin" in images("add", ".", "-n", "all", code=2).err
    images("add", ".", "-n", "all", "--no-pin")


def test_two_folders_of_the_same_name_don_t_share_a_collection_by_accident(cli: Cli) -> None:
    cli.fill("train/images")
    cli.fill("test/images")
    cli("add", "train/images")
    said = cli("add", "test/images", code=2).err
    assert said == "error: train/images is pinned to images already; name the other one, as with -n test-images\n"
    cli("add", "test/images", "-n", "test-images")
    cli("add", "test/images")
    shutil.move(cli.folder / "train/images", cli.folder / "moved")
    shutil.move(cli.folder / "train/images.objstore", cli.folder / "moved.objstore")
    assert cli("add", "moved").out == "images:v0  unchanged\n"


def test_renaming_a_collection_renames_it_in_pins(images: Cli) -> None:
    images("add", "images", "-n", "twin", "--no-pin")
    images("rename", "images", "pets")
    assert pin(images).collection == "pets"
    images("rename", "twin", "other")
    assert pin(images).collection == "pets"


def test_a_pin_whose_version_is_gone_means_the_same_content_elsewhere(images: Cli) -> None:
    images("add", "images", "-n", "twin", "--no-pin")
    images("rm", "images:v0", "--aliases")
    images("gc")
    assert images("status").out == "images  twin:v0  unchanged  3 files\n"


def test_adding_upon_another_version_than_the_pin_says_is_told(two: Cli) -> None:
    rewrite_pin(two, pin(two).root.hex(), two.json("show", "images:v0")["digest"])
    two.write("images/new", "x")
    said = two("status", code=1).out
    assert "; it holds images:v1 with local changes" in said
    said = two("add", "images").err
    assert said == ("warning: images held images:v1 when it was changed, not what its pin said: what was added builds on images:v1\n")
    two.write("images/new", "y")
    assert two("add", "images").err == ""


def test_a_message_that_isn_t_kept_is_told(images: Cli) -> None:
    assert images("add", "images", "-m", "again").out == "images:v0  unchanged  (its message and metadata stay as they were)\n"


# -- other commands --------------------------------------------------------------------------------------------------------


def test_get_writes_nothing_into_a_pinned_path(two: Cli) -> None:
    two.write("images/own", "mine")
    before = content(two.folder / "images")
    for target in ("images", "images/labels", "./images/"):
        assert "images is pinned: `objstore checkout NAME:V images` puts a version there" in two("get", "images:v0", target, code=4).err
    assert content(two.folder / "images") == before
    two("get", "images:v0", "elsewhere")


@pytest.mark.parametrize("words", [(".",), ("./code/..",), (".", "--path", "data"), (".", "--path", "data/a"), ("here",), ("../work",)])
def test_get_writes_nothing_to_pinned_paths_inside_its_destination(cli: Cli, words: tuple[str, ...]) -> None:
    cli.write("data/a", "1")
    cli.write("code/c.py", "c")
    cli("add", "data")
    cli("add", "data", "code", "-n", "bundle", "--no-pin")
    cli.write("data/a", "two hours of labelling")
    (cli.folder / "here").symlink_to(cli.folder)
    before = content(cli.folder / "data")
    said = cli("get", "bundle", *words, code=4).err
    assert said.startswith("error: data is pinned: `objstore checkout NAME:V data` puts a version there; get takes another destination")
    assert content(cli.folder / "data") == before
    cli("get", "bundle", ".", "--path", "code")


def test_get_writes_to_no_pinned_file_and_no_pin(cli: Cli) -> None:
    cli.write("f", "1")
    cli("add", "f")
    cli("add", "f.objstore", "-n", "pins", "--no-pin")
    cli.write("f", "modified")
    for name in ("f:v0", "pins"):
        for target in (".", "./"):
            assert "f is pinned" in cli("get", name, target, code=4).err
    assert (cli.folder / "f").read_text() == "modified"
    cli.write("notes.objstore", "no pin")  # what is only called so
    cli.write("notes", "1")
    cli("add", "notes", "notes.objstore", "-n", "odd", "--no-pin")
    cli("get", "odd", ".")


def test_get_from_another_repository_writes_to_no_pinned_path(two: Cli, tmp_path: Path) -> None:
    two.write("images/own", "mine")
    two("init", "../other", "--store", ".")
    for start in ("../other", f"file://{tmp_path}/work/.objstore/default/vision"):
        assert "images is pinned" in two("-C", start, "get", "images:v0", "images", code=4).err


def test_deleting_a_pinned_version_is_told(two: Cli) -> None:
    assert two("rm", "images:v1", "--aliases").err == "warning: images is pinned to it\n"
    assert two("rm", "images:v0").err == ""


# -- status ----------------------------------------------------------------------------------------------------------------


def test_nothing_pinned_is_no_difference(cli: Cli) -> None:
    assert (
        cli("status").out == "nothing is pinned here; `objstore add PATH`, or `objstore checkout NAME:V PATH`, pins a version to a path\n"
    )
    assert cli.json("status") == []


def test_status_counts_and_names_what_differs(images: Cli) -> None:
    images.write("images/cat.png", "another")
    images.write("images/labels/train.csv", CONTENT["labels/train.csv"].replace("dog", "cow"))
    (images.folder / "images/dog.png").unlink()
    images.write("images/new/er.png", "x")
    assert images("status", code=1).out == "images  images:v0  modified  1 added, 2 modified, 1 removed\n"
    assert images("status", "--files", code=1).lines[1:] == [
        "  M  images/cat.png",
        "  D  images/dog.png",
        "  M  images/labels/train.csv",
        "  A  images/new/er.png",
    ]
    (found,) = images.json("status", "--files", code=1)
    assert (found["status"], found["added"], found["modified"], found["removed"]) == ("modified", 1, 2, 1)
    assert {"change": "added", "path": "new/er.png"} in found["files"]


def test_a_changed_mode_is_a_difference(images: Cli) -> None:
    (images.folder / "images/cat.png").chmod(0o755)
    assert "1 modified" in images("status", code=1).out


def test_a_touched_file_is_read_once(images: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Project, "clock", 2**62)  # long after the files were written, so that none counts as just touched
    images("status")
    os.utime(images.folder / "images/cat.png")
    read: list[bytes] = []
    real = hashing.settled
    monkeypatch.setattr(hashing, "settled", lambda disk, *rest: (read.append(os.path.basename(disk)), real(disk, *rest))[1])
    for _ in range(2):
        images("status")
    assert read == [b"cat.png"]


def test_files_of_another_size_are_not_read(images: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    images.write("images/large.bin", "x" * 1000)
    images.write("images/cat.png", "y" * 1000)
    monkeypatch.setattr(Project, "clock", 2**62)
    images("checkout", "--force")
    images.write("images/large.bin", "x" * 1000)
    images.write("images/cat.png", "y" * 1000)
    monkeypatch.setattr(hashing, "settled", None)
    assert "1 added, 1 modified" in images("status", code=1).out


def test_a_missing_path_says_how_to_get_it(images: Cli) -> None:
    shutil.rmtree(images.folder / "images")
    assert images("status", code=1).out == "images  images:v0  missing  `objstore checkout images` writes it\n"


def test_status_needs_no_cache(images: Cli) -> None:
    shutil.rmtree(images.folder / ".objstore/default/vision/local/cache")
    assert images("status").out == "images  images:v0  unchanged  3 files\n"
    images.write("images/cat.png", "another")
    shutil.rmtree(images.folder / ".objstore/default/vision/local/cache")
    assert "1 modified" in images("status", code=1).out


def test_paths_choose_pins_from_any_subfolder(two: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    two.fill("more/deep")
    two("add", "more/deep")
    assert [line.split()[0] for line in two("status").lines] == ["images", "more/deep"]
    assert [line.split()[0] for line in two("status", "more").lines] == ["more/deep"]
    assert [line.split()[0] for line in two("status", "images.objstore").lines] == ["images"]
    monkeypatch.chdir(two.folder / "more/deep/labels")
    assert [line.split()[0] for line in two("status").lines] == ["../../../images", ".."]
    assert [line.split()[0] for line in two("status", ".").lines] == [".."]
    two.write("more/deep/cat.png", "another")
    two("checkout", "--force", ".")
    assert (two.folder / "more/deep/cat.png").read_text() == "another"
    two("checkout", "--force", "..")
    assert (two.folder / "more/deep/cat.png").read_text() == CONTENT["cat.png"]


def test_pins_are_told_in_order_of_their_paths(cli: Cli) -> None:
    for path in ("z", "a/data", "a/b/deep", "m"):
        cli("add", str(cli.fill(path)))
    assert [line.split()[0] for line in cli("status").lines] == ["a/b/deep", "a/data", "m", "z"]
    assert [line.split()[0] for line in cli("status", "a").lines] == ["a/b/deep", "a/data"]


def test_a_path_without_a_pin_or_outside_is_an_error(images: Cli) -> None:
    assert (
        images("status", "nowhere", code=3).err == "error: nowhere doesn't exist, and has no pin; `objstore status` lists what is pinned\n"
    )
    assert "is outside of the working tree" in images("checkout", "..", code=2).err


def test_a_pin_in_a_pinned_folder_is_told(images: Cli) -> None:
    images.write("images/labels.objstore", pin(images).encode())
    assert "images/labels.objstore is a pin inside a pinned folder" in images("status", code=1).out


# -- checkout --------------------------------------------------------------------------------------------------------------


def test_checkout_touches_only_what_differs(two: Cli) -> None:
    before = facts(two.folder / "images")
    assert two("checkout", "images:v0").out == "images  images:v0  2 files written, 1 file removed\n"
    assert content(two.folder / "images") == {path: text.encode() for path, text in CONTENT.items()}
    after = facts(two.folder / "images")
    assert after["labels/train.csv"] == before["labels/train.csv"]
    assert two("checkout").out == "images  images:v0  unchanged\n"
    assert facts(two.folder / "images") == after
    assert two("status").out == "images  images:v0  unchanged  3 files\n"
    assert pin(two).number == 0


def test_checkout_by_alias_moves_the_pin(two: Cli) -> None:
    two("alias", "images:v0", "prod")
    two("checkout", "images:prod")
    assert pin(two).number == 0
    two("checkout", "images:latest")
    assert pin(two).number == 1
    assert content(two.folder / "images")["fox.png"] == b"yip"


def test_checkout_after_the_pin_was_edited_follows_it(two: Cli) -> None:
    roots = {number: two.json("show", f"images:v{number}")["digest"] for number in (0, 1)}
    rewrite_pin(two, roots[1], roots[0])
    said = two("status", code=1)
    counts = "1 added, 1 modified, 1 removed"
    assert said.out == f"images  images:v0  modified  {counts}; it holds images:v1, `objstore checkout images` writes images:v0\n"
    counts = "its root is that of images:v0, which counts; `objstore checkout images:v0` corrects it"
    assert said.err == f"warning: images.objstore says v1, but {counts}\n"
    two("checkout")
    assert content(two.folder / "images") == {path: text.encode() for path, text in CONTENT.items()}


def test_a_local_change_is_never_overwritten_without_force(two: Cli) -> None:
    two.write("images/cat.png", "my own")
    two.write("images/new/own.png", "mine")
    before = content(two.folder / "images")
    for words in (["checkout"], ["checkout", "images:v0"]):
        said = two(*words, code=4).err
        assert "no version holds images/cat.png, images/new/own.png as it is now" in said
        assert "`objstore add images`" in said
        assert content(two.folder / "images") == before
        assert pin(two).number == 1
    two("checkout", "images:v0", "--force")
    assert content(two.folder / "images") == {path: text.encode() for path, text in CONTENT.items()}


def test_many_local_changes_are_named_in_part(two: Cli) -> None:
    for number in range(25):
        two.write(f"images/{number:02}.png", f"own {number}")
    assert "images/09.png and 15 more as it is now" in two("checkout", code=4).err


def test_what_some_version_holds_is_no_local_change(two: Cli) -> None:
    two.write("images/cat.png", CONTENT["cat.png"])  # as v0 has it
    two.write("images/dog.png", CONTENT["dog.png"])
    assert two("checkout").out == "images  images:v1  1 file written, 1 file removed\n"


def test_content_that_no_version_has_at_that_path_is_a_local_change(two: Cli) -> None:
    (two.folder / "images/cat.png").rename(two.folder / "images/moved.png")
    assert "images/moved.png" in two("checkout", code=4).err


def test_a_mode_that_no_version_has_is_a_local_change(two: Cli) -> None:
    (two.folder / "images/cat.png").chmod(0o755)
    assert "images/cat.png" in two("checkout", code=4).err
    two("checkout", "--force")
    assert (two.folder / "images/cat.png").stat().st_mode & 0o111 == 0


def test_a_file_of_a_deleted_version_is_kept(two: Cli) -> None:
    two("checkout", "images:v0")
    two("rm", "images:v0", "--aliases")
    roots = two.json("show", "images:v1")["digest"]
    rewrite_pin(two, pin(two).root.hex(), roots)
    assert "no version holds images/cat.png, images/dog.png as it is now" in two("checkout", code=4).err


def test_an_ignored_file_is_left_alone_unless_it_is_in_the_way(two: Cli) -> None:
    two.write("images/.objstoreignore", "*.tmp\ndog.png\n")
    two.write("images/half.tmp", "half")
    two.write("images/dog.png", "ignored and mine")
    two("add", "images")
    assert "no version holds images/dog.png as it is now" in two("checkout", "images:v0", code=4).err
    (two.folder / "images/dog.png").unlink()
    two("checkout", "images:v0")
    assert (two.folder / "images/half.tmp").read_text() == "half"
    assert (two.folder / "images/dog.png").read_text() == CONTENT["dog.png"]


def test_files_become_folders_and_folders_files(images: Cli) -> None:
    shutil.rmtree(images.folder / "images/labels")
    images.write("images/labels", "a file now")
    (images.folder / "images/cat.png").unlink()
    images.write("images/cat.png/inner/deep.txt", "a folder now")
    images("add", "images")
    now = content(images.folder / "images")
    for _ in range(2):
        images("checkout", "images:v0")
        assert content(images.folder / "images") == {path: text.encode() for path, text in CONTENT.items()}
        images("checkout", "images:v1")
        assert content(images.folder / "images") == now
        assert images("status").out.startswith("images  images:v1  unchanged")


def test_folders_that_become_empty_go_and_others_stay(two: Cli) -> None:
    two.write("images/deep/er/file", "x")
    two("add", "images")
    (two.folder / "images/empty").mkdir()
    two("checkout", "images:v1")
    assert not (two.folder / "images/deep").exists()
    assert (two.folder / "images/empty").is_dir()


def test_a_folder_that_was_emptied_and_filled_again_is_missed_when_it_goes(images: Cli) -> None:
    (images.folder / "images/labels/train.csv").rename(images.folder / "images/labels/test.csv")
    images("add", "images")
    images("checkout", "images:v0")
    shutil.rmtree(images.folder / "images/labels")
    assert "modified  1 removed" in images("status", code=1).out
    assert images("add", "images").out.startswith("images:v2  2 files")


def test_empty_folders_give_way_to_a_file(images: Cli) -> None:
    (images.folder / "images/dog.png").unlink()
    images("add", "images")
    (images.folder / "images/dog.png/deep/er").mkdir(parents=True)
    images("status")
    assert images("checkout", "images:v0").out == "images  images:v0  1 file written\n"
    assert images("status").out.startswith("images  images:v0  unchanged")
    assert images("add", "images").out == "images:v0  unchanged\n"


def test_a_missing_path_is_written_whole(two: Cli) -> None:
    shutil.rmtree(two.folder / "images")
    assert two("checkout").out == "images  images:v1  3 files written\n"
    assert two("status").out == "images  images:v1  unchanged  3 files\n"


def test_a_part_can_be_restored(two: Cli) -> None:
    for path in ("images/cat.png", "images/labels/train.csv"):
        two.write(path, "mine")
    two("checkout", "--force", "images/labels")
    assert (two.folder / "images/cat.png").read_text() == "mine"
    assert (two.folder / "images/labels/train.csv").read_text() == CONTENT["labels/train.csv"]
    assert "1 modified" in two("status", code=1).out
    two("checkout", "--force", "images/cat.png")
    assert two("status").out.startswith("images  images:v1  unchanged")


def test_a_version_can_be_pinned_to_a_new_path(two: Cli) -> None:
    assert two("checkout", "images:v0", "before").out == "before  images:v0  3 files written\n"
    assert content(two.folder / "before") == {path: text.encode() for path, text in CONTENT.items()}
    assert pin(two, "before").number == 0
    said = two("checkout", "images:v1", code=2).err
    assert "images is pinned at before, images; say which" in said
    two("checkout", "images:v1", "before")
    assert content(two.folder / "before") == content(two.folder / "images")


def test_a_version_isn_t_pinned_over_what_is_there(two: Cli) -> None:
    two.write("before/own", "mine")
    assert "no version holds before/own" in two("checkout", "images:v0", "before", code=4).err
    assert not (two.folder / "before.objstore").exists()
    assert (
        "images is pinned as a whole; `objstore get images:v0 DEST --path labels`"
        in two("checkout", "images:v0", "images/labels", code=2).err
    )


def test_a_version_that_no_path_pins_needs_a_path(images: Cli) -> None:
    images.fill("../other")
    images("add", "../other")
    assert "no path is pinned to other; say where" in images("checkout", "other:v0", code=3).err


def test_a_file_can_be_checked_out_and_renamed_with_its_pin(cli: Cli) -> None:
    cli.write("model.bin", "one")
    cli("add", "model.bin")
    cli.write("model.bin", "two")
    cli("add", "model.bin")
    cli("checkout", "model.bin:v0")
    assert (cli.folder / "model.bin").read_text() == "one"
    (cli.folder / "model.bin.objstore").rename(cli.folder / "weights.objstore")
    (cli.folder / "model.bin").rename(cli.folder / "weights")
    assert cli("status").out == "weights  model.bin:v0  unchanged  1 file\n"
    cli("checkout", "model.bin:v1")
    assert (cli.folder / "weights").read_text() == "two"
    cli.write("weights", "own")
    assert "no version holds weights" in cli("checkout", code=4).err


def test_more_pins_than_files_that_may_be_open_are_checked_out(cli: Cli) -> None:
    names = [f"{number}.bin" for number in range(100)]
    for name in names:
        cli.write(name, name)
        cli("add", name)
        (cli.folder / name).unlink()
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/dev/fd")) + 80, before[1]))
    try:
        assert len(cli("checkout").lines) == 100
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert all((cli.folder / name).read_text() == name for name in names)


def test_a_file_that_was_checked_out_isn_t_read_again(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("one", "two"):
        cli.write("model.bin", text)
        cli("add", "model.bin")
    cli("checkout", "model.bin:v0")
    monkeypatch.setattr(Project, "clock", 2**62)
    cli("status")
    monkeypatch.setattr(hashing, "settled", None)
    assert cli("status").out == "model.bin  model.bin:v0  unchanged  1 file\n"


def test_a_git_repository_in_a_pinned_folder_is_never_removed(images: Cli) -> None:
    images.write("images/.git/HEAD", "ref: refs/heads/main")
    images.write("images/cat.png", "mine")
    assert "images/.git/HEAD is in a history of its own" in images("checkout", "--force", code=4).err
    assert (images.folder / "images/.git/HEAD").exists()
    assert (images.folder / "images/cat.png").read_text() == "mine"


def test_a_version_with_what_the_pin_leaves_out_has_it_all(cli: Cli) -> None:
    cli.fill("pets")
    cli("add", "pets")
    cli("add", "pets", "--exclude", "labels/")
    cli("checkout", "pets:v0")
    assert pin(cli, "pets").exclude == ()
    assert cli("status").out == "pets  pets:v0  unchanged  3 files\n"


def test_a_part_that_is_nowhere_is_an_error(images: Cli) -> None:
    assert images("checkout", "images/nope", code=3).err == "error: images:v0 has no nope, nor has images\n"


def test_gc_waits_for_a_checkout(two: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is deleted while it goes on can still be written."""
    real = Update.run

    def deleting(update: Update, root: Digest | None) -> Outcome:
        two("rm", "images:v0", "--aliases")
        with Project.find(two.folder) as project, FileLock(project.folder / "local" / "lock") as lock:
            assert not lock.try_exclusive()
        return real(update, root)

    monkeypatch.setattr(Update, "run", deleting)
    two("checkout", "images:v0")
    assert content(two.folder / "images") == {path: text.encode() for path, text in CONTENT.items()}


def test_several_pins_are_all_checked_before_any_is_touched(two: Cli) -> None:
    two.fill("a")
    two("add", "a")
    two.write("a/cat.png", CONTENT["dog.png"])
    two("add", "a")
    roots = two.json("show", "a:v0")["digest"]
    rewrite_pin(two, pin(two, "a").root.hex(), roots, "a")
    two.write("images/own", "mine")
    before = content(two.folder / "a")
    two("checkout", code=4)
    assert content(two.folder / "a") == before


def test_a_checkout_that_failed_midway_goes_on(two: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StorageError("no space left on the disk")

    with monkeypatch.context() as patched:
        patched.setattr(Writing, "run", fail)
        assert two("checkout", "images:v0", code=1).err == "error: no space left on the disk\n"
    assert not (two.folder / "images/fox.png").exists()  # what goes, goes first
    assert pin(two).number == 1
    two("checkout", "images:v0")
    assert content(two.folder / "images") == {path: text.encode() for path, text in CONTENT.items()}
    assert two("status").out.startswith("images  images:v0  unchanged")


# -- pins that can't be used -----------------------------------------------------------------------------------------------


def _no_such_version(cli: Cli) -> None:
    rewrite_pin(cli, pin(cli).root.hex(), "ab" * 32)


def _conflict(cli: Cli) -> None:
    text = (cli.folder / "images.objstore").read_text()
    (cli.folder / "images.objstore").write_text(f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n")


def _other_key(cli: Cli) -> None:
    rewrite_pin(cli, "format = 1", 'format = 1\npath = "../elsewhere"')


def _link(cli: Cli) -> None:
    (cli.folder / "images").rename(cli.folder.parent / "elsewhere")
    (cli.folder / "images").symlink_to(cli.folder.parent / "elsewhere")


def _deleted(cli: Cli) -> None:
    cli("rm", "images:v1", "--aliases")


@pytest.mark.parametrize(
    ("spoil", "code", "why"),
    [
        (_no_such_version, 3, "images:v1 (abababababab) isn't in this store; `objstore remote add origin URL`"),
        (_conflict, 2, "images.objstore has a merge conflict; choose a side"),
        (_other_key, 2, "images.objstore isn't a valid pin: the key path isn't known"),
        (_link, 2, "images is a symbolic link"),
        (_deleted, 3, "images:v1 was deleted; `objstore restore images:v1` brings it back"),
    ],
)
def test_a_pin_that_can_t_be_used_is_told_and_nothing_is_touched(two: Cli, spoil: Callable[[Cli], None], code: int, why: str) -> None:
    two.fill("a")
    two("add", "a")
    two.write("images/cat.png", CONTENT["cat.png"])
    spoil(two)
    two.write("a/cat.png", CONTENT["dog.png"])
    before = content(two.folder)
    for words in (["checkout"], ["checkout", "--force"]):
        assert why in two(*words, code=code).err
    if code == 2:
        assert why in two("checkout", "images:v0", code=2).err
    assert why in two("status", code=1).out
    files = {path: data for path, data in content(two.folder).items() if not path.startswith(".objstore")}
    assert files == {path: data for path, data in before.items() if not path.startswith(".objstore")}


def test_a_folder_where_a_file_is_pinned_is_told(cli: Cli) -> None:
    cli.write("x", "a file")
    cli("add", "x")
    (cli.folder / "x").unlink()
    cli.write("x/own", "mine")
    assert "x is a folder, and its pin's version a file" in cli("checkout", code=4).err
    assert "unusable" in cli("status", code=1).out


def test_a_link_inside_a_pinned_folder_is_never_written_through(two: Cli, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.move(two.folder / "images/labels", elsewhere)
    (two.folder / "images/labels").symlink_to(elsewhere)
    two.write("images/labels/same.csv", "in both")
    two("add", "images")
    two.write("images/labels/train.csv", "mine")
    two.write("images/labels/more.csv", "more")
    two("add", "images")
    before = facts(elsewhere)
    for words in (["checkout", "images:v2"], ["checkout", "images:v2", "--force"]):
        assert "images/labels is a symbolic link to a folder" in two(*words, code=4).err
        assert facts(elsewhere) == before
    (two.folder / "images/labels").unlink()
    two("checkout", "images:v2")
    assert facts(elsewhere) == before
    now = {path: data.decode() for path, data in content(two.folder / "images/labels").items()}
    assert now == {"train.csv": CONTENT["labels/train.csv"], "same.csv": "in both"}


# -- diff ------------------------------------------------------------------------------------------------------------------


def test_diff_without_sides_shows_what_changed_at_pinned_paths(two: Cli) -> None:
    assert two("diff").out == "no differences\n"
    (two.folder / "images/cat.png").rename(two.folder / "images/kitten.png")
    two.write("images/labels/train.csv", "new\n")
    assert two("diff", code=1).lines == [
        "images: images:v1 → working tree",
        "R  images/cat.png → images/kitten.png  4 B",
        "M  images/labels/train.csv  24 B → 4 B",
        "1 file modified (4 B), 1 file renamed (4 B)",
    ]
    assert two("diff", "images/labels", code=1).lines[1:-1] == ["M  images/labels/train.csv  24 B → 4 B"]
    (found,) = two.json("diff", "images", code=1)
    assert (found["path"], found["old"], found["new"]) == ("images", "images:v1", "working tree")
    assert [item["path"] for item in found["modified"]] == ["labels/train.csv"]


def test_diff_of_a_missing_path_shows_all_as_removed(images: Cli) -> None:
    shutil.rmtree(images.folder / "images")
    assert len(images.json("diff", code=1)[0]["removed"]) == 3


def test_what_follows_two_sides_of_a_diff_are_paths_in_them(images: Cli) -> None:
    assert "neither side has c" in images("diff", "images:v0", "images:v0", "c", code=3).err
    images("diff", "images:v0", "images:v0", "/c", code=2)
