"""Walking from a version or a run to what it came from, and to what came of it, across projects. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

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


class Collections(Protocol):
    """What is to be known of the collections of a project."""

    def ids(self, id_: str, /) -> list[str]:
        """All ids that the collection with this one has or had, that of now first."""


@dataclass(frozen=True)
class Known:
    """A project that is here."""

    runs: Runs
    collections: Collections


def walk(known: Mapping[str, Known], start: Node, directions: Iterable[Direction] = ("up", "down"), depth: int | None = None) -> Graph:
    """What can be reached in each of the directions by itself, in at most `depth` steps. Cost: that of what is found.

    `known`: projects by their ids. What others have is as if it weren't there.
    Versions are named by the ids that their collections have now.
    """
    graph = Graph({start: None})
    for direction in directions:
        seen, border, steps = {start}, [start], 0
        while border and steps != depth:
            found = [(node, other) for node in border for other in _next(known, node, direction)]
            for node, other in found:
                graph.nodes.setdefault(other)
                graph.edges.setdefault(Edge(other, node) if direction == "up" else Edge(node, other))
            border = [other for other in dict.fromkeys(other for _, other in found) if other not in seen]
            seen.update(border)
            steps += 1
    return graph


def _next(known: Mapping[str, Known], node: Node, direction: Direction) -> Iterator[Node]:
    if isinstance(node, RunRef):
        own = known.get(node.project)
        if own is not None:
            for version in own.runs.used(node.run) if direction == "up" else own.runs.logged(node.run):
                yield _names(known, version)[0]
        return
    names = _names(known, node)
    for project, theirs in known.items():
        for name in names:
            for run in theirs.runs.logged_by(name) if direction == "up" else theirs.runs.used_by(name):
                yield RunRef(project, run)


def _names(known: Mapping[str, Known], version: VersionRef) -> list[VersionRef]:
    """All that records may call a version, what it is called now first."""
    project = known.get(version.project)
    return [version] if project is None else [version._replace(collection=id_) for id_ in project.collections.ids(version.collection)]
