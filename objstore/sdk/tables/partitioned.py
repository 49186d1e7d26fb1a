"""Many tables below one path, seen as one."""

from collections.abc import Iterator
from typing import Any, Protocol, Self

from objstore.errors import InvalidInputError
from objstore.host import library
from objstore.sdk.tables.frame import Frame, Row
from objstore.values.paths import canonical


class Parts(Protocol):
    """The tables below a path of an artifact."""

    def paths(self, parts_path: str) -> list[str]: ...

    def read(self, path: str) -> Frame: ...


class PartitionedTable:
    """All tables below a path of the artifact that it is added to, in the order of their names' bytes: part_10 comes before part_2.

    Read it from an artifact, by `artifact.get(name)`; one part is in memory at a time. Parts must have the same columns.
    """

    def __init__(self, parts_path: str) -> None:
        """`parts_path`: as in `artifact.add(table, "parts/0")`, there `parts`. ValueError for what can't be a path."""
        self.parts_path = canonical(parts_path)
        self._parts: Parts | None = None

    @classmethod
    def _of(cls, parts_path: str, parts: Parts) -> Self:
        made = cls(parts_path)
        made._parts = parts
        return made

    @property
    def columns(self) -> list[str]:
        """The columns of the first part; none if there is no part. Reads that part."""
        return next((frame.columns for _, frame in self._frames()), [])

    def iterrows(self) -> Iterator[tuple[int, Row]]:
        """Each row with its index, counted through all parts. ValueError when a part has other columns than the first."""
        return enumerate(row for _, frame in self._frames() for row in frame.rows())

    def get_dataframe(self) -> Any:
        """A pandas DataFrame of all parts, in memory at once."""
        frames = [frame.dataframe() for _, frame in self._frames()]
        pandas = library.pandas()
        return pandas.concat(frames, ignore_index=True) if frames else pandas.DataFrame()

    def _frames(self) -> Iterator[tuple[str, Frame]]:
        if self._parts is None:
            raise InvalidInputError("a partitioned table has rows in an artifact only: add it, and read it with artifact.get(name)")
        first: tuple[str, list[str]] | None = None
        for path in self._parts.paths(self.parts_path):
            frame = self._parts.read(path)
            first = first or (path, frame.columns)
            if frame.columns != first[1]:
                raise InvalidInputError(f"{path} has the columns {frame.columns}, and {first[0]} {first[1]}: they can't be one table")
            yield path, frame

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PartitionedTable) and other.parts_path == self.parts_path

    def __hash__(self) -> int:
        return hash(self.parts_path)

    def __repr__(self) -> str:
        return f"<PartitionedTable {self.parts_path}>"
