"""Bringing the data of versions from the upstream, so that they can be read without it."""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from objstore.errors import EntryNotFoundError, NotFoundError
from objstore.history.collection import LATEST
from objstore.history.names import parse_name
from objstore.history.state import State
from objstore.host.progress import Progress
from objstore.manifest.cursor import totals
from objstore.repository.connection import Connection
from objstore.repository.fetching import Fetched, Waiting, fetch, fetch_now, keep, noted, receiving, synchronizing
from objstore.repository.project import Project
from objstore.sync.lacking import want_data
from objstore.sync.receiving import receive
from objstore.values.digest import Digest
from objstore.values.key import node_key

Side = Literal["ours", "theirs"]


class Part(NamedTuple):
    """A version's root, or what is at or below a path in it."""

    root: Digest
    prefix: bytes = b""
    name: str = "that version"


@dataclass
class Pulled:
    """What came."""

    fetched: Fetched = field(default_factory=Fetched)
    objects: int = 0
    bytes: int = 0
    """Of data, as it is stored."""


def pull(
    project: Project,
    progress: Progress,
    choose: Callable[[State], Iterable[Part]],
    *,
    side: Side | None = None,
    waiting: Waiting = None,
) -> Pulled:
    """Fetches, and brings what is lacking of the parts that `choose` picks of the history as it is then.

    `side`: whose alias counts where both sides have moved one. Interrupted, what has come stays, and isn't brought again.
    """
    connection = project.connect()
    with synchronizing(project, connection, waiting):
        found = fetch_now(project, connection, progress, waiting)
        with noted(found):
            if side is not None and found.conflicts:
                _decide(project, found, ours=side == "ours")
            return _bring(project, connection, list(choose(project.state)), progress, Pulled(found), waiting)


def hold(project: Project, parts: Sequence[Part], progress: Progress, waiting: Waiting = None) -> None:
    """Brings what is lacking of some parts; looks at the upstream's log only for a root that isn't known here.

    What nobody knows is left to whoever asks for it. RemoteError when something is lacking and the upstream can't be reached.
    """
    if project.clone is None or any(node_key(part.root) not in project.database for part in parts):
        with contextlib.suppress(NotFoundError):  # there is nothing upstream yet
            fetch(project, progress, waiting)
    known = [part for part in parts if node_key(part.root) in project.database and not _is_held(project, part)]
    if project.upstream is not None and known:
        with synchronizing(project, project.upstream, waiting):
            _bring(project, project.upstream, known, progress, Pulled(), waiting)


def everything(state: State) -> list[Part]:
    """All versions that aren't deleted, the newest of each collection first."""
    return [Part(version.root) for item in state.collections.values() for version in sorted(item.live(), key=lambda v: -v.number)]


def named(state: State, names: Iterable[str], prefix: str = "") -> list[Part]:
    """The versions that these names mean. NotFoundError."""
    parts = []
    for name in names:
        parsed = parse_name(name)
        version = state.version(parsed.collection, parsed.ref or LATEST)
        parts.append(Part(version.root, prefix.strip("/").encode(), f"{parsed.collection}:{version.name}"))
    return parts


def _decide(project: Project, found: Fetched, *, ours: bool) -> None:
    clone = project.clone
    assert clone is not None
    with clone.alone():
        clone.decide(found.conflicts, ours=ours)
    found.conflicts = clone.replay.conflicts()


def _bring(project: Project, connection: Connection, parts: Sequence[Part], progress: Progress, pulled: Pulled, waiting: Waiting) -> Pulled:
    parts = [part for part in parts if not _is_held(project, part)]
    for part in parts:
        if part.prefix and not totals(project.database, part.root, part.prefix).files:
            raise EntryNotFoundError(f"{part.name} has no {part.prefix.decode()}; `objstore ls {part.name}` lists what it has")
    if not parts:
        return pulled
    progress.start("looking for what is missing here")
    with receiving(project, waiting):
        draft = project.receiving_draft()
        try:
            with want_data(project.database, connection.database, [part[:2] for part in parts], draft, project.scratch) as wanted:
                progress.start(f"pulling from {connection}", bytes_=wanted.bytes)
                receive(connection.database, wanted, draft, progress)
                pulled.objects, pulled.bytes = wanted.objects, wanted.bytes
            keep(project, draft)
            _note_held(project, parts)
        except NotFoundError as error:
            raise NotFoundError(f"{error}; `objstore fetch` looks at the upstream again") from error
        finally:
            draft.close()
    return pulled


def _is_held(project: Project, part: Part) -> bool:
    """Whether all of a root was here when somebody last looked, and nothing has been taken away since."""
    return project.cache.remembered(_held(part)) == _state(project)


def _note_held(project: Project, parts: Iterable[Part]) -> None:
    for part in parts:
        if not part.prefix:
            project.cache.remember(_held(part), _state(project))


def _held(part: Part) -> str:
    return f"held {part.root.hex()}"


def _state(project: Project) -> bytes:
    return b"%d %d" % (project.holdings.generation, len(project.lost()))
