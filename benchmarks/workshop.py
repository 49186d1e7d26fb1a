"""What the cases share: the inputs, made when first needed, and repositories that hold them."""

import compileall
import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import count
from pathlib import Path

import inputs
from measure import Sample, run
from scale import Scale

import objstore


class Workshop:
    """A folder of inputs, repositories and copies. Every path is used once."""

    def __init__(self, folder: Path, scale: Scale, repeats: int) -> None:
        self.scale = scale
        self.repeats = repeats
        self._folder = folder
        self._numbers = count()
        self._holders: dict[str, list[Path]] = {}

    @cached_property
    def big(self) -> Path:
        path = self.fresh("big") / "big.bin"
        inputs.write_random_file(path, self.scale.big_file, seed=1)
        return path

    @cached_property
    def edited(self) -> Path:
        path = self.fresh("edited") / "big.bin"
        inputs.write_edited_copy(self.big, path, self.scale.edits, seed=2)
        return path

    @cached_property
    def many(self) -> Path:
        path = self.fresh("many")
        inputs.write_many_files(path, self.scale.many_files, self.scale.many_folders, seed=3)
        return path

    @cached_property
    def tree(self) -> Path:
        """A repository with the many files in a pinned folder, `data`."""
        path = self.fresh("tree")
        self.objstore("init", path)
        inputs.write_many_files(path / "data", self.scale.many_files, self.scale.many_folders, seed=3)
        self.objstore("add", "data", repository=path)
        return path

    @cached_property
    def tiny(self) -> Path:
        path = self.fresh("tiny")
        inputs.write_tiny_files(path, self.scale.tiny_files, self.scale.tiny_folders)
        return path

    def fresh(self, kind: str) -> Path:
        """A path below the folder that nothing has used."""
        return self._folder / f"{kind}-{next(self._numbers)}"

    @contextlib.contextmanager
    def passing(self, kind: str) -> Iterator[Path]:
        """A fresh path; what is made there goes again, so that the memory of its pages is there for the next run, whoever's that is.

        For large files. Deleting many small ones would slow down making others.
        """
        path = self.fresh(kind)
        yield path
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    def objstore(
        self,
        *arguments: str | Path,
        repository: Path | None = None,
        watch: bool = True,
        settle: bool = True,
        environment: Mapping[str, str] | None = None,
        code: int = 0,
    ) -> Sample:
        return run([*_COMMAND, *arguments], cwd=repository, watch=watch, settle=settle, environment=environment, code=code)

    def new_holder(self, source: Path, name: str) -> Sample:
        """Measures adding `source` to a new repository, which from then on is a holder of `name`."""
        repository = self.fresh("repository")
        sample = self.added(source, name, repository)
        self._holders.setdefault(name, []).append(repository)
        return sample

    def added(self, source: Path, name: str, repository: Path) -> Sample:
        """Measures adding `source` to a new repository."""
        self.objstore("init", repository)
        return self.objstore("add", source, "-n", name, repository=repository)

    def holder(self, source: Path, name: str, turn: int = 0) -> Path:
        """A repository whose `name:v0` is `source`; different ones for different turns."""
        while len(self._holders.get(name, [])) <= turn:
            self.new_holder(source, name)
        return self._holders[name][turn]


def stored_bytes(repository: Path) -> int:
    """The apparent size of a repository's packs and index segments."""
    total = 0
    for folder, _, names in os.walk(repository / ".objstore"):
        if {"packs", "index"} & set(Path(folder).relative_to(repository).parts):
            total += sum(os.lstat(os.path.join(folder, name)).st_size for name in names)
    return total


def _objstore_command() -> list[str]:
    """The command that this interpreter's environment has, or the module; compiled, as an installer leaves it."""
    compileall.compile_dir(Path(objstore.__file__).parent, quiet=2)
    script = Path(sys.executable).parent / "objstore"
    return [str(script)] if script.exists() else [sys.executable, "-m", "objstore"]


_COMMAND = _objstore_command()
