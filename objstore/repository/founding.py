"""Making a working tree's `.objstore/`, and the project that it names."""

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from objstore.blobs.address import Address
from objstore.blobs.local import LocalBlobs
from objstore.errors import BlobExistsError, ConflictError, InvalidInputError, NotFoundError
from objstore.host.git import Git, GitError
from objstore.host.lines import replace_text
from objstore.host.publish import make_folder, translated
from objstore.repository import places, remotes
from objstore.repository.places import CONFIG, ROOT, Place
from objstore.repository.remotes import Remote
from objstore.repository.settings import NAME, Settings


def found(tree: Path, project: str | None = None, store: Path | None = None, settings: Settings | None = None) -> Path:
    """Makes `.objstore/` in a folder, with a new project or, with `store`, naming one in another root; the project's folder.

    `settings`: those of the project elsewhere that the new one is to be a clone of.

    ConflictError when there is one already that holds anything.
    """
    root = tree / ROOT
    named = _agreed(tree, project)
    if (root / CONFIG).exists() and (store is None or not _can_be_pointed_elsewhere(root)):
        raise ConflictError(f"{root} exists already; it is ready to use")
    if store is None:
        folder = root / (named or places.suggested_project(tree))
        with contextlib.suppress(ConflictError):  # by somebody who was interrupted before it had a config file
            make_project(folder, settings)
        _write_config(root, folder, None)
        return folder
    shared = root_at(store)
    folder = shared / (named or own_project(shared) or places.suggested_project(tree))
    with contextlib.suppress(ConflictError):  # that is what sharing means
        make_project(folder)
    _write_config(root, folder, shared)
    return folder


def located(start: Path, setting_up: Callable[[Path], None] | None = None) -> Place:
    """The project at or above a path; made if only an `objstore.toml` is there, after `setting_up` was told of the folder."""
    place = places.find(start)
    if isinstance(place, Place):
        return place
    places.committed_project(place.tree)  # is told of alone, if it can't be used
    if (place.tree / ROOT).is_symlink():  # committed by somebody who would like us to write elsewhere
        raise InvalidInputError(f"{place.tree / ROOT} is a symbolic link to where no repository is; remove it")
    if setting_up is not None:
        setting_up(place.tree)
    return Place(set_up(place.tree), place.tree)


def set_up(tree: Path) -> Path:
    """Does for a folder with an `objstore.toml` what `found` would; the project's folder.

    A further working tree of a Git repository shares the store of the first one.
    """
    project = places.committed_project(tree)
    assert project is not None
    root = tree / ROOT
    shared = _first_worktree(tree)
    # One of another name is no working tree of this repository: its `.git` folder may be anywhere.
    if shared is not None and shared != root and own_project(shared) == project:
        folder = places.project_of(shared)
        _write_config(root, folder, folder.parent.parent)
        return folder
    folder = root / project
    upstream = places.committed_upstream(tree)
    with contextlib.suppress(ConflictError):  # somebody else is setting up as well, or has died while at it
        make_project(folder, Settings.new(upstream.id) if upstream else None)
    if upstream:
        remotes.add(folder / remotes.FILE, Remote(remotes.UPSTREAM, Address.parse(upstream.url), upstream.options))
    _write_config(root, folder, None)
    return folder


def make_project(folder: Path, settings: Settings | None = None) -> None:
    """Makes an empty project, a new one or that of the settings. ConflictError when there is one already."""
    with translated(folder):
        make_folder(folder)
    try:
        LocalBlobs(folder).create(NAME, (settings or Settings.new()).encode())
    except BlobExistsError:
        raise ConflictError(f"{folder} holds a project already") from None


def _write_config(root: Path, folder: Path, store: Path | None) -> None:
    """Last of all: what it names is there."""
    lines = [f'project = "{folder.parent.name}/{folder.name}"\n']
    if store is not None:
        _check_utf8(store)
        lines.append(f"store = {json.dumps(os.fspath(store), ensure_ascii=False)}\n")
    replace_text(root / CONFIG, "".join(lines))


def _check_utf8(store: Path) -> None:
    try:
        os.fspath(store).encode()
    except UnicodeEncodeError:
        raise InvalidInputError(f"the path {store} isn't UTF-8, so {CONFIG} can't name it; choose another folder for the store") from None


def _agreed(tree: Path, project: str | None) -> str | None:
    """The project that is asked for, and that the committed file names, if there is one."""
    committed = places.committed_project(tree)
    asked = None if project is None else places.check_project(project)
    if committed and asked and committed != asked:
        raise InvalidInputError(
            f"{tree / places.COMMITTED} names project {committed}, not {asked}; leave --project out, or change the file"
        )
    return committed or asked


def _can_be_pointed_elsewhere(root: Path) -> bool:
    """Whether nothing would be out of reach: the root names another one, or its project was never written to."""
    try:
        folder = places.project_of(root)
    except NotFoundError:  # so it is another one
        return True
    return not folder.is_relative_to(root) or not any((folder / "log").rglob("*"))


def root_at(store: Path) -> Path:
    """The root that is meant by a path: itself, or that of the working tree there."""
    store = Path(os.path.abspath(store))
    if (store / ROOT / CONFIG).is_file():
        store = store / ROOT
    if (store / NAME).is_file():
        raise InvalidInputError(f"{store} is a project; give the folder that holds its entity: {store.parent.parent}")
    if (store / CONFIG).is_file():
        return places.project_of(store).parent.parent
    return store


def own_project(root: Path) -> str | None:
    """The project that a root names as that of its working tree; None for one that has no tree."""
    if not (root / CONFIG).is_file():
        return None
    return "/".join(places.project_of(root).parts[-2:])


def _first_worktree(tree: Path) -> Path | None:
    """The `.objstore/` of the same folder in a Git repository's first working tree, when this is another one."""
    git = Git.of(tree)
    if git is None or not (git.top / ".git").is_file():
        return None
    try:
        first = git.common_folder.parent / tree.relative_to(git.top) / ROOT
    except GitError:
        return None
    return first if (first / CONFIG).is_file() else None
