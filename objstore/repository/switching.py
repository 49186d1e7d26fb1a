"""Making pinned paths what their pins say, or moving them to other versions. First all of it is planned and checked, then done."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from objstore.errors import EntryNotFoundError, InvalidInputError, LocalChangesError
from objstore.history.collection import Collection, Version
from objstore.host.progress import Progress
from objstore.manifest.cursor import entries, totals
from objstore.manifest.sides import Side
from objstore.repository import pinning
from objstore.repository.holding import is_version, unheld
from objstore.repository.surveying import expected_root, side_of, surveyed
from objstore.repository.workingtree import WorkingTree
from objstore.worktree import pinfiles
from objstore.worktree.ignore import Patterns
from objstore.worktree.pin import FILE, Pin
from objstore.worktree.update import Update
from objstore.worktree.writing import Outcome

_NAMED = 10


@dataclass(frozen=True)
class Placement:
    """A path, and the version that shall be there; `inside`: only of what is at or below that."""

    path: Path
    pin: Pin
    inside: bytes = b""
    moves: bool = False
    """Whether the pin file says otherwise until now."""
    goes: bool = False
    """Whether there is no pin any more, and no file shall be left of `pin`."""


@dataclass(frozen=True)
class Switched:
    """What was done at a path."""

    path: Path
    name: str
    outcome: Outcome
    to_commit: list[Path]


def moved(tree: WorkingTree, path: Path, collection: Collection, version: Version) -> Placement:
    """A path with another version than it has, or its first. InvalidInputError for one inside a pinned path."""
    outer = tree.around(path.parent)
    if outer is not None:
        shown, inside = tree.shown(outer), os.fspath(path.relative_to(outer))
        name = f"{collection.name}:{version.name}"
        raise InvalidInputError(f"{shown} is pinned as a whole; `objstore get {name} DEST --path {inside}` gets a part of another version")
    database = tree.project.database
    old = pinfiles.read(tree.top, path) if pinfiles.is_pin_file(pinfiles.pin_file(path)) else None
    kind = old.kind if old else pinning.kind_of(database, path, version.root)
    patterns = Patterns.of(old.include, old.exclude) if old else Patterns()
    if patterns and not all(patterns.wants(os.fsdecode(name)) for name, _ in entries(database, version.root)):
        patterns = Patterns()  # they would have us take files of this version for ignored ones
    pin = Pin(collection.name, kind, version.number, version.root, version.files, version.bytes, patterns.include, patterns.exclude)
    return Placement(path, pin, moves=True)


def unpinned(path: Path, pin: Pin) -> Placement:
    """A path that isn't pinned any more: its files go, as Git's do. Passed over if a pin has to do with it after all."""
    return Placement(path, pin, goes=True)


def switch(
    tree: WorkingTree, wanted: Sequence[Placement], progress: Progress, *, force: bool = False, waiting: Callable[[], None] | None = None
) -> list[Switched]:
    """Writes only files that differ, and removes what a version hasn't got.

    NotFoundError when the store hasn't got a version, LocalChangesError when a file would be lost that no version holds, unless `force`:
    then nothing has been touched yet. Interrupted, each file is whole, and doing it again goes on from there. Waits for others who do it
    in the same tree.
    """
    if tree.project.has_upstream:
        _bring(tree, wanted, progress, waiting)
    with tree.alone(waiting), tree.project.keeping(waiting), ExitStack() as surveys:
        wanted = [want if want.moves or want.goes else replace(want, pin=tree.read(want.path)) for want in wanted]
        wanted = [want for want in wanted if not want.goes or tree.is_free(want.path)]
        names = [str(tree.version(want.pin)) for want in wanted]
        updates = [_planned(tree, want, progress, force, surveys) for want in wanted]
        for update in updates:
            update.check_way()
        if not force:
            _check_held(tree, list(zip(wanted, updates, strict=True)))
        return [_done(tree, *item) for item in zip(wanted, names, updates, strict=True)]


def _bring(tree: WorkingTree, wanted: Sequence[Placement], progress: Progress, waiting: Callable[[], None] | None) -> None:
    """Brings from the upstream what is lacking of the versions that shall be there."""
    from objstore.repository.pulling import Part, hold

    pins = [(want.pin if want.moves else tree.read(want.path), want.inside) for want in wanted if not want.goes]
    hold(tree.project, [Part(pin.root, inside) for pin, inside in pins], progress, waiting)


def _planned(tree: WorkingTree, want: Placement, progress: Progress, force: bool, surveys: ExitStack) -> Update:
    if want.moves:
        pinning.check(tree, want.path)
    if want.goes:
        pinfiles.check_place(tree.top, want.path)
    clock = tree.project.clock_for([want.path])
    survey = surveys.enter_context(surveyed(tree, want.path, want.pin, progress, clock, read_all=not force))
    folder = want.path.parent if want.pin.kind == FILE else want.path
    target = Side(tree.project.database, None) if want.goes else side_of(tree.project.database, want.pin, want.path)
    part = os.fsdecode(want.inside)
    if part and not os.path.lexists(folder / part) and not totals(tree.project.database, want.pin.root, want.inside).files:
        raise EntryNotFoundError(f"{tree.version(want.pin)} has no {part}, nor has {tree.shown(want.path)}")
    return Update(survey, folder, target, progress, clock, want.inside, force)


def _check_held(tree: WorkingTree, updates: Iterable[tuple[Placement, Update]]) -> None:
    lost = _lost(tree, updates)
    named = list(islice(lost, _NAMED))
    if not named:
        return
    more = sum(1 for _ in lost)
    files = tuple(file for _, file in named)
    shown = ", ".join(files) + (f" and {more:,} more" if more else "")
    want, update = named[0][0]
    base = tree.name_of(update.survey.plan.base)
    since = f" (edited since {base})" if base and update.survey.plan.base != want.pin.root else ""
    raise LocalChangesError(
        f"no version holds {shown} as it is now{since}, so nothing was touched; "
        f"keep it with `objstore add {tree.shown(want.path)}`, or lose it with --force",
        files,
    )


def _lost(tree: WorkingTree, updates: Iterable[tuple[Placement, Update]]) -> Iterator[tuple[tuple[Placement, Update], str]]:
    """Each file that would be lost, with what would lose it."""
    for want, update in updates:
        base = update.survey.base
        at_risk = update.at_risk(base_is_safe=base is None or is_version(tree.project, base))
        collection = tree.version(want.pin).collection
        for path in unheld(tree.project, collection, at_risk, by_content=want.pin.kind == FILE):
            yield (want, update), tree.shown(update.folder / os.fsdecode(path))


def _done(tree: WorkingTree, want: Placement, name: str, update: Update) -> Switched:
    is_known_whole = not want.inside and not want.goes and expected_root(tree.project.database, want.pin, want.path) is not None
    outcome = update.run(want.pin.root if is_known_whole else None)
    if want.goes:
        update.survey.intake.remember_gone()  # when its pin comes back, so do the files
        with contextlib.suppress(OSError):  # a file has gone already, and what is ignored stays
            want.path.rmdir()
    to_commit = pinning.pin(tree, want.path, want.pin) if want.moves else []
    return Switched(want.path, name, outcome, to_commit)
