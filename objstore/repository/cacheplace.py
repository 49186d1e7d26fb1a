"""Where this machine keeps what it remembers of a project."""

import contextlib
import os
from pathlib import Path

from objstore.errors import StorageError
from objstore.host import filesystem
from objstore.odb.cache import Cache
from objstore.values.digest import plain


def open_cache(folder: Path, project: str, held: contextlib.ExitStack) -> Cache:
    """The cache of the project with an id in a folder.

    Where it can't be written (a full disk, say) one for this process alone, so that reading works all the same; it goes with `held`.
    """
    try:
        return Cache(_place(folder, project), project)
    except (StorageError, OSError):
        import tempfile

        return Cache(Path(held.enter_context(tempfile.TemporaryDirectory(prefix="objstore-cache-"))) / "cache", project)


def _place(folder: Path, project: str) -> Path:
    """In the project, or in the user's cache folder when LMDB can't work there: a network disk, or one not to be written."""
    if filesystem.is_local(folder) and os.access(folder, os.W_OK) and not filesystem.is_read_only(folder):
        return folder / "local" / "cache"
    import platformdirs

    name = plain(os.fsencode(folder.resolve())).short
    return platformdirs.user_cache_path("objstore") / f"{project}-{name}"
