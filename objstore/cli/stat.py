"""`objstore diff --stat`: how much is new, file by file and folder by folder, and what a pull moves."""

from typing import Any

import click

from objstore.cli.differences import warn_of_similar
from objstore.cli.output import print_columns, print_line, print_warning
from objstore.cli.sizes import counted, size
from objstore.cli.views import Asked, View
from objstore.comparison.files.folders import FolderTotal, per_folder, summed
from objstore.comparison.files.newbytes import FileBytes
from objstore.comparison.files.transfer import Transfer
from objstore.repository.comparing import Comparison

_FILES = 20


def _show(comparison: Comparison, prefix: str) -> None:
    files, folders = _measured(comparison)
    if files:
        most = sorted(files, key=lambda file: (-file.new_bytes, file.path))[:_FILES]
        print_columns([_file_row(file, prefix) for file in most])
    if len(files) > _FILES:
        print_line(f"… and {counted(len(files) - _FILES, 'file')} more with fewer new bytes; --json has all")
    unknown = [file.why for file in files if file.why]
    if unknown:
        print_warning(f"of {counted(len(unknown), 'file')} all bytes are counted, since it isn't known how many are new: {unknown[0]}")
    if folders:
        print_columns([_row(folder, prefix) for folder in folders])
    print_line(comparison.files.summary())
    transfer = comparison.transfer() if folders else None
    if transfer is not None:
        click.echo(_moved(transfer))
    warn_of_similar(comparison.files)


def _measured(comparison: Comparison) -> tuple[list[FileBytes], list[FolderTotal]]:
    files = comparison.file_bytes()
    new = {file.path: file.new_bytes for file in files}
    return files, per_folder(comparison.files, lambda item: new[item.path])


def _file_row(file: FileBytes, prefix: str) -> tuple[str, str, str]:
    path = prefix + file.path if file.path == file.old_path else f"{prefix}{file.old_path} → {prefix}{file.path}"
    return path, f"{size(file.old_bytes)} → {size(file.bytes)}", f"{size(file.new_bytes)} new"


def _row(folder: FolderTotal, prefix: str) -> tuple[str, str, str, str]:
    path = (prefix + folder.path).rstrip("/")
    files = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in folder.files.items() if count)
    return f"{path}/" if path else "./", files, f"{size(folder.old_bytes)} → {size(folder.bytes)}", f"{size(folder.new_bytes)} new"


def _moved(transfer: Transfer) -> str:
    objects = counted(transfer.objects, "object")
    return f"a pull moves at most {size(transfer.stored_bytes)} ({objects}, for {size(transfer.file_bytes)} of files)"


def _fields(comparison: Comparison) -> dict[str, Any]:
    files, folders = _measured(comparison)
    total = summed(folders).to_dict()
    del total["path"]
    transfer = comparison.transfer()
    moved = transfer.to_dict() if transfer else None
    told = [file.to_dict() for file in files]
    return {"stat": {"files": told, "folders": [folder.to_dict() for folder in folders], "total": total, "transfer": moved}}


def view(_: Asked) -> View:
    return View(_show, _fields)
