"""What an artifact holds, looked at, downloaded and compared."""

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence, ValuesView
from pathlib import Path
from typing import TYPE_CHECKING

from objstore.comparison.facts import Facts
from objstore.errors import ArtifactNotLoggedError, InvalidInputError, InvalidTypeError
from objstore.repository.comparing import OfVersion
from objstore.sdk import logging, reading
from objstore.sdk.arguments import StrPath, listed
from objstore.sdk.choosing import session_for_drafts
from objstore.sdk.content import Content, DraftContent, LoggedContent
from objstore.sdk.entry import ArtifactEntry
from objstore.sdk.logged import LoggedVersion
from objstore.sdk.logqueue import Handover, settle
from objstore.sdk.manifest import Manifest
from objstore.sdk.session import Session
from objstore.sdk.tables.partitioned import PartitionedTable
from objstore.sdk.tables.reading import StoredTables
from objstore.sdk.tables.table import Table
from objstore.values.digest import Digest
from objstore.values.paths import canonical

if TYPE_CHECKING:  # most scripts compare nothing
    from objstore.sdk.difference import Diff


class Holding(ABC):
    """The content of an artifact, of a draft or of a version.

    A draft is bound to a project by its first content method: there its content goes, at once.
    """

    def __init__(self, name: str | None, session: Session | None, base: Digest | None, *, incremental: bool) -> None:
        self._draft_name = name
        self._session = session
        self._base = base
        self._incremental = incremental
        self._content: DraftContent | None = None
        self._binding = threading.Lock()
        self._job: Handover | None = None
        """Of a draft that was handed over to be logged in the background."""
        self._part: LoggedContent | None = None
        """What was added to a version that several writers make together."""
        self._logged: LoggedVersion | None = None

    # -- looking -------------------------------------------------------------------------------------------------------

    @property
    def manifest(self) -> Manifest:
        """`manifest.entries` maps paths to entries."""
        return Manifest(self._readable, self._download_entry)

    def get_entry(self, name: StrPath) -> ArtifactEntry:
        """The entry at a path; KeyError when there is none."""
        return self.manifest.entries[canonical(os.fspath(name))]

    get_path = get_entry

    def get(self, name: str) -> "ArtifactEntry | Table | PartitionedTable | None":
        """The table that was added under a name, else the entry at that path; None when there is neither.

        The table is read from where it is stored, verified. `get_entry` of its path gives the file.
        """
        content = self._readable()
        table = StoredTables(content, self._look_again).find(os.fspath(name)) if content else None
        if table is not None:
            return table
        try:
            return self.get_entry(name)
        except KeyError:
            return None

    def __getitem__(self, name: str) -> "ArtifactEntry | Table | PartitionedTable | None":
        return self.get(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str | os.PathLike) and self.get(os.fspath(name)) is not None

    @property
    def size(self) -> int:
        """The bytes of all files."""
        content = self._readable()
        return content.totals().bytes if content else 0

    @property
    def file_count(self) -> int:
        content = self._readable()
        return content.totals().files if content else 0

    @property
    def digest(self) -> str:
        """What identifies the content: the manifest's root, in 64 hexadecimal digits. Equal content has equal digests everywhere."""
        return (self._readable() or self._bound()).root().hex()

    def is_draft(self) -> bool:
        """Whether it hasn't been logged yet."""
        return self._logged is None

    # -- files ---------------------------------------------------------------------------------------------------------

    def files(self, names: Sequence[str] | None = None, per_page: int | None = None) -> "ValuesView[ArtifactEntry] | list[ArtifactEntry]":
        """All entries, streamed, or those at the paths `names` (KeyError for one that isn't there). `per_page` does nothing."""
        self._version("files to read")
        return self.manifest.entries.values() if names is None else [self.get_entry(name) for name in listed(names)]

    def file(self, root: StrPath | None = None) -> str:
        """Downloads the only file; its path on the disk. ValueError when there are several, or none."""
        logged = self._version("file to read")
        if self.file_count != 1:
            raise InvalidInputError(f"{logged.name} has {self.file_count} files, not one; use download() or files()")
        (entry,) = self.files()
        return entry.download(Path(root) if root is not None else None)

    def download(
        self,
        root: StrPath | None = None,
        allow_missing_references: bool = False,
        skip_cache: bool | None = None,
        path_prefix: StrPath | None = None,
        multipart: bool | None = None,
    ) -> str:
        """Writes the files into `root` (default: `./artifacts/<name>-v<N>`); the folder. Other files there stay.

        Every byte is verified, each file appears whole or not at all. `path_prefix`: only that file, or what is in that folder
        (KeyError when there is nothing). `skip_cache` and `multipart` do nothing.

        What references refer to is fetched, in the version that was recorded where there is one, and checked against the size, ETag or
        digest. ReferenceChangedError when it is something else now, ReferenceMissingError (a FileNotFoundError) when it is gone, unless
        `allow_missing_references`: then the rest is written, with a MissingReferenceWarning for each. RemoteError when a server can't be
        asked. Eight are fetched at once; memory: some 100 MiB.
        """
        logged = self._version("files to download")
        if isinstance(allow_missing_references, str | os.PathLike):
            raise InvalidTypeError(
                f"allow_missing_references is True or False; for a part write path_prefix={str(allow_missing_references)!r}"
            )
        folder = self._folder(root)
        prefix = None if path_prefix is None else os.fspath(path_prefix)
        reading.download(logged, folder, prefix, leave_out_missing=allow_missing_references)
        return str(folder)

    def checkout(self, root: StrPath | None = None) -> str:
        """Makes a folder exactly the version: like `download`, but what else is there is removed."""
        logged = self._version("files to check out")
        folder = self._folder(root)
        reading.download(logged, folder, None, remove_foreign=True)
        return str(folder)

    def verify(self, root: StrPath | None = None) -> None:
        """FolderDiffersError (a ValueError with `extra`, `missing` and `changed`) unless a folder has exactly the version's files.

        No server is asked. Of the file that a reference was fetched to, the size is compared, and the content where it is known: that of
        `file://`, and what this machine has itself fetched. Else other content of the same size isn't told from the right one, and with
        `checksum=False` any content is right.
        """
        reading.check(self._version("files to verify"), self._folder(root))

    def diff(self, other: "Holding | StrPath") -> "Diff":
        """What differs from this artifact to `other` (see objstore.diff); either may be a draft, or of another repository."""
        from objstore.sdk.difference import diff

        return diff(self, other)

    # -- binding -------------------------------------------------------------------------------------------------------

    def _bound(self) -> DraftContent:
        """The content of a draft, bound to a project now at the latest."""
        if self._content is not None:
            self._content.check_owner()
        with self._binding:  # two threads that both add first must add to one content
            if self._content is None:
                self._session = self._session or session_for_drafts()
                base = self._base
                if self._incremental and base is None and self._draft_name is not None:
                    settle(self._session, self._draft_name)
                    with self._session.state():
                        base = self._base = logging.latest(self._session.project, self._draft_name)
                self._content = DraftContent(self._session, base, incremental=self._incremental)
            return self._content

    @property
    def _is_handed_over(self) -> bool:
        """Whether it is being logged in the background."""
        job = self._job  # may be let go of at any moment
        return job is not None and not job.is_done

    def _readable(self) -> Content | None:
        """What can be looked at; None for a draft that has nothing and needs no project yet."""
        if self._logged is not None:
            return self._logged.content
        if self._part is not None:
            return self._part
        return self._bound() if self._content or self._base or self._incremental else None

    def _look_again(self) -> None:
        """Has the project see what others, a gc for one, have changed since."""
        session = self._logged.session if self._logged else self._session
        if session is not None:
            with session.state():
                pass

    def _version(self, what: str) -> LoggedVersion:
        if self._is_handed_over:
            raise ArtifactNotLoggedError(f"{self._draft_name} is being logged and has no {what} yet; call wait() first")
        if self._logged is None:
            raise ArtifactNotLoggedError(f"a draft has no {what}; log it first, with run.log_artifact(artifact) or repo.log(artifact)")
        return self._logged.known()

    def _folder(self, root: "StrPath | None") -> Path:
        logged = self._version("folder")
        return Path(root) if root is not None else Path("artifacts") / f"{logged.collection}-{logged.ref}"

    def _compared(self) -> tuple[OfVersion, Facts]:
        """As a side of a diff."""
        content = self._readable() or self._bound()
        return OfVersion(content.database, content.root()), self._facts()

    @abstractmethod
    def _facts(self) -> Facts:
        """What is said of it, for a diff."""

    def _session_of(self) -> Session | None:
        """The project that it is in; None for a draft that needs none yet."""
        return self._logged.session if self._logged else self._session

    def _download_entry(self, path: str, root: str | Path | None) -> str:
        logged = self._version("files to download")
        folder = self._folder(root)
        reading.download(logged, folder, path)
        return str(folder / path)
