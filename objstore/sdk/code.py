"""Programs as artifacts."""

import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path

from objstore.errors import SourceMissingError
from objstore.sdk.artifact import CODE, Artifact

_SKIPPED = {".git", ".objstore", "__pycache__", "node_modules", "site-packages"}
"""Folders of programs that aren't the user's."""


def collect(root: Path, name: str, include: Callable[..., bool] | None, exclude: Callable[..., bool] | None) -> Artifact | None:
    """The files below a folder that `include` takes (Python files unless given) and `exclude` doesn't; None when there are none."""
    if not root.is_dir():
        raise SourceMissingError(f"{root} is not a folder; name the one that holds the program")
    top = root.absolute()
    artifact, is_empty = Artifact(name, CODE), True
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(each for each in folders if each not in _SKIPPED and not (Path(folder) / each / "pyvenv.cfg").exists())
        for path in (Path(folder) / file for file in sorted(files)):
            if path.is_file() and _asked(include or _is_python, path, top) and not (exclude and _asked(exclude, path, top)):
                artifact.add_file(path, path.relative_to(top).as_posix())
                is_empty = False
    return None if is_empty else artifact


def main_script(name: str) -> Artifact | None:
    """The file of the program that runs; None where there is none, as in a notebook."""
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    if not file or not os.path.isfile(file):
        return None
    artifact = Artifact(name, CODE)
    artifact.add_file(file)
    return artifact


def _is_python(path: str) -> bool:
    return path.endswith(".py")


def _asked(choose: Callable[..., bool], path: Path, top: Path) -> bool:
    takes = len(inspect.signature(choose).parameters)
    return bool(choose(str(path), str(top)) if takes > 1 else choose(str(path)))
