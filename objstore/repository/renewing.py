"""Making a draft for a bucket anew after a gc has begun there (spec/gc.md)."""

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from objstore.errors import ConflictError, CorruptionError, NotFoundError
from objstore.graph.transfer import transfer
from objstore.odb.pack import PackClass
from objstore.repository.project import Project
from objstore.values.digest import Digest

if TYPE_CHECKING:
    from objstore.odb.draft import Draft


def renewed(project: Project, old: "Draft", roots: Sequence[Digest]) -> "Draft":
    """A draft of the present generation with all of these roots that can't be relied on in the bucket. `old` stays as it is.

    Goes down from the roots again, so that nothing is relied on that wasn't looked up in the index as it is now. Data packs that `old` has
    stored are taken over, unless a gc has condemned them. Cost: reads the metadata that is new, and what a gc is about to take.
    ConflictError when that has gone already.
    """
    project.refresh()
    fresh = project.open_draft()
    try:
        _take_over(project, old, fresh)
        for root in roots:
            transfer(project.database.with_draft(old), root, fresh)
    except (NotFoundError, CorruptionError) as error:
        fresh.close()
        raise ConflictError(f"gc has freed content that this was built on ({error}); add it all again") from error
    except BaseException:
        fresh.close()
        raise
    return fresh


def _take_over(project: Project, old: "Draft", fresh: "Draft") -> None:
    away = project.holdings.condemned | project.holdings.dead_packs
    for pack in old.packs:
        if pack in away:
            continue
        with contextlib.suppress(NotFoundError):
            trailer = project.database.read_trailer(pack)
            if trailer.pack_class is PackClass.DATA:
                fresh.adopt(pack, trailer)
