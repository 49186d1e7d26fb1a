"""Two files of tensors to be compared, as their format presents them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import NamedTuple, Protocol

from objstore.comparison.content import Content
from objstore.comparison.tensors.elements import Elements


class Stretch(NamedTuple):
    """Bytes of a file that lie next to each other: from where, and how many."""

    content: Content
    start: int
    length: int


class Reader(Protocol):
    """What gives the elements of a tensor, from the first to the last."""

    def read(self, count: int) -> bytes:
        """So many bytes more, or as many as are left. UnreadableFileError for what isn't as the format says."""
        ...


class Source(Protocol):
    """Where the elements of a tensor are. They can be read again and again."""

    @property
    def stretch(self) -> Stretch:
        """The bytes that hold them: tensors of one type and shape are equal when these are."""
        ...

    @property
    def compressed(self) -> bool:
        """Whether these bytes are compressed ones, which can differ though the elements don't."""
        ...

    def open(self) -> Reader: ...


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor in a file, of which only the description has been read."""

    dtype: str
    """As the format calls it."""
    shape: tuple[int, ...]
    elements: Elements
    source: Source
    fortran: bool = False
    """Whether the first index runs fastest in the file, instead of the last."""

    @property
    def count(self) -> int:
        return prod(self.shape)


@dataclass(frozen=True, slots=True)
class TensorFile:
    """One of the files."""

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str] = field(default_factory=dict)
    """What the file says beside them."""


@dataclass(frozen=True, slots=True)
class TensorPair:
    """Both."""

    old: TensorFile
    new: TensorFile


class Plain:
    """Elements as they stand in the file."""

    compressed = False

    def __init__(self, stretch: Stretch) -> None:
        self.stretch = stretch

    def open(self) -> Reader:
        return _InOrder(self.stretch)


class _InOrder:
    def __init__(self, stretch: Stretch) -> None:
        self._content = stretch.content
        self._at = stretch.start
        self._end = stretch.start + stretch.length

    def read(self, count: int) -> bytes:
        data = self._content.read(self._at, min(self._at + count, self._end))
        self._at += len(data)
        return data
