"""Whether a disk can hold all paths of a version side by side."""

from collections.abc import Iterable
from pathlib import Path

from objstore.errors import ConflictError
from objstore.host.filesystem import is_one_name, tells_names_apart
from objstore.manifest.collisions import collisions


def check_distinct(target: Path, paths: Iterable[bytes]) -> None:
    """ConflictError if two of the paths (ascending), or folders above them, would be one in `target`: one would overwrite the other.

    The usual disk tells all names apart; that is asked first, and the paths are only looked at on another.
    """
    # Asked of the target as a whole, not of each folder in it: a folder for which somebody has switched that off (ext4 and NTFS can) isn't
    # noticed. What differs by more than the two sample names may be taken for one by no disk, so each pair is tried.
    if tells_names_apart(target):
        return
    for first, second in collisions(paths):
        if is_one_name(target, _name(first), _name(second)):
            raise ConflictError(
                f"{first.decode()} and {second.decode()} are one name on the disk of {target}, so it can't hold both; "
                "choose a destination on another disk, or take only one of them"
            )


def _name(path: bytes) -> bytes:
    return path.rpartition(b"/")[2]
