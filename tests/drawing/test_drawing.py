"""Diagrams as trees, in Graphviz's language, as pictures."""

import xml.etree.ElementTree as ET

import pytest

from objstore.drawing.diagram import Diagram, Vertex
from objstore.drawing.dot import dot_lines
from objstore.drawing.svg import svg
from objstore.drawing.tree import tree_lines

SVG = "{http://www.w3.org/2000/svg}"


def version(name: str) -> Vertex:
    return Vertex("version", name, "dataset")


def run(name: str) -> Vertex:
    return Vertex("run", name, "finished")


# a and b were used by r, which logged c; s used c and a, and logged d.
VERTICES = [version("c:v0"), run("r"), version("a:v0"), version("b:v0"), run("s"), version("d:v0")]
DIAMOND = Diagram(VERTICES, [(1, 0), (2, 1), (3, 1), (0, 4), (2, 4), (4, 5)])


def test_a_tree_shows_both_directions():
    assert list(tree_lines(DIAMOND)) == [
        "c:v0  dataset",
        "came from",
        "└─ run r  finished",
        "   ├─ a:v0  dataset",
        "   └─ b:v0  dataset",
        "was used by",
        "└─ run s  finished",
        "   └─ d:v0  dataset",
    ]


def test_a_tree_of_a_run_and_of_nothing():
    assert list(tree_lines(Diagram([run("r"), version("a:v0")], [(1, 0)]))) == ["run r  finished", "used", "└─ a:v0  dataset"]
    assert list(tree_lines(Diagram([version("a:v0")], []))) == ["a:v0  dataset"]


def test_what_was_shown_is_not_shown_again_so_cycles_end():
    shared = Diagram([version("a"), run("r"), run("s"), version("b"), run("t")], [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4)])
    assert [line for line in tree_lines(shared) if "…" in line] == ["   └─ b  dataset …"]
    cycle = Diagram([version("a"), run("r")], [(0, 1), (1, 0)])
    assert list(tree_lines(cycle))[-2:] == ["└─ run r  finished", "   └─ a  dataset …"]


def test_a_chain_of_any_length_is_a_tree():
    chain = Diagram([version(str(n)) for n in range(5000)], [(n, n + 1) for n in range(4999)])
    assert len(list(tree_lines(chain))) == 5001


def test_graphviz_gets_names_quoted():
    text = "\n".join(dot_lines(Diagram([version('a"b\\c'), run("r")], [(0, 1)])))
    assert 'n0 [shape=box, label="a\\"b\\\\c\\ndataset", style=bold];' in text and "n0 -> n1;" in text and text.endswith("}")


@pytest.mark.parametrize("diagram", [DIAMOND, Diagram([version("a")], []), Diagram([version("a"), run("r")], [(0, 1), (1, 0)])])
def test_a_picture_has_every_vertex_and_every_edge_inside_its_frame(diagram: Diagram):
    picture = ET.fromstring(svg(diagram))
    boxes = picture.findall(f".//{SVG}rect")
    assert len(boxes) == len(diagram.vertices)
    assert len(picture.findall(f"{SVG}g/{SVG}path")) == len(diagram.edges)
    for box in boxes:
        assert float(box.get("x")) + float(box.get("width")) + 40 <= float(picture.get("width"))
        assert float(box.get("y")) + float(box.get("height")) + 40 <= float(picture.get("height"))


def test_time_goes_from_left_to_right():
    places = [float(box.get("x")) for box in ET.fromstring(svg(DIAMOND)).findall(f".//{SVG}rect")]
    assert all(places[source] < places[target] for source, target in DIAMOND.edges)


def test_hostile_names_are_text():
    picture = svg(Diagram([version("<script>alert(1)</script>\x00\x1b&")], []))
    assert "<script" not in picture and ET.fromstring(picture) is not None


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "igraph", None)
    with pytest.raises(ValueError, match=r"pip install 'objstore\[lineage\]'"):
        svg(DIAMOND)
