"""What the cases about scripts share: the scripts, what they take in, and a project with a long history of runs."""

import json
import shutil
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import inputs
from measure import Sample, run
from shipyard import Shipyard

_SCRIPTS = Path(__file__).with_name("scripts.py")
_REFERENCES = Path(__file__).with_name("scriptreferences.py")
WRITERS = 4


class Said(NamedTuple):
    """A run of a script, and what that measured itself."""

    sample: Sample
    told: Mapping[str, Any]


class Laboratory(Shipyard):
    """Every project is used once, but for the one with a history."""

    @cached_property
    def small(self) -> Path:
        """A folder with as many small files as small artifacts are logged."""
        path = self.fresh("small")
        inputs.write_many_files(path, self.scale.artifacts, 1, seed=6)
        return path / "000"

    @cached_property
    def mixed(self) -> Path:
        """A folder with many files of some 4 KiB and a large one."""
        path = self.fresh("mixed")
        inputs.write_many_files(path, self.scale.many_files // 10, self.scale.many_folders, seed=7)
        inputs.write_random_file(path / "large.bin", self.scale.big_file // 4, seed=8)
        return path

    @cached_property
    def shards(self) -> Path:
        """A folder with one folder for each writer, all of one size."""
        path = self.fresh("shards")
        each, files = self.scale.big_file // 2 // WRITERS, 16
        for number in range(WRITERS * files):
            name = f"writer-{number // files}/{number:03}.bin"
            inputs.write_random_file(path / name, each // files, seed=1000 + number)
        return path

    @cached_property
    def history(self) -> Path:
        """A repository with many runs, of which every tenth has used `data:v0`; the others `other:v0`."""
        path = self.new_project()
        self.script("history", path, self.scale.runs)
        return path

    @cached_property
    def history_in_bucket(self) -> str:
        """The same project in a bucket, with each entry of its logs as it was appended.

        The files are copied: a project has the same layout everywhere, and a first push, which appends them one after another and reads
        each again for the compacted ones, takes many minutes.
        """
        place, copy = self.new_place(), self.fresh("copy")
        (own,) = (self.history / ".objstore").glob("*/*/objstore.json")
        shutil.copytree(own.parent, copy, ignore=shutil.ignore_patterns("local", "holdings"))
        self.s3fs("put-folder", copy, place)
        return place

    def new_project(self) -> Path:
        path = self.fresh("project")
        self.objstore("init", path)
        return path

    def new_root(self) -> Path:
        """A path at which a run may make a root."""
        path = self.fresh("root")
        path.mkdir()
        return path

    def script(self, operation: str, *arguments: object, environment: Mapping[str, str] | None = None) -> Said:
        """Runs one of scripts.py to its end; by default without access to the server."""
        return self._said(_SCRIPTS, operation, *arguments, environment=environment)

    def script_in_bucket(self, operation: str, *arguments: object) -> Said:
        return self._said(_SCRIPTS, operation, *arguments, environment=self._server.straight)

    def counting_script(self, operation: str, *arguments: object) -> Said:
        """The same through the proxy."""
        return self._said(_SCRIPTS, operation, *arguments, environment=self._server.counted)

    def reference(self, operation: str, *arguments: object) -> Said:
        """Runs one of scriptreferences.py."""
        return self._said(_REFERENCES, operation, *arguments)

    def _said(self, program: Path, *arguments: object, environment: Mapping[str, str] | None = None) -> Said:
        sample = run([sys.executable, str(program), *map(str, arguments)], environment=environment)
        return Said(sample, json.loads(sample.output.splitlines()[-1]))
