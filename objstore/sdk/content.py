"""What an artifact holds: of a logged version, to be read only; of a draft, to be changed."""

import contextlib
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

from objstore.errors import (
    ConflictError,
    EntryNotFoundError,
    InvalidInputError,
    NotFoundError,
    PathCollisionWarning,
    RemoteError,
    StorageError,
)
from objstore.manifest.cursor import Totals, entries, totals
from objstore.manifest.edit import edit
from objstore.manifest.entry import Entry
from objstore.manifest.tree import Tree
from objstore.odb.database import Database
from objstore.odb.draft import Draft
from objstore.repository.project import Project
from objstore.sdk.merging import check_mergeable, differences, file_and_folder
from objstore.sdk.overlay import Change, Overlay, folders_above
from objstore.sdk.session import Session
from objstore.values.digest import Digest
from objstore.values.key import node_key
from objstore.worktree.ignore import STORE_FOLDER
from objstore.worktree.intake import DraftNodes, Intake, Plan

_PENDING = 50_000  # some 20 MB
_NOTED_FOLDERS = 1000
_NOTED_FILES = 400_000  # some 40 MB; of one folder at most 80,000 are in memory (scancache.Notes)


class Content(Protocol):
    """Paths and their entries, in a database."""

    @property
    def database(self) -> Database: ...

    def root(self) -> Digest: ...

    def get(self, path: bytes) -> Entry | None: ...

    def entries(self, prefix: bytes = b"") -> Iterator[tuple[bytes, Entry]]: ...

    def totals(self) -> Totals: ...


class LoggedContent:
    """The content of a version. Thread-safe."""

    def __init__(self, session: Session, root: Digest) -> None:
        self._session = session
        self._root = root
        self._tree: Tree | None = None

    @property
    def database(self) -> Database:
        return self._session.database

    def root(self) -> Digest:
        return self._root

    def get(self, path: bytes) -> Entry | None:
        self._tree = self._tree or Tree(self.database, self._root)
        return self._tree.get(path)

    def entries(self, prefix: bytes = b"") -> Iterator[tuple[bytes, Entry]]:
        return entries(self.database, self._root, prefix)

    def totals(self) -> Totals:
        return totals(self.database, self._root)


@dataclass
class _Held:
    """What a draft must let go of in the end."""

    owner: int = field(default_factory=os.getpid)
    draft: Draft | None = None
    plans: ExitStack = field(default_factory=ExitStack)

    def release(self) -> None:
        if os.getpid() == self.owner:
            self.plans.close()
            if self.draft is not None:
                self.draft.close()
                self.draft = None


class DraftContent:
    """Content that changes until it is logged: a manifest, and over it the changes of single paths made since.

    What is added is in packs of the project at once, invisible to others until logged, and given up when this object goes. Until then gc
    leaves alone what was found in the project already. Each change is made whole or not at all. Thread-safe. A process that is forked off
    shares the files that are being written, so there nothing can be done with it: InvalidInputError.
    """

    def __init__(self, session: Session, base: Digest | None = None, *, incremental: bool = False) -> None:
        self.session = session
        self.is_incremental = incremental
        """Whether, logged in another project, it begins there too with what the collection's latest version holds."""
        self._lock = threading.RLock()
        self._root = base
        self._overlay = Overlay()
        self._tree: Tree | None = None
        self._taken: list[tuple[Intake, Plan, Digest]] = []
        self._noted_files = 0
        self._is_broken = False
        self._held = _Held()
        self._finalizer = weakref.finalize(self, self._held.release)

    # -- reading -------------------------------------------------------------------------------------------------------

    @property
    def lock(self) -> contextlib.AbstractContextManager[object]:
        """Held while anything is looked at or changed."""
        self.check_owner()
        return self._lock

    def check_owner(self) -> None:
        """InvalidInputError in a process that was forked off since the content was begun."""
        if self._held.owner != os.getpid():
            raise InvalidInputError(
                "this artifact was begun by the process that this one was forked off; make it in the process that fills it, "
                "or log it before forking"
            )

    @property
    def stored_bytes(self) -> int:
        """How much the draft has written so far."""
        draft = self._held.draft
        return draft.size if draft else 0

    @property
    def database(self) -> Database:
        self.check_owner()
        draft = self._held.draft
        return self.session.database.with_draft(draft) if draft else self.session.database

    def get(self, path: bytes) -> Entry | None:
        with self.lock:
            if path in self._overlay:
                return self._overlay.get(path)
            return self._in_manifest().get(path) if self._root is not None else None

    def root(self) -> Digest:
        with self.lock:
            if self._root is None or len(self._overlay):
                with self.session.writing() as project:
                    self._flush(project)
            assert self._root is not None
            return self._root

    def entries(self, prefix: bytes = b"") -> Iterator[tuple[bytes, Entry]]:
        """As of now; later changes don't show."""
        return entries(self.database, self.root(), prefix)

    def totals(self) -> Totals:
        root = self.root()
        return totals(self.database, root)

    def _in_manifest(self) -> Tree:
        if self._tree is None or self._tree.digest != self._root:
            assert self._root is not None
            self._tree = Tree(self.database, self._root)
        return self._tree

    # -- changing ------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def storing(self) -> Iterator[None]:
        """While objects are written. Refused once that was cut off, since some may be half written then."""
        if self._is_broken:
            raise ConflictError("an earlier call was interrupted while it stored content; make a new artifact and add all to that")
        try:
            yield
        # Found before anything is written, between two objects, or when what is complete was sent.
        except (InvalidInputError, NotFoundError, PathCollisionWarning, RemoteError, StorageError):
            draft = self._held.draft
            self._is_broken = draft is not None and draft.failed
            raise
        except BaseException:
            self._is_broken = True
            raise

    def open(self, project: Project) -> Draft:
        """The draft that new objects go to; inside `writing`. From now on gc leaves alone what it builds on and what it finds."""
        if self._held.draft is None:
            if self._root is not None and node_key(self._root) not in project.database:
                raise ConflictError("gc has freed the version that this draft builds on, which was deleted; make the draft anew")
            self._held.draft = project.open_draft(lasting=True)
            self._tree = None
            if self._root is not None:
                self._held.draft.build_on(self._root)
        self._held.draft.lost = frozenset(project.lost())  # a check may have found more since
        return self._held.draft

    def begin(self) -> None:
        """To be called before the first change: has gc leave alone what the draft builds on, from now on."""
        with self.lock:
            self.session.project.check_in_place()
            if self._held.draft is None and self._root is not None:
                with self.session.writing() as project:
                    self.open(project)

    def check_free(self, path: bytes) -> None:
        """InvalidInputError if a file at `path` would make something both a file and a folder, or lie in a store's folder."""
        check_outside_store(path)
        for folder in folders_above(path):
            if self.get(folder) is not None:
                raise file_and_folder(path, folder)
        below = self._below(path)
        if below is not None:
            raise file_and_folder(path, below)

    def put(self, path: bytes, entry: Entry, *, overwrite: bool) -> None:
        """Puts one file in; inside `writing`. InvalidInputError if its place is taken."""
        with self.lock:
            self.check_free(path)
            old = self.get(path)
            if old is not None and old.digest != entry.digest and not overwrite:
                raise InvalidInputError(f"{path.decode()} is there already with other content; give overwrite=True to replace it")
            self._put(path, entry)

    def remove(self, path: bytes) -> None:
        """Takes out a file, or all below a folder; EntryNotFoundError if there is neither."""
        with self.lock, self.session.writing() as project:
            if self.get(path) is not None:
                self._put(path, None)
                return
            if self._below(path) is None:
                raise EntryNotFoundError(f"the artifact has no {path.decode()}")
            self._flush(project)
            self._edit(project, ((below, None) for below, _ in entries(self.database, self.root(), path)))

    def merge(self, project: Project, added: Digest, prefix: bytes, *, replace: bool) -> None:
        """Lays the manifest `added` over this one below `prefix`; inside `writing`. InvalidInputError, and no change, on a conflict."""
        self._flush_pending(project)
        self.open(project).build_on(added)
        if self._root is None and not prefix:
            self._root = added
            return
        for folder in chain(folders_above(prefix), [prefix] if prefix else []):
            if self.get(folder) is not None:
                raise file_and_folder(prefix + b"/", folder)
        if self._root is not None:
            check_mergeable(differences(self.database, self._root, added, prefix), replace=replace)
        changes = differences(self.database, self._root, added, prefix)
        self._edit(project, ((path, new) for path, old, new in changes if new is not None and new != old))

    def over(self, project: Project, base: Digest) -> Digest:
        """The root of what is here, laid over the manifest `base` of the same store; inside `writing`. What is here stays as it is."""
        own = self.root()
        self.open(project).build_on(base)
        self._root = base
        try:
            self.merge(project, own, b"", replace=True)
            return self.root()
        finally:
            self._root = own

    def _put(self, path: bytes, entry: Entry | None) -> None:
        self._overlay.put(path, entry)
        if len(self._overlay) >= _PENDING:
            with self.session.writing() as project:
                self._flush(project)

    def _below(self, path: bytes) -> bytes | None:
        """Something that lies below `path`."""
        if self._overlay.makes_folder(path):
            return next(below for below, entry in self._overlay.sorted() if entry and below.startswith(path + b"/"))
        if self._root is None:
            return None
        inside = self._in_manifest().items(path + b"/", path + b"0")
        return next((below for below, _ in inside if below not in self._overlay), None)

    def _flush_pending(self, project: Project) -> None:
        if len(self._overlay):
            self._flush(project)

    def _flush(self, project: Project) -> None:
        """Brings the changes of single paths into the manifest."""
        self._edit(project, self._overlay.sorted())
        self._overlay.clear()

    def _edit(self, project: Project, changes: "Iterator[Change] | list[Change]") -> None:
        with self.storing():
            draft = self.open(project)
            self._root = edit(DraftNodes(self.database, draft), self._root, changes)

    # -- the end -------------------------------------------------------------------------------------------------------

    def keep(self, plans: ExitStack, intake: Intake, plan: Plan, root: Digest) -> None:
        """Keeps the notes of a folder's walk until the content is logged; they are dropped when they would take too much memory."""
        self._noted_files += min(plan.files, 80_000)
        if len(self._taken) < _NOTED_FOLDERS and self._noted_files <= _NOTED_FILES:
            self._held.plans.push(plans.pop_all())
            self._taken.append((intake, plan, root))

    def logged(self) -> None:
        """To be called once the content is safely in the project, so that the next walk over its folders can build on it."""
        with contextlib.suppress(StorageError):  # what is remembered only saves work
            for intake, plan, root in self._taken:
                intake.remember(plan, root)
        self.close()

    def close(self) -> None:
        """Gives up what isn't logged."""
        self._finalizer()


def check_outside_store(path: bytes) -> None:
    """InvalidInputError for a path that could write into a repository once it is checked out."""
    if any(part.lower() + b"/" == STORE_FOLDER for part in path.split(b"/")):
        raise InvalidInputError(
            f"{path.decode()} lies in a {STORE_FOLDER.decode()[:-1]} folder, which belongs to objstore; choose another name"
        )
