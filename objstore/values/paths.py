"""The rules for paths inside a version (spec/manifest.md)."""

import re
from collections.abc import Sequence

from objstore.errors import InvalidInputError

MAX_BYTES = 4096

_BAD_PART = re.compile(rb"(?:\A|/)\.{0,2}(?:/|\Z)")
_DRIVE = re.compile(r"\A[A-Za-z]:(?:[\\/]|\Z)")


def problem_with(path: bytes) -> str | None:
    """Why these bytes can't be a path of a manifest, or None if they can."""
    if len(path) > MAX_BYTES:
        return f"is longer than {MAX_BYTES} bytes"
    if b"\0" in path:
        return "contains a NUL"
    if _BAD_PART.search(path):
        return "is empty, absolute, or has an empty, '.' or '..' part"
    try:
        path.decode()
    except UnicodeDecodeError:
        return "is not valid UTF-8"
    return None


def check(path: bytes) -> bytes:
    """The path itself, or InvalidInputError saying what is wrong with it."""
    problem = problem_with(path)
    if problem:
        raise InvalidInputError(f"path {path.decode(errors='backslashreplace')!r} {problem}")
    return path


def canonical(path: str) -> str:
    """What a caller wrote, as a manifest path: `./x//y` → `x/y`, `dir/` → `dir`.

    Absolute paths, drive letters, `..` and what leaves nothing are InvalidInputError.
    """
    if path.startswith("/") or _DRIVE.match(path):
        raise InvalidInputError(f"path {path!r} is absolute; give one relative to the artifact")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise InvalidInputError(f"path {path!r} has a '..' part")
    if not parts:
        raise InvalidInputError(f"path {path!r} names nothing")
    joined = "/".join(parts)
    try:
        encoded = joined.encode()
    except UnicodeEncodeError:
        raise InvalidInputError(f"path {path!r} is not valid UTF-8; rename the file") from None
    check(encoded)
    return joined


def is_below(path: bytes, folder: bytes) -> bool:
    """Whether `path` is `folder` itself or lies in it, by whole parts; everything lies in the empty folder."""
    return not folder or path == folder or path.startswith(folder + b"/")


def folded(names: Sequence[bytes]) -> list[bytes]:
    """The names (no paths) with letter case and Unicode form taken away: equal where some disk may take two for one.

    Unicode's canonical caseless matching (The Unicode Standard, 3.13), which is at least as broad as what disks do.
    """
    if not names:
        return []
    # All at once, since a call for each name would take ten times as long: nothing folds across a slash, or to one.
    joined = b"/".join(names)
    if joined.isascii():
        return joined.lower().split(b"/")
    from unicodedata import normalize  # here, since few names need it

    return normalize("NFD", normalize("NFD", joined.decode()).casefold()).encode().split(b"/")
