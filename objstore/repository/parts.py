"""Versions that several writers make together: each adds a part, and one of them makes a version of all."""

import contextlib
import heapq
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from objstore.errors import ConflictError
from objstore.graph.transfer import transfer
from objstore.history import parts
from objstore.history.parts import find_pending, finish_parts
from objstore.history.records import Record
from objstore.history.state import State
from objstore.manifest.cursor import entries
from objstore.manifest.edit import edit
from objstore.manifest.entry import Entry
from objstore.manifest.keys import FilesAbove
from objstore.manifest.tree import NodeReader, Tree
from objstore.repository.committing import Counted, commit_draft
from objstore.repository.logging import DEFAULT_TYPE, Labels, log_root
from objstore.repository.project import Project
from objstore.values.digest import Digest
from objstore.worktree.intake import DraftNodes

if TYPE_CHECKING:
    from objstore.odb.draft import Draft

Roots = Mapping[str, Digest]
"""What each writer has added: the root of a manifest."""


class _PartsChangedError(ConflictError):
    """A writer has added something while the parts were merged."""


def add_part(
    project: Project,
    draft: "Draft",
    root: Digest,
    pending: str,
    labels: Labels,
    writer: str,
    joined: Mapping[Digest | None, Digest],
) -> Digest | None:
    """Publishes a draft and adds `root`, which it (or the store) holds, to a pending version; inside `writing`.

    What the writer has added before is replaced, and given back; `joined` tells what to add instead of `root` where it was that.
    ConflictError if the version is for another collection or type, InvalidInputError if the collection has another type.
    """
    before: Digest | None = None

    def build(state: State, segments: Sequence[str], counted: Counted) -> list[Record]:
        nonlocal before
        before = part_of(state, pending, writer)
        added, type_ = joined.get(before, root), labels.type or DEFAULT_TYPE
        files, bytes_ = counted[added].files, counted[added].bytes
        return parts.add_part(state, pending, labels.name, type_, writer=writer, root=added, files=files, bytes=bytes_, segments=segments)

    commit_draft(project, draft, [root, *joined.values()], build)
    return before


def finish(project: Project, draft: "Draft", own: Digest, pending: str, labels: Labels, writer: str) -> Digest:
    """Merges the parts of a pending version, and this writer's last one (`own`), and logs the result; its root. Inside `writing`.

    NotFoundError when nobody has added anything. ConflictError names both writers where two give one path different content.
    """
    while True:
        find_pending(project.state, pending)
        roots = roots_of(project.state, pending)
        with contextlib.closing(project.open_draft()) as fresh:
            transfer(project.database.with_draft(draft), own, fresh)
            reader = project.database.with_draft(fresh)
            merged = edit(DraftNodes(reader, fresh), None, union(reader, {**roots, f"{writer} (finishing)": own}))
            try:
                _log(project, fresh, merged, pending, labels, roots)
            except _PartsChangedError:
                continue
            return merged


def _log(project: Project, draft: "Draft", merged: Digest, pending: str, labels: Labels, roots: Roots) -> None:
    def build(state: State, segments: Sequence[str], counted: Counted) -> list[Record]:
        find_pending(state, pending)
        if roots_of(state, pending) != roots:
            raise _PartsChangedError("the parts have changed meanwhile")
        return finish_parts(state, pending, merged, log_root(state, merged, labels, segments, counted[merged]))

    commit_draft(project, draft, [merged], build)


def roots_of(state: State, pending: str) -> Roots:
    """What has been added to a pending version so far."""
    found = state.pendings.get(pending)
    return {writer: part.root for writer, part in sorted(found.parts.items())} if found else {}


def part_of(state: State, pending: str, writer: str) -> Digest | None:
    return roots_of(state, pending).get(writer)


def union(reader: NodeReader, roots: Roots) -> Iterator[tuple[bytes, Entry]]:
    """All entries, by their paths. ConflictError where writers disagree, or one's file is another's folder."""
    streams = [_named(writer, entries(reader, root)) for writer, root in roots.items()]
    above = FilesAbove()
    for path, group in groupby(heapq.merge(*streams, key=itemgetter(0)), key=itemgetter(0)):
        (_, writer, entry), *others = group
        for _, other, their in others:
            if (their.digest, their.size) != (entry.digest, entry.size):
                raise ConflictError(f"{writer} and {other} give {path.decode()} different content, so nothing was logged")
        file = above.add(path)
        if file is not None:
            theirs = next(name for name, root in roots.items() if Tree(reader, root).get(file) is not None)
            raise ConflictError(f"{file.decode()} is a file of {theirs}, and a folder of {writer}, so nothing was logged")
        yield path, entry


def _named(writer: str, rows: Iterator[tuple[bytes, Entry]]) -> Iterator[tuple[bytes, str, Entry]]:
    return ((path, writer, entry) for path, entry in rows)
