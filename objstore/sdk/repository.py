"""An open repository, for scripts."""

import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from objstore.blobs.address import Address
from objstore.errors import InvalidInputError, InvalidTypeError
from objstore.history.facts import set_default_ttl
from objstore.history.names import Name, parse_collection, parse_name
from objstore.host.progress import Silent
from objstore.repository.logging import Labels
from objstore.repository.project import Project
from objstore.sdk.arguments import StrPath, checked_aliases, checked_tags, listed
from objstore.sdk.artifact import Artifact
from objstore.sdk.choosing import announce, retire
from objstore.sdk.collections import ArtifactCollection, versions_of
from objstore.sdk.lists import Artifacts
from objstore.sdk.logged import LoggedVersion, check_project
from objstore.sdk.logqueue import settle
from objstore.sdk.session import Session
from objstore.sdk.ttl import to_seconds, to_timedelta
from objstore.sdk.warning import warn
from objstore.worktree.ignore import Patterns

if TYPE_CHECKING:  # what compares, keeps house or deals with remotes is loaded when it is used, so that most scripts start fast
    from objstore.repository.checking import Report
    from objstore.repository.expiring import Expired
    from objstore.repository.fetching import Fetched
    from objstore.repository.localgc import Freed
    from objstore.repository.mirroring import Mirrored
    from objstore.repository.pulling import Pulled, Side
    from objstore.repository.pushing import Pushed
    from objstore.repository.retaining import PrunedVersions
    from objstore.repository.verifying import Verified
    from objstore.sdk.difference import Diff


class Repository:
    """A repository, opened. Thread-safe; writers take turns. Use it in a `with` statement, or close it."""

    def __init__(self, project: Project) -> None:
        self._open: Session | None = Session(project)
        announce(self._open)

    @property
    def _session(self) -> Session:
        if self._open is None:
            raise InvalidInputError("this repository has been closed; open it again")
        return self._open

    # -- logging -------------------------------------------------------------------------------------------------------

    def new_artifact(
        self,
        name: str | None = None,
        type: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        incremental: bool = False,
    ) -> Artifact:
        """An Artifact (see there) that keeps its content in this repository from the start."""
        artifact = Artifact(name, type, description, metadata, incremental)
        artifact._begin(self._session)
        return artifact

    def log(self, artifact: Artifact, *, aliases: Sequence[str] | None = None, tags: Sequence[str] | None = None) -> Artifact:
        """Makes a draft a version, on which `latest`, the aliases and the tags are then; the same artifact, logged.

        Content that a live version of the collection has makes no new version: the artifact becomes that one, which keeps its description
        and metadata. ValueError, and no change, when the collection has another type. An artifact that is logged already is logged once
        more, here, and another object returned for it.

        Warns with PathCollisionWarning, here and not when they are added, of paths that differ only by letter case or Unicode form, unless
        the collection's latest version has them too. Where that warning is made an error, it is raised and nothing is logged.
        """
        if not isinstance(artifact, Artifact):
            raise InvalidTypeError(f"log takes an Artifact, not a {type(artifact).__name__}; for files use add(paths)")
        return artifact._log(self._session, checked_aliases(aliases), checked_tags(tags))

    def add(
        self,
        paths: StrPath | Sequence[StrPath],
        name: str | None = None,
        type: str | None = None,
        *,
        aliases: Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
    ) -> Artifact:
        """Logs files and folders as a version, like `objstore add`: one folder stands for its contents, several paths keep their names.

        The name is the path's base name if left out; the type the collection's, or `dataset`. Warns as `log` does.
        """
        from objstore.repository.adding import add, suggested_name

        sources = [Path(path) for path in ([paths] if isinstance(paths, str) or not isinstance(paths, Sequence) else paths)]
        if not sources:
            raise InvalidInputError("add needs a path at least")
        labels = Labels(name or suggested_name(sources), type, checked_aliases(aliases), checked_tags(tags), description or "", metadata)
        settle(self._session, labels.name)
        with self._session.alone() as project:
            logged = add(project, sources, labels, Patterns.of(include, exclude), Silent(), warn=warn)
            return Artifact._of(LoggedVersion(self._session, project.state.collection(logged.collection), logged.version))

    # -- reading -------------------------------------------------------------------------------------------------------

    def artifact(self, name: str) -> Artifact:
        """The version that `name`, `name:alias`, `name:v3` or `name@<digest>` means; a bare name means `latest`. NotFoundError."""
        return Artifact._in(self._session, self._own(parse_name(name)))

    def artifacts(self, name: str) -> Artifacts:
        """The versions of a collection that aren't deleted, the newest first."""
        wanted = self._own(parse_collection(name))
        with self._session.state() as state:
            return versions_of(self._session, state.collection(wanted.collection))

    def collections(self) -> list[ArtifactCollection]:
        """All collections, by name."""
        with self._session.state() as state:
            found = [ArtifactCollection(self._session, each) for each in state.collections.values()]
        return sorted(found, key=lambda collection: collection.name)

    def diff(self, a: "Artifact | StrPath", b: "Artifact | StrPath") -> "Diff":
        """What differs from `a` to `b` (see objstore.diff); names are looked up here."""
        from objstore.sdk.difference import diff_in

        return diff_in(self._session, a, b)

    def _own(self, name: Name) -> Name:
        check_project(self._session, name.entity, name.project)
        return name

    # -- keeping house -------------------------------------------------------------------------------------------------

    @property
    def default_ttl(self) -> timedelta | None:
        """How long after its creation a version expires that has no ttl of its own; None for never. May be set, and counts at once."""
        with self._session.state() as state:
            return to_timedelta(state.default_ttl)

    @default_ttl.setter
    def default_ttl(self, ttl: timedelta | None) -> None:
        seconds = to_seconds(ttl)
        self._session.commit(lambda state: set_default_ttl(state, seconds))

    def expire(self, *, trust_clock: bool = False, dry_run: bool = False) -> "Expired":
        """Deletes, aliases and all, every version whose ttl has passed; each can be restored until gc, which does this first by itself.

        ConflictError when the clock seems to be years ahead: by it, nothing was logged for more than a year. `trust_clock` says that
        this is so.
        """
        from objstore.repository.expiring import expire

        with self._session.alone() as project:
            project.refresh()
            return expire(project, trust_clock=trust_clock, dry_run=dry_run)

    def prune_versions(self, name: str, *, keep_last: int, keep_aliased: bool = False, dry_run: bool = False) -> "PrunedVersions":
        """Deletes the versions of a collection but for the last `keep_last`; each can be restored until gc.

        The one that is `latest`, and those pinned in this working tree, stay. ConflictError, and nothing is deleted, when another alias is
        on one that would go, unless `keep_aliased`.
        """
        from objstore.repository.retaining import prune_versions

        wanted = self._own(parse_collection(name))
        with self._session.alone() as project:
            project.refresh()
            return prune_versions(project, wanted.collection, keep_last, keep_aliased=keep_aliased, dry_run=dry_run)

    def gc(self, *, remote: str | None = None, min_age: timedelta | None = None, dry_run: bool = False) -> "Freed":
        """Frees what no version needs that isn't deleted or expired, and no draft; deleted versions can't be restored afterwards.

        `remote`: in that remote (`origin` is the upstream), while others may write there; also where this repository is a bucket. There,
        versions that were deleted less than `min_age` ago stay, and so do packs of uploads that aren't finished; a day if None.
        """
        from objstore.repository.collecting import collect

        seconds = _seconds(min_age)
        with self._session.alone() as project:
            return collect(project, Silent(), remote=remote, min_age=seconds, dry_run=dry_run)

    def fsck(self, *, remote: str | None = None, repair: bool = False) -> "Report":
        """Checks everything that is stored; `repair` rebuilds what can be rebuilt. `remote`: what is stored in that one;
        of the upstream (`origin`) `repair` sends again what is missing or damaged there, and is here.
        """
        from objstore.repository.checking import check
        from objstore.repository.verifying import check_remote

        with self._session.alone() as project:
            if remote is not None:
                return check_remote(project, remote, Silent(), repair=repair)
            report = check(project.folder, Silent(), repair=repair, blobs=project.blobs if project.bucket else None)
            if repair:
                project.forget_cache()
            return report

    # -- elsewhere -----------------------------------------------------------------------------------------------------

    def add_remote(self, name: str, url: StrPath, *, storage_options: Mapping[str, Any] | None = None) -> None:
        """Names a place elsewhere where the project is, or will be; `origin` is the upstream.

        `storage_options`: those of fsspec (`endpoint_url`, `profile`, …); kept in `.objstore/`, never committed. ConflictError where
        another project is, RemoteError for a place that can't be reached or can't be pushed to safely.
        """
        from objstore.repository.introducing import introduce

        with self._session.alone() as project:
            introduce(project, name, Address.parse(os.fspath(url)), storage_options or {})

    def push(self, names: Sequence[str] | str = (), *, dry_run: bool = False) -> "Pushed":
        """Brings versions, and all that is said of them, to the upstream; `names`: only these collections.

        The first push takes all, whatever is named.
        Where somebody else has pushed meanwhile, own versions come behind theirs, with other numbers (`fetched.renumbered`).
        ConflictError when an alias was moved on both sides; `pull(ours=…)` decides.
        """
        from objstore.repository.pushing import push

        with self._session.alone() as project:
            return push(project, Silent(), names=listed(names), dry_run=dry_run)

    def fetch(self) -> "Fetched":
        """Sees what the upstream has: its log and metadata, no data."""
        from objstore.repository.fetching import fetch

        with self._session.alone() as project:
            return fetch(project, Silent())

    def pull(self, names: Sequence[str] | str = (), *, path: str = "", ours: bool | None = None) -> "Pulled":
        """Fetches, and brings the data of all versions, or of those that are named, so that they can be read without the upstream.

        `path`: only the file or folder at that path in them. `ours`: where both sides have moved an alias, whether ours counts.
        """
        from objstore.repository.pulling import everything, named, pull

        side: Side | None = None if ours is None else "ours" if ours else "theirs"
        wanted = listed(names)
        with self._session.alone() as project:
            return pull(project, Silent(), lambda state: named(state, wanted, path) if wanted else everything(state), side=side)

    def verify_upstream(self) -> "Verified":
        """Checks that the upstream has every pack, whole, and sends again what is missing there and is here: `lost` says what isn't."""
        from objstore.repository.verifying import verify

        with self._session.alone() as project:
            return verify(project, Silent())

    def mirror(self, name: str, *, dry_run: bool = False) -> "Mirrored":
        """Copies the upstream's log, and what it has, to another remote. ConflictError if that has something else in its log."""
        from objstore.repository.mirroring import mirror

        with self._session.alone() as project:
            return mirror(project, name, Silent(), dry_run=dry_run)

    def prune(self, *, dry_run: bool = False) -> "Freed":
        """Drops local data that the upstream, asked just now, holds. It is read from there afterwards, or pulled again."""
        from objstore.repository.pruning import prune

        with self._session.alone() as project:
            return prune(project, Silent(), dry_run=dry_run)

    @property
    def path(self) -> Path:
        """The project's folder. InvalidInputError for one in a bucket, which has none."""
        project = self._session.project
        if project.bucket is not None:
            raise InvalidInputError(f"{project.location} is in a bucket, so it has no folder")
        return project.folder

    @property
    def url(self) -> str:
        """Where it is: the project's folder, or its URL."""
        return self._session.project.location

    @property
    def name(self) -> str:
        """`entity/project`."""
        return f"{self._session.entity}/{self._session.name}"

    def close(self) -> None:
        """Lets go of it; harmless when repeated. Artifacts can still be used: the files are closed when the last one goes."""
        if self._open is not None:
            retire(self._open)
            self._open = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Repository {self.name} in {self.url}>" if self._open else "<Repository, closed>"


def _seconds(min_age: timedelta | None) -> float | None:
    if min_age is None:
        return None
    if not isinstance(min_age, timedelta):
        raise InvalidTypeError(f"min_age is a datetime.timedelta, like timedelta(days=7), not a {type(min_age).__name__}")
    if min_age < timedelta():
        raise InvalidInputError("min_age can't be less than nothing")
    return min_age.total_seconds()
