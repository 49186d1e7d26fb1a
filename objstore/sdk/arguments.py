"""What callers may give in more than one form."""

import os
from collections.abc import Iterable

StrPath = str | os.PathLike[str]


def listed(names: Iterable[str] | None) -> list[str]:
    """Several names, or one that was given without a list around it."""
    if names is None:
        return []
    return [names] if isinstance(names, str) else list(names)
