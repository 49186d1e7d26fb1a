"""`objstore git-hooks`: lets Git run objstore."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from objstore.cli.failing import failed
from objstore.cli.opening import start_folder, tell_setting_up, tell_waiting
from objstore.cli.output import print_line
from objstore.cli.pins import print_summary
from objstore.cli.progress import progress
from objstore.cli.sizes import counted
from objstore.cli.switching import print_switched
from objstore.cli.transfers import print_pushed
from objstore.errors import InvalidInputError, LocalChangesError, ObjstoreError, UnsupportedFormatError
from objstore.repository import githooks
from objstore.repository.following import is_certain, is_moved, moved_pins, opened, pins_gone
from objstore.repository.founding import located
from objstore.repository.githooks import HOOKS, repository_of
from objstore.repository.project import Project
from objstore.repository.pushing import push
from objstore.repository.remotes import UPSTREAM
from objstore.repository.surveying import known_root
from objstore.repository.switching import Placement, switch, unpinned
from objstore.repository.workingtree import WorkingTree
from objstore.values.printable import printable
from objstore.worktree.pin import Pin


@click.group(subcommand_metavar="install|remove")
def command() -> None:
    """Let Git keep pinned paths up to date.

    After `install`, whatever moves pins (git switch, pull, merge, rebase, a commit) also checks out their versions, and where a pin
    goes, its files go, unless no version holds them. Git runs no hook for reset and stash: run `objstore checkout` after those. `git diff`
    of a pin tells what it pins. `git push` pushes the pinned versions to the upstream first. Hooks that were there before still run, first.

    \b
    Example:
      objstore git-hooks install
      objstore git-hooks remove
    """


@command.command()
def install() -> None:
    """Have Git run objstore's hooks in this repository, and in all working trees of it.

    \b
    Example:
      objstore git-hooks install
    """
    located(start_folder(), tell_setting_up)
    kept = githooks.install(repository_of(Path(os.path.realpath(start_folder()))), sys.executable)
    print_line(f"installed {', '.join(HOOKS)}, and the view of pins for `git diff`")
    for hook in kept:
        print_line(f"kept the hook that was there; it runs first: {os.path.relpath(hook)}")


@command.command()
def remove() -> None:
    """Undo `install`.

    \b
    Example:
      objstore git-hooks remove
    """
    restored = githooks.remove(repository_of(Path(os.path.realpath(start_folder()))))
    print_line("removed objstore's hooks, and the view of pins for `git diff`")
    for hook in restored:
        print_line(f"back in its place: {os.path.relpath(hook)}")


@command.command(hidden=True)
@click.argument("hook", type=click.Choice(HOOKS))
@click.argument("arguments", nargs=-1)
def run(hook: str, arguments: tuple[str, ...]) -> int:
    """What the hooks run."""
    git = repository_of(Path(os.path.realpath(start_folder())))
    moved = moved_pins(git, hook, arguments)
    if hook == "pre-push":
        return max((_pushed(top, paths) for top, paths in moved.items()), default=0)
    code = 0
    for top, gone in pins_gone(git, hook, arguments).items():
        with opened(top, tell_setting_up) as tree:
            for path, pin in gone:
                _removed(tree, path, pin)
    for top, paths in moved.items():
        with opened(top, tell_setting_up) as tree:
            for path in paths:
                if is_certain(hook, arguments) or is_moved(tree, path):
                    code = _checked_out(tree, path) or code
    return code


def _pushed(top: Path, paths: Sequence[Path]) -> int:
    """Brings what is pinned to the upstream, before Git pushes the pins; the exit code, which stops Git if it isn't 0."""
    with opened(top, tell_setting_up) as tree:
        if not tree.project.has_upstream:
            pins = counted(len(paths), "pinned version")
            click.echo(f"objstore: {pins} not pushed: there is no upstream; `objstore remote add {UPSTREAM} URL` names one", err=True)
            return 0
        try:
            with progress() as shown:
                done = push(tree.project, shown, names=tree.collections_of(paths), waiting=tell_waiting)
        except (ObjstoreError, OSError) as error:
            click.echo("objstore: the pinned versions can't be pushed, so Git doesn't push either; `git push --no-verify` does", err=True)
            return failed(error)
        print_pushed(done, tree.project, quiet=True)
        return 0


def _checked_out(tree: WorkingTree, path: Path) -> int:
    """Checks out one path; the exit code. What keeps one from it mustn't keep the others."""
    try:
        pin = tree.read(path)
        with progress() as shown:
            done = switch(tree, [Placement(path, pin)], shown, waiting=tell_waiting)
    except LocalChangesError as error:
        # Edits of the very version that the pin is back at are simply the user's.
        return 0 if known_root(tree, path, pin) == pin.root else failed(error)
    except ObjstoreError as error:
        return failed(error)
    for switched in done:
        print_switched(switched)
    return 0


def _removed(tree: WorkingTree, path: Path, pin: Pin) -> None:
    """Removes what was at a path that isn't pinned any more, as Git does with its own files; unless no version holds it."""
    shown = os.path.relpath(path)
    try:
        with progress() as watched:
            done = switch(tree, [unpinned(path, pin)], watched, waiting=tell_waiting)
    except ObjstoreError as error:
        why = "not all of it is in a version" if isinstance(error, LocalChangesError) else str(error)
        click.echo(printable(f"{shown} isn't pinned here, and is left as it is: {why}"), err=True)
        return
    for switched in done:
        print_line(f"{shown}  not pinned here  {counted(len(switched.outcome.removed), 'file')} removed")


@command.command(hidden=True)
@click.argument("file", type=click.Path(path_type=Path))
def textconv(file: Path) -> None:
    """What `git diff` compares instead of a pin itself."""
    data = file.read_bytes()
    try:
        pin = Pin.decode(data, os.fspath(file))
    except (InvalidInputError, UnsupportedFormatError):
        click.echo(data, nl=False)
        return
    try:
        with Project.find(start_folder()) as project:
            print_summary(pin, project)
    except ObjstoreError:  # without a store that can be used there still are the numbers
        print_summary(pin, None)
