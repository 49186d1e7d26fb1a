"""Making pinned paths what their pins say, or moving them to other versions. First all of it is planned and checked, then done."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from objstore.errors import LocalChangesError
from objstore.history.collection import Collection, Version
from objstore.host.locks import locked_exclusive
from objstore.host.progress import Progress
from objstore.repository import pinning
from objstore.repository.holding import is_version, unheld
from objstore.repository.places import ROOT
from objstore.repository.surveying import side_of, surveyed
from objstore.repository.workingtree import WorkingTree
from objstore.worktree import pinfiles
from objstore.worktree.pin import FILE, Pin
from objstore.worktree.update import Update
from objstore.worktree.writing import Outcome

_NAMED = 10


@dataclass(frozen=True)
class Wanted:
    """A path, and the version that shall be there; `inside`: only of what is at or below that."""

    path: Path
    pin: Pin
    inside: bytes = b""
    moves: bool = False
    """Whether the pin file says otherwise until now."""


@dataclass(frozen=True)
class Switched:
    """What was done at a path."""

    path: Path
    name: str
    outcome: Outcome
    to_commit: list[Path]


def moved(tree: WorkingTree, path: Path, collection: Collection, version: Version) -> Wanted:
    """A path with another version than it has, or its first."""
    old = pinfiles.read(tree.top, path) if pinfiles.is_pin_file(pinfiles.pin_file(path)) else None
    kind = old.kind if old else pinning.kind_of(tree.project.database, path, version.root)
    patterns = (old.include, old.exclude) if old else ()
    pin = Pin(collection.name, kind, version.number, version.root, version.files, version.bytes, *patterns)
    return Wanted(path, pin, moves=True)


def switch(
    tree: WorkingTree, wanted: Sequence[Wanted], progress: Progress, *, force: bool = False, waiting: Callable[[], None] | None = None
) -> list[Switched]:
    """Writes only files that differ, and removes what a version hasn't got.

    NotFoundError when the store hasn't got a version, LocalChangesError when a file would be lost that no version holds, unless `force`:
    then nothing has been touched yet. Interrupted, each file is whole, and doing it again goes on from there. Waits for others who do it
    in the same tree.
    """
    with locked_exclusive(tree.top / ROOT / "lock", waiting), ExitStack() as surveys:
        tree.project.refresh()  # somebody may have deleted versions, or moved pins, while we waited
        wanted = [want if want.moves else replace(want, pin=tree.read(want.path)) for want in wanted]
        names = [str(tree.version(want.pin)) for want in wanted]
        updates = [_planned(tree, want, progress, force, surveys) for want in wanted]
        for update in updates:
            update.check_no_links()
        if not force:
            _check_held(tree, list(zip(wanted, updates, strict=True)))
        return [_done(tree, *item) for item in zip(wanted, names, updates, strict=True)]


def _planned(tree: WorkingTree, want: Wanted, progress: Progress, force: bool, surveys: ExitStack) -> Update:
    if want.moves:
        pinning.check(tree, want.path)
    clock = tree.project.clock_for([want.path])
    survey = surveys.enter_context(surveyed(tree, want.path, want.pin, progress, clock, read_all=not force))
    folder = want.path.parent if want.pin.kind == FILE else want.path
    target = side_of(tree.project.database, want.pin, want.path)
    return Update(survey, folder, target, progress, clock, want.inside, force)


def _check_held(tree: WorkingTree, updates: Iterable[tuple[Wanted, Update]]) -> None:
    lost = _lost(tree, updates)
    named = list(islice(lost, _NAMED))
    if named:
        more = sum(1 for _ in lost)
        files = tuple(file for _, file in named)
        shown = ", ".join(files) + (f" and {more:,} more" if more else "")
        raise LocalChangesError(
            f"no version holds {shown} as it is now, so nothing was touched; "
            f"keep it with `objstore add {named[0][0]}`, or lose it with --force",
            files,
        )


def _lost(tree: WorkingTree, updates: Iterable[tuple[Wanted, Update]]) -> Iterator[tuple[str, str]]:
    """Each file that would be lost, with the pinned path that it is at."""
    for want, update in updates:
        base = update.survey.base
        at_risk = update.at_risk(base_is_safe=base is None or is_version(tree.project, base))
        collection = tree.version(want.pin).collection
        for path in unheld(tree.project, collection, at_risk, by_content=want.pin.kind == FILE):
            yield tree.shown(want.path), tree.shown(update.folder / os.fsdecode(path))


def _done(tree: WorkingTree, want: Wanted, name: str, update: Update) -> Switched:
    outcome = update.run(want.pin.root if not want.inside and update.target.root is not None else None)
    to_commit = pinning.pin(tree, want.path, want.pin) if want.moves else []
    return Switched(want.path, name, outcome, to_commit)
