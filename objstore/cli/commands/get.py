"""`objstore get`: the files of a version, in a folder."""

import os
from pathlib import Path

import click

from objstore.cli import completing, naming
from objstore.cli.opening import Folder, with_named_project
from objstore.cli.output import as_json, listed, print_json, print_line, print_warning
from objstore.cli.progress import progress
from objstore.errors import ConflictError, EntryNotFoundError, MissingReferenceWarning
from objstore.manifest.cursor import totals
from objstore.repository.project import Project
from objstore.values.digest import Digest
from objstore.values.paths import canonical
from objstore.worktree.checkout import Checkout
from objstore.worktree.pinsinway import pins_in_way


@click.command()
@click.argument("name", metavar="NAME[:V]", shell_complete=completing.versions)
@click.argument("dest", required=False, type=Folder())
@click.option("--path", "prefix", metavar="PREFIX", help="Only the file or folder PREFIX of the version.")
@click.option("--allow-missing-references", is_flag=True, help="Write the rest where nothing is any more at the address of a reference.")
@as_json
@with_named_project
def command(project: Project, name: str, dest: Path | None, prefix: str | None, allow_missing_references: bool, as_json: bool) -> None:
    """Write the files of a version into a folder.

    Prints the folder: DEST, or artifacts/<name>-v<N>. Files there that are equal already are left alone, different ones
    replaced, others kept. Every byte is verified, and each file appears whole or not at all. On a disk to which two paths of
    the version are one, nothing is written, nor where any of them belongs to a pinned path: `checkout` writes there.

    \b
    Example:
      objstore get images:v3
      objstore get images:prod data --path train/cats
    """
    found = naming.version(project, name)
    below = canonical(prefix).encode() if prefix is not None else b""
    if below and not totals(project.database, found.version.root, below).files:
        raise EntryNotFoundError(f"{found} has no {prefix}; `objstore ls {found}` lists what it has")
    target = dest or Path("artifacts") / f"{found.collection.name}-{found.version.name}"
    _check_not_pinned(project, found.version.root, target, below)
    missing: dict[bytes, str] = {}
    with progress() as shown:
        left_out = missing.__setitem__ if allow_missing_references else None
        checkout = Checkout(
            project.database, found.version.root, target, shown, keep_mode=project.keep_mode, clock=project.clock, left_out=left_out
        )
        outcome = checkout.run(project.scratch, below)
    for path, uri in sorted(missing.items()):
        print_warning(str(MissingReferenceWarning(path.decode(), uri)))
    if as_json:
        done = {"written": outcome.written, "written_bytes": outcome.written_bytes, "kept": outcome.kept}
        print_json({"folder": str(target), "name": str(found), **done, "missing": [path.decode() for path in sorted(missing)]})
    else:
        print_line(str(target))


def _check_not_pinned(project: Project, root: Digest, target: Path, below: bytes) -> None:
    """What is at a pinned path may be somebody's work; `checkout` looks before it overwrites."""
    found = [os.path.relpath(path) for path in pins_in_way(project.database, root, target, below)]
    if found:
        are = f"{listed(found)} {'is' if len(found) == 1 else 'are'} pinned"
        raise ConflictError(
            f"{are}: `objstore checkout NAME:V {found[0]}` puts a version there; get takes another destination, or another --path"
        )
