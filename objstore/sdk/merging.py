"""Laying one manifest over another. Pure, over a reader of nodes."""

from collections.abc import Iterable, Iterator

from objstore.errors import InvalidInputError
from objstore.manifest.compare import Change, compare
from objstore.manifest.cursor import entries
from objstore.manifest.entry import Entry
from objstore.manifest.keys import FilesAbove
from objstore.manifest.tree import NodeReader
from objstore.values.digest import Digest

Row = tuple[bytes, Entry]


def differences(reader: NodeReader, current: Digest | None, added: Digest, prefix: bytes) -> Iterator[Change]:
    """How `added`, put below `prefix`, differs from what `current` has there; ascending.

    A path that only `current` has comes with `new` None. Cost: without a prefix that of what differs, else that of what is at the prefix.
    """
    if current is None:
        return (Change(path, None, entry) for path, entry in placed(reader, added, prefix))
    if not prefix:
        return compare(reader, current, reader, added)
    return _aligned(entries(reader, current, prefix), placed(reader, added, prefix))


def placed(reader: NodeReader, root: Digest, prefix: bytes) -> Iterator[Row]:
    """The entries of a manifest, as they are called below a prefix."""
    before = prefix + b"/" if prefix else b""
    return ((before + path, entry) for path, entry in entries(reader, root))


def check_mergeable(changes: Iterable[Change], *, replace: bool) -> None:
    """InvalidInputError for a path that would be both a file and a folder, or (unless `replace`) that has other content already."""
    above = FilesAbove()
    for path, old, new in changes:
        if old is not None and new is not None and old.digest != new.digest and not replace:
            raise InvalidInputError(f"{path.decode()} is there already with other content; give merge=True to replace it")
        file = above.add(path)
        if file is not None:
            raise file_and_folder(path, file)


def file_and_folder(path: bytes, other: bytes) -> InvalidInputError:
    """The error for two paths of which one lies below the other."""
    file, below = sorted((path, other))
    return InvalidInputError(f"{file.decode()} can't be both a file and a folder (that holds {below.decode()}); choose another name")


def _aligned(old: Iterator[Row], new: Iterator[Row]) -> Iterator[Change]:
    a, b = next(old, None), next(new, None)
    while a is not None or b is not None:
        if b is None or (a is not None and a[0] < b[0]):
            assert a is not None
            yield Change(a[0], a[1], None)
            a = next(old, None)
        elif a is None or b[0] < a[0]:
            yield Change(b[0], None, b[1])
            b = next(new, None)
        else:
            yield Change(a[0], a[1], b[1])
            a, b = next(old, None), next(new, None)
