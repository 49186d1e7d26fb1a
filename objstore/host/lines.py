"""Small text files that people may edit too: written whole, or one line added or removed."""

import os
from pathlib import Path

from objstore.host.publish import make_folder, replace, translated


def replace_text(file: Path, text: str) -> None:
    """Gives a file this text, at once and durably; it keeps its permissions. A link becomes a file: where it leads isn't our business."""
    temporary = file.with_name(f".objstore-{os.urandom(6).hex()}.tmp")
    with translated(file):
        make_folder(file.parent)
        try:
            _write(temporary, text.encode(errors="surrogateescape"), like=file)
            replace(temporary, file)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _write(new: Path, data: bytes, *, like: Path) -> None:
    """Makes a file with the permissions of another, if there is one; there is no moment at which more people could read it."""
    mode = like.stat().st_mode & 0o7777 if like.exists() and not like.is_symlink() else None
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600)
    with open(fd, "wb") as file:
        if mode is not None:
            os.fchmod(fd, mode)
        file.write(data)


def add_line(file: Path, line: str) -> bool:
    """Adds a line to the end of a file, or of the one that it is a link to, which is made when missing; whether it wasn't there yet."""
    file = Path(os.path.realpath(file))
    text = _read(file)
    if line in (other.removesuffix("\r") for other in text.split("\n")):  # splitlines knows more ends than Git does
        return False
    missing_end = "\n" if text and not text.endswith("\n") else ""
    replace_text(file, text + missing_end + line + "\n")
    return True


def remove_line(file: Path, line: str) -> bool:
    """Removes a line wherever it stands, and the file if nothing is left; whether it was there."""
    file = Path(os.path.realpath(file))
    lines = _read(file).splitlines(keepends=True)
    kept = [other for other in lines if other.rstrip("\r\n") != line]
    if len(kept) == len(lines):
        return False
    if kept:
        replace_text(file, "".join(kept))
    else:
        with translated(file):
            file.unlink()
    return True


def _read(file: Path) -> str:
    """The text; bytes that aren't UTF-8 stand in it as they do in paths."""
    with translated(file):
        return file.read_bytes().decode(errors="surrogateescape") if file.exists() else ""
