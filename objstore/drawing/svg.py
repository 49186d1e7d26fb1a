"""A diagram as an SVG picture, in layers from left to right (Sugiyama's method, as igraph implements it)."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape

from objstore.drawing.diagram import Diagram, Vertex
from objstore.errors import InvalidInputError

_WIDTH, _HEIGHT = 190, 46  # of a box
_ACROSS, _DOWN = 260, 66  # from one to the next
_MARGIN = 20
_LETTERS = 26
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2328}.d{font-size:11px;fill:#656d76}"
    ".v{fill:#ddf4ff;stroke:#0969da}.r{fill:#fff8c5;stroke:#9a6700}.s{stroke-width:3}"
    "path{fill:none;stroke:#8c959f;stroke-width:1.5}"
)


def svg(diagram: Diagram) -> str:
    """A whole document. InvalidInputError where igraph isn't installed."""
    places, routes = _layout(diagram)
    across = max(x for x, _ in places) + _WIDTH + 2 * _MARGIN
    down = max(y for _, y in [*places, *(point for route in routes for point in route)]) + _HEIGHT + 2 * _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{across:.0f}" height="{down:.0f}" viewBox="0 0 {across:.0f} {down:.0f}">',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" style="fill:#8c959f;stroke:none"/></marker></defs>',
        f'<g transform="translate({_MARGIN} {_MARGIN})">',
        *(_edge(places[source], route, places[target]) for (source, target), route in zip(diagram.edges, routes, strict=True)),
        *(
            line
            for number, vertex in enumerate(diagram.vertices)
            for line in _box(vertex, places[number], is_start=number == diagram.start)
        ),
        "</g></svg>",
    ]
    return "\n".join(parts) + "\n"


Point = tuple[float, float]


def _layout(diagram: Diagram) -> tuple[list[Point], list[list[Point]]]:
    """The upper left corner of each box, and for each edge the points between the two boxes through which it goes."""
    try:
        import igraph
    except ImportError:
        raise InvalidInputError(
            "an SVG needs a package that isn't installed: run `pip install 'objstore[lineage]'`, or use --dot"
        ) from None
    graph: Any = igraph.Graph(n=len(diagram.vertices), edges=diagram.edges, directed=True)
    # Layers come top down, so x and y change places. Runs that log what they used make cycles, which igraph breaks.
    layout = graph.layout_sugiyama(hgap=_DOWN, vgap=_ACROSS)
    routes = [[(y, x) for x, y in route] for route in layout.edge_routing]
    places = [(y, x) for x, y in layout.coords]
    return places, [_towards(places[target], route) for (_, target), route in zip(diagram.edges, routes, strict=True)]


def _towards(end: Point, route: list[Point]) -> list[Point]:
    """The points of an edge in the order in which it goes through them; igraph turns those round that close a cycle."""
    return route[::-1] if route and abs(route[0][0] - end[0]) < abs(route[-1][0] - end[0]) else route


def _edge(source: Point, route: list[Point], target: Point) -> str:
    is_forward = source[0] < target[0]
    begin = (source[0] + (_WIDTH if is_forward else _WIDTH / 2), source[1] + _HEIGHT / 2)
    end = (target[0] - (2 if is_forward else -_WIDTH / 2), target[1] + _HEIGHT / 2)
    beside = ((x + (_WIDTH if leaves == is_forward else 0), y + _HEIGHT / 2) for x, y in route for leaves in (False, True))
    points = [begin, *beside, end]
    path = [f"M{begin[0]:.0f} {begin[1]:.0f}"]
    for (x1, y1), (x2, y2) in pairwise(points):
        middle = (x1 + x2) / 2
        path.append(f"C{middle:.0f} {y1:.0f} {middle:.0f} {y2:.0f} {x2:.0f} {y2:.0f}")
    return f'<path d="{"".join(path)}" marker-end="url(#a)"/>'


def _box(vertex: Vertex, place: Point, *, is_start: bool) -> Iterator[str]:
    x, y = place
    kind = ("v" if vertex.kind == "version" else "r") + (" s" if is_start else "")
    round_ = 4 if vertex.kind == "version" else _HEIGHT / 2
    yield f"<g><title>{_text(f'{vertex.name}  {vertex.detail}')}</title>"
    yield f'<rect class="{kind}" x="{x:.0f}" y="{y:.0f}" width="{_WIDTH}" height="{_HEIGHT}" rx="{round_:.0f}"/>'
    for text, offset, style in ((vertex.name, 19, ""), (vertex.detail, 36, ' class="d"')):
        shown = text if len(text) <= _LETTERS else f"{text[: _LETTERS - 9]}…{text[-8:]}"
        yield f'<text{style} x="{x + _WIDTH / 2:.0f}" y="{y + offset:.0f}" text-anchor="middle">{_text(shown)}</text>'
    yield "</g>"


def _text(text: str) -> str:
    """As XML can hold it: not even escaped may it have most control characters."""
    return escape("".join(character if character.isprintable() else "�" for character in text))
