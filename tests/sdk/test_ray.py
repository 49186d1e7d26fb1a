"""One version of what Ray tasks add. Each cluster takes seconds to start, so there are few."""

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import objstore
from objstore import Api
from tests.sdk.runs import artifact, contents, ids, names
from tests.servers.bucket import Bucket

ray = pytest.importorskip("ray", reason="Ray has no wheel for this Python")

README = Path(__file__).parents[2] / "README.md"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings() -> Iterator[dict[str, str]]:
    """Variables for a Ray that asks nobody, tells nobody, and leaves nothing behind."""
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # a socket's path is at most 107 characters long
    yield {
        "RAY_TMPDIR": folder,
        "RAY_AUTH_TOKEN": secrets.token_hex(32),  # else it makes one, and keeps it in the home folder
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def cluster(settings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The root that tasks of a cluster on this machine write to."""
    root = str(tmp_path_factory.mktemp("cluster") / "root")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**settings, "OBJSTORE_ROOT": root}.items():
            patch.setenv(name, value)
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        try:
            yield root
        finally:
            objstore.finish()
            ray.shutdown()


def example() -> str:
    text = README.read_text()
    start = text.index("\n### … write one version from many machines")
    (found,) = re.findall(r"^```python\n(.*?)^```$", text[start : text.index("\n### ", start + 1)], re.MULTILINE | re.DOTALL)
    return found


def check_example(settings: Mapping[str, str], here: Path, root: str) -> None:
    """Runs the example as a script, in which warnings are errors, and looks at what it made."""
    (here / "example.py").write_text(example())
    environment = {**os.environ, **settings, "OBJSTORE_ROOT": root}
    done = subprocess.run(
        [sys.executable, "-W", "error", "example.py"], cwd=here, env=environment, capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout.splitlines()) == (0, re.findall(r"print\(.*\)  # (.*)$", example(), re.MULTILINE)), done.stderr
    squares = Api(root=root).artifact("numbers/squares")
    parts = [f"squares/part_{part}.table.parquet" for part in range(5)]
    assert sorted(squares.manifest.entries) == ["all.partitioned-table.json", *parts]
    assert sorted(row for _, row in squares.get("all").iterrows()) == [[number, number**2] for number in range(50)]
    assert names(Api(root=root).artifacts("dataset", "numbers/squares")) == ["squares:v0"]
    assert {f"squares-7-{part}" for part in range(5)} < set(ids(Api(root=root).runs("numbers", filters={"state": "finished"})))


def test_the_readmes_example_writes_one_version_in_a_folder(settings: Mapping[str, str], here: Path, tmp_path: Path) -> None:
    check_example(settings, here, str(tmp_path / "root"))


def test_the_readmes_example_writes_one_version_in_a_bucket(
    settings: Mapping[str, str], here: Path, s3: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    check_example(settings, here, s3.place())


def test_what_a_task_adds_when_it_is_tried_again_takes_the_place_of_what_it_had_added(cluster: str, tmp_path: Path) -> None:
    @ray.remote(retry_exceptions=True, max_retries=1)
    def write(part: int, tried: str) -> str:
        with objstore.init(project="retried", group="g", id=f"task-{part}") as run:
            first = not os.path.exists(tried)
            added = objstore.Artifact("data", "dataset")
            with added.new_file(f"{part}/{'first' if first else 'second'}") as file:
                file.write(str(part))
            with added.new_file(f"{part}/always") as file:
                file.write("first" if first else "second")
            run.upsert_artifact(added)
            if first and part:
                Path(tried).touch()
                raise OSError("the machine is tired")
        return run.id

    assert ray.get([write.remote(part, str(tmp_path / str(part))) for part in range(2)]) == ["task-0", "task-1"]
    with objstore.init(project="retried", group="g", root=cluster) as run:
        made = run.finish_artifact(artifact(files={"end": "."}))
    assert contents(made) == {"0/first": "0", "0/always": "first", "1/second": "1", "1/always": "second", "end": "."}
    assert Api(root=cluster).run("retried/task-1").state == "finished"


def test_of_a_task_that_is_killed_nothing_is_there_until_it_is_tried_again(cluster: str, tmp_path: Path) -> None:
    def write(part: int, tried: str) -> None:
        with objstore.init(project="killed", group="g", id=f"task-{part}") as run:
            added = objstore.Artifact("data", "dataset")
            with added.new_file(f"{part}/big") as file:
                file.write(f"{part}" * 1_000_000)
            if part and not os.path.exists(tried):
                Path(tried).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            run.upsert_artifact(added)

    ray.get(ray.remote(write).remote(0, ""))
    with pytest.raises(ray.exceptions.WorkerCrashedError):
        ray.get(ray.remote(max_retries=0)(write).remote(1, str(tmp_path / "once")))
    with objstore.init(project="killed", group="g", root=cluster) as run:
        assert sorted(run.finish_artifact(artifact(files={"end": "."})).manifest.entries) == ["0/big", "end"]
    ray.get(ray.remote(max_retries=1)(write).remote(1, str(tmp_path / "again")))
    with objstore.init(project="killed", group="g", root=cluster) as run:
        assert sorted(run.finish_artifact(artifact(files={"end": "."})).manifest.entries) == ["1/big", "end"]
