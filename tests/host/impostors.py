"""What may be where a file should be."""

import os
from collections.abc import Callable
from pathlib import Path

IMPOSTORS: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "folder": Path.mkdir,
    "endless device": lambda place: place.symlink_to("/dev/zero"),
    "link to itself": lambda place: place.symlink_to(place),
}
