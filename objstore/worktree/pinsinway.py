"""The pinned paths that writing a version into a folder would change."""

import os
from collections.abc import Iterator
from pathlib import Path

from objstore.manifest.cursor import children, get
from objstore.odb.database import Database
from objstore.values.digest import Digest
from objstore.values.paths import is_below
from objstore.worktree.pinfiles import SUFFIX, find, is_pin, is_pin_file, is_pin_name, pin_file, pinned_path


def pins_in_way(database: Database, root: Digest, target: Path, prefix: bytes = b"", *, removing: bool = False) -> list[Path]:
    """The pinned path that `target` is, or lies in; else those inside it where the version has something at or below `prefix`.

    `removing`: all inside it, since what the version hasn't got goes.

    The pin of whichever working tree counts, and pin files that the version would replace. Cost: nothing of the version is looked at where
    the target isn't there yet; else the folders that both have.
    """
    top = Path(os.path.realpath(target))
    around = next((above for above in (top, *top.parents) if above.name and is_pin_file(pin_file(above))), None)
    if around:
        return [around]
    everything = find(top) if removing and top.is_dir() else ()
    return sorted({*everything, *_inside(database, root, top, prefix)})


def _inside(database: Database, root: Digest, top: Path, prefix: bytes) -> Iterator[Path]:
    waiting = [b""]
    while waiting:
        below = waiting.pop()
        folder = top / os.fsdecode(below)
        if folder.is_symlink() or not folder.is_dir():
            continue
        may_have_pins = _may_have_pins(folder)
        for child in children(database, root, below):
            path = below + b"/" * bool(below) + child.name
            if not is_below(path, prefix) and not is_below(prefix, path):
                continue
            pinned = _pinned(database, root, top, path) if may_have_pins else None
            if pinned is not None:
                yield pinned
            elif child.is_folder:
                waiting.append(path)


def _may_have_pins(folder: Path) -> bool:
    try:
        return any(is_pin_name(name) for name in os.listdir(folder))
    except OSError:
        return True  # what can't be listed may still be written to


def _pinned(database: Database, root: Digest, top: Path, path: bytes) -> Path | None:
    """The pinned path that is changed by writing one of the version's.

    A file of the version that only has the name of a pin isn't one, but a pin that can't be read, as after a merge, counts.
    """
    disk = top / os.fsdecode(path)
    if is_pin_file(pin_file(disk)):
        is_data = get(database, root, path + os.fsencode(SUFFIX)) is not None
        return disk if not is_data or is_pin(disk) else None
    if is_pin_file(disk) and is_pin(pinned_path(disk)):
        return pinned_path(disk)
    return None
