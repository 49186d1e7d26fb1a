"""The rules for names (spec/log.md), and how a version is named."""

import re
from typing import NamedTuple

from objstore.errors import InvalidInputError, InvalidTypeError
from objstore.history.metadata import check_metadata as check_metadata  # the rule for metadata is looked up here too

# Control characters could forge terminal output, lone surrogates have no UTF-8.
_CONTROL = r"\x00-\x1f\x7f-\x9f\ud800-\udfff"

COLLECTION_PATTERN = r"\A(?!\.{1,2}\Z)[A-Za-z0-9_.-]{1,128}\Z"
TYPE_PATTERN = rf"\A[^/:{_CONTROL}]{{1,128}}\Z"
ALIAS_PATTERN = rf"\A(?!v[0-9]+\Z|@)[^/:{_CONTROL}]{{1,128}}\Z"
TAG_PATTERN = rf"\A[^{_CONTROL}]{{1,128}}\Z"
RUN_PATTERN = COLLECTION_PATTERN

GRAMMAR = "[[entity/]project/]collection[:alias or vN], or collection@<digest prefix>"

_COLLECTION, _TYPE, _ALIAS, _TAG = map(re.compile, (COLLECTION_PATTERN, TYPE_PATTERN, ALIAS_PATTERN, TAG_PATTERN))
_NUMBER = re.compile(r"\Av([0-9]+)\Z")
_PREFIX = re.compile(r"\A[0-9a-f]{4,64}\Z")


class Name(NamedTuple):
    """How a user names a collection or a version; `ref` is an alias, `v3`, or `@<digest prefix>`."""

    entity: str | None
    project: str | None
    collection: str
    ref: str | None

    def __str__(self) -> str:
        path = "/".join(part for part in (self.entity, self.project, self.collection) if part is not None)
        if self.ref is None:
            return path
        return path + self.ref if self.ref.startswith("@") else f"{path}:{self.ref}"


def parse_name(text: str) -> Name:
    """The parts of `[[entity/]project/]collection[:alias or vN]` or `…collection@<digest prefix>`, each valid in itself.

    InvalidInputError names the text, what is wrong with it and the grammar.
    """
    if not isinstance(text, str):
        raise InvalidTypeError(f"a name is a string, not {type(text).__name__}")
    path, ref = _split(text)
    parts = path.split("/")
    if len(parts) > 3:
        raise InvalidInputError(f"not a name: {text!r} has too many '/'; write {GRAMMAR}")
    for part in parts:
        if not _COLLECTION.match(part):
            raise InvalidInputError(f"not a name: {text!r} has the part {part!r}; write {GRAMMAR}, with letters, digits, '_', '.', '-'")
    padded = [None] * (3 - len(parts)) + parts
    return Name(padded[0], padded[1], parts[-1], ref)


def parse_collection(text: str) -> Name:
    """The same of a collection. InvalidInputError for the name of one version."""
    parsed = parse_name(text)
    if parsed.ref is not None:
        raise InvalidInputError(f"{text!r} is one version; give the name of a collection")
    return parsed


def _split(text: str) -> tuple[str, str | None]:
    path, colon, alias = text.partition(":")
    if colon:
        if not _NUMBER.match(alias) and not _ALIAS.match(alias):
            raise InvalidInputError(f"not a name: {text!r} has the alias {alias!r}; write {GRAMMAR}")
        return path, alias
    path, at, prefix = text.partition("@")
    if at:
        if not _PREFIX.match(prefix.lower()):
            raise InvalidInputError(f"not a name: {text!r} needs 4 to 64 hexadecimal digits after the '@'; write {GRAMMAR}")
        return path, "@" + prefix.lower()
    return path, None


def version_number(ref: str) -> int | None:
    """3 for `v3`, None for whatever isn't a version's number."""
    match = _NUMBER.match(ref)
    # No log is so long that a number has more than 18 digits; any such number stands for one that isn't there.
    return int(match[1][:19]) if match else None


def check_collection_name(name: str) -> str:
    """The name itself, or InvalidInputError."""
    return _check(_COLLECTION, name, "collection name", "1 to 128 letters, digits, '_', '.' or '-', and not '.' or '..'")


def check_type(type_: str) -> str:
    """The type itself, or InvalidInputError."""
    return _check(_TYPE, type_, "type", "1 to 128 characters without '/', ':' and control characters")


def check_type_of(name: str, type: str, wanted: str | None) -> None:
    """InvalidInputError unless what has this name and type has the `wanted` one; None wants none."""
    if wanted not in (None, type):
        raise InvalidInputError(f"{name} has type {type}, not {wanted}; give its type, or another name")


def check_alias(alias: str) -> str:
    """The alias itself, or InvalidInputError."""
    if isinstance(alias, str) and _NUMBER.match(alias):
        raise InvalidInputError(f"{alias!r} can't be an alias: it would look like a version's number")
    return _check(_ALIAS, alias, "alias", "1 to 128 characters without '/', ':' and control characters, not beginning with '@'")


def check_tag(tag: str) -> str:
    """The tag itself, or InvalidInputError."""
    return _check(_TAG, tag, "tag", "1 to 128 characters without control characters")


def check_run_id(id_: str) -> str:
    """The id of a run itself, or InvalidInputError."""
    return _check(_COLLECTION, id_, "id of a run", "1 to 128 letters, digits, '_', '.' or '-', and not '.' or '..'")


def check_ttl(seconds: int | None) -> int | None:
    """Seconds, 0 (the project's default) or None (never) itself, or InvalidInputError."""
    if seconds is not None and (not isinstance(seconds, int) or isinstance(seconds, bool)):
        raise InvalidTypeError(f"a ttl is a whole number of seconds, or None, not {seconds!r}")
    if seconds is not None and seconds < 0:
        raise InvalidInputError(f"a ttl isn't negative: {seconds} seconds")
    return seconds


def _check(pattern: re.Pattern[str], value: str, what: str, rule: str) -> str:
    if not isinstance(value, str):
        raise InvalidTypeError(f"a {what} is a string, not {type(value).__name__}: {value!r}")
    if not pattern.match(value):
        raise InvalidInputError(f"{value!r} can't be the {what}; it needs {rule}")
    return value
