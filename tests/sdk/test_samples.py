"""The scripts of `samples`, written as for W&B but for their import, do what they do there; looked at from outside.

Each is a program of its own, in a folder that holds nothing else but what it reads, and logs below that folder or in a bucket.
"""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

import objstore
from tests.sdk.running import Place
from tests.servers.bucket import Bucket
from tests.servers.sources import Source


@pytest.fixture
def local(here: Path) -> Place:
    return Place(here)


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, here: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    if request.param == "folder":
        return Place(here)
    s3: Bucket = request.getfixturevalue("s3")
    for name, value in [
        ("AWS_ACCESS_KEY_ID", str(s3.options["key"])),
        ("AWS_SECRET_ACCESS_KEY", str(s3.options["secret"])),
        ("AWS_ENDPOINT_URL", s3.endpoint),
    ]:
        monkeypatch.setenv(name, value)
    return Place(here, s3.place())


def contents(artifact: objstore.Artifact, folder: Path) -> dict[str, str]:
    """Path → text of all files, as they are downloaded."""
    artifact.download(folder / artifact.qualified_name.replace("/", "-"))
    return {entry.path: Path(entry.download(folder / "files")).read_text() for entry in artifact.files()}


def names(artifacts: "list[objstore.Artifact]") -> "list[str | None]":
    return [artifact.name for artifact in artifacts]


def test_a_dataset_is_logged_used_logged_again_and_updated(place: Place, tmp_path: Path) -> None:
    place.write("dataset.h5", "bikes")
    place.run("log_dataset.py")
    assert place.run("use_dataset.py")[0] == ["artifacts/bicycle-dataset-v0"]
    assert (place.folder / "artifacts/bicycle-dataset-v0/dataset.h5").read_text() == "bikes"
    said, _ = place.run("plain_calls.py")
    place.run("log_dataset.py")
    api = objstore.Api(root=place.root)
    assert names(api.artifacts("dataset", "bicycles/bicycle-dataset")) == ["bicycle-dataset:v0"]
    place.write("dataset.h5", "more bikes")
    place.run("log_dataset.py")

    api = objstore.Api(root=place.root)
    assert names(api.artifacts("dataset", "bicycles/bicycle-dataset")) == ["bicycle-dataset:v1", "bicycle-dataset:v0"]
    latest, first = api.artifacts("dataset", "bicycles/bicycle-dataset")
    assert (latest.aliases, first.aliases) == (["latest"], [])
    assert contents(latest, tmp_path / "got") == {"dataset.h5": "more bikes"}
    runs = list(api.runs("bicycles"))
    assert [run.state for run in runs] == ["finished"] * 5
    assert [run.job_type for run in runs] == ["upload-dataset", "training", "", "upload-dataset", "upload-dataset"]
    assert [names(run.logged_artifacts()) for run in runs[3:]] == [["bicycle-dataset:v0"], ["bicycle-dataset:v1"]]
    (by_functions,) = api.runs("bicycles", {"tags": "baseline"})
    assert said[0].split() == [by_functions.id, by_functions.name, "None", "bicycles", "default"]
    assert by_functions.config == {"lr": 0.2, "layers": 3}
    assert by_functions.summary == {"loss": 1 / 3, "epoch": 2, "best": 0.25, "_step": 2}
    (model,) = by_functions.logged_artifacts()
    assert (model.metadata, sorted(model.aliases)) == ({"lr": 0.2, "layers": 3}, ["best-ap50", "latest"])

    lines, _ = place.run("lineage.py")
    assert lines == [
        "upload-dataset ['', 'training']",
        "['bicycle-dataset:v0'] []",
        "['bicycle-dataset:v0'] []",
        "['bicycle-dataset:v0'] ['model']",
    ]
    assert place.run("not_there.py")[0] == [
        "there is no 'bicycle-datasets'; did you mean bicycle-dataset?",
        "True False False",
    ]
    assert place.run("update.py")[0] == ["{'oldKey': 'new value'}"]
    found = objstore.Api(root=place.root).artifact("bicycles/bikes:replaced")
    assert (found.version, found.description, found.metadata, found.tags) == ("v1", "two wheels each", {"newKey": "new value"}, ["checked"])
    assert found.aliases == ["replaced"]
    assert objstore.Api(root=place.root).artifact_collection("dataset", "bicycles/bikes").description == "all of them"


def test_artifacts_are_built_from_files_folders_and_new_files(local: Place, tmp_path: Path) -> None:
    for path in ("hello.txt", "model.h5", "checkpoints/model.h5", "images/cat.png", "images/dog.png"):
        local.write(path, path)
    assert local.run("construct.py")[0] == [f"v0 COMMITTED {9 + 2 * 14 + len('süß'.encode())} 4"]
    api = objstore.Api()
    found = {name: api.artifact(f"cats/{name}") for name in ("new-file", "base-name", "renamed", "folder", "folder-below", "keywords")}
    assert {name: list(artifact.manifest.entries) for name, artifact in found.items()} == {
        "new-file": ["hello.txt"],
        "base-name": ["model.h5"],
        "renamed": ["models/mymodel.h5"],
        "folder": ["cat.png", "dog.png"],
        "folder-below": ["images/cat.png", "images/dog.png"],
        "keywords": ["new/path/hello_world.txt"],
    }
    assert found["folder"].metadata == {"rows": 3, "sizes": [1, 2]}
    assert found["folder"].description == "made by folder"
    assert contents(api.artifact("cats/everything"), tmp_path / "got") == {
        "greeting": "hello.txt",
        "notes/today.txt": "süß",
        "pictures/cat.png": "images/cat.png",
        "pictures/dog.png": "images/dog.png",
    }

    lines, _ = local.run("use_parts.py")
    assert lines[:3] == ["one", "some", "entry/notes/today.txt None 5"]
    assert [path.name for path in (local.folder / "one").iterdir()] == ["greeting"]
    assert sorted(path.name for path in (local.folder / "some/pictures").iterdir()) == ["cat.png", "dog.png"]
    assert lines[-1] == "reference-model:v0"
    (consumer,) = objstore.Api().runs("consumer")
    assert names(consumer.used_artifacts()) == ["everything:v0", "reference-model:v0"]
    assert consumer.used_artifacts()[0].project == "cats"
    assert [run.id for run in objstore.Api().artifact("cats/everything:v0").used_by()] == [consumer.id]


def test_ten_artifacts_of_one_name_have_the_order_of_the_loop(place: Place) -> None:
    place.run("ten.py")
    versions = objstore.Api(root=place.root).artifacts("dataset", "race")[::-1]
    assert [(version.version, version.metadata["index"]) for version in versions] == [(f"v{number}", number) for number in range(10)]
    assert versions[-1].aliases == ["latest"]


def test_a_run_is_resumed_by_its_id(local: Place) -> None:
    for content in ("first", "second"):
        local.write("my_data/file.txt", content)
        local.run("resume.py")
    (run,) = objstore.Api().runs()
    assert (run.id, run.state) == ("existing_run_id", "finished")
    assert names(run.logged_artifacts()) == ["artifact_name:v0", "artifact_name:v1"]


def test_the_best_run_of_a_sweep_gives_its_model(local: Place) -> None:
    local.run("sweep.py")
    assert local.run("best_of_sweep.py")[0] == ["artifacts/lr-sweep-v1"]
    assert (local.folder / "artifacts/lr-sweep-v1/model.txt").read_text() == "trained with 0.1"
    versions = objstore.Api().artifacts("model", "lr-sweep")[::-1]
    assert [version.metadata["lr"] for version in versions] == [0.3, 0.1, 0.2]
    producers = [version.logged_by() for version in versions]
    assert len({run.id for run in producers if run}) == 3


def test_programs_are_saved_as_artifacts(local: Place, tmp_path: Path) -> None:
    local.files(package__a_py="A = 1\n", package__deep__b_py="B = 1\n", old_py="", notes_ipynb="{}", data_csv="")
    (run_id,), _ = local.run("save_code.py")
    script = (local.folder / "save_code.py").read_text()
    api = objstore.Api()
    (saved,) = api.run(run_id).logged_artifacts()
    assert (saved.name, saved.type, contents(saved, tmp_path / "got")) == ("source-programs:v0", "code", {"save_code.py": script})
    local.run("log_code.py")
    api = objstore.Api()
    assert list(api.artifact("everything").manifest.entries) == [
        "log_code.py",
        "notes.ipynb",
        "package/a.py",
        "package/deep/b.py",
        "save_code.py",
    ]
    assert list(api.artifact("package", type="code").manifest.entries) == ["a.py", "deep/b.py"]
    local.run("code_dir.py")
    assert list(objstore.Api().artifact("source-programs").manifest.entries) == ["a.py", "deep/b.py"]


def test_each_architecture_has_an_artifact_with_its_checkpoints(local: Place) -> None:
    assert local.run("architectures.py")[0] == ["resnet 2"]
    api = objstore.Api()
    for architecture, layers in (("resnet", 50), ("vgg", 16)):
        versions = api.artifacts("model", architecture)[::-1]
        assert [version.metadata for version in versions] == [{"layers": layers, "epoch": epoch} for epoch in range(3)]
        assert api.artifact(f"{architecture}:epoch-1").version == "v1"
        assert sorted(api.artifact(f"{architecture}:latest").aliases) == ["epoch-2", "latest"]


def test_a_version_is_changed_without_its_files_inside_and_outside_of_a_run(local: Place, tmp_path: Path) -> None:
    for path in ("modified_file.txt", "dir/a", "dir/b", "file_to_add.txt"):
        local.write(path, path)
    local.run("outside.py")
    local.run("incremental.py")
    local.write("modified_file.txt", "modified")
    assert local.run("incremental_outside.py")[0] == ["v2"]
    api = objstore.Api(root=local.root)
    first, second, third = api.artifacts("dataset", "edits/my_artifact")[::-1]
    assert contents(first, tmp_path / "0") == {name: name.replace("dir_to_remove", "dir") for name in first.manifest.entries}
    assert list(first.manifest.entries) == ["dir_to_remove/a", "dir_to_remove/b", "modified_file.txt"]
    assert contents(second, tmp_path / "1") == {name: name for name in ("file_to_add.txt", "modified_file.txt")}
    assert contents(third, tmp_path / "2") == {"file_to_add.txt": "file_to_add.txt", "modified_file.txt": "modified"}
    assert [run.job_type for run in api.runs("edits")] == ["auto", "modify dataset", "auto"]
    assert [names(run.used_artifacts()) for run in api.runs("edits")] == [[], ["my_artifact:v0"], []]


def test_several_runs_make_one_version(local: Place, tmp_path: Path) -> None:
    for number in "123":
        local.write(f"image{number}.png", number)
        local.run("distributed.py", number)
    (version,) = objstore.Api().artifacts("artifact_type", "parts/artifact_name")
    assert contents(version, tmp_path / "got") == {f"image{number}.png": number for number in "123"}


def test_five_processes_write_one_version_at_once(place: Place, tmp_path: Path) -> None:
    place.run("writers.py")
    api = objstore.Api(root=place.root)
    (version,) = api.artifacts("dataset", "parallel-artifact")
    assert contents(version, tmp_path / "got") == {f"parts/part_{i}.csv": f"{i},{i * 2},{2**i}\n" for i in range(5)}
    assert [run.state for run in api.runs(None, {"group": "writer-group-1"})] == ["finished"] * 6


def test_artifacts_get_a_time_to_live_from_scripts(local: Place) -> None:
    local.write("hello.txt", "hello")
    assert local.run("ttl.py")[0] == ["365 days, 0:00:00"]
    api = objstore.Api()
    assert [api.artifact(f"team/short/{name}").ttl for name in ("month", "forever", "default")] == [timedelta(days=365), None, None]


def test_versions_and_collections_are_deleted_by_scripts(local: Place) -> None:
    lines, _ = local.run("delete.py")
    assert lines == [
        "['data:v3', 'data:v1']",
        "['data:v1']",
        "dataset data 1",
        f"dataset other {(local.folder / 'delete.py').stat().st_size}",
    ]
    api = objstore.Api()
    assert names(api.artifacts("dataset", "team/old/data")) == ["data:v1"]
    assert api.artifacts("dataset", "team/old/other") == []
    with objstore.open(local.folder) as repo:
        assert repo.gc().purged == ["data:v0", "data:v2", "data:v3", "other:v0"]
        assert repo.fsck().is_sound


def test_models_are_logged_linked_and_used(local: Place, tmp_path: Path) -> None:
    local.write("model.h5", "weights")
    local.write("images/cat.png", "cat")
    assert local.run("models.py")[0] == ["artifacts/production-cnn-v0/model.h5"]
    api = objstore.Api()
    assert sorted(api.artifact("cnn:candidate").aliases) == ["candidate", "latest"]
    linked = api.artifact("production-cnn:staging")
    assert (linked.source_name, contents(linked, tmp_path / "got")) == ("cnn:v0", {"model.h5": "weights"})
    assert api.artifact("curated:gold").source_name == "pictures:v0"
    assert names(api.run("trainer").logged_artifacts()) == ["cnn:v0", "pictures:v0"]


def test_references_to_a_bucket_are_logged_downloaded_and_read_from_manifest_entries(local: Place, versioned: Source) -> None:
    files = {"datasets/mnist/a.txt": b"a", "datasets/mnist/b/c.txt": b"c", "models/cnn/my_model.h5": b"weights"}
    versions = {path: versioned.put(path, data) for path, data in files.items()}
    said, _ = local.run("references.py", versioned.url)
    assert said == ["artifacts/mnist-v0", "artifacts/cnn-v0"]
    versioned.put("datasets/mnist/a.txt", b"another")
    assert (local.folder / "artifacts/mnist-v0/b/c.txt").read_text() == "c"
    assert sorted(path.name for path in (local.folder / "artifacts/cnn-v0").rglob("*.h5")) == ["my_model.h5", "mymodel.h5"]
    assert (local.folder / "artifacts/cnn-v0/images/a.txt").read_text() == "a"
    shown = [line.split() for line in local.run("version_ids.py")[0]]
    assert [(path, version, uri) for path, version, _, uri in shown] == [
        (path, versions[f"datasets/mnist/{path}"], f"{versioned.url}/datasets/mnist/{path}") for path in ("a.txt", "b/c.txt")
    ]
    assert [etag for _, _, etag, _ in shown] == [hashlib.md5(text, usedforsecurity=False).hexdigest() for text in (b"a", b"c")]


def test_references_to_files_and_mixtures(local: Place, plain: Source, tmp_path: Path) -> None:
    local.files(mount__datasets__mnist__a_txt="a", hello_txt="hello", images__cat_png="cat")
    local.write("mount/cnn/my_model.h5", "weights")
    assert local.run("file_references.py", str(local.folder / "mount"))[0] == ["artifacts/mnist-v0"]
    assert (local.folder / "artifacts/mnist-v0/a.txt").read_text() == "a"
    plain.put("model.h5", b"weights")
    local.run("mixture.py", f"{plain.url}/model.h5")
    mixture = objstore.Api().artifact("mixtures/mixture")
    assert contents(mixture, tmp_path) == {
        "hello.txt": "hello", "images/cat.png": "cat", "notes.txt": "made here", "outside/model.h5": "weights",
    }  # fmt: skip
    assert [entry.path for entry in mixture.files() if entry.ref] == ["outside/model.h5"]
