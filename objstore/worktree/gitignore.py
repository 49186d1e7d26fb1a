"""Where a path is kept out of Git, and by which line."""

import os
import re
from pathlib import Path

NAME = ".gitignore"

_SPECIAL = re.compile(r"([\\*?\[\]])")
_CONTROL = re.compile(r"[\n\r]")  # can't be written in a pattern


def nearest(folder: Path, top: Path) -> Path:
    """The ignore file that a folder is under: the first there is on the way up to the repository's top, else that of the folder itself."""
    for above in (folder, *folder.parents):
        if (above / NAME).is_file() and not (above / NAME).is_symlink():  # Git doesn't read those
            return above / NAME
        if above == top:
            break
    return folder / NAME


def pattern(path: Path, folder: Path) -> str:
    """The line of an ignore file in `folder` that means this very path."""
    relative = os.fspath(path.relative_to(folder)).replace(os.sep, "/")
    escaped = _CONTROL.sub("?", _SPECIAL.sub(r"\\\1", relative))
    return "/" + (escaped[:-1] + "\\ " if escaped.endswith(" ") else escaped)
