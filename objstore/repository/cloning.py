"""Making a clone: a project on this disk whose upstream is elsewhere."""

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
from objstore.host.publish import translated
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
    if (tree / places.ROOT).is_dir():
        raise ConflictError(f"{tree} is a repository already; `objstore pull` in it goes on, or clone into a new folder")
    if tree.is_dir() and any(tree.iterdir()):
        raise ConflictError(f"{tree} isn't empty; clone into a new folder")
    remote = Remote(UPSTREAM, address, options)
    settings = settings_at(remote)
    is_new = not tree.exists()
    with translated(tree):
        tree.mkdir(parents=True, exist_ok=True)
    try:
        folder = found(tree, suggested_name(address), settings=settings)
        remotes.add(folder / remotes.FILE, remote)
        return Project(folder, tree)
    except BaseException:
        shutil.rmtree(tree if is_new else tree / ROOT, ignore_errors=True)
        raise


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
