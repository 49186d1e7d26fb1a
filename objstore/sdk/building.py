"""The half of an artifact that is about what it holds."""

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from objstore.errors import ArtifactFinalizedError, ArtifactNotLoggedError, InvalidInputError, InvalidTypeError
from objstore.manifest.entry import Entry
from objstore.sdk import adding, logging
from objstore.sdk.content import Content, DraftContent, LoggedContent
from objstore.sdk.entry import ArtifactEntry
from objstore.sdk.logged import LoggedVersion
from objstore.sdk.logqueue import Logging
from objstore.sdk.manifest import Manifest
from objstore.sdk.session import Session, session_for_drafts
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
        folder = content.session.project.scratch / f"new-{os.getpid()}-{os.urandom(8).hex()}.tmp"
        folder.mkdir()
        try:
            local = folder / path.rpartition("/")[2]
            with open(local, mode, encoding=encoding) as file:
                yield file
            adding.add_file(self._changing(), local, path.encode(), overwrite="w" in mode)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def add(self, obj: object, name: str, *, overwrite: bool = False) -> ArtifactEntry:
        """Not available in this version: tables are to come. TypeError."""
        self._changing()
        raise InvalidTypeError(f"can't add a {type(obj).__name__}: this version of objstore takes files only; write one with new_file")

    def add_reference(
        self, uri: object, name: str | None = None, *, checksum: bool = True, max_objects: int | None = None
    ) -> Sequence[ArtifactEntry]:
        """Not available in this version. ValueError."""
        self._changing()
        raise InvalidInputError("references to outside addresses aren't available in this version of objstore; add the files themselves")

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

    def get(self, name: str) -> ArtifactEntry | None:
        """The entry at a path, None when there is none."""
        try:
            return self.get_entry(name)
        except KeyError:
            return None

    def __getitem__(self, name: str) -> ArtifactEntry | None:
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
