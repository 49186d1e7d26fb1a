"""A directed graph with labels, to be drawn."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Vertex:
    """A version or a run. `detail`: a version's type, a run's kind of job and state."""

    kind: Literal["version", "run"]
    name: str
    detail: str


class Diagram:
    """Vertices, told by their numbers, and edges from one to another. `start`: the one that was asked for."""

    def __init__(self, vertices: list[Vertex], edges: list[tuple[int, int]], start: int = 0) -> None:
        self.vertices = vertices
        self.edges = edges
        self.start = start
        self._after: dict[int, list[int]] = defaultdict(list)
        self._before: dict[int, list[int]] = defaultdict(list)
        for source, target in edges:
            self._after[source].append(target)
            self._before[target].append(source)

    def after(self, vertex: int) -> list[int]:
        """What the edges from a vertex lead to."""
        return self._after.get(vertex, [])

    def before(self, vertex: int) -> list[int]:
        """What the edges to a vertex come from."""
        return self._before.get(vertex, [])
