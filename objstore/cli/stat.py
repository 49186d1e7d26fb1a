"""`objstore diff --stat`: folder by folder, and what a pull moves."""

from typing import Any

import click

from objstore.cli.differences import warn_of_similar
from objstore.cli.output import print_columns, print_line
from objstore.cli.sizes import counted, size
from objstore.cli.views import Asked, View
from objstore.comparison.files.folders import FolderTotal, per_folder, summed
from objstore.comparison.files.transfer import Transfer
from objstore.repository.comparing import Comparison


def _show(comparison: Comparison, prefix: str) -> None:
    folders = per_folder(comparison.files, comparison.new_bytes)
    if folders:
        print_columns([_row(folder, prefix) for folder in folders])
    print_line(comparison.files.summary())
    transfer = comparison.transfer() if folders else None
    if transfer is not None:
        click.echo(_moved(transfer))
    warn_of_similar(comparison.files)


def _row(folder: FolderTotal, prefix: str) -> tuple[str, str, str, str]:
    path = (prefix + folder.path).rstrip("/")
    files = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in folder.files.items() if count)
    return f"{path}/" if path else "./", files, f"{size(folder.old_bytes)} → {size(folder.bytes)}", f"{size(folder.new_bytes)} new"


def _moved(transfer: Transfer) -> str:
    objects = counted(transfer.objects, "object")
    return f"a pull moves at most {size(transfer.stored_bytes)} ({objects}, for {size(transfer.file_bytes)} of files)"


def _fields(comparison: Comparison) -> dict[str, Any]:
    folders = per_folder(comparison.files, comparison.new_bytes)
    total = summed(folders).to_dict()
    del total["path"]
    transfer = comparison.transfer()
    moved = transfer.to_dict() if transfer else None
    return {"stat": {"folders": [folder.to_dict() for folder in folders], "total": total, "transfer": moved}}


def view(_: Asked) -> View:
    return View(_show, _fields)
