"""Taking references into a draft: to data that stays where it is."""

from objstore.errors import InvalidInputError, InvalidTypeError
from objstore.manifest.entry import Entry
from objstore.manifest.keys import FilesAbove
from objstore.outside.opening import Outside
from objstore.outside.resolving import resolve
from objstore.outside.seen import Seen
from objstore.outside.uri import Uri
from objstore.sdk.content import DraftContent
from objstore.sdk.merging import file_and_folder
from objstore.values import paths
from objstore.worktree.references import entry_to

MOST = 10_000


def refer(content: DraftContent, uri: object, name: str | None, *, checksum: bool, most: int | None) -> list[tuple[str, Entry]]:
    """Adds a reference to what is at an address, or one to each object below it; the paths and their entries, ascending.

    All of them or, on an error, none. The draft isn't locked while servers are asked.
    """
    address = Uri.parse(uri)
    if most is not None and (not isinstance(most, int) or isinstance(most, bool)):
        raise InvalidTypeError(f"max_objects is a number, not {type(most).__name__}")
    below = None if name is None else paths.canonical(name)
    found = _resolved(address, below, MOST if most is None else most) if checksum else [_unseen(address, below)]
    _check_apart([path for path, _ in found])
    with content.lock:
        for path, entry in found:
            content.check_free(path)
            old = content.get(path)
            if old is not None and old != entry:
                raise InvalidInputError(f"{path.decode()} is there already, and is something else; remove it first, or give another name")
        with content.session.writing():
            for path, entry in found:
                content.put(path, entry, overwrite=True)
    return [(path.decode(), entry) for path, entry in found]


def _resolved(uri: Uri, name: str | None, most: int) -> list[tuple[bytes, Entry]]:
    with Outside() as outside:
        found = [(_path(uri, name, below), entry_to(seen)) for below, seen in resolve(outside, uri, most)]
    return sorted(found, key=lambda item: item[0])


def _unseen(uri: Uri, name: str | None) -> tuple[bytes, Entry]:
    return _path(uri, name, ""), entry_to(Seen(uri.text))


def _path(uri: Uri, name: str | None, below: str) -> bytes:
    if below:
        path = f"{name}/{below}" if name else below
        try:
            return paths.check(path.encode())
        except UnicodeEncodeError:
            raise InvalidInputError(f"path {path!r} is not valid UTF-8; rename the file") from None
    if name is None and not uri.base_name:
        raise InvalidInputError(f"nothing in {uri.text} says what to call it; give a name")
    return (name or paths.canonical(uri.base_name)).encode()


def _check_apart(found: list[bytes]) -> None:
    """A bucket may have an object and others below it; a version can't."""
    above = FilesAbove()
    for path in found:
        file = above.add(path)
        if file is not None:
            raise file_and_folder(path, file)
