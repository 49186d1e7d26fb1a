"""Objects that a check has found damaged: remembered beside the store, so that adding the same content stores it anew.

Without that, whoever adds a file again whose chunk has been damaged would find the chunk "stored". The damaged record itself stays
where it is, and what leads to it too: everything else of a damaged version can still be read.
"""

import contextlib
from collections.abc import Mapping
from pathlib import Path

from objstore.host.publish import make_folder, translated
from objstore.odb.cache import Cache
from objstore.values.key import Key


def remember(path: Path, lost: Mapping[str, set[Key]]) -> None:
    """Writes down which keys are lost in which pack, in place of what was known before."""
    with translated(path):
        if not lost:
            path.unlink(missing_ok=True)
            return
        make_folder(path.parent)
        lines = [f"{pack} {key.hex()}\n" for pack, keys in sorted(lost.items()) for key in sorted(keys)]
        path.write_text("".join(lines))


def remembered(path: Path) -> dict[str, set[Key]]:
    """The keys lost in each pack, as they were last written down; a line that says nothing is passed over."""
    lost: dict[str, set[Key]] = {}
    with contextlib.suppress(FileNotFoundError):
        for line in path.read_text().splitlines():
            with contextlib.suppress(ValueError):
                pack, key = line.split()
                lost.setdefault(pack, set()).add(bytes.fromhex(key))
    return lost


def still_lost(cache: Cache, lost: Mapping[str, set[Key]]) -> set[Key]:
    """Those keys for which the index has no other place than the damaged one."""
    keys = [key for keys in lost.values() for key in keys]
    return {key for key, place in cache.locate_many(keys).items() if key in lost.get(place.pack, ())} if keys else set()


def found_elsewhere(cache: Cache, lost: Mapping[str, set[Key]]) -> list[Key]:
    """Those keys for which the index has a place that isn't damaged."""
    keys = [key for keys in lost.values() for key in keys]
    return [key for key, place in cache.locate_many(keys).items() if key not in lost.get(place.pack, ())]
