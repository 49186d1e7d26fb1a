"""Writing a logged version's files to a disk, and checking them there."""

import os
from collections.abc import Iterable
from pathlib import Path

from objstore.errors import EntryNotFoundError, FolderDiffersError, MissingReferenceWarning, NotFoundError, ReferenceMissingError
from objstore.host.filesystem import keeps_mode
from objstore.host.progress import Silent
from objstore.manifest.cursor import entries, totals
from objstore.sdk.logged import LoggedVersion
from objstore.sdk.warning import warn
from objstore.values.paths import canonical
from objstore.worktree.checkout import Checkout
from objstore.worktree.fetching import LeftOut
from objstore.worktree.pinsinway import pins_in_way
from objstore.worktree.references import Contents
from objstore.worktree.verify import Difference, verify

_SHOWN = 5


def download(
    logged: LoggedVersion, root: Path, path_prefix: str | None, *, remove_foreign: bool = False, leave_out_missing: bool = False
) -> None:
    """Writes what is at or below a prefix (None: all) into a folder; every byte verified, each file whole or not at all.

    EntryNotFoundError when there is nothing at the prefix, LocalChangesError when that would lose an edited file at a pinned path; nothing
    is written then. `leave_out_missing`: warns of references to what isn't there any more, when the
    rest is written.
    """
    prefix = canonical(path_prefix).encode() if path_prefix else b""
    session = logged.session
    if prefix and not totals(session.database, logged.version.root, prefix).files:
        raise EntryNotFoundError(f"{logged.name} has no {path_prefix!r}; `objstore ls {logged.name}` lists what it has")
    pinned = pins_in_way(session.database, logged.version.root, root, prefix, removing=remove_foreign)
    if pinned:
        _check_edits_kept(logged, pinned, root, prefix, remove_foreign)
    missing: dict[bytes, str] = {}
    left_out = missing.__setitem__ if leave_out_missing else None
    try:
        _write(logged, root, prefix, remove_foreign, left_out)
    except ReferenceMissingError:
        raise
    except NotFoundError:
        # A gc may have moved content into other packs meanwhile: look again where it is. What was written stays and isn't read twice.
        with session.state():
            pass
        missing.clear()
        _write(logged, root, prefix, remove_foreign, left_out)
    for path, uri in sorted(missing.items()):
        warn(MissingReferenceWarning(path.decode(), uri))


def check(logged: LoggedVersion, root: Path) -> None:
    """FolderDiffersError unless a folder has exactly the version's files."""
    found: dict[Difference, list[str]] = {difference: [] for difference in Difference}
    wanted = entries(logged.session.database, logged.version.root)
    contents = Contents(logged.session.database.cache)
    for problem in verify(root, wanted, contents, logged.session.project.keep_mode and keeps_mode(root)):
        found[problem.difference].append(problem.path.decode(errors="backslashreplace"))
    if any(found.values()):
        parts = [f"{len(paths)} {difference.value} ({_shown(paths)})" for difference, paths in found.items() if paths]
        raise FolderDiffersError(f"{root} isn't {logged.name}: {', '.join(parts)}", *map(tuple, found.values()))


def _check_edits_kept(logged: LoggedVersion, pinned: list[Path], root: Path, prefix: bytes, remove_foreign: bool) -> None:
    from objstore.repository.pinedits import Written, check_edits_kept  # few scripts write to pinned paths

    project = logged.session.project
    with project.looking() as state:
        collection = state.collections[logged.collection_id]
    check_edits_kept(project, collection, pinned, Written(logged.version.root, Path(os.path.realpath(root)), prefix, remove_foreign))


def _write(logged: LoggedVersion, root: Path, prefix: bytes, remove_foreign: bool, left_out: LeftOut | None) -> None:
    project = logged.session.project
    checkout = Checkout(
        project.database,
        logged.version.root,
        root,
        Silent(),
        keep_mode=project.keep_mode,
        remove_foreign=remove_foreign,
        clock=project.clock,
        left_out=left_out,
    )
    checkout.run(project.scratch, prefix)


def _shown(paths: Iterable[str]) -> str:
    listed = list(paths)
    return ", ".join(listed[:_SHOWN]) + (", …" if len(listed) > _SHOWN else "")
