"""Files and folders of this machine (`file://`), told apart by their content."""

import os
import stat
from collections.abc import Iterator
from urllib.parse import quote, unquote

from blake3 import blake3

from objstore.errors import InvalidInputError, SourceFileError, SourceMissingError
from objstore.outside.asking import changed, missing
from objstore.outside.seen import BLAKE3, Seen
from objstore.outside.uri import Uri

_BLOCK = 4 << 20


class Files:
    """`file:///folder/name`. A name is taken as it stands; if there is no such file, with its %-escapes resolved.

    Links are followed. Finding a file reads it. SourceMissingError for a dangling link, SourceFileError for a loop of links, a socket,
    or a file that changes while it is read.
    """

    def find(self, uri: Uri) -> Seen | None:
        local = _local(uri)
        return _seen(uri.text, local) if os.path.isfile(local) and not uri.path.endswith("/") else None

    def below(self, uri: Uri) -> Iterator[tuple[str, Seen]]:
        local = _local(uri)
        if os.path.isdir(local):
            escaped = local != _plain(uri)
            for name in _walk(local, "", ()):
                yield name, _seen(uri.below(quote(name) if escaped else name), os.path.join(local, name))
        elif os.path.lexists(local):
            _check_regular(local)

    def read(self, uri: Uri, recorded: Seen) -> Iterator[bytes]:
        local = _local(uri)
        try:
            with open(local, "rb") as file:
                status = os.fstat(file.fileno())
                how = recorded.difference(Seen(uri.text, status.st_size))
                if how:
                    raise changed(uri.text, how)
                hasher = blake3()
                while block := file.read(_BLOCK):
                    hasher.update(block)
                    yield block
        except (FileNotFoundError, NotADirectoryError):
            raise missing(uri.text) from None
        except OSError as error:
            raise SourceFileError(f"{uri.text} can't be read: {error.strerror}") from error
        how = recorded.difference(Seen(uri.text, None, {BLAKE3: hasher.hexdigest()}))
        if how:
            raise changed(uri.text, how)

    def close(self) -> None:
        """Nothing is kept open."""


def _plain(uri: Uri) -> str:
    return uri.path.removeprefix("localhost") if uri.path.startswith("localhost/") else uri.path


def _local(uri: Uri) -> str:
    path = _plain(uri)
    if not path.startswith("/"):
        raise InvalidInputError(f"{uri.text}: a file URI needs an absolute path, as in file:///data/images")
    return path if os.path.lexists(path) or not os.path.lexists(unquote(path)) else unquote(path)


def _walk(top: str, folder: str, above: tuple[tuple[int, int], ...]) -> Iterator[str]:
    """The files below a folder, sorted in each."""
    here = os.path.join(top, folder)
    try:
        status = os.stat(here)
        names = sorted(os.listdir(here))
    except OSError as error:
        raise SourceFileError(f"{here} can't be read: {error.strerror}") from error
    own = (status.st_dev, status.st_ino)
    if own in above:
        raise SourceFileError(f"{here} leads back to a folder around it; remove that link")
    for name in names:
        inner = folder + name
        if os.path.isdir(os.path.join(top, inner)):
            yield from _walk(top, inner + "/", (*above, own))
        else:
            yield inner


def _check_regular(local: str) -> os.stat_result:
    try:
        status = os.stat(local)
    except FileNotFoundError:
        raise SourceMissingError(f"{local} does not exist{' (it is a dangling link)' if os.path.islink(local) else ''}") from None
    except OSError as error:
        raise SourceFileError(f"{local} can't be read: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode):
        raise SourceFileError(f"{local} is not a regular file")
    return status


def _seen(uri: str, local: str) -> Seen:
    before = _check_regular(local)
    hasher, size = blake3(), 0
    try:
        with open(local, "rb") as file:
            while block := file.read(_BLOCK):
                hasher.update(block)
                size += len(block)
            after = os.fstat(file.fileno())
    except OSError as error:
        raise SourceFileError(f"{local} can't be read: {error.strerror}") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or size != after.st_size:
        raise SourceFileError(f"{local} was changed while it was read; try again when nobody writes to it")
    return Seen(uri, size, {BLAKE3: hasher.hexdigest()})
