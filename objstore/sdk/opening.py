"""Repositories opened, made and cloned."""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from objstore.blobs.address import Address
from objstore.errors import ConflictError, InvalidInputError, NotFoundError
from objstore.host.progress import Silent
from objstore.host.publish import translated
from objstore.repository.project import Project, open_project
from objstore.sdk.arguments import StrPath
from objstore.sdk.repository import Repository


def open(path: StrPath = ".", *, create: bool = False, storage_options: Mapping[str, Any] | None = None) -> Repository:
    """The repository at or above a path, or the project at a URL such as `s3://bucket/team/vision`.

    NotFoundError when there is none; with `create` one is made there then. `storage_options`: those of fsspec, for a URL; without
    them the environment variables and files of the cloud's own tools count. What is read of a bucket's index and metadata is kept in
    the user's cache folder.
    """
    if "://" in os.fspath(path):
        address = Address.parse(os.fspath(path))
        if address.folder is None:
            return Repository(_in_bucket(address, storage_options or {}, create=create))
        path = address.folder
    start = Path(path)
    if not create:
        return Repository(open_project(start))
    try:
        return Repository(Project.find(start))
    except NotFoundError:
        pass
    try:
        with translated(start):
            start.mkdir(parents=True, exist_ok=True)
        return Repository(Project.create(start))
    except FileExistsError:
        raise InvalidInputError(f"{start} is a file; give a folder") from None
    except ConflictError:  # somebody was faster
        return Repository(Project.find(start))


def clone(url: StrPath, path: StrPath, *, data: bool = True, storage_options: Mapping[str, Any] | None = None) -> Repository:
    """A new repository in the new or empty folder `path`, whose upstream is the project at `url`.

    Without `data`, only the log and metadata are brought; data comes when it is read, or pulled.
    """
    from objstore.repository.cloning import make_clone
    from objstore.repository.pulling import everything, pull

    project = make_clone(Address.parse(os.fspath(url)), Path(path), storage_options or {})
    try:
        pull(project, Silent(), everything if data else lambda _: [])
    except BaseException:
        project.close()
        raise
    return Repository(project)


def _in_bucket(address: Address, options: Mapping[str, Any], *, create: bool) -> Project:
    try:
        return Project.at(address, options)
    except NotFoundError:
        if not create:
            raise
    from objstore.repository.bucket import make_in_bucket

    with contextlib.suppress(ConflictError):  # somebody was faster
        make_in_bucket(address, options)
    return Project.at(address, options)
