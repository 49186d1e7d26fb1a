"""References to data that stays where it is."""

import shutil
import threading
from pathlib import Path

import fsspec
import pytest
from blake3 import blake3

import objstore
from objstore import (
    Artifact,
    ArtifactFinalizedError,
    ConflictError,
    FolderDiffersError,
    InvalidInputError,
    MissingReferenceWarning,
    ReferenceChangedError,
    ReferenceMissingError,
    RemoteError,
    Repository,
)
from objstore.blobs.retrying import Retrying
from objstore.worktree import fetching
from tests.sdk.files import content, draft, paths, tree
from tests.servers.bucket import Bucket
from tests.servers.process import free_ports
from tests.servers.sources import Source
from tests.servers.web import Page, Site


def logged(repo: Repository, *uris: str, name: str | None = None) -> Artifact:
    artifact = draft()
    for uri in uris:
        artifact.add_reference(uri, name)
    return repo.log(artifact)


# -- adding ------------------------------------------------------------------------------------------------------------


def test_a_script_written_for_s3_runs(repo: Repository, versioned: Source, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = versioned.put("images/cat.png", b"meow")
    second = versioned.put("images/dog.png", b"wuff")
    model = versioned.put("checkpoints/model.h5", b"weights")
    tree(here / "labels", {"cat.json": "1"})
    (here / "notes.txt").write_text("taken in May")
    artifact = objstore.Artifact("mixed", type="dataset")
    artifact.add_file("notes.txt")
    artifact.add_dir("labels", name="labels")
    artifact.add_reference(f"{versioned.url}/checkpoints/model.h5")
    artifact.add_reference(f"{versioned.url}/images", name="images")
    with artifact.new_file("hello.txt") as file:
        file.write("hello")
    repo.log(artifact)

    artifact = repo.artifact("mixed:latest")
    for entry in artifact.manifest.entries.values():
        if entry.ref:
            print(entry.path, entry.extra.get("versionID"), len(entry.extra["etag"]), entry.size)
    assert capsys.readouterr().out.splitlines() == [
        f"images/cat.png {first} 32 4",
        f"images/dog.png {second} 32 4",
        f"model.h5 {model} 32 7",
    ]
    assert artifact.size == 33
    assert content(artifact.download()) == {
        "hello.txt": "hello",
        "images/cat.png": "meow",
        "images/dog.png": "wuff",
        "labels/cat.json": "1",
        "model.h5": "weights",
        "notes.txt": "taken in May",
    }
    artifact.verify()


def test_the_entries_are_returned(repo: Repository, web: Site) -> None:
    web.pages["/data/x.csv?y=1"] = Page(b"1,2", 'W/"abc"')
    (entry,) = draft().add_reference(f"{web.url}/data/x.csv?y=1")
    assert (entry.path, entry.ref, entry.size, dict(entry.extra)) == ("x.csv", f"{web.url}/data/x.csv?y=1", 3, {"etag": 'W/"abc"'})
    (entry,) = draft().add_reference(f"{web.url}/data/x.csv?y=1", name="./tables//x.csv")
    assert entry.path == "tables/x.csv"


def test_a_folder_expands_below_a_name_or_at_the_top(repo: Repository, here: Path) -> None:
    tree(here / "images", {"cat.png": "1", "sub/dog.png": "2"})
    artifact = draft()
    assert [entry.path for entry in artifact.add_reference(f"file://{here}/images")] == ["cat.png", "sub/dog.png"]
    assert [entry.path for entry in artifact.add_reference(f"file://{here}/images", "images")] == ["images/cat.png", "images/sub/dog.png"]
    assert dict(artifact.get_entry("cat.png").extra) == {"blake3": blake3(b"1").hexdigest()}


def test_without_checksum_nobody_is_asked(repo: Repository, here: Path) -> None:
    artifact = draft()
    (port,) = free_ports(1)
    for uri in (f"http://127.0.0.1:{port}/a", "s3://nowhere/b", "nosuchscheme://c", f"file://{here}/d"):
        (entry,) = artifact.add_reference(uri, checksum=False)
        assert (entry.ref, entry.size, dict(entry.extra)) == (uri, None, {})
    assert paths(artifact) == ["a", "b", "c", "d"]
    assert (artifact.size, artifact.file_count) == (0, 4)


def test_without_checksum_whatever_is_there_now_is_taken(repo: Repository, here: Path, tmp_path: Path) -> None:
    (here / "a").write_text("meow")
    artifact = draft()
    artifact.add_reference(f"file://{here}/a", checksum=False)
    repo.log(artifact)
    assert content(artifact.download(tmp_path / "got")) == {"a": "meow"}
    (here / "a").write_text("something else")
    assert content(artifact.download(tmp_path / "got")) == {"a": "something else"}
    artifact.verify(tmp_path / "got")


def test_the_same_reference_again_is_fine_and_another_is_an_error(repo: Repository, here: Path) -> None:
    (here / "a").write_text("meow")
    artifact = draft()
    artifact.add_reference(f"file://{here}/a")
    artifact.add_reference(f"file://{here}/a")
    (here / "a").write_text("wuff")
    with pytest.raises(ValueError, match="a is there already, and is something else"):
        artifact.add_reference(f"file://{here}/a")
    artifact.remove("a")
    artifact.add_reference(f"file://{here}/a")


def test_a_file_and_a_reference_to_it_are_different(repo: Repository, here: Path) -> None:
    (here / "a").write_text("meow")
    artifact = draft()
    artifact.add_file(here / "a")
    with pytest.raises(ValueError, match="there already"):
        artifact.add_reference(f"file://{here}/a")
    other = draft("other")
    other.add_reference(f"file://{here}/a")
    with pytest.raises(ValueError, match="there already"):
        other.add_file(here / "a")
    assert artifact.digest != other.digest


def test_a_reference_of_another_size_is_another_one(repo: Repository, web: Site) -> None:
    web.pages["/a"] = Page(b"meow")
    artifact = draft()
    artifact.add_reference(f"{web.url}/a")
    web.pages["/a"] = Page(b"longer")
    with pytest.raises(ValueError, match="there already"):
        artifact.add_reference(f"{web.url}/a")


def test_nothing_is_added_if_anything_fails(repo: Repository, here: Path) -> None:
    tree(here / "images", {"a": "1", "b": "2", "c/d": "3"})
    artifact = draft(files={"c": "a file"})
    with pytest.raises(ValueError, match="c can't be both a file and a folder"):
        artifact.add_reference(f"file://{here}/images")
    assert paths(artifact) == ["c"]
    artifact = draft(files={"b": "another"})
    with pytest.raises(ValueError, match="b is there already"):
        artifact.add_reference(f"file://{here}/images")
    assert paths(artifact) == ["b"]
    (here / "images/z").symlink_to(here / "nowhere")
    with pytest.raises(FileNotFoundError, match="dangling link"):
        artifact.add_reference(f"file://{here}/images", name="other")
    assert paths(artifact) == ["b"]


def test_an_object_and_others_below_it_cant_be_in_one_version(repo: Repository, google: Source) -> None:
    for name in ("x/a", "x/a-b", "x/a/b"):
        google.put(name)
    artifact = draft()
    with pytest.raises(ValueError, match="a can't be both a file and a folder .that holds a/b."):
        artifact.add_reference(f"{google.url}/x")
    assert paths(artifact) == []


def test_names_that_no_version_can_have_are_refused(repo: Repository, google: Source) -> None:
    google.put("x//a")
    with pytest.raises(InvalidInputError, match="empty"):
        draft().add_reference(f"{google.url}/x")
    google.put("y/.objstore/a")
    with pytest.raises(InvalidInputError, match="belongs to objstore"):
        draft().add_reference(f"{google.url}/y")


def test_bad_arguments(repo: Repository, here: Path) -> None:
    tree(here / "many", {"a": "1", "b": "2"})
    artifact = draft()
    with pytest.raises(TypeError, match="URI"):
        artifact.add_reference(here / "many")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not a URI"):
        artifact.add_reference("many/a")
    with pytest.raises(ValueError, match="give a name"):
        artifact.add_reference("https://host/", checksum=False)
    with pytest.raises(ValueError, match="'\\.\\.' part"):
        artifact.add_reference(f"file://{here}/many", name="../a")
    with pytest.raises(ValueError, match="user and password"):
        artifact.add_reference("https://ann:secret@host/x", checksum=False)
    with pytest.raises(ValueError, match="more than 1 objects"):
        artifact.add_reference(f"file://{here}/many", max_objects=1)
    with pytest.raises(TypeError, match="max_objects"):
        artifact.add_reference(f"file://{here}/many", max_objects="2")  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError, match="nothing at"):
        artifact.add_reference(f"file://{here}/nothing")
    assert paths(artifact) == []
    artifact.add_reference(f"file://{here}/many", max_objects=None)
    repo.log(artifact)
    with pytest.raises(ArtifactFinalizedError):
        artifact.add_reference(f"file://{here}/many")


def test_an_unreachable_server_is_a_remote_error(repo: Repository) -> None:
    (port,) = free_ports(1)
    with pytest.raises(RemoteError, match=f"can't reach http://127.0.0.1:{port}/a"):
        draft().add_reference(f"http://127.0.0.1:{port}/a")


def test_equal_references_are_the_same_version(repo: Repository, here: Path) -> None:
    (here / "a").write_text("meow")
    assert logged(repo, f"file://{here}/a").version == "v0"
    assert logged(repo, f"file://{here}/a").version == "v0"
    (here / "a").write_text("wuff")
    assert logged(repo, f"file://{here}/a").version == "v1"


# -- reading -----------------------------------------------------------------------------------------------------------


def test_a_version_downloads_as_it_was_or_says_why_not(repo: Repository, source: Source, tmp_path: Path) -> None:
    source.put("images/cat.png", b"meow")
    source.put("images/dog.png", b"wuff")
    artifact = logged(repo, f"{source.url}/images", name="images")
    source.put("images/cat.png", b"MEOW")
    if "versionID" in artifact.get_entry("images/cat.png").extra and source.url.startswith("s3"):
        assert content(artifact.download(tmp_path / "got")) == {"images/cat.png": "meow", "images/dog.png": "wuff"}
        return
    with pytest.raises(ReferenceChangedError, match=f"images/cat.png can't be fetched: {source.url}/images/cat.png.*put it back, or refer"):
        artifact.download(tmp_path / "got")
    assert not (tmp_path / "got/images/cat.png").exists()
    source.delete("images/cat.png")
    with pytest.raises(ReferenceMissingError, match=f"images/cat.png refers to {source.url}/images/cat.png, where nothing is any more"):
        artifact.download(tmp_path / "got")
    with pytest.warns(MissingReferenceWarning, match="images/cat.png was left out") as caught:
        artifact.download(tmp_path / "got", allow_missing_references=True)
    assert [(warning.message.path, warning.filename) for warning in caught] == [("images/cat.png", __file__)]  # type: ignore[union-attr]
    assert content(tmp_path / "got") == {"images/dog.png": "wuff"}


def test_leaving_out_what_is_missing_excuses_no_change(repo: Repository, here: Path) -> None:
    (here / "a").write_text("meow")
    artifact = logged(repo, f"file://{here}/a")
    (here / "a").write_text("wuff")
    with pytest.raises(ConflictError, match="a can't be fetched"):
        artifact.download(allow_missing_references=True)


def test_a_warning_made_an_error_comes_after_the_rest_is_written(
    repo: Repository, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(here / "data", {"a": "1", "b": "2"})
    artifact = logged(repo, f"file://{here}/data")
    (here / "data/a").unlink()
    with pytest.raises(MissingReferenceWarning):
        artifact.download(tmp_path / "got", allow_missing_references=True)
    assert content(tmp_path / "got") == {"b": "2"}


def test_a_file_there_is_replaced_whole_or_stays(repo: Repository, web: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("objstore.outside.asking.Retrying", lambda: Retrying(tries=2, first_wait=0.01))
    web.pages["/a"] = Page(b"meow" * 1_000_000, '"abc"')
    artifact = logged(repo, f"{web.url}/a")
    tree(tmp_path / "got", {"a": "mine"})
    web.pages["/a"].cuts, web.pages["/a"].ranges = 99, False
    with pytest.raises(RemoteError, match="a can't be fetched: the connection to .* broke off"):
        artifact.download(tmp_path / "got")
    assert content(tmp_path / "got") == {"a": "mine"}
    web.pages["/a"] = Page(b"meow" * 1_000_000, '"abc"', cuts=1)
    assert content(artifact.download(tmp_path / "got")) == {"a": "meow" * 1_000_000}


def test_one_entry_or_the_only_file_or_a_part(repo: Repository, here: Path, tmp_path: Path) -> None:
    tree(here / "data", {"a": "1", "sub/b": "2"})
    artifact = logged(repo, f"file://{here}/data")
    assert Path(artifact.get_entry("a").download(tmp_path / "one")).read_text() == "1"
    assert content(tmp_path / "one") == {"a": "1"}
    assert content(artifact.download(tmp_path / "part", path_prefix="sub")) == {"sub/b": "2"}
    (here / "c").write_text("3")
    assert Path(logged(repo, f"file://{here}/c").file(tmp_path / "only")).read_text() == "3"


def test_what_is_there_already_isnt_fetched_again(repo: Repository, web: Site, here: Path, tmp_path: Path) -> None:
    web.pages["/a"] = Page(b"meow", '"abc"')
    web.pages["/b"] = Page(b"wuff")  # of which nobody can tell whether it is still the same
    artifact = logged(repo, f"{web.url}/a", f"{web.url}/b")
    artifact.download(tmp_path / "got")
    web.requests.clear()
    artifact.download(tmp_path / "got")
    assert [path for _, path, _ in web.requests] == ["/b"]
    (tmp_path / "got/a").write_text("MEOW")
    assert content(artifact.download(tmp_path / "got")) == {"a": "meow", "b": "wuff"}


def test_what_a_weak_etag_tells_is_fetched_again(repo: Repository, web: Site, tmp_path: Path) -> None:
    web.pages["/a"] = Page(b"meow", 'W/"abc"')
    artifact = logged(repo, f"{web.url}/a")
    artifact.download(tmp_path / "got")
    web.pages["/a"] = Page(b"MEOW", 'W/"abc"')  # which the server takes for as good
    artifact.download(tmp_path / "other")
    artifact.verify(tmp_path / "got")
    assert content(artifact.download(tmp_path / "got")) == {"a": "MEOW"}


def test_a_file_that_the_etag_proves_isnt_fetched(repo: Repository, plain: Source, tmp_path: Path) -> None:
    plain.put("a", b"meow")
    plain.put("b", b"wuff")
    artifact = logged(repo, f"{plain.url}/a", f"{plain.url}/b")
    plain.delete("a")
    plain.delete("b")
    tree(tmp_path / "got", {"a": "meow", "b": "WUFF"})
    with pytest.raises(ReferenceMissingError, match="b refers to"):
        artifact.download(tmp_path / "got")
    assert content(tmp_path / "got") == {"a": "meow", "b": "WUFF"}
    artifact.verify(tmp_path / "got")
    tree(tmp_path / "got", {"a": "MEOW"})
    with pytest.raises(FolderDiffersError) as caught:
        artifact.verify(tmp_path / "got")
    assert caught.value.changed == ("a",)


def test_a_hundred_are_fetched_several_at_once(repo: Repository, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(here / "many", {f"{number:03}": str(number) for number in range(100)})
    artifact = logged(repo, f"file://{here}/many")
    together = threading.Barrier(8)
    fetch = fetching.fetch

    def waiting(*arguments: object) -> object:
        together.wait(10)  # breaks unless eight are at it
        return fetch(*arguments)  # type: ignore[arg-type]

    tree(here / "few", {f"{number}": str(number) for number in range(8)})
    few = logged(repo, f"file://{here}/few")
    monkeypatch.setattr(fetching, "fetch", waiting)
    assert len(content(few.download(tmp_path / "few"))) == 8
    monkeypatch.setattr(fetching, "fetch", fetch)
    assert content(artifact.download(tmp_path / "got")) == {f"{number:03}": str(number) for number in range(100)}


def test_checkout_makes_the_folder_the_version(repo: Repository, here: Path, tmp_path: Path) -> None:
    tree(here / "data", {"a": "1", "sub/b": "2"})
    artifact = logged(repo, f"file://{here}/data")
    tree(tmp_path / "got", {"foreign": "x", "a": "other", "sub": "a file"})
    assert content(artifact.checkout(tmp_path / "got")) == {"a": "1", "sub/b": "2"}


def test_verify_compares_what_can_be_known(repo: Repository, web: Site, here: Path, tmp_path: Path) -> None:
    tree(here / "data", {"a": "meow"})
    web.pages["/b"] = Page(b"wuff", '"abc"')
    web.pages["/c"] = Page(b"miau")
    artifact = logged(repo, f"file://{here}/data", f"{web.url}/b", f"{web.url}/c")
    folder = tree(tmp_path / "got", {"a": "meow", "b": "anything"[:4], "c": "xxxx"})
    artifact.verify(folder)  # b was never fetched here, and nobody knows what c is
    tree(folder, {"a": "MEOW", "c": "longer"})
    with pytest.raises(FolderDiffersError) as caught:
        artifact.verify(folder)
    assert caught.value.changed == ("a", "c")
    artifact.download(folder)
    artifact.verify(folder)
    tree(folder, {"b": "WUFF"})
    (folder / "a").unlink()
    with pytest.raises(FolderDiffersError) as caught:
        artifact.verify(folder)
    assert (caught.value.missing, caught.value.changed) == (("a",), ("b",))


def test_adding_a_downloaded_folder_takes_the_content_in(repo: Repository, here: Path, tmp_path: Path) -> None:
    files = {f"{number:03}": str(number) for number in range(300)}  # so many that the first are old when the last is written
    tree(here / "data", files)
    artifact = logged(repo, f"file://{here}/data")
    folder = artifact.download(tmp_path / "got")
    copy = draft("copy")
    copy.add_dir(folder)
    repo.log(copy)
    assert [entry.ref for entry in copy.files()] == [None] * 300
    shutil.rmtree(here / "data")
    assert content(copy.download(tmp_path / "again")) == files


def test_a_draft_of_a_version_keeps_its_references(repo: Repository, here: Path, tmp_path: Path) -> None:
    tree(here / "data", {"a": "1", "b": "2"})
    artifact = logged(repo, f"file://{here}/data")
    (here / "data/b").unlink()
    again = artifact.new_draft()
    again.remove("b")
    repo.log(again)
    assert content(again.download(tmp_path / "got")) == {"a": "1"}
    assert [item.path for item in artifact.diff(again).removed] == ["b"]


def test_a_change_of_a_reference_is_a_modification(repo: Repository, web: Site) -> None:
    web.pages["/a"] = Page(b"meow")
    first = logged(repo, f"{web.url}/a")
    web.pages["/a"] = Page(b"longer")
    assert [item.path for item in first.diff(logged(repo, f"{web.url}/a")).modified] == ["a"]
    assert [item.path for item in first.diff(repo.log(draft(files={"a": "meow"}))).type_changed] == ["a"]


def test_the_file_system_shows_a_reference(repo: Repository, here: Path) -> None:
    (here / "a").write_text("meow")
    logged(repo, f"file://{here}/a")
    fs = fsspec.filesystem("objstore", repo=str(repo.path))
    assert fs.info("data/a")["reference"]["uri"] == f"file://{here}/a"
    assert fs.ls("data", detail=False) == ["data/a"]
    with pytest.raises(ValueError, match=f"a reference to file://{here}/a"):
        fs.cat("data/a")


def test_versions_with_references_are_shared_without_asking_anybody(repo: Repository, plain: Source, tmp_path: Path) -> None:
    plain.put("a", b"meow")
    artifact = draft(files={"b": "wuff"})
    artifact.add_reference(f"{plain.url}/a")
    repo.log(artifact)
    plain.delete("a")
    repo.add_remote("origin", str(tmp_path / "shared"))
    repo.push()
    with objstore.clone(str(tmp_path / "shared"), tmp_path / "clone") as clone:
        found = clone.artifact("data")
        assert found.digest == artifact.digest
        assert clone.fsck().is_sound
        plain.put("a", b"meow")
        assert content(found.download(tmp_path / "got")) == {"a": "meow", "b": "wuff"}
    assert repo.fsck(remote="origin").is_sound
    artifact.delete(delete_aliases=True)
    repo.gc()
    assert repo.fsck().is_sound


def test_a_project_in_a_bucket_may_refer_to_another_bucket(s3: Bucket, plain: Source, tmp_path: Path) -> None:
    plain.put("a", b"meow")
    with objstore.open(s3.place(), create=True, storage_options=s3.options) as repo:
        artifact = repo.new_artifact("far", type="dataset")
        artifact.add_reference(f"{plain.url}/a")
        repo.log(artifact)
        assert content(repo.artifact("far").download(tmp_path / "got")) == {"a": "meow"}
        plain.put("a", b"MEOW")
        with pytest.raises(ReferenceChangedError, match="its ETag is"):
            repo.artifact("far").download(tmp_path / "new")


def test_a_draft_may_be_logged_in_another_repository(repo: Repository, here: Path, tmp_path: Path) -> None:
    (here / "a").write_text("meow")
    artifact = repo.new_artifact("data", type="dataset")
    artifact.add_reference(f"file://{here}/a")
    with objstore.open(tmp_path / "other", create=True) as other:
        found = other.log(artifact)
        assert other.fsck().is_sound
        assert content(found.download(tmp_path / "got")) == {"a": "meow"}


def test_ten_thousand_references_are_one_small_version(repo: Repository, here: Path) -> None:
    tree(here / "many", {f"{number % 10}/{number}": "" for number in range(10_001)})
    artifact = draft(files={"5/5": "mine"})
    with pytest.raises(ValueError, match="more than 10,000 objects"):
        artifact.add_reference(f"file://{here}/many")
    with pytest.raises(ValueError, match="5/5 is there already"):
        artifact.add_reference(f"file://{here}/many", max_objects=10_001)
    assert paths(artifact) == ["5/5"]
    artifact.remove("5/5")
    assert len(artifact.add_reference(f"file://{here}/many", max_objects=10_001)) == 10_001
    assert repo.log(artifact).file_count == 10_001
