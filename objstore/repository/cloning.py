"""Making a clone: a project on this disk whose upstream is elsewhere."""

import contextlib
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from objstore.blobs.address import Address
from objstore.blobs.opening import open_blobs
from objstore.errors import ConflictError, InvalidInputError, NotFoundError
from objstore.history.logbook import is_clone
from objstore.host.publish import sync_folder, translated
from objstore.repository import places, remotes
from objstore.repository.connection import read_settings
from objstore.repository.founding import found
from objstore.repository.places import ROOT
from objstore.repository.project import Project
from objstore.repository.remotes import UPSTREAM, Remote
from objstore.repository.settings import Settings


def make_clone(address: Address, tree: Path, options: Mapping[str, Any]) -> Project:
    """Makes `.objstore/` in a new or empty folder, with an empty project that has the one at `address` as its upstream; to be fetched.

    NotFoundError when there is no project, ConflictError when it is a clone itself, or the folder isn't empty; then nothing is made.
    """
    if tree.exists() and not tree.is_dir():
        raise InvalidInputError(f"{tree} is a file; give a folder")
    if (tree / ROOT).is_dir():
        raise _taken(tree)
    if tree.is_dir() and any(tree.iterdir()):
        raise ConflictError(f"{tree} isn't empty; clone into a new folder")
    remote = Remote(UPSTREAM, address, options)
    settings = settings_at(remote)
    is_new = _reserve(tree)
    try:
        folder = found(tree, suggested_name(address), settings=settings)
        remotes.add(folder / remotes.FILE, remote)
        return Project(folder, tree)
    except BaseException:
        shutil.rmtree(tree / ROOT, ignore_errors=True)
        if is_new:
            with contextlib.suppress(OSError):  # somebody has put something there
                tree.rmdir()
        raise


def _reserve(tree: Path) -> bool:
    """Makes an empty `.objstore/` in a folder, so that it is nobody else's; whether the folder is new. ConflictError when there is one."""
    with translated(tree):
        try:
            tree.mkdir(parents=True)
            is_new = True
        except FileExistsError:
            is_new = False
        try:
            (tree / ROOT).mkdir()
        except FileExistsError:
            raise _taken(tree) from None
        sync_folder(tree)
    return is_new


def _taken(tree: Path) -> ConflictError:
    return ConflictError(f"{tree} is a repository already; `objstore pull` in it goes on, or clone into a new folder")


def settings_at(remote: Remote) -> Settings:
    """What the project at a remote says of itself. NotFoundError when there is none, ConflictError when it can't be an upstream."""
    with tempfile.TemporaryDirectory(prefix="objstore-") as scratch:
        blobs = open_blobs(remote.address, Path(scratch), remote.options)
        try:
            settings = read_settings(blobs)
            if blobs.root is not None and is_clone(blobs):
                raise ConflictError(f"{remote.address} is a clone itself; clone its upstream instead")
            return settings
        except NotFoundError:
            raise NotFoundError(f"there is no objstore project at {remote.address}; is the address right?") from None
        finally:
            blobs.close()


def suggested_name(address: Address) -> str:
    """`entity/project` for a clone, from the last parts of the address."""
    parts = [re.sub(r"[^A-Za-z0-9_.-]+", "-", part).strip("-.") for part in address.path.split("/")]
    try:
        return places.check_project("/".join([part for part in parts if part][-2:]))
    except InvalidInputError:
        return places.check_project(parts[-1] or "main")
