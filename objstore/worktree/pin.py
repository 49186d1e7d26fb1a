"""What a pin says (spec/worktree.md): which version belongs at the path beside it."""

import json
import tomllib
from dataclasses import dataclass
from typing import Any, NoReturn, Self

from objstore.errors import InvalidInputError, UnsupportedFormatError
from objstore.history.names import check_collection_name
from objstore.values.digest import SIZE, Digest
from objstore.worktree.ignore import Patterns

FORMAT = 1
FILE, FOLDER = "file", "folder"

_COMMENT = "# Pins a version to the path beside this file. To move it: objstore checkout NAME:vN\n"
_NUMBERS = ("number", "files", "bytes")
_CONFLICT = ("<<<<<<< ", "=======", ">>>>>>> ")
_KEYS = {"format": int, "collection": str, "kind": str, "include": list, "exclude": list, "version": dict, "content": dict}
_OPTIONAL = {"include", "exclude"}


@dataclass(frozen=True)
class Pin:
    """A version of a collection at a path. `root` is the version; the numbers are for people."""

    collection: str
    kind: str
    """`file` or `folder`."""
    number: int
    root: Digest
    files: int
    size: int
    """In bytes."""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.collection}:v{self.number}"

    def encode(self) -> str:
        """What changes from version to version comes last, in two lines."""
        patterns = {"include": self.include, "exclude": self.exclude}
        return "".join(
            [
                _COMMENT,
                f"format = {FORMAT}\n",
                f"collection = {_string(self.collection)}\n",
                f"kind = {_string(self.kind)}\n",
                *(f"{key} = [{', '.join(map(_string, value))}]\n" for key, value in patterns.items() if value),
                f'version = {{ number = {self.number}, root = "{self.root.hex()}" }}\n',
                f"content = {{ files = {self.files}, bytes = {self.size} }}\n",
            ]
        )

    @classmethod
    def decode(cls, data: bytes, where: str) -> Self:
        """InvalidInputError, naming the file `where`, for what isn't a pin; UnsupportedFormatError for that of a newer program."""
        table = _parsed(data, where)
        version = table.get("format")
        if type(version) is int and version > FORMAT:
            raise UnsupportedFormatError(f"{where} has format {version}; this objstore reads up to {FORMAT}: upgrade objstore")
        _check_keys(table, _KEYS, where, "")
        _check_keys(table["version"], {"number": int, "root": str}, where, "version.")
        _check_keys(table["content"], {"files": int, "bytes": int}, where, "content.")
        if version != FORMAT:
            _refuse(where, f"format = {version} isn't known")
        if table["kind"] not in (FILE, FOLDER):
            _refuse(where, f'kind = {table["kind"]!r} is neither "file" nor "folder"')
        for name in _NUMBERS:
            if (table["version"] | table["content"]).get(name, 0) < 0:
                _refuse(where, f"{name} is negative")
        patterns = {key: tuple(table.get(key, ())) for key in _OPTIONAL}
        if not all(isinstance(pattern, str) for listed in patterns.values() for pattern in listed):
            _refuse(where, "include and exclude are lists of strings")
        _check_patterns(patterns, where)
        return cls(
            _collection(table["collection"], where),
            table["kind"],
            table["version"]["number"],
            _root(table["version"]["root"], where),
            table["content"]["files"],
            table["content"]["bytes"],
            **patterns,
        )


def _parsed(data: bytes, where: str) -> dict[str, Any]:
    try:
        text = data.decode()
        if any(line.startswith(_CONFLICT) for line in text.splitlines()):
            raise InvalidInputError(
                f"{where} has a merge conflict; choose a side with `git checkout --ours {where}` or --theirs, then `objstore checkout`"
            )
        return tomllib.loads(text)
    except UnicodeDecodeError:
        _refuse(where, "it is not UTF-8")
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        if isinstance(error, InvalidInputError):
            raise
        _refuse(where, str(error) or type(error).__name__)


def _check_keys(table: dict[str, Any], keys: dict[str, type], where: str, prefix: str) -> None:
    for key in table:
        if key not in keys:
            _refuse(where, f"the key {prefix}{key} isn't known")
    for key, kind in keys.items():
        if key not in table and not (prefix == "" and key in _OPTIONAL):
            _refuse(where, f"the key {prefix}{key} is missing")
        if key in table and type(table[key]) is not kind:
            _refuse(where, f"{prefix}{key} is of the wrong type")


def _collection(name: str, where: str) -> str:
    try:
        return check_collection_name(name)
    except InvalidInputError as error:
        _refuse(where, str(error))


def _check_patterns(patterns: dict[str, tuple[str, ...]], where: str) -> None:
    try:
        Patterns.of(**patterns)
    except InvalidInputError as error:
        _refuse(where, str(error).removeprefix("--"))


def _root(text: str, where: str) -> Digest:
    if len(text) != 2 * SIZE:
        _refuse(where, f"version.root has {len(text)} characters instead of {2 * SIZE} hexadecimal digits")
    try:
        return Digest.from_hex(text)
    except InvalidInputError as error:
        _refuse(where, str(error))


def _refuse(where: str, why: str) -> NoReturn:
    raise InvalidInputError(f"{where} isn't a valid pin: {why}; mend it, or take it from Git again")


def _string(text: str) -> str:
    """A basic string of TOML. JSON's are that too, but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
