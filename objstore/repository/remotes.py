"""Where a project is elsewhere: the addresses of its remotes, and how to reach them (spec/worktree.md)."""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from objstore.blobs.address import Address
from objstore.errors import ConflictError, InvalidInputError, NotFoundError
from objstore.host.lines import replace_text
from objstore.host.regular import read_small

FILE = "local/remotes.toml"
"""In a project's folder."""
UPSTREAM = "origin"
"""The remote that decides numbers; others are mirrors of it."""

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")
_PUBLIC = ("endpoint_url", "region_name", "anon", "requester_pays")
"""Options that everybody may see, and that whoever clones needs too."""


@dataclass(frozen=True)
class Remote:
    """A place where the project is too. `options`: fsspec's storage options, which may be secret."""

    name: str
    address: Address
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InvalidInputError(f"{self.name!r} can't be a remote's name (letters, digits, '_', '-', '.'; up to 64)")

    @property
    def public_options(self) -> dict[str, Any]:
        """Those that may be committed."""
        return {key: value for key, value in self.options.items() if key in _PUBLIC}


def read(file: Path) -> dict[str, Remote]:
    """The remotes that a file names, by name; none if it isn't there. InvalidInputError when it can't be used."""
    try:
        table = tomllib.loads(read_small(file).decode())
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"{file} isn't valid TOML: {error}; mend it") from None
    return {name: _remote(file, name, entry) for name, entry in table.items()}


def find(file: Path, name: str | None = None) -> Remote:
    """A remote by its name, the upstream if none is given. NotFoundError says how to add one."""
    known = read(file)
    wanted = name or UPSTREAM
    if wanted in known:
        return known[wanted]
    if name is None and not known:
        raise NotFoundError(f"this project has no remote; `objstore remote add {UPSTREAM} URL` names one")
    there = f"there is {', '.join(sorted(known))}; " if known else ""
    raise NotFoundError(f"there is no remote {wanted!r}; {there}`objstore remote add {wanted} URL` adds it")


def check_free(file: Path, remote: Remote) -> None:
    """ConflictError if there is a remote of that name with another address."""
    before = read(file).get(remote.name)
    if before is not None and before.address != remote.address:
        raise ConflictError(f"{remote.name} is {before.address} already; `objstore remote remove {remote.name}` forgets it")


def add(file: Path, remote: Remote) -> None:
    """Adds a remote, or gives it other options. ConflictError as of `check_free`."""
    check_free(file, remote)
    _write(file, {**read(file), remote.name: remote})


def remove(file: Path, name: str) -> None:
    """Forgets a remote; nothing happens to what is there."""
    known = read(file)
    find(file, name)
    _write(file, {key: remote for key, remote in known.items() if key != name})


def _remote(file: Path, name: str, entry: Any) -> Remote:
    url = entry.get("url") if isinstance(entry, dict) else None
    options = entry.get("options", {}) if isinstance(entry, dict) else None
    if not isinstance(url, str) or not isinstance(options, dict):
        raise InvalidInputError(f'{file}: [{name}] must have a line like url = "s3://bucket/team/project"; mend it')
    return Remote(name, Address.parse(url), options)


def _write(file: Path, remotes: Mapping[str, Remote]) -> None:
    sections = []
    for name, remote in sorted(remotes.items()):
        lines = [f"[{_key(name)}]\n", f"url = {as_toml(remote.address.url)}\n"]
        if remote.options:
            lines.append(f"options = {as_toml(dict(remote.options))}\n")
        sections.append("".join(lines))
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))  # options may be secret
    replace_text(file, "\n".join(sections))


def as_toml(value: Any) -> str:
    """A value as TOML has it. InvalidInputError for one that it can't have."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(str(key))} = {as_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    raise InvalidInputError(f"a storage option can't be of type {type(value).__name__}; use text, numbers, true or false")


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _text(key)


def _text(value: str) -> str:
    """JSON escapes what TOML wants escaped, but for one character."""
    if any(0xD800 <= ord(character) < 0xE000 for character in value):
        raise InvalidInputError(f"an address or a storage option isn't UTF-8, so {FILE} can't name it")
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
