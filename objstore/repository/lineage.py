"""The lineage of versions and runs, with what they are called."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from objstore.drawing.diagram import Diagram, Vertex
from objstore.errors import NotFoundError, ObjstoreError
from objstore.history.lineage import Graph, Known, Node
from objstore.history.records import RunRef
from objstore.history.runs import VersionRef
from objstore.repository.project import Project
from objstore.repository.roots import Root


@contextlib.contextmanager
def with_neighbours(project: Project) -> Iterator[list[Project]]:
    """A project and those that share its root, their runs up to date. One that can't be opened is left out.

    Of several that are one project, such as a mirror beside its source: this one, else the one whose log is longest.
    """
    with contextlib.ExitStack() as opened:
        found, root = {project.settings.project: project}, Root.of(project)
        for name in root.names() if root else ():
            if root is not None and name != project.name:
                with contextlib.suppress(ObjstoreError):
                    other = opened.enter_context(root.open(name))
                    twin = found.setdefault(other.settings.project, other)
                    if twin is not project and twin.state.position < other.state.position:
                        found[other.settings.project] = other
        for each in found.values():
            each.runbook.refresh()
        yield list(found.values())


def known(projects: Sequence[Project]) -> dict[str, Known]:
    """As the lineage is walked through them."""
    return {each.settings.project: Known(each.runbook.runs, each.state) for each in projects}


def find_version(project: Project, collection: str, ref: str) -> VersionRef:
    """The version that a name means. NotFoundError."""
    found = project.state.collection(collection)
    return VersionRef(project.settings.project, found.id, project.state.version(found, ref, deleted=True).root)


def find_run(projects: Sequence[Project], id_: str) -> RunRef:
    """The run with an id, of whichever project. NotFoundError."""
    for project in projects:
        if project.runbook.runs.find(id_) is not None:
            return RunRef(project.settings.project, id_)
    raise NotFoundError(f"there is no run {id_!r}; `objstore runs` lists them")


def run_names(project: Project, runs: Iterable[RunRef]) -> dict[RunRef, str]:
    """What runs are called, wherever in the root of the project they are; of one that isn't, its id."""
    wanted = set(runs)
    own = project.settings.project
    if all(run.project == own for run in wanted):
        project.runbook.refresh()
        return {run: _named(run, project) for run in wanted}
    with with_neighbours(project) as projects:
        known = {each.settings.project: each for each in projects}
        return {run: _named(run, known.get(run.project)) for run in wanted}


def _named(run: RunRef, project: Project | None) -> str:
    facts = project.runbook.runs.find(run.run) if project else None
    return run.run if facts is None or facts.name == facts.id else f"{facts.id} ({facts.name})"


def labelled(graph: Graph, projects: Sequence[Project]) -> Diagram:
    """A graph to be drawn: names have their project before them where that isn't the first one."""
    numbers = {node: number for number, node in enumerate(graph.nodes)}
    known = {project.settings.project: project for project in projects}
    vertices = [_vertex(node, known, projects[0]) for node in graph.nodes]
    return Diagram(vertices, [(numbers[edge.source], numbers[edge.target]) for edge in graph.edges])


def _vertex(node: Node, known: Mapping[str, Project], home: Project) -> Vertex:
    project = known.get(node.project)
    before = "" if project is home else f"{project.name if project else node.project[:12]}/"
    return _run_vertex(node, project, before) if isinstance(node, RunRef) else _version_vertex(node, project, before)


def _run_vertex(node: RunRef, project: Project | None, before: str) -> Vertex:
    facts = project.runbook.runs.find(node.run) if project else None
    if facts is None:
        return Vertex("run", before + node.run, "not here")
    name = facts.id if facts.name == facts.id else f"{facts.id} ({facts.name})"
    return Vertex("run", before + name, ", ".join(filter(None, (facts.job_type, facts.state))))


def _version_vertex(node: VersionRef, project: Project | None, before: str) -> Vertex:
    collection = project.state.find_by_id(node.collection) if project else None
    version = collection.find_root(node.root) if collection else None
    if collection is None or version is None:
        return Vertex("version", f"{before}@{node.root.short}", "not here")
    return Vertex("version", f"{before}{collection.name}:{version.name}", collection.type + (", deleted" if version.deleted else ""))
