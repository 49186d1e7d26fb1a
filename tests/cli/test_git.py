"""Datasets in a Git repository, with real Git."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import objstore
from objstore.worktree.pin import Pin
from tests.cli.conftest import CONTENT, Ended

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no Git here")


class Repository:
    """A Git repository, with both command lines in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *words: str, code: int = 0, where: str = ".", environment: dict[str, str] | None = None) -> Ended:
        found = {**os.environ, "PYTHONPATH": str(Path(objstore.__file__).parents[1]), **(environment or {})}
        done = subprocess.run(words, cwd=self.folder / where, env=found, capture_output=True)
        ended = Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert ended.code == code, ended
        assert "Traceback" not in ended.err
        return ended

    def git(self, *words: str, code: int = 0, where: str = ".") -> Ended:
        return self.run("git", *words, code=code, where=where)

    def objstore(self, *words: str, code: int = 0, where: str = ".") -> Ended:
        return self.run(sys.executable, "-m", "objstore", *words, code=code, where=where)

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", message)

    def write(self, path: str, content: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(content)

    def read(self, path: str) -> str:
        return (self.folder / path).read_text()

    def clone(self, name: str, *words: str) -> "Repository":
        other = Repository(self.folder.parent / name)
        self.git("clone", "-q", *words, str(self.folder), str(other.folder))
        return other


@pytest.fixture
def bare_git(tmp_path: Path) -> Repository:
    """A Git repository without objstore."""
    made = Repository(tmp_path / "main")
    made.folder.mkdir()
    made.git("init", "-q")
    return made


@pytest.fixture
def repository(bare_git: Repository) -> Repository:
    """One with `pets:v0`, committed."""
    bare_git.objstore("init", "--project", "vision")
    for path, content in CONTENT.items():
        bare_git.write(f"pets/{path}", content)
    bare_git.objstore("add", "pets")
    bare_git.commit("one")
    return bare_git


@pytest.fixture
def branches(repository: Repository) -> Repository:
    """On `main` `pets:v0`, on `other` `pets:v1`, with hooks; `main` is out."""
    repository.objstore("git-hooks", "install")
    repository.git("switch", "-qc", "other")
    repository.write("pets/cat.png", "purr")
    repository.write("pets/fox.png", "yip")
    (repository.folder / "pets/dog.png").unlink()
    repository.objstore("add", "pets")
    repository.commit("two")
    repository.git("switch", "-q", "main")
    return repository


def content(folder: Path) -> dict[str, str]:
    return {os.fspath(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


V1 = {"cat.png": "purr", "fox.png": "yip", "labels/train.csv": CONTENT["labels/train.csv"]}


# -- init, add, clone ------------------------------------------------------------------------------------------------------


def test_init_names_the_project_and_ignores_the_store(bare_git: Repository) -> None:
    said = bare_git.objstore("init", "--project", "vision").lines
    assert said == ["made .objstore/default/vision", "to commit: git add objstore.toml .gitignore"]
    assert bare_git.read("objstore.toml").splitlines()[-1] == 'project = "default/vision"'
    assert bare_git.git("status", "--porcelain").lines == ["?? .gitignore", "?? objstore.toml"]


def test_init_again_completes_what_git_needs(bare_git: Repository) -> None:
    bare_git.objstore("init")
    (bare_git.folder / "objstore.toml").unlink()
    assert bare_git.objstore("init").out == "to commit: git add objstore.toml\n"
    assert "exists already" in bare_git.objstore("init", code=4).err


def test_git_sees_the_pin_and_not_the_data(repository: Repository) -> None:
    assert repository.git("ls-files").lines == [".gitignore", "objstore.toml", "pets.objstore"]
    assert repository.git("status", "--porcelain").out == ""
    repository.write("pets/new", "x")
    assert repository.objstore("add", "pets").lines[1:] == ["to commit: git add pets.objstore"]
    assert repository.git("diff", "--stat").lines[-1].split(",")[1:] == [" 2 insertions(+)", " 2 deletions(-)"]


def test_the_nearest_ignore_file_gets_the_line_and_only_once(repository: Repository) -> None:
    repository.write("sub/.gitignore", "*.log\n")
    repository.write("sub/data/x", "x")
    said = repository.objstore("add", "data", where="sub").lines
    assert said[1:] == ["to commit: git add data.objstore .gitignore"]
    assert repository.read("sub/.gitignore") == "*.log\n/data\n"
    repository.write("sub/data/x", "y")
    repository.objstore("add", "sub/data")
    assert repository.read("sub/.gitignore") == "*.log\n/data\n"
    assert repository.read(".gitignore") == "/.objstore/\n/pets\n"


def test_what_git_ignores_already_gets_no_line(repository: Repository) -> None:
    repository.write("raw/data/x", "x")
    repository.write(".gitignore", repository.read(".gitignore") + "raw/*\n!raw/*.objstore\n")
    before = repository.read(".gitignore")
    repository.objstore("add", "raw/data")
    assert repository.read(".gitignore") == before
    assert "raw/data.objstore" in repository.git("status", "--porcelain", "-uall").out


def test_a_path_that_git_doesn_t_ignore_any_more_is_told(repository: Repository) -> None:
    assert repository.objstore("status").err == ""
    repository.write(".gitignore", "/.objstore/\n")
    said = "warning: Git doesn't ignore pets, and may take it in; `objstore add pets` has it ignored\n"
    assert repository.objstore("status").err == said
    repository.objstore("add", "pets")
    assert repository.objstore("status").err == ""


def test_a_path_that_git_tracks_is_warned_of(repository: Repository) -> None:
    repository.write("old/x", "x")
    repository.commit("by mistake")
    said = repository.objstore("add", "old")
    assert said.err == "warning: old is in Git too; `git rm -r --cached -- old` leaves it to objstore\n"


def test_the_first_command_in_a_clone_sets_it_up(repository: Repository) -> None:
    other = repository.clone("clone")
    said = other.objstore("status", code=1)
    assert said.err == "setting up .objstore for the project in objstore.toml\n"
    assert said.out.startswith("pets  pets:v0  not here  ")
    assert other.git("status", "--porcelain").out == ""
    assert other.objstore("list").err == ""
    other.write("pets/x", "x")
    assert other.objstore("add", "pets").out.startswith("pets:v0 ")


def test_clones_can_share_a_store(repository: Repository) -> None:
    other = repository.clone("clone")
    other.objstore("status", code=1)
    assert other.objstore("init", "--store", "../main").out == "made .objstore, which shares ../main/.objstore/default/vision\n"
    other.objstore("checkout")
    assert content(other.folder / "pets") == CONTENT
    other.write("pets/new", "x")
    other.objstore("add", "pets")
    assert "pets:v1" in repository.objstore("list").out or repository.objstore("show", "pets:v1").out
    assert "exists already" in repository.objstore("init", "--store", "../elsewhere", code=4).err


def test_a_store_may_be_a_folder_of_its_own(repository: Repository, tmp_path: Path) -> None:
    one, two = repository.clone("one"), repository.clone("two")
    one.objstore("init", "--store", str(tmp_path / "store"))
    one.write("pets/x", "x")
    one.objstore("add", "pets")
    two.objstore("init", "--store", str(tmp_path / "store"))
    assert two.objstore("show", "pets:v0").out
    shutil.move(tmp_path / "store", tmp_path / "away")
    assert "isn't there; is its disk mounted?" in two.objstore("list", code=3).err


def test_a_further_working_tree_shares_the_store(branches: Repository) -> None:
    branches.git("worktree", "add", "-q", "../further", "other")
    further = branches.folder.parent / "further"
    assert content(further / "pets") == V1
    assert branches.objstore("-C", str(further), "list").out == branches.objstore("list").out
    assert content(branches.folder / "pets") == CONTENT


def test_a_broken_project_file_is_told(bare_git: Repository) -> None:
    bare_git.write("objstore.toml", 'project = "../../etc"\n')
    assert "objstore.toml: project '../../etc' must be NAME or ENTITY/NAME" in bare_git.objstore("status", code=2).err
    bare_git.write("objstore.toml", "project")
    assert "objstore.toml isn't valid TOML" in bare_git.objstore("status", code=2).err
    assert not (bare_git.folder / ".objstore").exists()


# -- hooks -----------------------------------------------------------------------------------------------------------------


def test_a_switch_moves_the_files(branches: Repository) -> None:
    branches.git("switch", "-q", "other")
    assert content(branches.folder / "pets") == V1
    branches.git("switch", "-q", "main")
    assert content(branches.folder / "pets") == CONTENT
    assert branches.objstore("status").out == "pets  pets:v0  unchanged  3 files\n"


def test_a_merge_a_rebase_and_a_checkout_of_the_pin_move_the_files(branches: Repository) -> None:
    branches.git("merge", "-q", "other")
    assert content(branches.folder / "pets") == V1
    branches.git("checkout", "-q", "HEAD~1", "--", "pets.objstore")
    assert content(branches.folder / "pets") == CONTENT
    branches.git("reset", "-q", "--hard")
    branches.git("switch", "-qc", "third", "main~1")
    branches.write("code.py", "pass")
    branches.commit("three")
    branches.git("rebase", "-q", "main")
    assert content(branches.folder / "pets") == V1


def test_a_pull_with_rebase_moves_the_files(branches: Repository) -> None:
    clone = branches.clone("clone", "--branch", "main")
    clone.objstore("init", "--store", "../main")
    clone.objstore("git-hooks", "install")
    clone.objstore("checkout")
    clone.write("code.py", "pass")
    clone.commit("code")
    branches.git("merge", "-q", "other")
    clone.git("pull", "-q", "--rebase")
    assert content(clone.folder / "pets") == V1


def test_what_ends_in_a_commit_moves_the_files(branches: Repository) -> None:
    """Merges that had conflicts, cherry-picks, reverts."""
    branches.git("cherry-pick", "other")
    assert content(branches.folder / "pets") == V1
    branches.git("revert", "--no-edit", "HEAD")
    assert content(branches.folder / "pets") == CONTENT
    branches.write("code.py", "main")
    branches.commit("main")
    branches.git("switch", "-q", "other")
    branches.write("code.py", "other")
    branches.commit("other")
    branches.git("switch", "-q", "main")
    branches.git("merge", "-q", "other", code=1)
    branches.git("checkout", "-q", "--theirs", "code.py")
    branches.git("checkout", "-q", "other", "--", "pets.objstore")
    branches.commit("merged")
    assert content(branches.folder / "pets") == V1
    assert branches.objstore("status").out.startswith("pets  pets:v1  unchanged")


def test_pins_of_files_move_them_too(branches: Repository) -> None:
    branches.write("model.bin", "one")
    branches.objstore("add", "model.bin")
    branches.commit("model")
    branches.git("switch", "-qc", "better")
    branches.write("model.bin", "two")
    branches.objstore("add", "model.bin")
    branches.commit("better model")
    branches.git("switch", "-q", "main")
    assert branches.read("model.bin") == "one"
    branches.git("checkout", "-q", "better", "--", "model.bin.objstore")
    assert branches.read("model.bin") == "two"


def test_what_isn_t_pinned_on_a_branch_goes_and_comes_back(branches: Repository) -> None:
    branches.git("switch", "-qc", "more")
    branches.write("extra/imgs/a", "a")
    branches.write("extra/imgs/.objstoreignore", "*.tmp\n")
    branches.objstore("add", "extra/imgs")
    branches.commit("more")
    assert branches.git("switch", "-q", "main").err == "extra/imgs  not pinned here  2 files removed\n"
    assert not (branches.folder / "extra/imgs").exists()
    assert branches.git("status", "--porcelain").out == ""
    branches.git("switch", "-q", "more")
    assert branches.read("extra/imgs/a") == "a"
    branches.write("extra/imgs/half.tmp", "ignored")
    branches.git("switch", "-q", "main")
    assert content(branches.folder / "extra") == {"imgs/half.tmp": "ignored"}
    said = branches.git("switch", "-q", "more", code=1).err
    assert "no version holds extra/imgs/half.tmp" in said  # nothing says any more that it is ignored
    (branches.folder / "extra/imgs/half.tmp").unlink()
    branches.objstore("checkout")
    branches.write("extra/imgs/own", "mine")
    said = branches.git("switch", "-q", "main").err
    assert said == "extra/imgs isn't pinned here, and is left as it is: not all of it is in a version\n"
    assert branches.read("extra/imgs/own") == "mine" and branches.read("extra/imgs/a") == "a"


def test_what_git_has_itself_where_a_pin_was_stays(branches: Repository) -> None:
    branches.git("switch", "-qc", "plain")
    branches.git("rm", "-q", "pets.objstore")
    branches.write(".gitignore", "/.objstore/\n")
    branches.commit("the data in Git")
    assert "pets/cat.png" in branches.git("ls-files").lines
    branches.git("switch", "-q", "--force", "main")
    branches.objstore("checkout")
    branches.git("switch", "-q", "--force", "plain")
    assert branches.git("status", "--porcelain").out == ""
    assert content(branches.folder / "pets") == CONTENT


def test_nothing_is_removed_behind_a_link_where_a_pin_was(branches: Repository, tmp_path: Path) -> None:
    shutil.copytree(branches.folder / "pets", tmp_path / "precious")
    branches.git("switch", "-qc", "hostile")
    branches.git("rm", "-q", "pets.objstore")
    branches.commit("no pin")
    branches.git("switch", "-q", "main")
    shutil.move(branches.folder / "pets", tmp_path / "away")
    (branches.folder / "pets").symlink_to(tmp_path / "precious")
    branches.git("switch", "-q", "hostile")
    assert content(tmp_path / "precious") == CONTENT


def test_what_moved_with_its_pin_isn_t_removed(branches: Repository) -> None:
    branches.git("switch", "-qc", "moved")
    branches.write("more/deep/x", "x")
    branches.objstore("add", "more/deep", "-n", "deep")
    branches.commit("deep")
    branches.git("switch", "-qc", "whole")
    branches.git("rm", "-q", "more/deep.objstore")
    branches.objstore("add", "more")
    branches.commit("whole")
    branches.git("switch", "-q", "moved")
    assert content(branches.folder / "more") == {"deep/x": "x", "deep.objstore": branches.read("more/deep.objstore")}
    branches.git("switch", "-q", "whole")
    assert content(branches.folder / "more") == {"deep/x": "x"}


def test_nothing_behind_a_link_is_removed_with_a_pin(branches: Repository, tmp_path: Path) -> None:
    branches.git("switch", "-qc", "more")
    branches.write("extra/imgs/a", "a")
    branches.objstore("add", "extra/imgs")
    branches.commit("more")
    for linked in ("extra/imgs", "extra"):
        shutil.rmtree(tmp_path / "elsewhere", ignore_errors=True)
        (branches.folder / linked).rename(tmp_path / "elsewhere")
        (branches.folder / linked).symlink_to(tmp_path / "elsewhere")
        branches.git("checkout", "-qf", "main")
        assert [path.read_text() for path in (tmp_path / "elsewhere").rglob("a")] == ["a"]
        if (branches.folder / linked).is_symlink():
            (branches.folder / linked).unlink()
        branches.git("checkout", "-qf", "more")


def test_what_is_in_a_submodule_now_isn_t_removed(branches: Repository, tmp_path: Path) -> None:
    branches.git("switch", "-qc", "more")
    branches.write("extra/imgs/a", "a")
    branches.objstore("add", "extra/imgs")
    branches.commit("more")
    branches.git("switch", "-q", "main")
    shutil.rmtree(branches.folder / "extra", ignore_errors=True)
    part = Repository(tmp_path / "part")
    part.folder.mkdir()
    part.git("init", "-q")
    part.write("imgs/a", "a")
    part.commit("part")
    branches.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(part.folder), "extra")
    branches.commit("submodule")
    branches.git("switch", "-q", "more")
    branches.git("switch", "-q", "main")
    assert branches.read("extra/imgs/a") == "a"


def test_a_rebase_of_the_commit_that_pins_brings_back_what_went_meanwhile(branches: Repository) -> None:
    branches.git("switch", "-qc", "more")
    branches.write("extra/imgs/a", "a")
    branches.objstore("add", "extra/imgs")
    branches.write("model.bin", "one")
    branches.objstore("add", "model.bin")
    branches.commit("more")
    branches.git("switch", "-q", "main")
    branches.write("code.py", "pass")
    branches.commit("code")
    branches.git("switch", "-q", "more")
    branches.git("rebase", "-q", "main")
    assert branches.read("extra/imgs/a") == "a" and branches.read("model.bin") == "one"
    branches.git("switch", "-q", "main")
    assert not (branches.folder / "extra/imgs").exists()
    branches.git("cherry-pick", "more")
    assert branches.read("extra/imgs/a") == "a" and branches.read("model.bin") == "one"
    assert branches.objstore("status").out.count("unchanged") == 3


def test_why_files_stay_without_their_pin_is_told(branches: Repository) -> None:
    branches.git("switch", "-qc", "bare")
    branches.git("rm", "-q", "pets.objstore")
    branches.git("commit", "-qm", "no pets")
    branches.git("switch", "-q", "main")
    branches.objstore("rm", "pets:v0", "--aliases")
    said = branches.git("switch", "-q", "bare").err
    assert said == "pets isn't pinned here, and is left as it is: pets:v0 was deleted; `objstore restore pets:v0` brings it back\n"
    assert content(branches.folder / "pets") == CONTENT


def test_a_switch_never_loses_a_local_change(branches: Repository) -> None:
    branches.write("pets/cat.png", "my own")
    said = branches.git("switch", "-q", "other", code=1).err
    assert "no version holds pets/cat.png as it is now (edited since pets:v0), so nothing was touched" in said
    assert content(branches.folder / "pets") == {**CONTENT, "cat.png": "my own"}
    assert branches.git("switch", "-q", "main").err == ""  # back where the change was made
    assert branches.read("pets/cat.png") == "my own"


def test_a_switch_of_one_dataset_goes_on_when_another_can_t(branches: Repository) -> None:
    branches.write("more/x", "one")
    branches.objstore("add", "more")
    branches.commit("more")
    branches.git("switch", "-qc", "fourth")
    branches.write("more/x", "two")
    branches.write("pets/cat.png", "third")
    branches.objstore("add", "more")
    branches.objstore("add", "pets")
    branches.commit("both")
    branches.write("more/x", "mine")
    branches.git("switch", "-q", "main", code=1)
    assert branches.read("more/x") == "mine"
    assert content(branches.folder / "pets") == CONTENT


def test_hooks_work_from_a_subfolder_and_for_a_tree_in_one(bare_git: Repository) -> None:
    bare_git.objstore("init", "sub")
    bare_git.write("sub/data/x", "one")
    bare_git.objstore("add", "data", where="sub")
    bare_git.commit("one")
    bare_git.objstore("git-hooks", "install", where="sub")
    bare_git.git("switch", "-qc", "other")
    bare_git.write("sub/data/x", "two")
    bare_git.objstore("add", "data", where="sub")
    bare_git.commit("two")
    bare_git.git("switch", "-q", "main", where="sub/data")
    assert bare_git.read("sub/data/x") == "one"


def test_installing_twice_changes_nothing_and_removing_restores_all(repository: Repository) -> None:
    hooks = repository.folder / ".git/hooks"
    (hooks / "post-checkout").write_text("#!/bin/sh\necho theirs\n")
    (hooks / "post-checkout").chmod(0o755)
    (repository.folder / ".git/info/attributes").write_text("*.bin binary\n")
    config = repository.read(".git/config")
    before = content(hooks)
    assert "kept the hook that was there" in repository.objstore("git-hooks", "install").out
    installed = content(hooks)
    assert installed["post-checkout.before-objstore"] == before["post-checkout"]
    repository.objstore("git-hooks", "install")
    assert content(hooks) == installed
    assert repository.objstore("git-hooks", "remove").lines[1:] == ["back in its place: .git/hooks/post-checkout"]
    assert content(hooks) == before
    assert repository.read(".git/config") == config
    assert repository.read(".git/info/attributes") == "*.bin binary\n"
    repository.objstore("git-hooks", "remove")


def test_a_hook_that_was_there_still_runs_first(branches: Repository) -> None:
    branches.objstore("git-hooks", "remove")
    hook = branches.folder / ".git/hooks/post-checkout"
    hook.write_text('#!/bin/sh\ncat pets/cat.png | head -c 4 > seen\necho "$@" >> seen\n')
    hook.chmod(0o755)
    branches.objstore("git-hooks", "install")
    branches.git("switch", "-q", "other")
    assert branches.read("seen").startswith(CONTENT["cat.png"][:4])
    assert branches.read("seen").split()[-1] == "1"
    assert content(branches.folder / "pets") == V1


def test_a_push_says_what_stays_and_a_hook_before_can_stop_it(branches: Repository, tmp_path: Path) -> None:
    branches.git("init", "-q", "--bare", str(tmp_path / "bare"))
    branches.git("remote", "add", "origin", str(tmp_path / "bare"))
    said = branches.git("push", "-q", "origin", "main").err
    assert said == "objstore: 1 pinned version not pushed: there is no upstream; `objstore remote add origin URL` names one\n"
    branches.objstore("git-hooks", "remove")
    hook = branches.folder / ".git/hooks/pre-push"
    hook.write_text('#!/bin/sh\ncat > pushed\necho "$1" >> pushed\nexit 1\n')
    hook.chmod(0o755)
    branches.objstore("git-hooks", "install")
    branches.git("push", "-q", "origin", "other", code=1)
    assert "refs/heads/other" in branches.read("pushed") and "origin" in branches.read("pushed")
    assert branches.run("git", "ls-remote", str(tmp_path / "bare"), "other").out == ""


def test_a_push_brings_what_is_pinned_to_the_upstream_and_a_clone_finds_it(branches: Repository, tmp_path: Path) -> None:
    branches.git("init", "-q", "--bare", str(tmp_path / "bare"))
    branches.git("remote", "add", "origin", str(tmp_path / "bare"))
    assert "objstore.toml" in branches.objstore("remote", "add", "origin", str(tmp_path / "upstream")).out
    branches.commit("upstream")
    branches.git("push", "-q", "origin", "main")
    assert (tmp_path / "upstream/objstore.json").is_file()
    clone = Repository(tmp_path / "clone")
    branches.git("clone", "-q", str(tmp_path / "bare"), str(clone.folder))
    clone.objstore("git-hooks", "install")
    clone.objstore("checkout")
    pinned = next(file.stem for file in clone.folder.glob("*.objstore") if file.is_file())
    assert clone.objstore("diff").out == branches.objstore("diff").out
    clone.write(f"{pinned}/new.txt", "from the clone")
    clone.objstore("add", str(pinned))
    clone.git("commit", "-qam", "more")
    clone.git("push", "-q", "origin", "HEAD:main")
    branches.git("pull", "-q", "origin", "main")
    assert branches.read(f"{pinned}/new.txt") == "from the clone"


def test_an_upstream_that_is_removed_goes_from_the_committed_file_too(branches: Repository, tmp_path: Path) -> None:
    before = branches.read("objstore.toml")
    branches.objstore("remote", "add", "origin", str(tmp_path / "upstream"))
    assert branches.read("objstore.toml") != before
    assert branches.objstore("remote", "remove", "origin").out == "to commit: git add objstore.toml\n"
    assert branches.read("objstore.toml") == before


def test_a_push_that_cannot_reach_the_upstream_stops_git(branches: Repository, tmp_path: Path) -> None:
    branches.git("init", "-q", "--bare", str(tmp_path / "bare"))
    branches.git("remote", "add", "origin", str(tmp_path / "bare"))
    branches.objstore("remote", "add", "origin", str(tmp_path / "upstream"))
    shutil.rmtree(tmp_path / "upstream")
    (tmp_path / "upstream").write_text("in the way")
    assert "Git doesn't push either" in branches.git("push", "-q", "origin", "main", code=1).err
    branches.git("push", "-q", "--no-verify", "origin", "main")


def test_hooks_that_other_repositories_share_are_left_alone(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    repository.git("config", "core.hooksPath", str(tmp_path / "shared"))
    assert "isn't this repository's own" in repository.objstore("git-hooks", "install", code=4).err
    assert os.listdir(tmp_path / "shared") == []


def test_a_hook_without_objstore_says_so_and_stops_nothing(branches: Repository, tmp_path: Path) -> None:
    hook = branches.folder / ".git/hooks/post-checkout"
    hook.write_text(hook.read_text().replace(shlex.quote(sys.executable), "/nowhere/python"))
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("git", "sh", "dirname", "cat"):
        (tools / tool).symlink_to(shutil.which(tool) or "")
    said = branches.run("git", "switch", "-q", "other", environment={"PATH": str(tools)}).err
    assert "objstore isn't installed here any more" in said


def test_a_module_in_the_repository_isn_t_taken_for_ours(branches: Repository) -> None:
    branches.write("objstore.py", "raise SystemExit('taken over')")
    branches.git("switch", "-q", "other")
    assert content(branches.folder / "pets") == V1


# -- diffs -----------------------------------------------------------------------------------------------------------------


def test_git_diff_of_a_pin_shows_what_it_pins(branches: Repository) -> None:
    shown = [line for line in branches.git("diff", "main", "other").lines if line[0] in "+-" and line[:3] not in ("+++", "---")]
    assert [line.partition("  ")[0] for line in shown if "pets:" in line] == ["-pets:v0", "+pets:v1"]
    assert [line.split()[1] for line in shown if line[1] == " "] == ["cat.png", "dog.png", "cat.png", "fox.png"]


def test_git_diff_shows_a_pin_that_isn_t_one_as_it_is(branches: Repository) -> None:
    branches.write("pets.objstore", "broken\n")
    assert "+broken" in branches.git("diff").lines


def test_diff_of_revisions_shows_what_their_pins_differ_in(branches: Repository) -> None:
    assert branches.objstore("diff", "--git", "main", "other", code=1).lines[:4] == [
        "pets: pets:v0 → pets:v1",
        "M  pets/cat.png  2.0 KiB → 4 B",
        "D  pets/dog.png  2.7 KiB",
        "A  pets/fox.png  3 B",
    ]
    assert branches.objstore("diff", "--git", "main").out == "no differences\n"
    branches.objstore("checkout", "pets:v1")
    assert branches.objstore("diff", "--git", "HEAD", code=1).lines[0] == "pets: pets:v0 → pets:v1"
    assert "Git knows no revision 'nowhere'" in branches.objstore("diff", "--git", "nowhere", code=3).err


def test_a_pin_that_came_or_went_is_told(repository: Repository) -> None:
    repository.write("more", "x")
    repository.objstore("add", "more")
    repository.git("rm", "-q", "pets.objstore")
    repository.commit("two")
    said = repository.objstore("diff", "--git", "HEAD~1", "HEAD", code=1).out
    assert "more: no pin → more:v0\nA  more  1 B\n" in said
    assert "pets: pets:v0 → no pin\nD  pets/cat.png" in said


# -- the whole of it -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_two_branches_of_a_dataset_of_thousands_of_files(bare_git: Repository) -> None:
    bare_git.objstore("init")
    for number in range(5_000):
        bare_git.write(f"data/{number % 40:02}/{number:04}.txt", f"sample {number}\n")
    bare_git.objstore("add", "data")
    bare_git.commit("one")
    bare_git.objstore("git-hooks", "install")
    first = content(bare_git.folder / "data")
    bare_git.git("switch", "-qc", "other")
    for number in range(9):
        bare_git.write(f"data/{number:02}/{number:04}.txt", f"corrected {number}\n")
    (bare_git.folder / "data/39/0039.txt").unlink()
    bare_git.objstore("add", "data")
    bare_git.commit("two")
    second = content(bare_git.folder / "data")

    def facts() -> dict[str, tuple[int, int]]:
        found = {os.fspath(path): path.stat() for path in (bare_git.folder / "data").rglob("*.txt")}
        return {path: (status.st_ino, status.st_ctime_ns) for path, status in found.items()}

    before = facts()
    assert bare_git.git("switch", "-q", "main").err == "data  data:v0  10 files written\n"
    assert content(bare_git.folder / "data") == first
    after = facts()
    assert sum(before.get(path) != now for path, now in after.items()) == 10
    assert bare_git.objstore("status").out == "data  data:v0  unchanged  5,000 files\n"
    assert bare_git.git("switch", "-q", "other").err == "data  data:v1  9 files written, 1 file removed\n"
    assert content(bare_git.folder / "data") == second

    elsewhere = bare_git.clone("elsewhere", "--branch", "main")
    elsewhere.objstore("init", "--store", "../main")
    elsewhere.objstore("git-hooks", "install")
    elsewhere.objstore("checkout")
    assert content(elsewhere.folder / "data") == first
    elsewhere.git("switch", "-q", "other")
    assert content(elsewhere.folder / "data") == second
    assert Pin.decode((elsewhere.folder / "data.objstore").read_bytes(), "").files == 4_999
