"""What must never be unpickled."""

from pathlib import Path
from typing import Any


class Trap:
    """Makes a file when it is."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._path,)
