"""Where projects are on a disk (spec/worktree.md): a `.objstore/` folder is a root that holds them, or names another root that does."""

import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from objstore.errors import InvalidInputError, NotFoundError
from objstore.host.regular import read_small
from objstore.repository.settings import NAME
from objstore.worktree.ignore import STORE_FOLDER

ROOT = os.fsdecode(STORE_FOLDER[:-1])
CONFIG = "config.toml"
COMMITTED = "objstore.toml"
_TAKEN = (CONFIG, "lock")
"""What a root has beside entities."""
_ID = re.compile(r"[0-9a-f]{32}")
_PART = re.compile(r"[A-Za-z0-9_.-]{1,128}")


class NoRepositoryError(NotFoundError):
    """There is no repository at or above a path, not even one that can't be used."""


class Place(NamedTuple):
    """Where a project is, and the working tree from which it was found."""

    project: Path
    """The project's folder."""
    tree: Path | None
    """The folder that holds `.objstore/`; None where the project itself was named."""


class Unset(NamedTuple):
    """A folder with a committed `objstore.toml` for which nothing has been made yet."""

    tree: Path


def find(start: Path) -> Place | Unset:
    """The project for a path: itself, or that of the nearest `.objstore/` or `objstore.toml` at or above it.

    NoRepositoryError when there is none.
    """
    start = Path(os.path.abspath(start))
    if (start / NAME).is_file():
        return Place(start, None)
    for folder in (start, *start.parents):
        if (folder / ROOT / CONFIG).is_file():
            return Place(project_of(folder / ROOT), folder)
        if (folder / COMMITTED).is_file():
            return Unset(folder)
    raise NoRepositoryError(f"no objstore repository in {start} or above it; make one with `objstore init`")


def project_of(root: Path) -> Path:
    """The folder of the project that a `.objstore/` names as its own."""
    table = _read(root / CONFIG)
    store = table.get("store")
    if store is None:
        return root / _project(table, root / CONFIG)
    if not isinstance(store, str) or not os.path.isabs(store):
        raise InvalidInputError(f"{root / CONFIG}: store must be an absolute path; mend it")
    project = Path(store) / _project(table, root / CONFIG)
    if not (project / NAME).is_file():
        raise NotFoundError(f"{project}, which {root / CONFIG} names as the store, isn't there; is its disk mounted?")
    return project


def projects_in(root: Path) -> list[str]:
    """The projects in a folder that holds some, each `entity/project`; ascending."""
    return sorted("/".join(found.parent.parts[-2:]) for found in root.glob(f"*/*/{NAME}"))


def committed_project(tree: Path) -> str | None:
    """The project that a folder's `objstore.toml` names; None without that file."""
    file = tree / COMMITTED
    return _project(_read(file), file) if file.is_file() else None


class Upstream(NamedTuple):
    """What a committed file says of where the project is elsewhere, as it stands there."""

    id: str
    url: str
    options: dict[str, Any]


def committed_upstream(tree: Path) -> Upstream | None:
    """The upstream that a folder's `objstore.toml` names; None when it names none. InvalidInputError when it can't be used."""
    file = tree / COMMITTED
    table = _read(file) if file.is_file() else {}
    if "upstream" not in table:
        return None
    id_, url, options = table.get("id"), table["upstream"], table.get("upstream_options", {})
    if not isinstance(id_, str) or not _ID.fullmatch(id_) or not isinstance(url, str) or not isinstance(options, dict):
        raise InvalidInputError(f"{file}: upstream must be an address, id 32 hexadecimal digits, upstream_options a table; mend it")
    return Upstream(id_, url, options)


def with_upstream(text: str, lines: Sequence[str]) -> str:
    """The text of an `objstore.toml` with these lines after the one that names the project, in place of earlier ones about an upstream."""
    kept = [line for line in text.splitlines() if not re.match(r"(id|upstream|upstream_options)\s*=", line)]
    at = next((at for at, line in enumerate(kept) if re.match(r"project\s*=", line)), -1)
    return "\n".join([*kept[: at + 1], *lines, *kept[at + 1 :]]) + "\n"


def check_project(project: object) -> str:
    """`entity/project`; the entity is `default` when left out. InvalidInputError for anything that isn't a name."""
    parts = project.split("/") if isinstance(project, str) else []
    if len(parts) == 1:
        parts.insert(0, "default")
    if len(parts) != 2 or not all(_PART.fullmatch(part) and part not in (".", "..") for part in parts) or parts[0].lower() in _TAKEN:
        raise InvalidInputError(f"project {project!r} must be NAME or ENTITY/NAME, of letters, digits, '_', '.' and '-'")
    return "/".join(parts)


def suggested_project(folder: Path) -> str:
    """A name for the project of a folder."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(os.path.abspath(folder)).name).strip("-.") or "main"
    return check_project(name[:128])


def _project(table: dict[str, Any], file: Path) -> str:
    try:
        return check_project(table["project"])
    except KeyError:
        raise InvalidInputError(f'{file} must have a line like project = "default/vision"; mend it') from None
    except InvalidInputError as error:
        raise InvalidInputError(f"{file}: {error}; mend it") from None


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_small(file).decode())
    except (ValueError, RecursionError) as error:  # beside what TOML and UTF-8 say: a number of too many digits
        raise InvalidInputError(f"{file} isn't valid TOML: {error}; mend it") from None
