"""What callers may give in more than one form."""

import os
from collections.abc import Iterable

from objstore.history.names import check_alias, check_tag

StrPath = str | os.PathLike[str]


def listed(names: Iterable[str] | None) -> list[str]:
    """Several names, or one that was given without a list around it."""
    if names is None:
        return []
    return [names] if isinstance(names, str) else list(names)


def checked_aliases(aliases: Iterable[str] | None) -> tuple[str, ...]:
    return tuple(map(check_alias, listed(aliases)))


def checked_tags(tags: Iterable[str] | None) -> tuple[str, ...]:
    return tuple(map(check_tag, listed(tags)))
