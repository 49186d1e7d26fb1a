"""A diagram in Graphviz's language (https://graphviz.org/doc/info/lang.html)."""

from collections.abc import Iterator

from objstore.drawing.diagram import Diagram

_SHAPES = {"version": "box", "run": "ellipse"}


def dot_lines(diagram: Diagram) -> Iterator[str]:
    """From left to right."""
    yield "digraph lineage {"
    yield "  rankdir=LR;"
    for number, vertex in enumerate(diagram.vertices):
        label = "\\n".join(_quoted(text) for text in (vertex.name, vertex.detail) if text)
        style = ", style=bold" if number == diagram.start else ""
        yield f'  n{number} [shape={_SHAPES[vertex.kind]}, label="{label}"{style}];'
    for source, target in diagram.edges:
        yield f"  n{source} -> n{target};"
    yield "}"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
