"""Which project a file system reads."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from objstore.errors import InvalidInputError
from objstore.repository.project import Project, open_project


def opened(where: str | None, options: Mapping[str, Any]) -> Project:  # noqa: ARG001 - only addresses have options
    """The project at or above a folder (None: the current one), opened. NotFoundError when there is none.

    An address (`s3://…`) is InvalidInputError in this version; `options` are for the file system it is in.
    """
    if where is not None and "://" in where:
        raise InvalidInputError(f"{where} is an address; this version of objstore opens folders only")
    return open_project(Path(where or "."))
