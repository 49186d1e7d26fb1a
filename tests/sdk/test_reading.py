"""download, checkout, verify, and that no manifest leads out of the folder."""

from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

import objstore
from objstore import Artifact, CorruptionError, EntryNotFoundError, FolderDiffersError, ObjstoreError, Repository
from objstore.cli.app import app
from objstore.errors import LocalChangesError
from objstore.history.versions import log_version
from objstore.manifest.entry import Entry, EntryKind
from objstore.manifest.node import Leaf, encode
from objstore.values.digest import node_digest, plain
from objstore.values.key import chunk_key, node_key
from tests.sdk.files import content, draft, tree

FILES = {"images/cat": "1", "images/b/dog": "2", "images2/c": "3", "top": "4"}


@pytest.fixture
def version(repo: Repository) -> Artifact:
    return repo.log(draft(files=FILES))


def test_download_goes_to_a_folder_named_after_the_version(version: Artifact, here: Path) -> None:
    assert version.download() == "artifacts/data-v0"
    assert content(here / "artifacts/data-v0") == FILES


def test_download_mends_what_differs_and_keeps_what_is_foreign(version: Artifact, tmp_path: Path) -> None:
    folder = tree(tmp_path / "out", {"top": "changed", "images/foreign": "5"})
    assert version.download(folder) == str(folder)
    assert content(folder) == {**FILES, "images/foreign": "5"}
    version.download(str(folder))


def test_a_prefix_counts_by_whole_components(version: Artifact, tmp_path: Path) -> None:
    assert content(version.download(tmp_path / "a", path_prefix="images")) == {"images/cat": "1", "images/b/dog": "2"}
    assert content(version.download(tmp_path / "b", path_prefix="./images/cat/")) == {"images/cat": "1"}
    for absent in ("image", "images/c", "none"):
        with pytest.raises(EntryNotFoundError, match="has no"):
            version.download(tmp_path / "c", path_prefix=absent)
    with pytest.raises(ValueError, match=r"'\.\.'"):
        version.download(tmp_path / "c", path_prefix="../x")
    assert not (tmp_path / "c").exists()


def test_checkout_makes_the_folder_exactly_the_version(version: Artifact, tmp_path: Path) -> None:
    folder = tree(tmp_path / "out", {"top/was/a/folder": "x", "images/foreign": "5", "empty/": ""})
    (folder / "link").symlink_to(tmp_path)
    assert version.checkout(folder) == str(folder)
    assert content(folder) == FILES
    assert sorted(path.name for path in folder.iterdir()) == ["images", "images2", "top"]
    version.verify(folder)


def test_download_and_checkout_lose_no_edit_at_a_pinned_path(here: Path) -> None:
    tree(here / "set", {"a": "1", "b": "2"})
    ran = partial(CliRunner().invoke, app)
    for words in (["init"], ["add", "set"], ["add", "set", "-n", "bundle", "--no-pin"]):
        assert ran(words).exit_code == 0
    tree(here / "set", {"a": "later"})
    with objstore.open(here) as repo:
        later = repo.add("set")
        assert repo.artifact("set:v0").download("set") == "set"  # nothing is lost: v1 holds it
        later.download("set")
        (here / "set/a").write_text("two hours of labelling")
        for write in (
            lambda: later.download("set"),
            lambda: repo.artifact("set:v0").checkout("set"),
            lambda: later.get_entry("a").download("set"),
        ):
            with pytest.raises(LocalChangesError, match="no version holds set/a as it is now"):
                write()
        (here / "set/a").write_text("1")
        (here / "set/new").write_text("not added")
        later.download("set")
        with pytest.raises(LocalChangesError, match="set/new"):
            later.checkout("set")
        with pytest.raises(LocalChangesError, match="set/new"):
            later.checkout(".")
        repo.add("set")
        later.checkout("set")
    assert content(here / "set") == {"a": "later", "b": "2"}


def test_checkout_never_removes_a_repository(repo: Repository, version: Artifact, tmp_path: Path) -> None:
    tree(tmp_path / "repo", {"foreign": "5"})
    version.checkout(tmp_path / "repo")
    assert repo.artifact("data").version == "v0"
    assert sorted(path.name for path in (tmp_path / "repo").iterdir()) == [".objstore", "images", "images2", "top"]


def test_one_entry_is_downloaded_alone(version: Artifact, tmp_path: Path) -> None:
    path = version.get_entry("images/b/dog").download(tmp_path / "out")
    assert path == str(tmp_path / "out/images/b/dog")
    assert content(tmp_path / "out") == {"images/b/dog": "2"}
    assert version.get_entry("top").download() == "artifacts/data-v0/top"


def test_file_gives_the_only_file(repo: Repository, version: Artifact, tmp_path: Path) -> None:
    single = repo.log(draft("single", {"a/b": "1"}))
    assert Path(single.file(tmp_path / "out")).read_text() == "1"
    with pytest.raises(ValueError, match="4 files"):
        version.file()


def test_verify_names_what_is_extra_missing_and_changed(version: Artifact, tmp_path: Path) -> None:
    folder = Path(version.download(tmp_path / "out"))
    version.verify(folder)
    tree(folder, {"images/extra": "x", ".hidden": "y", "top": "5", "empty/": ""})
    (folder / "images2/c").unlink()
    (folder / "images/cat").chmod(0o755)
    (folder / "images/b/dog").unlink()
    (folder / "images/b/dog").symlink_to(tree(tmp_path, {"outside": "2"}) / "outside")
    with pytest.raises(FolderDiffersError, match=r"2 extra .*1 missing .*3 changed") as caught:
        version.verify(folder)
    assert caught.value.extra == (".hidden", "images/extra")
    assert caught.value.missing == ("images2/c",)
    assert caught.value.changed == ("images/b/dog", "images/cat", "top")
    version.checkout(folder)
    version.verify(folder)


def test_a_link_is_never_taken_for_the_file_it_replaced(version: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("objstore.repository.project.file_clock", lambda _: 0)  # so that whatever is written may have changed unseen
    folder = Path(version.download(tmp_path / "out"))
    (folder / "top").unlink()
    (folder / "top").symlink_to(tree(tmp_path, {"outside": "x"}) / "outside")
    version.download(folder)
    assert not (folder / "top").is_symlink()
    assert content(folder) == FILES


def test_verify_needs_a_folder(version: Artifact, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        version.verify(tmp_path / "absent")
    with pytest.raises(ValueError, match="not a folder"):
        version.verify()


def test_damaged_content_is_never_written(repo: Repository, tmp_path: Path) -> None:
    version = repo.log(draft(files={"f": "content" * 100}))
    for pack in (repo.path / "packs").rglob("*"):
        if pack.is_file():
            data = bytearray(pack.read_bytes())
            data[40] ^= 1
            pack.chmod(0o644)
            pack.write_bytes(data)
    with pytest.raises(CorruptionError):
        version.download(tmp_path / "out")
    assert not (tmp_path / "out" / "f").exists()


def hostile(repo: Repository, path: bytes) -> Artifact:
    """A version with a path that no honest program would have let in."""
    with repo._session.committing() as project:
        draft = project.open_draft()
        digest = plain(b"evil")
        draft.add(chunk_key(digest), b"evil")
        body = encode(Leaf.of([b"a" * len(path)], [Entry(EntryKind.FILE, digest, 4)])).replace(b"a" * len(path), path)
        root = node_digest(body)
        draft.add(node_key(root), body)
        segments = draft.publish()
        project.commit(lambda state: log_version(state, "evil", "dataset", root=root, files=1, bytes=4, segments=segments))
        draft.finish()
    return repo.artifact("evil")


@pytest.mark.parametrize("path", [b"../out", b"/tmp/objstore-evil", b"a/../../out", b"a//b", b"./a", b"a\0b", b"a/", b"..", b"\xff"])
def test_a_hostile_path_is_never_written(repo: Repository, tmp_path: Path, path: bytes) -> None:
    version = hostile(repo, path)
    before = sorted(tmp_path.rglob("*"))
    for read in (version.download, version.checkout, lambda folder: version.get_entry("a").download(folder), version.verify):
        with pytest.raises((CorruptionError, FileNotFoundError)):
            read(tmp_path / "here" / "out")
    assert not Path("/tmp/objstore-evil").exists()
    assert [found for found in sorted(tmp_path.rglob("*")) if found not in before and "repo" not in found.parts] == []


def test_a_hostile_path_into_a_store_is_never_written(repo: Repository, tmp_path: Path) -> None:
    version = hostile(repo, b".objstore/config.toml")
    before = (tmp_path / "repo/.objstore/config.toml").read_bytes()
    for write in (version.download, version.checkout):
        with pytest.raises(ObjstoreError, match="store of objstore"):
            write(tmp_path / "repo")
    assert (tmp_path / "repo/.objstore/config.toml").read_bytes() == before


def test_a_link_in_the_target_does_not_lead_out(repo: Repository, version: Artifact, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    folder = tree(tmp_path / "out", {})
    (folder / "images").symlink_to(tmp_path / "outside")
    (folder / "top").symlink_to(tmp_path / "outside/top")
    with pytest.raises(ObjstoreError, match="symbolic link"):
        version.download(folder)
    version.checkout(folder)
    assert content(folder) == FILES
    assert list((tmp_path / "outside").iterdir()) == []
