"""Scripts as a user has them: files in a folder, run by an interpreter of their own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SAMPLES = Path(__file__).parent / "samples"
PACKAGES = Path(__file__).parents[2]


class Place:
    """A folder of scripts, whose runs log below one root: that folder, or a bucket."""

    def __init__(self, folder: Path, root: str | None = None, **environment: str) -> None:
        self.folder = folder
        self.root = root
        self._environment = environment

    def write(self, path: str, content: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(content)

    def files(self, **contents: str) -> None:
        """Files named by keywords, where `__` stands for `/` and `_` for `.`."""
        for name, content in contents.items():
            self.write(name.replace("__", "/").replace("_", "."), content)

    def start(self, script: str, *arguments: str) -> "subprocess.Popen[str]":
        """Starts a script that is in the folder, or a sample."""
        if not (self.folder / script).exists():
            shutil.copy(SAMPLES / script, self.folder / script)
        rooted = {"OBJSTORE_ROOT": self.root} if self.root else {}
        environment = {**os.environ, "PYTHONPATH": str(PACKAGES), **rooted, **self._environment}
        command = [sys.executable, "-W", "error", script, *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.folder, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def run(self, script: str, *arguments: str, fails: bool = False) -> tuple[list[str], str]:
        """What it printed, line by line, and what it said on the standard error; it has to succeed, or to fail."""
        started = self.start(script, *arguments)
        out, err = started.communicate(timeout=120)
        assert bool(started.returncode) == fails, err
        return out.splitlines(), err
