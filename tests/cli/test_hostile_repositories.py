"""What a Git repository of somebody else's may hold, and what must not come of it."""

import shutil

import pytest

from tests.cli.conftest import Cli, git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no Git here")


def committed(cli: Cli) -> str:
    """Commits all there is; the commit's name."""
    git(cli, "add", "--all", "--force", "--", ":!.objstore")
    git(cli, "commit", "--quiet", "--message", "one", "--allow-empty")
    return git(cli, "rev-parse", "HEAD").strip()


@pytest.fixture
def pinned(bare: Cli) -> Cli:
    """A Git repository with a pinned path, committed."""
    git(bare, "init", "--quiet")
    bare("init", "--project", "vision")
    bare.write("data/a.txt", "a")
    bare("add", "data")
    git(bare, "add", ".")
    git(bare, "commit", "--quiet", "--message", "start")
    return bare


@pytest.mark.parametrize("name", ["..objstore", "...objstore", ".objstore"])
@pytest.mark.parametrize("folder", [".", "sub"])
def test_a_pin_whose_name_leads_out_of_its_folder_pins_nothing(pinned: Cli, name: str, folder: str) -> None:
    if (folder, name) == (".", ".objstore"):
        return  # the store is there
    start = git(pinned, "rev-parse", "HEAD").strip()
    pinned.write(f"{folder}/{name}", (pinned.folder / "data.objstore").read_bytes() + b'include = ["a.txt"]\n')
    bad = committed(pinned)
    pinned("git-hooks", "run", "post-checkout", start, bad, "1")
    pinned("git-hooks", "run", "post-checkout", start, bad, "0")
    pinned("git-hooks", "run", "pre-push")
    assert pinned("diff", "--git", start, bad).lines == ["no differences"]
    pinned("checkout", f"./{folder}/{name}", code=3)
    assert not any((pinned.folder / place / "a.txt").exists() for place in (".", "..", "sub"))


def test_the_top_of_a_working_tree_cannot_be_pinned(pinned: Cli) -> None:
    for words in (["data:v0", "."], ["data:v0", ".", "--force"]):
        assert "can't be pinned" in pinned("checkout", *words, code=2).err
    assert (pinned.folder / "objstore.toml").exists() and not (pinned.folder / "a.txt").exists()


@pytest.mark.parametrize("leads", ["nowhere", "to a file"])
def test_nothing_is_written_through_a_link_that_stands_for_a_pin(pinned: Cli, leads: str) -> None:
    outside = pinned.folder.parent / "outside"
    if leads == "to a file":
        outside.write_text("mine")
    pinned.write("other/b.txt", "b")
    (pinned.folder / "other.objstore").symlink_to(outside)
    assert "is a symbolic link" in pinned("add", "other", code=2).err
    assert "is a symbolic link" in pinned("checkout", "data:v0", "other", code=2).err
    assert outside.read_text() == "mine" if leads == "to a file" else not outside.exists()
    assert [item["name"] for item in pinned.json("list")] == ["data"]


def test_nothing_is_written_through_a_link_that_stands_for_an_ignore_file(pinned: Cli) -> None:
    outside = pinned.folder.parent / "outside"
    outside.write_text("mine\n")
    (pinned.folder / ".gitignore").unlink()
    (pinned.folder / ".gitignore").symlink_to(outside)
    pinned.write("other/b.txt", "b")
    assert ".gitignore is a symbolic link" in pinned("add", "other", code=2).err
    assert outside.read_text() == "mine\n"


def test_a_link_below_an_ignore_file_is_passed_over(pinned: Cli) -> None:
    outside = pinned.folder.parent / "outside"
    outside.write_text("mine\n")
    pinned.write("sub/other/b.txt", "b")
    (pinned.folder / "sub/.gitignore").symlink_to(outside)
    pinned("add", "sub/other")
    assert outside.read_text() == "mine\n"
    assert (pinned.folder / ".gitignore").read_text().splitlines()[-1] == "/sub/other"


def test_nothing_is_written_through_a_link_that_stands_for_the_committed_file(bare: Cli) -> None:
    git(bare, "init", "--quiet")
    outside = bare.folder.parent / "outside"
    (bare.folder / "objstore.toml").symlink_to(outside)
    bare("init")
    assert not outside.exists() and not (bare.folder / "objstore.toml").is_symlink()


def test_no_repository_is_made_through_a_link(bare: Cli) -> None:
    git(bare, "init", "--quiet")
    outside = bare.folder.parent / "outside"
    outside.mkdir()
    (bare.folder / ".objstore").symlink_to(outside)
    bare.write("objstore.toml", 'project = "default/vision"\n')
    assert "symbolic link" in bare("list", code=2).err
    assert list(outside.iterdir()) == []


def test_a_pin_with_a_wrong_pattern_is_named_and_keeps_no_other_from_being_shown(pinned: Cli) -> None:
    pinned.write("other/b.txt", "b")
    pinned("add", "other")
    pin = pinned.folder / "other.objstore"
    pin.write_text('exclude = ["\\\\"]\n' + pin.read_text())
    assert [item["status"] for item in pinned.json("status", code=1)] == ["unchanged", "unusable"]
    assert "other.objstore isn't a valid pin: exclude" in pinned("checkout", code=2).err


def test_a_working_tree_leaves_one_inside_it_alone(pinned: Cli) -> None:
    pinned("init", "inner")
    pinned.write("inner/data/b.txt", "b")
    pinned("-C", "inner", "add", "inner/data")
    before = (pinned.folder / "inner/data.objstore").read_bytes()
    pinned.write("inner/data/c.txt", "c")
    assert "working tree of its own" in pinned("add", "inner/data", code=2).err
    assert "working tree of its own" in pinned("checkout", "data:v0", "inner/data", code=2).err
    assert (pinned.folder / "inner/data.objstore").read_bytes() == before
    pinned("add", "inner/data", "--no-pin", "-n", "other")
    committed(pinned)
    assert pinned("diff", "--git", "HEAD").lines == ["no differences"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "project = 5",
        'project = "../.."',
        'project = "a/.."',
        'project = "config.toml/x"',
        'project = "lock/x"',
        "a = " + "9" * 5000,
        "a = [",
    ],
)
def test_a_committed_file_that_cannot_be_used_is_one_clear_error_and_makes_nothing(bare: Cli, text: str) -> None:
    bare.write("objstore.toml", text)
    for words in (["list"], ["status", "--json"], ["init"]):
        assert "objstore.toml" in bare(*words, code=2).err
    assert [entry.name for entry in bare.folder.iterdir()] == ["objstore.toml"]


def test_a_git_folder_elsewhere_does_not_bring_the_store_beside_it(bare: Cli) -> None:
    bare("init", "elsewhere", "--project", "private")
    bare.write("work/objstore.toml", 'project = "default/vision"\n')
    git(bare, "init", "--quiet", f"--separate-git-dir={bare.folder / 'elsewhere/repository.git'}", "work")
    bare("-C", "work", "list")
    assert (bare.folder / "work/.objstore/config.toml").read_text() == 'project = "default/vision"\n'
