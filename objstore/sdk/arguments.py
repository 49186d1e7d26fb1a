"""What callers may give in more than one form."""

import numbers
import os
from collections.abc import Iterable

from objstore.errors import InvalidInputError, InvalidTypeError
from objstore.history.names import check_alias, check_tag

StrPath = str | os.PathLike[str]


def listed(names: Iterable[str] | None) -> list[str]:
    """Several names, or one that was given without a list around it."""
    if names is None:
        return []
    if not isinstance(names, Iterable):
        raise InvalidTypeError(f"give a list of names, not {names!r}")
    return [names] if isinstance(names, str) else list(names)


def text(value: object, what: str) -> str:
    """What people write about something; a number, such as that of a fold, as its digits, None as nothing."""
    if value is None:
        return ""
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise InvalidTypeError(f"{what} must be text, not {type(value).__name__}: {value!r}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidInputError(f"{what} has text that is not valid Unicode: {value!r}") from None
    return str.__str__(value)


def checked_aliases(aliases: Iterable[str] | None) -> tuple[str, ...]:
    return tuple(map(check_alias, listed(aliases)))


def checked_tags(tags: Iterable[str] | None) -> tuple[str, ...]:
    return tuple(map(check_tag, listed(tags)))
