"""Two files of tensors to be compared, as their format presents them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class Tensor(Protocol):
    """A tensor in a file, of which only the description has been read."""

    @property
    def dtype(self) -> str:
        """As the format calls it."""
        ...

    @property
    def shape(self) -> tuple[int, ...]: ...


class TensorFile(Protocol):
    """One of the files."""

    @property
    def tensors(self) -> Mapping[str, Tensor]: ...


@dataclass(frozen=True, slots=True)
class TensorPair:
    """Both."""

    old: TensorFile
    new: TensorFile
