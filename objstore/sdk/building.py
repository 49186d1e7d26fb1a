"""The half of an artifact that is about what it holds."""

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from objstore.errors import ArtifactFinalizedError, ArtifactNotLoggedError, InvalidInputError
from objstore.manifest.entry import Entry
from objstore.sdk import adding, logging, referring
from objstore.sdk.content import Content, DraftContent, LoggedContent
from objstore.sdk.entry import ArtifactEntry
from objstore.sdk.logged import LoggedVersion
from objstore.sdk.logqueue import Logging
from objstore.sdk.manifest import Manifest
from objstore.sdk.session import Session, session_for_drafts
from objstore.sdk.tables import storing
from objstore.sdk.tables.partitioned import PartitionedTable
from objstore.sdk.tables.reading import StoredTables
from objstore.sdk.tables.table import Table
from objstore.values.digest import Digest
from objstore.values.paths import canonical
from objstore.worktree.ignore import Patterns

StrPath = str | os.PathLike[str]


class Building:
    """Content: taken in until the artifact is logged, read-only afterwards.

    A draft is bound to a project by its first content method: there its content goes, at once. Paths inside an artifact are made
    canonical (`./x//y` is `x/y`); absolute ones, `..` and what names nothing are ValueError. Paths that differ at all, if only by
    letter case, are two; `repo.log` warns of those that some disks can't hold both. Every method that changes something raises
    ArtifactFinalizedError after logging, and changes all or nothing.
    """

    def __init__(self, name: str | None, session: Session | None, base: Digest | None, *, incremental: bool) -> None:
        self._draft_name = name
        self._session = session
        self._base = base
        self._incremental = incremental
        self._content: DraftContent | None = None
        self._binding = threading.Lock()
        self._job: Logging | None = None
        """Of a draft that was handed over to be logged in the background."""
        self._part: LoggedContent | None = None
        """What was added to a version that several writers make together."""
        self._logged: LoggedVersion | None = None

    # -- adding --------------------------------------------------------------------------------------------------------

    def add_file(
        self,
        local_path: StrPath,
        name: str | None = None,
        *,
        overwrite: bool = False,
        is_tmp: bool = False,
        skip_cache: bool = False,
        policy: str | None = None,
    ) -> ArtifactEntry:
        """Adds a file under its base name, or as `name`. The content is captured now.

        ValueError when it isn't a regular file, when the path has other content (unless `overwrite`), or when it would be both a file and a
        folder. `is_tmp`, `skip_cache` and `policy` are taken for compatibility and do nothing.
        """
        local = Path(local_path)
        path = canonical(local.name if name is None else os.fspath(name))
        entry = adding.add_file(self._changing(), local, path.encode(), overwrite=overwrite)
        return self._shown(path, entry)

    def add_dir(
        self,
        local_path: StrPath,
        name: str | None = None,
        *,
        merge: bool = False,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        skip_cache: bool = False,
        policy: str | None = None,
    ) -> None:
        """Adds all files below a folder, at the top or below `name`; hidden ones too, links followed, empty folders dropped.

        `.objstoreignore` files and the patterns `include` and `exclude` (both of gitignore's syntax) choose. A dangling link, a cycle, a
        socket, or a path that is there with other content (unless `merge`, which replaces it) is a ValueError before anything is added.
        """
        prefix = "" if name is None else canonical(os.fspath(name))
        patterns = Patterns.of(include, exclude)
        adding.add_folder(self._changing(), Path(local_path), prefix.encode(), patterns, replace=merge)

    @contextlib.contextmanager
    def new_file(self, name: str, mode: str = "x", encoding: str | None = None) -> Iterator[IO[Any]]:
        """A file to write in a `with` block, added at its end; nothing is added if the block raises.

        Mode `x` refuses a path that is there (ValueError), `w` replaces it; with `b` the file takes bytes.
        """
        path = canonical(name)
        adding.check_writing_mode(mode)
        content = self._changing()
        content.check_free(path.encode())
        if "x" in mode and content.get(path.encode()) is not None:
            raise InvalidInputError(f"{path} is there already; mode 'w' replaces it")
        with adding.scratch_folder(content) as folder:
            local = folder / path.rpartition("/")[2]
            with open(local, mode, encoding=encoding) as file:
                yield file
            adding.add_file(self._changing(), local, path.encode(), overwrite="w" in mode)

    def add(self, obj: object, name: str, *, overwrite: bool = False) -> ArtifactEntry:
        """Adds a table, to be had again by `get(name)`; the entry of the file that it is kept in, `<name>.table.parquet`.

        A Table, a PartitionedTable, a DataFrame of pandas or polars, a pyarrow.Table, or anything with `__arrow_c_stream__`; TypeError for
        others, and for values that can't be kept. ValueError when the name has other content (unless `overwrite`).
        """
        return self._shown(*storing.add(self._changing(), obj, os.fspath(name), overwrite=overwrite))

    def add_reference(
        self, uri: str, name: str | None = None, *, checksum: bool = True, max_objects: int | None = referring.MOST
    ) -> Sequence[ArtifactEntry]:
        """Refers to data that stays where it is: `file://`, `http(s)://`, `s3://`, `gs://`, or what fsspec knows; the new entries.

        One object, under its base name or `name`; or all objects below the address, at the top or below `name`. Each is recorded as it is
        now: size, ETag, version, for files the BLAKE3. `checksum=False`: one entry that is the URI alone, and nobody is asked.
        FileNotFoundError when nothing is there; ValueError when there are more than `max_objects`, for a path that is there already as
        something else, for an address that can't be used or has credentials in it; RemoteError when a server can't be asked.
        """
        found = referring.refer(self._changing(), uri, name, checksum=checksum, most=max_objects)
        return [self._shown(path, entry) for path, entry in found]

    def __setitem__(self, name: str, obj: object) -> None:
        self.add(obj, name)

    def remove(self, item: "StrPath | ArtifactEntry") -> None:
        """Takes out a file, or a folder with all in it. FileNotFoundError when there is neither."""
        path = item.path if isinstance(item, ArtifactEntry) else canonical(os.fspath(item))
        self._changing().remove(path.encode())

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

    # -- binding -------------------------------------------------------------------------------------------------------

    def _changing(self) -> DraftContent:
        self._check_changeable()
        content = self._bound()
        content.begin()
        return content

    def _check_changeable(self) -> None:
        """ArtifactFinalizedError for what was logged, or is being logged."""
        if self._logged is not None:
            raise ArtifactFinalizedError(
                f"{self._logged.name} has been logged, so its content can't change; make a draft of it with new_draft()"
            )
        if self._is_handed_over:
            raise ArtifactFinalizedError(f"{self._draft_name} is being logged, so its content can't change; wait(), then use new_draft()")
        if self._part is not None:
            raise ArtifactFinalizedError(f"{self._draft_name} has been added to a common version; add more with another Artifact")

    def _bound(self) -> DraftContent:
        """The content of a draft, bound to a project now at the latest."""
        with self._binding:  # two threads that both add first must add to one content
            if self._content is None:
                self._session = self._session or session_for_drafts()
                base = self._base
                if self._incremental and base is None and self._draft_name is not None:
                    with self._session.state():
                        base = self._base = logging.latest(self._session.project, self._draft_name)
                self._content = DraftContent(self._session, base)
            return self._content

    @property
    def _is_handed_over(self) -> bool:
        """Whether it is being logged in the background."""
        return self._job is not None and not self._job.is_done

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

    def _shown(self, path: str, entry: Entry) -> ArtifactEntry:
        return ArtifactEntry(path, entry, self._download_entry)

    def _download_entry(self, path: str, root: str | Path | None) -> str:
        raise NotImplementedError

    def _version(self, what: str) -> LoggedVersion:
        if self._is_handed_over:
            raise ArtifactNotLoggedError(f"{self._draft_name} is being logged and has no {what} yet; call wait() first")
        if self._logged is None:
            raise ArtifactNotLoggedError(f"a draft has no {what}; log it first, with repo.log(artifact)")
        return self._logged
