"""add_file, new_file, remove and looking at entries."""

import contextlib
import os
from pathlib import Path

import pytest
from blake3 import blake3

import objstore
from objstore import Artifact, EntryNotFoundError, Repository, Table
from objstore.errors import StorageError
from objstore.host import filesystem
from tests.sdk.files import content, draft, paths, tree

BIG = os.urandom(5_000_000)  # several chunks, and more than one batch


def test_content_is_captured_when_a_file_is_added(repo: Repository, tmp_path: Path) -> None:
    artifact = Artifact("a", "dataset")
    file = tree(tmp_path / "src", {"f": "before"}) / "f"
    artifact.add_file(file)
    file.write_text("after")
    file.unlink()
    assert content(repo.log(artifact).download()) == {"f": "before"}


def test_an_entry_has_the_facts_of_its_file(tmp_path: Path) -> None:
    artifact = Artifact("a", "dataset")
    tree(tmp_path, {"f": BIG})
    entry = artifact.add_file(tmp_path / "f", name="x/f")
    assert (entry.path, entry.size, entry.digest, entry.ref, dict(entry.extra)) == ("x/f", len(BIG), blake3(BIG).hexdigest(), None, {})
    assert artifact.get_entry("x/f") == artifact.get("x/f") == artifact["x/f"] == artifact.manifest.entries["x/f"] == entry
    assert (artifact.size, artifact.file_count) == (len(BIG), 1)


def test_a_big_file_comes_back_whole(repo: Repository, tmp_path: Path) -> None:
    artifact = repo.new_artifact("a", "dataset")
    artifact.add_file(tree(tmp_path, {"f": BIG}) / "f")
    assert Path(repo.log(artifact).file()).read_bytes() == BIG


def test_the_same_content_again_is_fine_other_content_only_when_overwriting(tmp_path: Path) -> None:
    artifact = Artifact("a", "dataset")
    tree(tmp_path, {"one/f": "1", "same/f": "1", "two/f": "2"})
    artifact.add_file(tmp_path / "one/f")
    artifact.add_file(tmp_path / "same/f")
    with pytest.raises(ValueError, match="other content"):
        artifact.add_file(tmp_path / "two/f")
    assert artifact.size == 1
    before = artifact.digest
    artifact.add_file(tmp_path / "two/f", overwrite=True)
    assert artifact.digest != before


def test_what_is_not_a_regular_file_is_refused(tmp_path: Path) -> None:
    artifact = Artifact("a", "dataset")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(ValueError, match="use add_dir"):
        artifact.add_file(tmp_path)
    with pytest.raises(ValueError, match="not a regular file"):
        artifact.add_file(tmp_path / "pipe")
    with pytest.raises(ValueError, match="dangling link"):
        artifact.add_file(tmp_path / "dangling")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        artifact.add_file(tmp_path / "absent")
    assert paths(artifact) == []


def test_a_link_to_a_file_gives_its_content(repo: Repository, tmp_path: Path) -> None:
    tree(tmp_path, {"f": "1"})
    (tmp_path / "link").symlink_to("f")
    artifact = Artifact("a", "dataset")
    artifact.add_file(tmp_path / "link")
    folder = Path(repo.log(artifact).download())
    assert content(folder) == {"link": "1"}
    assert not (folder / "link").is_symlink()


def test_an_executable_stays_one(repo: Repository, tmp_path: Path) -> None:
    tree(tmp_path, {"run": "1", "plain": "2"})
    (tmp_path / "run").chmod(0o755)
    artifact = Artifact("a", "dataset")
    assert artifact.add_file(tmp_path / "run").is_executable
    assert not artifact.add_file(tmp_path / "plain").is_executable
    folder = Path(repo.log(artifact).download())
    assert os.access(folder / "run", os.X_OK) or (folder / "run").stat().st_mode & 0o100
    assert not (folder / "plain").stat().st_mode & 0o111


def test_a_disk_that_keeps_no_modes_gives_one_version_however_it_is_added(
    repo: Repository, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(small_disk / "data", {"run": "1"})
    (small_disk / "data/run").chmod(0o755)
    monkeypatch.setattr(filesystem, "keeps_mode", lambda folder: not folder.is_relative_to(small_disk))
    by_file, by_folder = draft(), draft()
    by_file.add_file(small_disk / "data/run")
    by_folder.add_dir(small_disk / "data")
    assert by_file.digest == by_folder.digest == repo.add(small_disk / "data").digest
    assert not by_file.get_entry("run").is_executable


def test_a_path_is_never_both_a_file_and_a_folder(tmp_path: Path) -> None:
    tree(tmp_path, {"f": "1"})
    artifact = Artifact("a", "dataset")
    artifact.add_file(tmp_path / "f", name="a")
    for settle in (False, True):
        with pytest.raises(ValueError, match="both a file and a folder"):
            artifact.add_file(tmp_path / "f", name="a/b/c")
        artifact.add_file(tmp_path / "f", name=f"d{settle}/e/f")
        with pytest.raises(ValueError, match="both a file and a folder"):
            artifact.add_file(tmp_path / "f", name=f"d{settle}/e", overwrite=True)
        assert artifact.file_count == 2 + settle  # which brings what was added into the manifest
    artifact.remove("a")
    artifact.add_file(tmp_path / "f", name="a/b/c")
    artifact.remove("a/b/c")
    artifact.add_file(tmp_path / "f", name="a")
    assert paths(artifact) == ["a", "dFalse/e/f", "dTrue/e/f"]


def test_many_files_one_by_one_are_all_there(repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("objstore.sdk.content._PENDING", 10)
    tree(tmp_path, {"f": "1"})
    artifact = Artifact("a", "dataset")
    for n in range(55):
        artifact.add_file(tmp_path / "f", name=f"{n % 7}/{n}")
    assert repo.log(artifact).file_count == 55


def test_a_new_file_takes_text_and_bytes(repo: Repository) -> None:
    artifact = Artifact("a", "dataset")
    with artifact.new_file("text", encoding="latin-1") as file:
        file.write("é")
    with artifact.new_file("d/bytes.bin", "xb") as file:
        file.write(b"\x00\xff")
        assert file.name.endswith("bytes.bin")
    folder = Path(repo.log(artifact).download())
    assert (folder / "text").read_bytes() == b"\xe9"
    assert (folder / "d/bytes.bin").read_bytes() == b"\x00\xff"


def test_a_new_file_whose_block_raises_adds_nothing(repo: Repository) -> None:
    artifact = Artifact("a", "dataset")
    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error), artifact.new_file("f") as file:
            file.write("half")
            raise error
    assert paths(artifact) == []
    assert list((repo.path / "local" / "staging").glob("new-*")) == []


def test_a_new_file_that_the_disk_has_no_room_for_adds_nothing(small_disk: Path) -> None:
    with objstore.open(small_disk / "repo", create=True) as repo:
        artifact = repo.new_artifact("a", "dataset")
        with pytest.raises((OSError, StorageError)) as caught, artifact.new_file("f", "wb") as file:
            file.write(bytes(9_000_000))
        assert "free" in " ".join([str(caught.value), *getattr(caught.value, "__notes__", ())])
        with pytest.raises(StorageError, match="free some"), artifact.new_file("f") as text:
            _fill(small_disk / "ballast")
            text.write("buffered")
        (small_disk / "ballast").unlink()
        assert paths(artifact) == []


def _fill(file: Path) -> None:
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as opened:
        while True:
            opened.write(bytes(4096))


def test_a_new_file_replaces_only_in_mode_w() -> None:
    artifact = draft(files={"f": "1"})
    with pytest.raises(ValueError, match="there already"), artifact.new_file("f"):
        raise AssertionError("not reached")
    with artifact.new_file("f", "w") as file:
        file.write("22")
    assert artifact.size == 2
    with pytest.raises(ValueError, match="both a file and a folder"), artifact.new_file("f/g"):
        raise AssertionError("not reached")
    for mode in ("r", "a", "wx", "", "rb+", "ww"):
        with pytest.raises(ValueError, match="mode"), artifact.new_file("g", mode):
            raise AssertionError("not reached")


def test_a_file_or_a_folder_can_be_removed_by_whole_components() -> None:
    artifact = draft(files={"images/a": "1", "images/b/c": "2", "images2/d": "3", "e": "4"})
    artifact.remove("images")
    assert paths(artifact) == ["e", "images2/d"]
    artifact.remove(artifact.get_entry("e"))
    artifact.remove("./images2/d")
    assert paths(artifact) == []
    for missing in ("images", "e", "image"):
        with pytest.raises(FileNotFoundError, match=missing):
            artifact.remove(missing)


def test_what_is_absent_is_a_key_error_or_none() -> None:
    artifact = draft(files={"a/b": "1"})
    for missing in ("a", "b", "a/b/c"):
        with pytest.raises(KeyError):
            artifact.get_entry(missing)
        with pytest.raises(EntryNotFoundError):
            artifact.manifest.entries[missing]
        assert missing not in artifact.manifest.entries
        assert artifact.get(missing) is None
        assert artifact[missing] is None


def test_entries_are_a_mapping_in_path_order() -> None:
    entries = draft(files={"b": "1", "a/x": "22", "a-": "3"}).manifest.entries
    assert list(entries) == ["a-", "a/x", "b"]
    assert [(path, entry.size) for path, entry in entries.items()] == [("a-", 1), ("a/x", 2), ("b", 1)]
    assert [entry.path for entry in entries.values()] == list(entries.keys())
    assert (len(entries), len(entries.items()), "a/x" in entries, "a" in entries) == (3, 3, True, False)


def test_a_draft_without_anything_has_no_entries_and_no_size() -> None:
    artifact = Artifact("a", "dataset")
    assert (paths(artifact), artifact.size, artifact.file_count, artifact.get("a")) == ([], 0, 0, None)
    assert artifact.digest == Artifact("b", "model").digest


def test_another_products_calls_run_as_they_are(repo: Repository, tmp_path: Path) -> None:
    """Its arguments by position, in its order, and those that only tune its caches."""
    tree(tmp_path, {"d/f": "1", "e/f": "2"})
    artifact = Artifact("a", "dataset", "said", {"n": 1}, False, "input")
    artifact.add_file(tmp_path / "d/f", "f", True, True, "immutable")
    artifact.add_file(tmp_path / "e/f", "f", False, False, "mutable", True)
    artifact.add_dir(tmp_path / "d", "g", True, "immutable")
    artifact.add_dir(tmp_path / "e", "g", False, "mutable", True)
    artifact.add_reference(f"file://{tmp_path}/d/f", "h", True, 1)
    artifact.add_reference("s3://bucket/gone", "i", False)
    for rows in ([[1]], [[2]]):
        artifact.add(Table(columns=["a"], data=rows), "t", True)
    artifact.remove("i")
    repo.log(artifact)
    assert content(artifact.download(tmp_path / "all", False, True, "g", True)) == {"g/f": "2"}
    assert content(artifact.download(tmp_path / "one", True, None, Path("f"))) == {"f": "2"}
    assert [entry.path for entry in artifact.files(["f"], 50)] == ["f"] and len(artifact.files(per_page=1)) == 4
    assert artifact.link(target_path="other", aliases=["x"]).name == "other:v0"


def test_a_part_to_download_is_named(repo: Repository, tmp_path: Path) -> None:
    artifact = repo.log(draft(files={"a/f": "1", "b": "2"}))
    with pytest.raises(TypeError, match="path_prefix='a'"):
        artifact.download(tmp_path / "got", "a")  # type: ignore[arg-type]
    assert not (tmp_path / "got").exists()


def test_a_name_of_any_length_and_its_suffix_can_be_written() -> None:
    artifact = Artifact("a", "dataset")
    for name in ("é" * 300 + ".png", "d/.png"):
        with artifact.new_file(name) as file:
            assert file.name.endswith(".png")
        assert name in artifact


def test_whether_an_artifact_has_a_path_or_a_table() -> None:
    artifact = draft(files={"a/b": "1"})
    assert "b" not in artifact
    artifact.add(Table(columns=["a"], data=[[1]]), "t")
    found = {name: name in artifact for name in ("a/b", Path("a/b"), "./a//b", "t", "a", "c", 3)}
    assert found == {"a/b": True, Path("a/b"): True, "./a//b": True, "t": True, "a": False, "c": False, 3: False}
