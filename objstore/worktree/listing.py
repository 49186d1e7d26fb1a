"""One folder's files with the facts that tell whether a file has changed.

A listing is a list of rows, `name NUL facts`, ascending; a folder's name ends in `/` and its facts are zero. So rows sort by
name in the order that manifests have, and two listings of an unchanged folder are equal bytes. A million rows take 100 MB.
"""

import os
import stat
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from objstore.errors import SourceFileError
from objstore.values.paths import MAX_BYTES
from objstore.worktree.ignore import IGNORE_FILE, STORE_FOLDER, IgnoreRules, Patterns

FACTS = struct.Struct("<QqqQI")
"""Size, modification time, change time (nanoseconds), inode, mode."""

_TYPE = 0o170000
_MODE_AT = FACTS.size - 4  # its lowest byte, with all the bits that are for executing

UNKNOWN = bytes(FACTS.size)
"""Facts that no file has: what is remembered of a file that may have changed unseen."""


@dataclass(slots=True)
class Listing:
    """A folder as it is on the disk."""

    rows: list[bytes]
    files: int
    bytes: int
    newest: int
    """The latest change time of any of its files, in nanoseconds."""
    rules: IgnoreRules


def facts_of(status: os.stat_result) -> bytes:
    return FACTS.pack(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_mode)


def is_executable(facts: bytes) -> bool:
    """Whether anybody may execute the file."""
    return bool(facts[_MODE_AT] & 0o111)


def list_folder(disk: bytes, folder: bytes, rules: IgnoreRules, patterns: Patterns) -> Listing:
    """Lists the folder at `disk`, known as `folder` (relative; ends in `/` unless empty). Follows symlinks.

    SourceFileError for a dangling link, a socket or device, a name that isn't UTF-8, a path that is too long, an unreadable folder.
    """
    rows: list[bytes] = []
    folders: list[bytes] = []
    failed: list[tuple[bytes, SourceFileError]] = []
    total = newest = 0
    odd_names = len(folder) + 256 > MAX_BYTES
    pack = FACTS.pack
    try:
        with os.scandir(disk) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith(b".objstore-") and name.endswith(b".tmp"):
                    continue  # left by a checkout that was killed
                odd_names = odd_names or not name.isascii()
                try:
                    if entry.is_dir():
                        folders.append(name + b"/")
                        continue
                    status = entry.stat()
                except OSError as error:
                    failed.append((name, explained(error, entry.path)))
                    continue
                size, changed, mode = status.st_size, status.st_ctime_ns, status.st_mode
                if mode & _TYPE != stat.S_IFREG:
                    failed.append((name, _unusable(entry.path, "is not a regular file (but a socket, pipe or device); exclude it")))
                    continue
                total += size
                newest = max(newest, changed)
                rows.append(name + b"\0" + pack(size, status.st_mtime_ns, changed, status.st_ino, mode))
    except OSError as error:
        raise explained(error, disk) from error
    if any(row.startswith(IGNORE_FILE + b"\0") for row in rows):
        rules = rules.entering(folder, Path(os.fsdecode(disk)) / os.fsdecode(IGNORE_FILE))
    if rules or patterns:
        rows = [row for row in rows if _is_wanted(folder + row[: -FACTS.size - 1], rules, patterns)]
        total = sum(FACTS.unpack(row[-FACTS.size :])[0] for row in rows)
        folders = [name for name in folders if _is_entered(folder + name, rules, patterns)]
    for name, failure in failed:
        if _is_wanted(folder + name, rules, patterns):
            raise failure
    files = len(rows)
    rows += [name + b"\0" + UNKNOWN for name in folders if name != STORE_FOLDER]
    rows.sort()
    if odd_names:
        _check_names(rows, disk, folder)
    return Listing(rows, files, total, newest, rules)


def list_members(members: Mapping[bytes, bytes]) -> Listing:
    """The listing of a folder that exists only by name: its members' names (a folder's ends in `/`) and where they are."""
    rows = []
    total = newest = files = 0
    for name, disk in sorted(members.items()):
        facts = UNKNOWN
        if not name.endswith(b"/"):
            try:
                status = os.stat(disk)
            except OSError as error:
                raise explained(error, disk) from error
            if not stat.S_ISREG(status.st_mode):
                raise _unusable(disk, "is not a regular file or folder")
            facts = facts_of(status)
            files, total, newest = files + 1, total + status.st_size, max(newest, status.st_ctime_ns)
        rows.append(name + b"\0" + facts)
    _check_names(rows, b"", b"")
    return Listing(rows, files, total, newest, IgnoreRules())


def changes(old: bytes, rows: list[bytes]) -> Iterator[tuple[bytes, bytes | None]]:
    """What tells the remembered rows `old` (joined) from `rows`, ascending: (name, facts), or (name, None) when it has gone.

    Folders come only when they have gone. Cost: 15 ms for 100,000 rows that are equal.
    """
    at, end, width = 0, len(old), FACTS.size
    for row in rows:
        if old.startswith(row, at):
            at += len(row)
            continue
        name, is_same = row[: -width - 1], False
        while at < end:
            stop = old.index(0, at)
            old_name = old[at:stop]
            if old_name > name:
                break
            is_same = old.startswith(row, at)
            at = stop + 1 + width
            if old_name == name:
                break
            yield old_name, None
        if not is_same and not name.endswith(b"/"):
            yield name, row[-width:]
    while at < end:
        stop = old.index(0, at)
        yield old[at:stop], None
        at = stop + 1 + width


def folders_in(rows: list[bytes]) -> list[bytes]:
    """The names of the folders among the rows, each ending in `/`."""
    mark = b"/\0" + UNKNOWN
    return [row[: -FACTS.size - 1] for row in rows if row.endswith(mark)]


def split_rows(joined: bytes) -> Iterator[bytes]:
    """The rows of a joined listing."""
    at = 0
    while at < len(joined):
        end = joined.index(0, at) + 1 + FACTS.size
        yield joined[at:end]
        at = end


def forgetting_newer(rows: Iterable[bytes], clock: int) -> list[bytes]:
    """The rows as they may be remembered by someone who began to read at `clock` (nanoseconds, file system's time).

    An edit in the same clock tick as our reading leaves size and times unchanged. So a file whose change time isn't older than the moment
    we began can't be told from its edited self later: it is remembered with facts that no file has, and read again next time.
    That costs only files touched just now.
    """
    kept = []
    for row in rows:
        changed = FACTS.unpack(row[-FACTS.size :])[2]
        kept.append(row if changed < clock else row[: -FACTS.size] + UNKNOWN)
    return kept


def _is_wanted(path: bytes, rules: IgnoreRules, patterns: Patterns) -> bool:
    return not rules.ignores(path) and (not patterns or patterns.wants(path.decode(errors="surrogateescape")))


def _is_entered(folder: bytes, rules: IgnoreRules, patterns: Patterns) -> bool:
    return not rules.ignores(folder) and (not patterns or not patterns.excludes(folder.decode(errors="surrogateescape")))


def _check_names(rows: list[bytes], disk: bytes, folder: bytes) -> None:
    for row in rows:
        name = row[: -FACTS.size - 1]
        try:
            name.decode()
        except UnicodeDecodeError:
            raise _unusable(os.path.join(disk, name), "has a name that is not UTF-8; rename or exclude it") from None
        if len(folder) + len(name) > MAX_BYTES:
            raise _unusable(os.path.join(disk, name), f"has a path longer than {MAX_BYTES} bytes")


def _unusable(path: bytes, problem: str) -> SourceFileError:
    return SourceFileError(f"{path.decode(errors='backslashreplace')} {problem}")


def explained(error: OSError, disk: bytes) -> SourceFileError:
    """What the system said when a file or folder was looked at."""
    path = error.filename if isinstance(error.filename, bytes) else disk
    if isinstance(error, FileNotFoundError) and os.path.islink(path):
        return _unusable(path, f"is a dangling link to {os.fsdecode(os.readlink(path))}; mend, remove or exclude it")
    if isinstance(error, FileNotFoundError):
        return _unusable(path, "vanished while the folder was read; try again")
    return _unusable(path, f"can't be read: {error.strerror}")
