"""Making a remote known, and finding out whether it can be one."""

from collections.abc import Mapping
from typing import Any

from objstore.blobs.address import Address
from objstore.blobs.probing import probe
from objstore.errors import InvalidInputError
from objstore.repository import remotes
from objstore.repository.connection import Connection
from objstore.repository.project import Project
from objstore.repository.remotes import UPSTREAM, Remote


def introduce(project: Project, name: str, address: Address, options: Mapping[str, Any], *, checked: bool = True) -> Remote:
    """Adds a remote, after `examine` unless not `checked`. The place needn't exist yet. ConflictError where another project is."""
    if project.bucket is not None and name == UPSTREAM:
        raise InvalidInputError(
            f"{project.location} is in a bucket and follows nobody; `objstore clone` makes a repository that follows it"
        )
    if address.folder is not None and address.folder.resolve() == project.folder.resolve():
        raise InvalidInputError(f"{address} is this project itself; a remote is another place")
    remote = Remote(name, address, options)
    remotes.check_free(project.remotes_file, remote)
    if checked:
        connection = Connection(remote, project.local / "remotes" / name, project.settings.project)
        try:
            examine(connection)
        finally:
            connection.close()
    remotes.add(project.remotes_file, remote)
    return remote


def examine(connection: Connection) -> bool:
    """Whether there is a project. ConflictError for another one, or a folder with other things in it.

    UnsafeStoreError for a place that doesn't keep its promises, RemoteError where it can't be reached, or not be written to.
    """
    settings = connection.settings()
    if settings is None:
        connection.check_place()
    else:
        connection.check_is_ours(settings)
    probe(connection.blobs)
    return settings is not None
