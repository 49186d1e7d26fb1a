"""Making a draft a part of the store: published, then named by the log entry that needs it."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from objstore.errors import CorruptionError, NotFoundError
from objstore.graph.closure import check_closed
from objstore.history.fence import OvertakenError, check_not_overtaken
from objstore.history.records import Record
from objstore.history.state import State
from objstore.manifest.cursor import Totals, totals
from objstore.repository.project import Project
from objstore.repository.renewing import renewed
from objstore.values.digest import Digest

if TYPE_CHECKING:
    from objstore.odb.draft import Draft

Counted = Mapping[Digest, Totals]
Build = Callable[[State, Sequence[str], Counted], Sequence[Record]]
"""Which records to append to a state, naming these segments; given what is below each root."""


def commit_draft(project: Project, draft: "Draft", roots: Sequence[Digest], build: Build) -> int:
    """Publishes a draft and appends what `build` gives; inside `writing`. The bytes that the store grew by, index and log apart.

    The roots are in the draft or the store; no record relies on anything else. `build` may be asked several times, like any `decide`.
    """
    draft.flush()  # the disk may work meanwhile
    if project.clone is None:
        return _commit_behind_fence(project, draft, roots, build)
    if draft.is_spent:  # cut off when it was last to be logged
        return _commit_copy(project, draft, roots, build)
    if draft.generation != project.holdings.generation:
        for root in roots:
            check_closed(project.database, draft, root)
    # What the draft holds is published even when the roots are there already: if it was needed, something below them is missing.
    segments = [] if draft.is_empty else draft.publish()
    if project.holdings.has_put_away(segments, draft.packs):
        # The names of packs and segments follow from what is in them. So a draft from before a gc may have what others have logged too
        # and gc has put away since, and that is dead for ever under its name. In packs of the present generation it has other names.
        return _commit_copy(project, draft, roots, build)
    _commit(project, draft, roots, build, segments)
    draft.finish()
    return draft.stored_bytes


def commit_stored(project: Project, root: Digest, build: Build) -> None:
    """Appends what `build` gives of what is stored already; OvertakenError when a gc may be about to take that. Inside `writing`."""
    counted = {root: totals(project.database, root)}

    def decide(state: State) -> Sequence[Record]:
        if project.clone is None and not state.is_live(root):
            raise OvertakenError
        return build(state, (), counted)

    project.commit(decide)


def _commit_copy(project: Project, draft: "Draft", roots: Sequence[Digest], build: Build) -> int:
    """The same with a copy of a draft."""
    with contextlib.closing(project.open_draft()) as copy:
        draft.copy_to(copy)
        for root in roots if draft.generation != copy.generation else ():
            check_closed(project.database, copy, root)
        added = commit_draft(project, copy, roots, build)
    draft.finish()
    return added


def _commit_behind_fence(project: Project, draft: "Draft", roots: Sequence[Digest], build: Build) -> int:
    """The same where a gc of others may come at any moment: then what it is about to take is stored again, the rest relied on anew."""
    with contextlib.ExitStack() as renewals:
        while True:
            try:
                if draft.is_shaky or draft.is_spent:
                    raise OvertakenError
                _commit(project, draft, roots, build, [] if draft.is_empty else draft.publish())
            except OvertakenError:
                pass
            except (NotFoundError, CorruptionError):  # perhaps of what was relied on, which several gcs have moved meanwhile
                project.refresh()
                if project.state.generation == draft.generation:
                    raise
            else:
                draft.finish()
                return draft.stored_bytes
            draft = renewals.enter_context(contextlib.closing(renewed(project, draft, roots)))


def _commit(project: Project, draft: "Draft", roots: Sequence[Digest], build: Build, segments: Sequence[str]) -> None:
    database = project.database.with_draft(draft)
    counted = {root: totals(database, root) for root in dict.fromkeys(roots)}

    def decide(state: State) -> Sequence[Record]:
        if project.clone is None:
            check_not_overtaken(state, draft.generation, segments, draft.packs)
        return build(state, segments, counted)

    project.commit(decide)
