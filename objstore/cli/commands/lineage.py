"""`objstore lineage`: where a version came from, and what came of it."""

import re
from typing import Any

import click

from objstore.cli import completing, naming
from objstore.cli.opening import with_named_project
from objstore.cli.output import as_json, print_json, print_line
from objstore.drawing.diagram import Diagram
from objstore.drawing.dot import dot_lines
from objstore.drawing.svg import svg
from objstore.drawing.tree import tree_lines
from objstore.errors import InvalidInputError
from objstore.history.collection import LATEST
from objstore.history.lineage import Direction, Graph, Node, walk
from objstore.history.records import RunRef
from objstore.repository.lineage import find_run, find_version, known, labelled, with_neighbours
from objstore.repository.project import Project

_RUN = re.compile(r"run:(?P<id>.+)")


@click.command()
@click.argument("name", metavar="NAME[:V]|run:ID", shell_complete=completing.versions)
@click.option("--up", is_flag=True, help="Only what it came from.")
@click.option("--down", is_flag=True, help="Only what came of it.")
@click.option("--depth", metavar="N", type=click.IntRange(min=1), help="At most N steps; from a version to the next one are two.")
@as_json
@click.option("--dot", "as_dot", is_flag=True, help="Print it in Graphviz's language.")
@click.option("--svg", "as_svg", is_flag=True, help="Print it as an SVG picture (pip install 'objstore[lineage]').")
@with_named_project
def command(project: Project, name: str, up: bool, down: bool, depth: int | None, as_json: bool, as_dot: bool, as_svg: bool) -> None:
    """Show what a version came from, and what came of it.

    That is which runs logged and used it, what else these used and logged, and so on, across the projects of the root.

    \b
    Example:
      objstore lineage model:prod
      objstore lineage images:v3 --down --depth 2
      objstore lineage run:k3b7x2p9 --svg > lineage.svg
    """
    if as_json + as_dot + as_svg > 1:
        raise InvalidInputError("give one of --json, --dot and --svg")
    directions: tuple[Direction, ...] = ("up",) if up and not down else ("down",) if down and not up else ("up", "down")
    with with_neighbours(project) as projects:
        start = _start(project, projects, name)
        graph = walk(known(projects), start, directions, depth)
        diagram = labelled(graph, projects)
    if as_json:
        print_json(_as_dict(graph, diagram))
    elif as_svg:
        click.echo(svg(diagram), nl=False)
    else:
        for line in dot_lines(diagram) if as_dot else tree_lines(diagram):
            print_line(line)


def _start(project: Project, projects: list[Project], name: str) -> Node:
    run = _RUN.fullmatch(name)
    if run is not None:
        return find_run(projects, run["id"])
    parsed = naming.parsed(project, name)
    return find_version(project, parsed.collection, parsed.ref or LATEST)


def _as_dict(graph: Graph, diagram: Diagram) -> dict[str, Any]:
    nodes = []
    for number, (node, vertex) in enumerate(zip(graph.nodes, diagram.vertices, strict=True)):
        is_run = isinstance(node, RunRef)
        identity = {"run": node.run} if isinstance(node, RunRef) else {"collection": node.collection, "digest": node.root.hex()}
        kind = "run" if is_run else "version"
        nodes.append({"id": number, "kind": kind, "name": vertex.name, "detail": vertex.detail, "project": node.project, **identity})
    return {"nodes": nodes, "edges": [{"from": source, "to": target} for source, target in diagram.edges]}
