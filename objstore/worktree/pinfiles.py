"""The pin files of a working tree: finding, reading and writing them."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from objstore.errors import InvalidInputError, UnsupportedFormatError
from objstore.host.lines import replace_text
from objstore.worktree.ignore import STORE_FOLDER
from objstore.worktree.pin import Pin

SUFFIX = ".objstore"
CONFIG = "objstore.toml"
"""What the folder of another working tree has."""

_HISTORIES = (".git", os.fsdecode(STORE_FOLDER[:-1]))


def pin_file(path: Path) -> Path:
    """Where the pin of a path is, if it has one."""
    return path.with_name(path.name + SUFFIX)


def is_pin_name(name: str) -> bool:
    """Whether a file of this name can be a pin. `..objstore` would pin the folder that it is in, `...objstore` the one above."""
    return name.endswith(SUFFIX) and name.removesuffix(SUFFIX) not in ("", ".", "..")


def is_pin_file(path: Path) -> bool:
    return is_pin_name(path.name) and path.is_file() and not path.is_symlink()


def pinned_path(file: Path) -> Path:
    """The path that a pin file pins."""
    return file.with_name(file.name.removesuffix(SUFFIX))


def read(top: Path, path: Path) -> Pin:
    """The pin of a path in the working tree `top`. InvalidInputError when the file isn't one, or may not pin that path."""
    shown = os.path.relpath(pin_file(path))
    check_place(top, path)
    try:
        data = pin_file(path).read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{shown} can't be read: {error.strerror}") from error
    return Pin.decode(data, shown)


def write(path: Path, pin: Pin) -> bool:
    """Writes the pin of a path, whole or not at all; whether that changed anything."""
    file, text = pin_file(path), pin.encode()
    with contextlib.suppress(OSError):
        if file.read_bytes() == text.encode():
            return False
    replace_text(file, text)
    return True


def find(top: Path, below: Path | None = None) -> Iterator[Path]:
    """Every pinned path at or below a folder of the working tree, ascending. Doesn't look into what is pinned, into `.git` and `.objstore`,
    and into other working trees; follows no links."""
    folders = [below or top]
    while folders:
        folder = folders.pop()
        inside, pinned = _listed(folder)
        yield from (folder / name for name in sorted(pinned))
        folders += (folder / name for name in sorted(inside, reverse=True) if name not in pinned and not is_tree(folder / name))


def check_place(top: Path, path: Path) -> None:
    """InvalidInputError for a path at which nothing may be pinned."""
    parts = path.relative_to(top).parts
    shown = os.path.relpath(path)
    if not parts or ".." in parts:
        raise InvalidInputError(f"{path} can't be pinned: only what is inside the folder that holds .objstore/ can be")
    for at, part in enumerate(parts):
        above = top.joinpath(*parts[: at + 1])
        if part.lower() in _HISTORIES:  # some disks don't tell cases apart
            raise InvalidInputError(f"{shown} can't be pinned: it is inside {part}, which is a history of its own")
        if above.is_symlink():
            raise InvalidInputError(
                f"{shown} can't be pinned: {os.path.relpath(above)} is a symbolic link, which objstore doesn't write through"
            )
        if above != path and is_tree(above):
            tree = os.path.relpath(above)
            raise InvalidInputError(f"{shown} can't be pinned from here: {tree} is a working tree of its own; go there, or use -C {tree}")


def is_tree(folder: Path) -> bool:
    """Whether a folder is a working tree, so that what is in it is no business of one around it."""
    return (folder / CONFIG).is_file() or (folder / _HISTORIES[1]).is_dir()


def check_free(path: Path) -> None:
    """InvalidInputError when what has the name of the path's pin can't be one."""
    file = pin_file(path)
    if os.path.lexists(file) and not is_pin_file(file):
        what = "a symbolic link" if file.is_symlink() else "no file"
        raise InvalidInputError(f"{os.path.relpath(path)} can't be pinned: {os.path.relpath(file)} is {what}; remove it, or give --no-pin")


def check_not_nested(top: Path, path: Path) -> None:
    """InvalidInputError when a folder above the path is pinned, or something inside it."""
    shown = os.path.relpath(path)
    for above in path.parents:
        if above == top:
            break
        if is_pin_file(pin_file(above)):
            outer = os.path.relpath(above)
            raise InvalidInputError(f"{shown} can't be pinned: it is inside {outer}, which has a pin; add {outer}, or give --no-pin")
    if path.is_dir():
        for inner in find(top, path):
            if is_pin(inner):
                name = os.path.relpath(inner)
                raise InvalidInputError(
                    f"{shown} can't be pinned: {name} inside it has a pin; add that, remove {pin_file(inner).name}, or give --no-pin"
                )


def is_pin(path: Path) -> bool:
    """Whether the pin file of a path really is one: a dataset may hold files that are only called so."""
    try:
        Pin.decode(pin_file(path).read_bytes(), "")
    except UnsupportedFormatError:
        return True
    except (OSError, InvalidInputError):
        return False
    return True


def _listed(folder: Path) -> tuple[list[str], set[str]]:
    """The subfolders, and the names that have pin files."""
    inside: list[str] = []
    pinned: set[str] = set()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name.lower() not in _HISTORIES:
                        inside.append(entry.name)
                elif entry.name.endswith(SUFFIX) and len(entry.name) > len(SUFFIX) and entry.is_file(follow_symlinks=False):
                    pinned.add(_pinned_name(entry))
    except PermissionError:
        return [], set()
    return inside, pinned


def _pinned_name(entry: os.DirEntry[str]) -> str:
    name = entry.name.removesuffix(SUFFIX)
    if name in (".", ".."):
        raise InvalidInputError(f"{entry.path} pins {name!r}, which isn't in the folder that it is in; remove it")
    return name
