"""`objstore status`: pinned paths against their pins."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from objstore.cli.failing import DIFFERENT
from objstore.cli.opening import with_tree
from objstore.cli.output import as_json, print_columns, print_json, print_line, print_warning
from objstore.cli.pins import LETTERS, NOTHING_PINNED, status_as_dict, status_row
from objstore.cli.progress import progress
from objstore.repository.gitfiles import unhidden
from objstore.repository.status import Condition, Status, statuses
from objstore.repository.workingtree import WorkingTree
from objstore.worktree.pin import FILE


@click.command()
@click.argument("paths", metavar="[PATH…]", nargs=-1, type=click.Path(path_type=Path))
@click.option("--files", is_flag=True, help="Name the files that differ: A added, M modified, D removed.")
@as_json
@with_tree
def command(tree: WorkingTree, paths: Sequence[Path], files: bool, as_json: bool) -> int:
    """Show how pinned paths differ from their pins.

    Of all pins in the working tree, or of those at or below each PATH. Each path is unchanged, modified, missing (there is nothing),
    not here (this store hasn't got the version), or unusable. Only files whose size or times have changed are read. The exit code
    is 1 when any path isn't unchanged.

    \b
    Example:
      objstore status
      objstore status data --files
    """
    chosen = list(dict.fromkeys(found.path for found in tree.choose(paths)))
    with progress() as shown:
        found = list(statuses(tree, chosen, shown, files=files))
    for status in found:
        if status.warning:
            print_warning(status.warning)
    for path in unhidden(chosen):
        where = os.path.relpath(path)
        print_warning(f"Git doesn't ignore {where}, and may take it in; `objstore add {where}` has it ignored")
    if as_json:
        print_json([status_as_dict(status, files) for status in found])
    elif found:
        _print(found)
    else:
        print_line(NOTHING_PINNED)
    return DIFFERENT if any(status.condition is not Condition.UNCHANGED for status in found) else 0


def _print(found: Sequence[Status]) -> None:
    if not any(status.files for status in found):
        print_columns([status_row(status) for status in found])
        return
    for status in found:
        print_columns([status_row(status)])
        for change, path in status.files:
            folder = status.path.parent if status.pin and status.pin.kind == FILE else status.path
            print_line(f"  {LETTERS[change]}  {os.path.relpath(folder / path)}")
