"""Taking the user's files into a draft. Content is captured when these return: later edits of the source don't matter."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from objstore.errors import InvalidInputError, SourceFileError, SourceMissingError
from objstore.host.progress import Silent
from objstore.host.publish import FULL, translated
from objstore.manifest.entry import Entry
from objstore.sdk.content import DraftContent, check_outside_store
from objstore.worktree.ignore import Patterns
from objstore.worktree.ingest import Ingest
from objstore.worktree.listing import facts_of
from objstore.worktree.scan import folder_source
from objstore.worktree.wanted import Wanted


def add_file(content: DraftContent, local: Path, path: bytes, *, overwrite: bool) -> Entry:
    """Takes in one regular file (or what a link to one leads to) as `path`."""
    status = _status(local)
    if not stat.S_ISREG(status.st_mode):
        what = "is a folder; use add_dir" if stat.S_ISDIR(status.st_mode) else "is not a regular file"
        raise SourceFileError(f"{local} {what}")
    with content.lock:
        content.check_free(path)
        with content.session.writing() as project, content.storing():
            ingest = Ingest(content.open(project), Silent(), project.keep_mode_for([local]))
            wanted = Wanted(path, os.fsencode(local.absolute()), facts_of(status))
            (change,) = ingest.run([wanted])
            entry = change[1]
            assert entry is not None
        content.put(path, entry, overwrite=overwrite)
        return entry


def add_folder(content: DraftContent, local: Path, prefix: bytes, patterns: Patterns, *, replace: bool) -> None:
    """Takes in all below a folder. Errors of the walk, and conflicts with what is there, come before anything is added.

    What hasn't changed since it was last logged isn't read.
    """
    if not stat.S_ISDIR(_status(local).st_mode):
        raise SourceFileError(f"{local} is not a folder; use add_file")
    check_outside_store(prefix)
    with content.lock, content.session.writing() as project, ExitStack() as plans:
        intake = project.intake(folder_source(local), patterns, Silent(), stores=True)
        plan = plans.enter_context(intake.plan(project.scratch, project.clock_for([local])))
        if plan.is_unchanged and plan.base is not None:
            root = plan.base
        else:
            with content.storing():
                draft = content.open(project)
                if plan.base is not None:  # what hasn't changed since is taken from there, unread
                    draft.build_on(plan.base)
                root = intake.execute(plan, draft)
        content.merge(project, root, prefix, replace=replace)
        content.keep(plans, intake, plan, root)


@contextmanager
def scratch_folder(content: DraftContent) -> Iterator[Path]:
    """A folder for files that are written to be taken in; gone in the end."""
    owner = os.getpid()
    folder = content.session.project.scratch / f"new-{owner}-{os.urandom(8).hex()}.tmp"
    with translated(folder):
        folder.mkdir()
    try:
        yield folder
    finally:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def writing(local: Path, mode: str, encoding: str | None) -> Iterator[IO[Any]]:
    """A new file, to be written. StorageError when its disk refuses."""
    owner = os.getpid()
    with translated(local):
        file = open(local, mode, encoding=encoding)  # noqa: SIM115 - closed below, whoever writes to it
    try:
        yield file
    except OSError as error:
        if error.errno in FULL:
            error.add_note(f"until the block ends, new_file keeps what is written in {local}; if that disk is full, free some space there")
        raise
    finally:
        if os.getpid() != owner and not file.closed:
            _leave_to_parent(file)
        with translated(local):
            file.close()


def _leave_to_parent(file: IO[Any]) -> None:
    """Has a process that was forked off not write what the parent had buffered, which it writes itself."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, file.fileno(), inheritable=False)
    os.close(nowhere)


def check_writing_mode(mode: str) -> None:
    """InvalidInputError unless a new file can be opened so."""
    if len(mode) != len(set(mode)) or len({"x", "w"} & set(mode)) != 1 or not set(mode) <= set("xwbt+"):
        raise InvalidInputError(f"mode {mode!r} doesn't write a new file; use 'x' or 'w' (which replaces), with 'b' for bytes")


def _status(local: Path) -> os.stat_result:
    try:
        return local.stat()
    except (FileNotFoundError, NotADirectoryError):
        dangling = " (it is a dangling link)" if local.is_symlink() else ""
        raise SourceMissingError(f"{local} does not exist{dangling}") from None
    except OSError as error:
        raise SourceFileError(f"{local} can't be read: {error.strerror}; mend or exclude it") from error
    except ValueError as error:
        raise InvalidInputError(f"{str(local)!r} can't be a path: {error}") from None
