"""Where projects are on a disk: a `.objstore/` folder is a root that holds them, below `entity/project`."""

import os
import re
import tomllib
from pathlib import Path

from objstore.errors import InvalidInputError, NotFoundError
from objstore.host.publish import make_folder, translated
from objstore.repository.settings import NAME

ROOT = ".objstore"
_CONFIG = "config.toml"
_PART = re.compile(r"[A-Za-z0-9_.-]{1,128}")


def find(start: Path) -> Path:
    """The project's folder for a path: itself, or that of the nearest `.objstore/` at or above it.

    NotFoundError when there is none.
    """
    start = Path(os.path.abspath(start))
    if (start / NAME).is_file():
        return start
    for folder in (start, *start.parents):
        if (folder / ROOT / _CONFIG).is_file():
            return project_in(folder / ROOT)
    raise NotFoundError(f"no objstore repository in {start} or above it; make one with `objstore init`")


def project_in(root: Path) -> Path:
    """The folder of the project that a `.objstore/` names as its own."""
    config = root / _CONFIG
    try:
        project = tomllib.loads(config.read_text())["project"]
    except (tomllib.TOMLDecodeError, KeyError, UnicodeDecodeError):
        raise InvalidInputError(f'{config} must have a line like project = "default/vision"; mend it') from None
    return root / check_project(project)


def prepare(folder: Path, project: str | None) -> Path:
    """Makes `.objstore/` in a folder and says which project it holds; the project's folder (not yet made)."""
    project = check_project(_suggested(folder) if project is None else project)
    root = folder / ROOT
    with translated(root):
        make_folder(root)
        (root / _CONFIG).write_text(f'project = "{project}"\n')
    return root / project


def check_project(project: object) -> str:
    """`entity/project`; the entity is `default` when left out. InvalidInputError for anything that isn't a name."""
    parts = project.split("/") if isinstance(project, str) else []
    if len(parts) == 1:
        parts.insert(0, "default")
    if len(parts) != 2 or not all(_PART.fullmatch(part) and part not in (".", "..") for part in parts):
        raise InvalidInputError(f"project {project!r} must be NAME or ENTITY/NAME, of letters, digits, '_', '.' and '-'")
    return "/".join(parts)


def _suggested(folder: Path) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(os.path.abspath(folder)).name).strip("-.") or "main"
