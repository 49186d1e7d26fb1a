"""Walking a folder in manifest order and finding what has changed since it was last taken in."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from objstore.errors import InvalidInputError, SourceFileError, SourceMissingError
from objstore.worktree.ignore import STORE_FOLDER, IgnoreRules, Patterns
from objstore.worktree.listing import Listing, changes, explained, folders_in, list_folder, list_members


class Changed(NamedTuple):
    """A path that may differ from what was taken in before: new facts, or none when it has gone.

    A path ending in `/` that has gone stands for all that was below it.
    """

    path: bytes
    facts: bytes | None


class Source(NamedTuple):
    """What is taken in: a folder's contents, or named files and folders (`members`: name → where; a folder's name ends in `/`)."""

    folder: bytes
    members: dict[bytes, bytes]

    @property
    def places(self) -> list[Path]:
        """The folder, or the members, on the disk."""
        return [Path(os.fsdecode(disk)) for disk in self.members.values() or (self.folder,)]

    def on_disk(self, path: bytes) -> bytes:
        """Where a path of the manifest is."""
        if not path:
            return self.folder
        if not self.members:
            return self.folder + b"/" + path.rstrip(b"/")  # os.path.join takes five times as long
        first, slash, rest = path.partition(b"/")
        disk = self.members[first + slash]
        return os.path.join(disk, rest.rstrip(b"/")) if rest else disk

    def listing(self, folder: bytes, rules: IgnoreRules, patterns: Patterns) -> Listing:
        if self.members and not folder:
            return list_members(self.members)
        return list_folder(self.on_disk(folder), folder, rules, patterns)


def folder_source(path: str | os.PathLike[str]) -> Source:
    """The source that stands for the contents of a folder."""
    return Source(os.path.abspath(os.fsencode(path)), {})


def source_of(paths: Sequence[str | os.PathLike[str]]) -> Source:
    """The source for these paths: one folder stands for its contents, anything else for members with their own names.

    InvalidInputError when a path isn't there, or two have the same name.
    """
    disks = [os.path.abspath(os.fsencode(path)) for path in paths]
    for disk in disks:
        if STORE_FOLDER[:-1] in disk.split(b"/"):
            raise InvalidInputError(f"{os.fsdecode(disk)} is in a store's own folder, which is never a part of what it holds")
        if not os.path.exists(disk):
            dangling = " (it is a dangling link)" if os.path.islink(disk) else ""
            raise SourceMissingError(f"{os.fsdecode(disk)} does not exist{dangling}")
    if len(disks) == 1 and os.path.isdir(disks[0]):
        return Source(disks[0], {})
    members = {os.path.basename(disk) + (b"/" if os.path.isdir(disk) else b""): disk for disk in disks}
    if len({name.rstrip(b"/") for name in members}) < len(set(disks)):
        raise InvalidInputError("two of the paths have the same name; add them separately, or the folder that holds both")
    return Source(b"", members)


class Scanned(NamedTuple):
    """One folder's listing, to be remembered once its files are safely in the store."""

    folder: bytes
    listing: Listing
    same: bool
    """Whether the listing equals what was remembered."""


@dataclass
class Totals:
    """What a scan has seen so far."""

    files: int = 0
    bytes: int = 0
    folders: int = 0


@dataclass
class Scan:
    """A walk over a source. `remembered` gives the joined rows of a folder's last listing, None when there are none."""

    source: Source
    patterns: Patterns
    remembered: Callable[[bytes], bytes | None]
    totals: Totals = field(default_factory=Totals)

    def __iter__(self) -> Iterator[Changed | Scanned]:
        """Changes in manifest order; each folder's Scanned somewhere between. Memory: the listings of one path of folders."""
        stack = [self._folder(b"", IgnoreRules(), [])]
        ancestors: list[tuple[IgnoreRules, tuple[int, int]]] = []
        while stack:
            item = next(stack[-1], None)
            if item is None:
                stack.pop()
                ancestors.pop()
            elif isinstance(item, Changed):
                yield item
            elif isinstance(item, Scanned):
                ancestors.append((item.listing.rules, self._identity(item.folder)))
                yield item
            else:
                stack.append(self._folder(item, ancestors[-1][0], [known for _, known in ancestors]))

    def _folder(self, folder: bytes, rules: IgnoreRules, above: list[tuple[int, int]]) -> Iterator[Changed | bytes | Scanned]:
        """A folder's Scanned, then its changes and (as bytes) its subfolders, in manifest order."""
        disk = self.source.on_disk(folder)
        if os.path.islink(disk) and self._identity(folder) in above:
            raise SourceFileError(f"{os.fsdecode(disk)} is a link to a folder that contains it; remove or exclude it")
        listing = self.source.listing(folder, rules, self.patterns)
        self.totals.files += listing.files
        self.totals.bytes += listing.bytes
        self.totals.folders += 1
        old = self.remembered(folder)
        same = old is not None and len(old) == sum(map(len, listing.rows)) and old == b"".join(listing.rows)
        yield Scanned(folder, listing, same)
        inside = folders_in(listing.rows)
        if same:
            yield from (folder + name for name in inside)
        else:
            yield from _merged(folder, changes(old or b"", listing.rows), iter(inside))

    def _identity(self, folder: bytes) -> tuple[int, int]:
        if self.source.members and not folder:
            return (0, 0)
        disk = self.source.on_disk(folder)
        try:
            status = os.stat(disk)
        except OSError as error:
            raise explained(error, disk) from error
        return status.st_dev, status.st_ino


def _merged(folder: bytes, changed: Iterator[tuple[bytes, bytes | None]], inside: Iterator[bytes]) -> Iterator[Changed | bytes]:
    """Changes and subfolders in one ascending sequence."""
    subfolder = next(inside, None)
    for name, facts in changed:
        while subfolder is not None and subfolder < name:
            yield folder + subfolder
            subfolder = next(inside, None)
        yield Changed(folder + name, facts)
    while subfolder is not None:
        yield folder + subfolder
        subfolder = next(inside, None)
