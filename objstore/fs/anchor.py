"""Saying where a repository is, in one way."""

import os
from typing import Any

from fsspec.config import apply_config
from fsspec.spec import AbstractFileSystem
from fsspec.utils import stringify_path

from objstore.errors import InvalidInputError

_InstanceCache: Any = type(AbstractFileSystem)


class Anchored(_InstanceCache):
    """Gives a file system's class its repository absolutely, as `repo`, before fsspec looks for an instance that it has made already.

    Else that would find one that was made in another current folder, and one that is unpickled would look around itself there.
    """

    def __call__(self, repo: "str | os.PathLike[str] | None" = None, **options: Any) -> Any:
        chained, protocol = options.pop("fo", None), options.pop("target_protocol", None)
        if repo is None and chained is None:
            repo = apply_config(self, {}).get("repo")
        if repo and chained:
            raise InvalidInputError(f"the repository is given twice, as repo={str(repo)!r} and by what follows `::`; leave one out")
        if chained and protocol not in (None, "file", "local"):
            return super().__call__(repo=f"{protocol}://{chained}", **options)
        where = stringify_path(repo or chained or ".").removeprefix("file://")
        return super().__call__(repo=where if "://" in where else os.path.abspath(where), **options)
