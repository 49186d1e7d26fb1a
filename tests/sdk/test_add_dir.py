"""add_dir: what is taken, what is refused, and that nothing is added then."""

import os
from pathlib import Path
from typing import Any

import pytest

from objstore import Artifact, ConflictError, Repository
from objstore.odb.database import Database
from objstore.worktree.ingest import Ingest
from tests.sdk.files import content, draft, paths, tree


def test_hidden_files_are_taken_and_empty_folders_dropped(repo: Repository, tmp_path: Path) -> None:
    artifact = Artifact("a", "dataset")
    artifact.add_dir(tree(tmp_path / "d", {".hidden": "1", ".git/x": "2", "empty/": "", "a/b": "3"}))
    assert content(repo.log(artifact).download()) == {".hidden": "1", ".git/x": "2", "a/b": "3"}


def test_links_to_files_and_folders_are_followed(repo: Repository, tmp_path: Path) -> None:
    tree(tmp_path / "other", {"x/y": "1"})
    (tree(tmp_path / "d", {"f": "2"}) / "folder").symlink_to(tmp_path / "other")
    (tmp_path / "d" / "file").symlink_to("f")
    artifact = Artifact("a", "dataset")
    artifact.add_dir(tmp_path / "d")
    assert content(repo.log(artifact).download()) == {"f": "2", "file": "2", "folder/x/y": "1"}


def test_executable_bits_are_kept(repo: Repository, tmp_path: Path) -> None:
    (tree(tmp_path / "d", {"run": "1"}) / "run").chmod(0o755)
    artifact = Artifact("a", "dataset")
    artifact.add_dir(tmp_path / "d")
    assert (Path(repo.log(artifact).download()) / "run").stat().st_mode & 0o111


def cycle(folder: Path) -> None:
    (folder / "loop").symlink_to(folder)


def dangling(folder: Path) -> None:
    (folder / "z").symlink_to("nowhere")


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "z")


def odd_name(folder: Path) -> None:
    (Path(os.fsdecode(os.fsencode(folder) + b"/\xff"))).write_text("1")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [(cycle, "contains it"), (dangling, "dangling link"), (pipe, "not a regular file"), (odd_name, "not UTF-8")],
)
def test_a_folder_that_cannot_be_taken_whole_adds_nothing(tmp_path: Path, spoil: Any, message: str) -> None:
    folder = tree(tmp_path / "d", {"a": "1", "b/c": "2"})
    spoil(folder)
    artifact = draft(files={"kept": "0"})
    before = artifact.digest
    with pytest.raises(ValueError, match=message):
        artifact.add_dir(folder)
    assert artifact.digest == before


def test_what_is_not_a_folder_is_refused(tmp_path: Path) -> None:
    artifact = Artifact("a", "dataset")
    tree(tmp_path, {"f": "1"})
    with pytest.raises(ValueError, match="use add_file"):
        artifact.add_dir(tmp_path / "f")
    with pytest.raises(FileNotFoundError):
        artifact.add_dir(tmp_path / "absent")


def test_ignore_files_and_patterns_choose(tmp_path: Path) -> None:
    folder = tree(tmp_path / "d", {".objstoreignore": "*.tmp\n", "a.txt": "1", "b.tmp": "2", "c/d.txt": "3", "c/e.csv": "4"})

    def taken(**options: Any) -> list[str]:
        artifact = Artifact("a", "dataset")
        artifact.add_dir(folder, **options)
        return [path for path in paths(artifact) if path != ".objstoreignore"]

    assert taken() == ["a.txt", "c/d.txt", "c/e.csv"]
    assert taken(include="*.txt") == ["a.txt", "c/d.txt"]
    assert taken(exclude=["c/"]) == ["a.txt"]
    assert taken(include=["c/"], exclude=["*.csv"]) == ["c/d.txt"]


def test_an_excluded_problem_is_none(tmp_path: Path) -> None:
    dangling(tree(tmp_path / "d", {"a": "1"}))
    artifact = Artifact("a", "dataset")
    artifact.add_dir(tmp_path / "d", exclude=["z"])
    assert paths(artifact) == ["a"]


@pytest.mark.parametrize("name", [None, "sub/dir"])
def test_a_folder_is_merged_with_what_is_there(tmp_path: Path, name: str | None) -> None:
    prefix = f"{name}/" if name else ""
    tree(tmp_path / "one", {"a": "1", "b/c": "2"})
    tree(tmp_path / "two", {"a": "1", "b/d": "3"})
    artifact = draft(files={"zz": "0"})
    artifact.add_dir(tmp_path / "one", name)
    artifact.add_dir(tmp_path / "two", name)
    assert paths(artifact) == sorted([f"{prefix}a", f"{prefix}b/c", f"{prefix}b/d", "zz"])
    (tmp_path / "two" / "a").write_text("other")
    before = artifact.digest
    with pytest.raises(ValueError, match="other content"):
        artifact.add_dir(tmp_path / "two", name)
    assert artifact.digest == before
    artifact.add_dir(tmp_path / "two", name, merge=True)
    entry = artifact.get_entry(f"{prefix}a")
    assert entry.size == 5


@pytest.mark.parametrize("name", [None, "sub"])
@pytest.mark.parametrize(("there", "added"), [("a", "a/b"), ("a/b", "a"), ("a/b/c", "a/b")])
def test_a_file_where_a_folder_is_is_refused_whole(tmp_path: Path, name: str | None, there: str, added: str) -> None:
    prefix = f"{name}/" if name else ""
    artifact = draft(files={prefix + there: "1", prefix + "a-": "2"})
    before = artifact.digest
    with pytest.raises(ValueError, match="both a file and a folder"):
        artifact.add_dir(tree(tmp_path / "d", {"A": "0", added: "3"}), name, merge=True)
    assert artifact.digest == before


def test_a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    artifact = draft(files={"a": "1"})
    for name in ("a", "a/b"):
        with pytest.raises(ValueError, match="both a file and a folder"):
            artifact.add_dir(tree(tmp_path / "d", {"x": "1"}), name)
    assert paths(artifact) == ["a"]


def test_any_way_to_the_same_files_gives_the_same_digest(tmp_path: Path) -> None:
    folder = tree(tmp_path / "d", {f"{n % 10}/{n}": str(n) for n in range(500)})
    whole, parts, single = (Artifact("a", "dataset") for _ in range(3))
    whole.add_dir(folder)
    for n in reversed(range(10)):
        parts.add_dir(folder / str(n), str(n))
    for n in range(500):
        single.add_file(folder / f"{n % 10}/{n}", f"{n % 10}/{n}")
    assert whole.digest == parts.digest == single.digest


def test_a_folder_that_has_not_changed_is_not_read_again(repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tree(tmp_path / "d", {"a": "1", "b": "2"})
    for file in folder.iterdir():
        os.utime(file, ns=(10**18, 10**18))
    monkeypatch.setattr("objstore.repository.project.file_clock", lambda _: 2**62)  # long after the files were written
    first, again, below = (Artifact("data", "dataset") for _ in range(3))
    first.add_dir(folder)
    repo.log(first)
    monkeypatch.setattr(Ingest, "run", lambda *_: pytest.fail("a file was read"))
    again.add_dir(folder)
    assert repo.log(again).version == "v0"
    below.add_dir(folder, "below")
    assert paths(repo.log(below)) == ["below/a", "below/b"]


def test_what_was_never_logged_is_not_taken_for_stored(repo: Repository, tmp_path: Path) -> None:
    folder = tree(tmp_path / "d", {"a": "1"})
    abandoned = repo.new_artifact("data", "dataset")
    abandoned.add_dir(folder)
    del abandoned
    artifact = repo.new_artifact("data", "dataset")
    artifact.add_dir(folder)
    assert content(repo.log(artifact).download()) == {"a": "1"}
    assert repo.fsck().is_sound


def test_an_interrupted_add_changes_nothing_and_asks_for_a_new_artifact(
    repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = draft(files={"kept": "0"})
    before = artifact.digest
    with monkeypatch.context() as patch:
        patch.setattr(Ingest, "run", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            artifact.add_dir(tree(tmp_path / "d", {"a": "1"}))
    assert artifact.digest == before
    with pytest.raises(ConflictError, match="make a new artifact"):
        artifact.add_dir(tmp_path / "d")
    with pytest.raises(ConflictError, match="make a new artifact"):
        repo.log(artifact)
    fresh = draft(files={"kept": "0"})
    fresh.add_dir(tmp_path / "d")
    assert paths(repo.log(fresh)) == ["a", "kept"]
    assert repo.fsck().is_sound


def test_looking_one_path_up_reads_a_few_nodes(repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    artifact = repo.new_artifact("data", "dataset")
    artifact.add_dir(tree(tmp_path / "d", {f"{n:04}": "" for n in range(3000)}))
    repo.log(artifact)
    reads: list[object] = []
    read = Database.read_node
    monkeypatch.setattr(Database, "read_node", lambda self, digest: reads.append(digest) or read(self, digest))
    assert repo.artifact("data").manifest.entries["1234"].size == 0
    assert 1 < len(reads) < 5
    assert len(repo.artifact("data").manifest.entries) == 3000
    assert len(reads) < 10
