"""Which project a file system reads."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from objstore.blobs.address import Address
from objstore.repository.project import Project, open_project


def opened(where: str, options: Mapping[str, Any]) -> Project:
    """The project at or above a folder, or at an address; opened. NotFoundError when there is none.

    A bucket's log isn't looked at as long as what is known of it is good enough.

    `options`: the storage options of the file system that the address is in.
    """
    if "://" in where:
        return Project.at(Address.parse(where), options, is_fresh=False)
    return open_project(Path(where))
