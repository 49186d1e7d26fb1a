"""Walking from a version or a run to what it came from, and to what came of it, across projects. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from objstore.history.records import RunRef
from objstore.history.runs import Runs, VersionRef

Direction = Literal["up", "down"]


Node = VersionRef | RunRef


class Edge(NamedTuple):
    """What flowed: from a version to a run that used it, or from a run to a version that it logged."""

    source: Node
    target: Node


@dataclass
class Graph:
    """Nodes, in the order in which they were come to, the start first; and edges between them."""

    nodes: dict[Node, None] = field(default_factory=dict)
    edges: dict[Edge, None] = field(default_factory=dict)


def walk(runs: Mapping[str, Runs], start: Node, directions: Iterable[Direction] = ("up", "down"), depth: int | None = None) -> Graph:
    """What can be reached in each of the directions by itself, in at most `depth` steps. Cost: that of what is found.

    `runs`: those of each project, by the project's id. What others have is as if it weren't there.
    """
    graph = Graph({start: None})
    for direction in directions:
        seen, border, steps = {start}, [start], 0
        while border and steps != depth:
            found = [(node, other) for node in border for other in _next(runs, node, direction)]
            for node, other in found:
                graph.nodes.setdefault(other)
                graph.edges.setdefault(Edge(other, node) if direction == "up" else Edge(node, other))
            border = [other for other in dict.fromkeys(other for _, other in found) if other not in seen]
            seen.update(border)
            steps += 1
    return graph


def _next(runs: Mapping[str, Runs], node: Node, direction: Direction) -> Iterator[Node]:
    if isinstance(node, RunRef):
        own = runs.get(node.project)
        if own is not None:
            yield from own.used(node.run) if direction == "up" else own.logged(node.run)
        return
    for project, theirs in runs.items():
        for run in theirs.logged_by(node) if direction == "up" else theirs.used_by(node):
            yield RunRef(project, run)
