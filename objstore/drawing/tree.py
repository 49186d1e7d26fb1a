"""A diagram as indented lines, for a terminal."""

from collections.abc import Callable, Iterator

from objstore.drawing.diagram import Diagram, Vertex

_TITLES = {"version": ("came from", "was used by"), "run": ("used", "logged")}


def tree_lines(diagram: Diagram) -> Iterator[str]:
    """The start, then what leads to it, then what it leads to. What has been shown with all that is below it is marked with `…`."""
    start = diagram.vertices[diagram.start]
    yield _shown(start)
    for title, follow in zip(_TITLES[start.kind], (diagram.before, diagram.after), strict=True):
        if follow(diagram.start):
            yield title
            yield from _branches(diagram, follow)


def _branches(diagram: Diagram, follow: Callable[[int], list[int]]) -> Iterator[str]:
    """Below the start; without recursion, since a chain of runs has no end."""
    seen = {diagram.start}
    waiting = _indented(follow(diagram.start), "")
    while waiting:
        vertex, indent, is_last = waiting.pop()
        below = follow(vertex)
        again = vertex in seen and bool(below)
        yield f"{indent}{'└─ ' if is_last else '├─ '}{_shown(diagram.vertices[vertex])}{' …' if again else ''}"
        if not again:
            seen.add(vertex)
            waiting += _indented(below, indent + ("   " if is_last else "│  "))


def _indented(vertices: list[int], indent: str) -> list[tuple[int, str, bool]]:
    """The last one first, as they are taken from the end."""
    return [(vertex, indent, at == len(vertices) - 1) for at, vertex in enumerate(vertices)][::-1]


def _shown(vertex: Vertex) -> str:
    name = f"run {vertex.name}" if vertex.kind == "run" else vertex.name
    return f"{name}  {vertex.detail}".rstrip()
