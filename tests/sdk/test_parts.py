"""Versions that several writers make together."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import objstore
from objstore import Api, ArtifactFinalizedError, ConflictError, NotFoundError
from objstore.host.progress import Silent
from objstore.repository import parts
from objstore.repository.localgc import collect
from tests.sdk.runs import artifact, contents, logged, names
from tests.servers.bucket import Bucket

WRITER = """
import sys
import objstore

number = int(sys.argv[1])
with objstore.init(project="together", group="writers", id=f"writer-{number}") as run:
    for rows in (range(2), range(2, 5)):
        part = objstore.Artifact("parts", type="dataset")
        for row in rows:
            with part.new_file(f"part-{number}/{row}.txt") as file:
                file.write(f"{number} {row}" * 100)
        run.upsert_artifact(part)
"""


@pytest.fixture(autouse=True)
def _no_run_is_left(here: Path) -> None:
    yield
    objstore.finish()


def upsert(run: objstore.Run, files: dict[str, str], **said: object) -> None:
    run.upsert_artifact(artifact(files=files), **said)


def test_one_finish_makes_one_version_of_all_that_was_added():
    for writer in ("a", "b"):
        with objstore.init(group="g", id=writer) as run:
            upsert(run, {f"{writer}.txt": writer, "common.txt": "same"})
            with pytest.raises(NotFoundError, match="there is no 'data'"):
                Api().artifact("data")
    with objstore.init(group="g", id="c") as run:
        made = run.finish_artifact(artifact(files={"c.txt": "c"}, description="all of them"), aliases=["whole"])
    assert (made.name, made.aliases, made.description) == ("data:v0", ["latest", "whole"], "all of them")
    assert contents(Api().artifact("data")) == {"a.txt": "a", "b.txt": "b", "c.txt": "c", "common.txt": "same"}
    assert made.logged_by().id == "c"
    with objstore.init(group="g", id="d") as run, pytest.raises(NotFoundError, match="no parts of 'data/g'"):
        run.finish_artifact(artifact())
    assert len(Api().artifacts("dataset", "data")) == 1


def test_the_next_ones_make_the_next_version():
    for number in range(2):
        with objstore.init(group="g") as run:
            upsert(run, {f"{number}.txt": "1"})
            run.finish_artifact(artifact(files={"own": str(number)}))
    assert sorted(contents(Api().artifact("data:v1"))) == ["1.txt", "own"]


def test_what_one_run_adds_adds_up():
    with objstore.init(group="g") as run:
        for files, alias in (
            ({"a.txt": "1", "both.txt": "1"}, "old"),
            ({"b/c.txt": "2", "both.txt": "2"}, "new"),
            ({"both.txt": "2"}, "new"),
        ):
            upsert(run, {path: text * 1000 for path, text in files.items()}, aliases=[alias])
            with run._session.alone() as project:
                collect(project, Silent())
        made = run.finish_artifact(objstore.Artifact("data", "dataset"), aliases=["end"])
    assert contents(made) == {"a.txt": "1" * 1000, "b/c.txt": "2" * 1000, "both.txt": "2" * 1000}
    assert sorted(made.aliases) == ["end", "latest", "new", "old"]


def test_what_a_run_of_the_same_id_had_added_before_is_replaced():
    for attempt in ("first", "second"):
        with objstore.init(group="g", id="task") as run:
            upsert(run, {f"{attempt}.txt": "1"}, aliases=[attempt])
            upsert(run, {f"{attempt}-more.txt": "2"})
    with objstore.init(group="g") as run:
        made = run.finish_artifact(objstore.Artifact("data", "dataset"))
    assert contents(made) == {"second.txt": "1", "second-more.txt": "2"}
    assert made.aliases == ["latest", "second"]


def test_what_does_not_go_with_what_the_run_has_added_is_refused():
    with objstore.init(group="g") as run:
        upsert(run, {"x": "file"})
        wrong = artifact(files={"x/y.txt": "folder"})
        with pytest.raises(ValueError, match="x can't be both a file and a folder"):
            run.upsert_artifact(wrong)
        assert list(wrong.manifest.entries) == ["x/y.txt"]
        wrong.remove("x")
        assert contents(run.finish_artifact(wrong)) == {"x": "file"}


def test_what_somebody_finishes_meanwhile_does_not_come_again(monkeypatch: pytest.MonkeyPatch):
    with objstore.init(group="g") as run:
        upsert(run, {"a.txt": "a"}, aliases=["old"])
        meanwhile(monkeypatch, lambda: somebody('run.finish_artifact(artifact(files={"end.txt": "end"}))'), "commit_draft")
        upsert(run, {"b.txt": "b"}, aliases=["new"])
        made = run.finish_artifact(objstore.Artifact("data", "dataset"))
    assert sorted(contents(Api().artifact("data:v0"))) == ["a.txt", "end.txt"]
    assert (contents(made), made.aliases) == ({"b.txt": "b"}, ["latest", "new"])


def test_two_writers_that_disagree_are_both_named_and_nothing_is_logged():
    for writer in ("ann", "bob"):
        with objstore.init(group="g", id=writer) as run:
            upsert(run, {"same.txt": writer})
    with objstore.init(group="g", id="end") as run:
        with pytest.raises(ConflictError, match=r"ann and bob give same\.txt different content"):
            run.finish_artifact(objstore.Artifact("data", "dataset"))
        assert not Api().artifact_exists("data")
    with objstore.init(group="g", id="bob") as run:
        upsert(run, {"same.txt": "ann"})
        assert run.finish_artifact(objstore.Artifact("data", "dataset")).version == "v0"


def test_a_file_of_one_cannot_be_a_folder_of_another():
    for writer, path in (("ann", "x"), ("bob", "x/y.txt")):
        with objstore.init(group="g", id=writer) as run:
            upsert(run, {path: writer, "x.txt": "1"})
    with objstore.init(group="g") as run, pytest.raises(ConflictError, match="x is a file of ann, and a folder of bob"):
        run.finish_artifact(objstore.Artifact("data", "dataset"))


def test_an_id_is_needed_and_keeps_versions_apart():
    with objstore.init() as run:
        with pytest.raises(TypeError, match="distributed_id"):
            upsert(run, {"a": "1"})
        upsert(run, {"a": "1"}, distributed_id="one")
        upsert(run, {"b": "2"}, distributed_id="two")
        made = run.finish_artifact(objstore.Artifact("data", "dataset"), distributed_id="two")
    assert contents(made) == {"b": "2"}


def test_what_was_added_cannot_be_changed_but_read():
    with objstore.init(group="g") as run:
        part = run.upsert_artifact(artifact(files={"a.txt": "1"}))
        assert part.is_draft() and list(part.manifest.entries) == ["a.txt"]
        with pytest.raises(ArtifactFinalizedError, match="added to a common version"):
            part.remove("a.txt")
        with pytest.raises(ArtifactFinalizedError):
            run.upsert_artifact(part)


def test_another_type_is_refused():
    with objstore.init(group="g") as run:
        logged(run, "data", {"a": "1"}, "model")
        with pytest.raises(ValueError, match="data has type model, not dataset"):
            upsert(run, {"b": "1"})
        upsert_model = artifact("other", {"a": "1"}, "model")
        run.upsert_artifact(upsert_model)
        with pytest.raises(ConflictError, match="of type model, not other of type dataset"):
            run.upsert_artifact(artifact("other", {"b": "1"}))


def test_runs_that_give_one_path_the_same_content_do_not_disagree():
    for _ in range(2):  # one task, that was tried again
        with objstore.init(group="g") as run:
            upsert(run, {"task/1.txt": "result"})
    with objstore.init(group="g") as run:
        assert contents(run.finish_artifact(objstore.Artifact("data", "dataset"))) == {"task/1.txt": "result"}


def meanwhile(monkeypatch: pytest.MonkeyPatch, do: Callable[[], object], step: str = "_log") -> None:
    """Has something else happen when a finish has merged the parts, and is about to log them; or before another step."""
    going_on = getattr(parts, step)

    def overtaken(*args: object) -> None:
        monkeypatch.setattr(parts, step, going_on)
        do()
        going_on(*args)

    monkeypatch.setattr(parts, step, overtaken)


def somebody(code: str) -> None:
    """Does something in another process, in the same group."""
    script = f"""
import objstore
from tests.sdk.runs import artifact
with objstore.init(group="g", id="other") as run:
    {code}
"""
    subprocess.run([sys.executable, "-c", script], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))})


def test_what_is_added_while_a_finish_merges_is_in_it(monkeypatch: pytest.MonkeyPatch):
    with objstore.init(group="g") as run:
        upsert(run, {"a.txt": "a"})
        meanwhile(monkeypatch, lambda: somebody('run.upsert_artifact(artifact(files={"late.txt": "late"}))'))
        made = run.finish_artifact(artifact(files={"end.txt": "end"}))
    assert contents(made) == {"a.txt": "a", "late.txt": "late", "end.txt": "end"}


def test_what_disagrees_while_a_finish_merges_is_an_error(monkeypatch: pytest.MonkeyPatch):
    with objstore.init(group="g", id="ann") as run:
        upsert(run, {"a.txt": "a"})
        meanwhile(monkeypatch, lambda: somebody('run.upsert_artifact(artifact(files={"a.txt": "other"}))'))
        with pytest.raises(ConflictError, match=r"ann and other give a\.txt different content"):
            run.finish_artifact(objstore.Artifact("data", "dataset"))
    assert not Api().artifact_exists("data")


def test_of_two_that_finish_at_once_one_makes_the_version(monkeypatch: pytest.MonkeyPatch):
    with objstore.init(group="g") as run:
        upsert(run, {"a.txt": "a"})
        meanwhile(monkeypatch, lambda: somebody('run.finish_artifact(artifact(files={"by.txt": "other"}))'))
        with pytest.raises(NotFoundError, match=r"no parts of 'data/g': add some with upsert_artifact"):
            run.finish_artifact(artifact(files={"by.txt": "this"}))
    (made,) = Api().artifacts("dataset", "data")
    assert contents(made) == {"a.txt": "a", "by.txt": "other"}


def test_what_is_added_after_a_finish_goes_to_the_next_version():
    with objstore.init(group="g") as run:
        upsert(run, {"a.txt": "a"})
        made = run.finish_artifact(objstore.Artifact("data", "dataset"))
        upsert(run, {"late.txt": "late"})
        assert sorted(contents(Api().artifact("data"))) == ["a.txt"]
        following = run.finish_artifact(objstore.Artifact("data", "dataset"))
    assert (made.version, following.version) == ("v0", "v1")
    assert contents(following) == {"late.txt": "late"}


def test_gc_leaves_parts_alone(here: Path):
    with objstore.init(group="g") as run:
        upsert(run, {"a.txt": "a" * 1000})
        with run._session.alone() as project:
            collect(project, Silent())
        assert contents(run.finish_artifact(objstore.Artifact("data", "dataset"))) == {"a.txt": "a" * 1000}


def test_what_was_kept_elsewhere_is_brought(here: Path, tmp_path: Path):
    part, end = artifact(files={"a": "1"}), artifact(files={"b": "2"})
    with objstore.init(group="g", root=tmp_path / "root") as run:
        run.upsert_artifact(part)
        assert contents(run.finish_artifact(end)) == {"a": "1", "b": "2"}


def processes(root: str) -> None:
    command, environment = [sys.executable, "-c", WRITER], {**os.environ, "OBJSTORE_ROOT": root}
    writers = [subprocess.Popen([*command, str(number)], env=environment) for number in range(4)]
    assert [writer.wait(120) for writer in writers] == [0] * 4


def check_together(root: str) -> None:
    with objstore.init(project="together", group="writers", root=root) as run:
        made = run.finish_artifact(objstore.Artifact("parts", type="dataset"))
        expected = {f"part-{number}/{row}.txt": f"{number} {row}" * 100 for number in range(4) for row in range(5)}
        assert contents(made) == expected
    assert len(Api(root=root).runs("together")) == 5
    assert names(Api(root=root).artifacts("dataset", "together/parts")) == ["parts:v0"]


def test_processes_write_one_version_in_a_folder(tmp_path: Path):
    processes(str(tmp_path / "root"))
    check_together(str(tmp_path / "root"))


def test_processes_write_one_version_in_a_bucket(s3: Bucket, monkeypatch: pytest.MonkeyPatch):
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    root = s3.place()
    processes(root)
    check_together(root)
