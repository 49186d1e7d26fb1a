"""The formats whose content can be compared: each is one module of `formats`, which names itself here."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import Any

from objstore.comparison.content import Content

_FORMATS = ("csv", "jsonlines", "parquet", "safetensors", "npy", "npz", "pickled")
_MAGIC = 8


class Kind(Enum):
    """What a format's content is made of, and so what its differences are."""

    ROWS = "rows"
    """`pair` gives a comparison.rows.pair.TablePair."""
    TENSORS = "tensors"
    """`pair` gives a comparison.tensors.pair.TensorPair."""


@dataclass(frozen=True)
class Handler:
    """A format: its name, what it recognises, and how it compares."""

    name: str
    kind: Kind
    suffixes: tuple[str, ...]
    """Of the paths of its files, in lower case."""
    pair: Callable[[Content, Content], Any]
    """Opens the old and the new content to be compared. UnreadableFileError for one that isn't what its name says."""
    magic: tuple[bytes, ...] = ()
    """What a file begins with that has it and no known suffix; at most 8 bytes."""


def handlers() -> list[Handler]:
    """All there are. Loads none of the libraries behind them."""
    return [import_module(f"objstore.comparison.formats.{name}").HANDLER for name in _FORMATS]


def names(kind: Kind) -> str:
    """What the formats of that kind are called, for a message."""
    return ", ".join(each.name for each in handlers() if each.kind is kind)


def find(path: str, kind: Kind) -> Handler | None:
    """The handler of that kind for files that are called so; the one with the longest suffix."""
    name = path.lower()
    fitting = [(len(suffix), each) for each in handlers() if each.kind is kind for suffix in each.suffixes if name.endswith(suffix)]
    return max(fitting, key=lambda found: found[0])[1] if fitting else None


def recognise(content: Content, kind: Kind) -> Handler | None:
    """The same by what the file begins with, for a name that tells nothing."""
    head = content.read(0, _MAGIC)
    return next((each for each in handlers() if each.kind is kind and any(head.startswith(magic) for magic in each.magic)), None)
