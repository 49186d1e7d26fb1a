"""What scripts do with objstore, each in a process of its own; prints the seconds that it took as JSON.

    python benchmarks/scripts.py OPERATION ARGUMENT…

The clock starts before the first call of objstore, after `import objstore`; whoever measures whole processes wants them to import nothing
else that they don't use.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import objstore

CONSUMERS = 10
"""Of so many runs, one uses the version that is asked about."""


def nothing(root: str) -> dict[str, Any]:
    """A run that does nothing."""
    objstore.init(root=root)
    objstore.finish()
    return {}


def many(root: str, folder: str) -> dict[str, Any]:
    """Logs each file of a folder as an artifact of its own, in one run."""
    files = sorted(Path(folder).iterdir())
    start = time.perf_counter()
    with objstore.init(root=root) as run:
        for number, file in enumerate(files):
            artifact = objstore.Artifact(f"result-{number}", "result", metadata={"number": number})
            artifact.add_file(file)
            run.log_artifact(artifact)
        logged = time.perf_counter() - start
    return {"seconds": time.perf_counter() - start, "until_finish": logged}


def use(root: str, file: str, times: str) -> dict[str, Any]:
    """Uses a version, again and again: the call by itself, and until what it recorded is durable."""
    with objstore.init(root=root) as run:
        for number in range(3):
            artifact = objstore.Artifact("data", "dataset")
            artifact.add_file(file, f"{number}.bin")
            run.log_artifact(artifact).wait()
    calls, durable = [], []
    for _ in range(int(times)):
        with objstore.init(root=root) as run:
            start = time.perf_counter()
            run.use_artifact("data:latest")
            calls.append(time.perf_counter() - start)
            run._session.queue.drain()
            durable.append(time.perf_counter() - start)
    return {"call": median(calls), "durable": median(durable)}


def used_by(folder: str, name: str, consumers: str) -> dict[str, Any]:
    """Asks who used a version."""
    os.chdir(folder)
    start = time.perf_counter()
    artifact = objstore.Api().artifact(name)
    opened = time.perf_counter()
    found = artifact.used_by()
    first = time.perf_counter()
    artifact.used_by()
    second = time.perf_counter()
    if len(found) != int(consumers):
        raise SystemExit(f"{name} was used by {len(found)} runs, not by {consumers}")
    return {"open": opened - start, "first": first - opened, "second": second - first}


def add_folder(repository: str, folder: str, name: str = "folder") -> dict[str, Any]:
    """Logs a folder."""
    with objstore.open(repository) as repo:
        artifact = repo.new_artifact(name, "dataset")
        artifact.add_dir(folder)
        repo.log(artifact)
    return {}


def timed_add_folder(repository: str, folder: str) -> dict[str, Any]:
    """The same, and how long that took."""
    return _timed(lambda source, name: add_folder(repository, source, name), folder)


def timed_command_add(repository: str, folder: str) -> dict[str, Any]:
    """The same by `objstore add`, called in this process."""
    from objstore.cli.main import main as command

    os.chdir(repository)

    def add(source: str, name: str) -> None:
        sys.argv = ["objstore", "add", source, "-n", name]
        try:
            command()
        except SystemExit as end:
            if end.code:
                raise

    return _timed(add, folder)


def alone(root: str, folder: str) -> dict[str, Any]:
    """Logs all the folders in a folder as one artifact."""
    with objstore.init(root=root) as run:
        artifact = objstore.Artifact("common", "dataset")
        artifact.add_dir(folder)
        run.log_artifact(artifact)
    return _size(root, folder)


def together(root: str, folder: str) -> dict[str, Any]:
    """The same by a process for each of the folders, all at once, and one that makes a version of what they have added."""
    # It makes the project, which the writers then find.
    with objstore.init(root=root, group="common") as run:
        shards = sorted(Path(folder).iterdir())
        writers = [subprocess.Popen([sys.executable, __file__, "part", root, shard], stdout=subprocess.DEVNULL) for shard in shards]
        codes = [writer.wait() for writer in writers]
        if any(codes):
            raise SystemExit("a writer has failed")
        run.finish_artifact(objstore.Artifact("common", "dataset"))
    return _size(root, folder)


def part(root: str, folder: str) -> dict[str, Any]:
    """One of the writers."""
    with objstore.init(root=root, group="common") as run:
        artifact = objstore.Artifact("common", "dataset")
        artifact.add_dir(folder, Path(folder).name)
        run.upsert_artifact(artifact)
    return {}


def history(repository: str, runs: str) -> dict[str, Any]:
    """Appends to the log of runs what so many runs do: each by three entries, as a short run has them.

    First init and configuration; then what it used and logged; then summary and finish.
    """
    from objstore.history.records import RunConfigRecord, RunFinishRecord, RunInitRecord, RunLogRecord, RunSummaryRecord, RunUseRecord
    from objstore.repository.project import Project

    with objstore.open(repository) as repo:
        for name in ("data", "other", "model"):
            artifact = repo.new_artifact(name, name)
            with artifact.new_file("f") as file:
                file.write(name)
            repo.log(artifact)
    start = time.perf_counter()
    with Project.find(Path(repository)) as project, project.writing():
        id_, book = project.settings.project, project.runbook
        state = project.state
        data, other, model = ((state.collection(name).id, state.version(name).root.hex()) for name in ("data", "other", "model"))
        for number in range(int(runs)):
            run = f"run{number:06}"
            collection, root = data if number % CONSUMERS == 0 else other
            for records in (
                [
                    RunInitRecord(run=run, name=f"trial {number}", job_type="train"),
                    RunConfigRecord(run=run, config={"lr": 0.001 * (number % 7), "epochs": 10, "seed": number}),
                ],
                [
                    RunUseRecord(run=run, project=id_, collection=collection, root=root),
                    RunLogRecord(run=run, project=id_, collection=model[0], root=model[1]),
                ],
                [RunSummaryRecord(run=run, summary={"loss": 1 / (number + 1), "epoch": 10}), RunFinishRecord(run=run, state="finished")],
            ):
                book.commit(lambda _, records=records: records)
    return {"seconds": time.perf_counter() - start}


def _timed(add: Callable[[str, str], object], folder: str) -> dict[str, Any]:
    """The time of adding a folder, in a process that has added a small one already: without the loading of modules."""
    with tempfile.TemporaryDirectory() as small:
        (Path(small) / "f").write_text("f")
        add(small, "small")
    start = time.perf_counter()
    add(folder, "folder")
    return {"seconds": time.perf_counter() - start}


def _size(root: str, folder: str) -> dict[str, Any]:
    """That the version holds all; told, so that no writer is fast for what it left out."""
    size = objstore.Api(root=root).artifact("common:latest").size
    whole = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    if size != whole:
        raise SystemExit(f"the version has {size} bytes, not {whole}")
    return {"bytes": size}


OPERATIONS: dict[str, Callable[..., dict[str, Any]]] = {
    "nothing": nothing,
    "many": many,
    "use": use,
    "used-by": used_by,
    "add-folder": add_folder,
    "timed-add-folder": timed_add_folder,
    "timed-command-add": timed_command_add,
    "alone": alone,
    "together": together,
    "part": part,
    "history": history,
}

if __name__ == "__main__":
    print(json.dumps(OPERATIONS[sys.argv[1]](*sys.argv[2:])))
