"""How a command ends that doesn't end well: one line on the standard error, and an exit code that tells scripts why."""

import contextlib
import os
import sys

import click

from objstore.cli.interrupting import INTERRUPTED
from objstore.cli.output import print_warning
from objstore.errors import ConflictError, CorruptionError, InvalidInputError, NotFoundError, ObjstoreError, RemoteError
from objstore.values.printable import printable

DIFFERENT = 1
_CLOSED_PIPE = 141  # as when SIGPIPE ends a program
_CODES: list[tuple[type[ObjstoreError], int]] = [
    (InvalidInputError, 2),
    (NotFoundError, 3),
    (ConflictError, 4),
    (CorruptionError, 5),
    (RemoteError, 6),
]


def failed(error: Exception) -> int:
    """Says what went wrong; the exit code. What isn't a user's or the machine's doing is raised again: it is our mistake."""
    if isinstance(error, ObjstoreError):
        for note in getattr(error, "__notes__", ()):  # what has happened all the same
            print_warning(note)
        return _tell(str(error), next((code for kind, code in _CODES if isinstance(error, kind)), 1))
    if isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):  # since click 8.2
        assert isinstance(error, click.UsageError)
        click.echo(error.format_message(), err=True)
        return error.exit_code
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "objstore"
        return _tell(f"{' '.join(error.format_message().split()).rstrip('.')}; see `{command} --help`", error.exit_code)
    if isinstance(error, click.ClickException):
        return _tell(error.format_message(), error.exit_code)
    if isinstance(error, click.Abort):
        return _tell_interrupted()
    if isinstance(error, OSError):
        return _tell(_explained(error), 1)
    if isinstance(error, MemoryError):
        return _tell("there is not enough memory", 1)
    raise error


def interrupted(error: KeyboardInterrupt | BrokenPipeError) -> int:
    """Ends after Ctrl-C, or when nobody reads what we print any more."""
    if isinstance(error, KeyboardInterrupt):
        return _tell_interrupted()
    # The interpreter flushes what is left when it exits, which would fail once more.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _CLOSED_PIPE


def _tell(message: str, code: int) -> int:
    with contextlib.suppress(OSError):  # what was printed before comes before
        sys.stdout.flush()
    click.echo(f"error: {printable(message)}", err=True)
    return code


def _tell_interrupted() -> int:
    click.echo("interrupted", err=True)
    return INTERRUPTED


def _explained(error: OSError) -> str:
    what = error.strerror or str(error) or type(error).__name__
    return what if error.filename is None else f"{os.fsdecode(error.filename)}: {what}"
