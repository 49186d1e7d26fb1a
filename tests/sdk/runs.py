"""What tests of runs share."""

from collections.abc import Mapping
from pathlib import Path

import objstore
from objstore import Artifact, Run


def artifact(name: str = "data", files: Mapping[str, str] | None = None, type: str = "dataset", **said: object) -> Artifact:
    """A draft with these files."""
    made = Artifact(name, type, **said)  # type: ignore[arg-type]
    for path, text in (files or {"a.txt": "a"}).items():
        with made.new_file(path) as file:
            file.write(text)
    return made


def contents(version: Artifact) -> dict[str, str]:
    """What the files of a version hold."""
    return {path: Path(entry.download()).read_text() for path, entry in version.manifest.entries.items()}


def logged(run: Run, *args: object, **said: object) -> Artifact:
    """A version that a run has logged, and waited for."""
    return run.log_artifact(artifact(*args, **said)).wait()  # type: ignore[arg-type]


def names(versions: "list[Artifact]") -> list[str]:
    return [str(version.name) for version in versions]


def ids(runs: "list[objstore.sdk.recorded.RecordedRun]") -> list[str]:
    return [run.id for run in runs]
