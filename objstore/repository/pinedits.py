"""Edits at pinned paths, where a version is written into a folder by something else than `checkout`."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from objstore.errors import ConflictError, LocalChangesError
from objstore.history.collection import Collection
from objstore.host.progress import Silent
from objstore.manifest.cursor import get
from objstore.manifest.entry import Entry
from objstore.manifest.sides import differences
from objstore.repository.holding import unheld
from objstore.repository.project import Project
from objstore.repository.surveying import side_of, surveyed
from objstore.repository.workingtree import WorkingTree
from objstore.values.digest import Digest
from objstore.values.key import node_key
from objstore.values.paths import is_below
from objstore.worktree import pinfiles
from objstore.worktree.pin import FILE
from objstore.worktree.references import Contents, is_reference
from objstore.worktree.update import AtRisk

_NAMED = 10


@dataclass(frozen=True)
class Written:
    """What is about to be written: what the manifest `root` has at or below `prefix`, into `top`, whose path has no links in it.

    `removing`: whether what the manifest hasn't got goes.
    """

    root: Digest
    top: Path
    prefix: bytes = b""
    removing: bool = False


def check_edits_kept(project: Project, collection: Collection, pinned: Iterable[Path], written: Written) -> None:
    """LocalChangesError if a file at one of the pinned paths would be lost that no version of the project has, there and like this.

    Touches nothing. Cost: that of a scan. ConflictError for a pin of a version that isn't in the project: nobody can tell then.
    """
    for path in filter(os.path.lexists, pinned):
        with project.looking():
            lost = list(islice(_lost(project, collection, written, path), _NAMED + 1))
        if lost:
            shown = ", ".join(lost[:_NAMED]) + (", …" if len(lost) > _NAMED else "")
            raise LocalChangesError(
                f"no version holds {shown} as it is now, so nothing was touched; keep it with `objstore add {os.path.relpath(path)}`, "
                "or take another destination",
                tuple(lost[:_NAMED]),
            )


def _lost(project: Project, collection: Collection, written: Written, path: Path) -> Iterator[str]:
    tree = WorkingTree(project, next(filter(pinfiles.is_tree, path.parents), path.parent))
    pin = pinfiles.read(tree.top, path)
    if node_key(pin.root) not in project.database:
        raise ConflictError(
            f"{tree.shown(path)} is pinned to {pin}, which {project.location} hasn't got, so it can't be told what would be lost; "
            "take another destination"
        )
    folder = path.parent if pin.kind == FILE else path
    with surveyed(tree, path, pin, Silent(), project.clock_for([path]), read_all=True) as survey:
        edited = differences(side_of(project.database, pin, path), survey.side)
        at_risk = (
            AtRisk(name, now) for name, _, now in edited if now is not None and _goes(project, written, folder / os.fsdecode(name), now)
        )
        for name in unheld(project, collection, at_risk, by_content=pin.kind == FILE):
            yield tree.shown(folder / os.fsdecode(name))


def _goes(project: Project, written: Written, file: Path, now: Entry) -> bool:
    """Whether a file would be replaced by another content, or removed."""
    if not file.is_relative_to(written.top):
        return False
    path = os.fsencode(file.relative_to(written.top))
    wanted = get(project.database, written.root, path) if is_below(path, written.prefix) else None
    if wanted is None:
        return written.removing
    content = Contents(project.database.cache).last(wanted) if is_reference(wanted) else wanted.digest
    return now != wanted and now.digest != content
