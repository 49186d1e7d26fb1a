"""`objstore ls`: the files of a version."""

from collections.abc import Iterator
from typing import Any

import click

from objstore.cli import completing, naming
from objstore.cli.opening import with_named_project
from objstore.cli.output import as_json, print_columns, print_json_list, print_line
from objstore.cli.sizes import counted, size
from objstore.errors import EntryNotFoundError
from objstore.manifest.cursor import Child, children, entries, totals
from objstore.manifest.entry import UNKNOWN_SIZE, Entry, EntryKind, decode_reference
from objstore.repository.project import Project
from objstore.values.paths import canonical


@click.command()
@click.argument("name", metavar="NAME[:V]", shell_complete=completing.versions)
@click.argument("prefix", required=False, shell_complete=completing.paths)
@click.option("-r", "--recursive", is_flag=True, help="List all files below, not folders.")
@as_json
@with_named_project
def command(project: Project, name: str, prefix: str | None, recursive: bool, as_json: bool) -> None:
    """List the files of a version.

    Lists what is directly in the folder PREFIX (the top unless given), folders with the totals of all below them. With
    --json it lists every file at or below PREFIX.

    \b
    Example:
      objstore ls images:v3
      objstore ls images train/cats -r
    """
    root = naming.version(project, name).version.root
    below = canonical(prefix).encode() if prefix is not None else b""
    if below and not totals(project.database, root, below).files:
        raise EntryNotFoundError(f"{name} has no {prefix}; `objstore ls {name}` lists what it has")
    found = entries(project.database, root, below)
    if as_json:
        print_json_list(_as_dict(path, entry) for path, entry in found)
    elif recursive:
        _print_files(found)
    else:
        print_columns((_row(child) for child in _level(project, found, root, below)), right=(0, 1))


def _level(project: Project, found: Iterator[tuple[bytes, Entry]], root: Any, below: bytes) -> Iterator[Child]:
    """What the folder holds directly; the file itself when `below` is one."""
    path, entry = next(found, (b"", None))
    if below and path == below:
        yield Child(path, False, 1, 0 if entry is None else entry.size, entry)
    else:
        yield from children(project.database, root, below)


def _row(child: Child) -> list[str]:
    name = child.name.decode()
    if child.is_folder:
        return [size(child.bytes), counted(child.files, "file"), name + "/"]
    return [_size(child.entry.size if child.entry else child.bytes), "", name]


def _size(bytes_: int) -> str:
    return "?" if bytes_ == UNKNOWN_SIZE else size(bytes_)


def _as_dict(path: bytes, entry: Entry) -> dict[str, Any]:
    return {
        "path": path.decode(),
        "size": None if entry.size == UNKNOWN_SIZE else entry.size,
        "digest": entry.digest.hex(),
        "kind": EntryKind(entry.kind).name.lower(),
        **({"reference": decode_reference(entry.reference)} if entry.reference is not None else {}),
    }


def _print_files(found: Iterator[tuple[bytes, Entry]]) -> None:
    """As they come: there may be millions."""
    for path, entry in found:
        print_line(f"{_size(entry.size):>10}  {path.decode()}")
