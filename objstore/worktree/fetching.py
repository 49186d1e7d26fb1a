"""Fetching what references stand for, checked against what they have recorded."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from typing import Self

from blake3 import blake3

from objstore.errors import InvalidInputError, ReferenceChangedError, ReferenceMissingError, RemoteError
from objstore.manifest.entry import Entry
from objstore.outside.fetching import fetch
from objstore.outside.opening import Outside
from objstore.outside.seen import ETAG
from objstore.worktree.references import Contents, recorded

LeftOut = Callable[[bytes, str], None]
"""Is told the path and the URI of a reference to what isn't there any more."""


class Fetching:
    """Gets the content of references, for any number of threads. Connects when first needed; close it."""

    def __init__(self, contents: Contents, left_out: LeftOut | None = None, outside: Outside | None = None) -> None:
        """`left_out`: where to tell what is missing, which is an error without."""
        self.contents = contents
        self._left_out = left_out
        self._outside = outside or Outside()
        self._stopped = False

    def blocks(self, path: bytes, entry: Entry) -> Iterator[bytes]:
        """The content of the reference at `path`, some MiB at a time; right once the iterator has ended without an error.

        ReferenceMissingError, ReferenceChangedError, RemoteError, which name the path and the URI; CancelledError after `stop`.
        """
        shown, seen = path.decode(), recorded(entry)
        hasher = blake3()
        try:
            for block in fetch(self._outside, seen):
                if self._stopped:
                    raise CancelledError
                hasher.update(block)
                yield block
        except ReferenceMissingError as error:
            raise ReferenceMissingError(
                f"{shown} refers to {seen.uri}, where nothing is any more; put it back, or go without it by "
                "allow_missing_references=True (--allow-missing-references of `objstore get`)"
            ) from error
        except (ReferenceChangedError, RemoteError, InvalidInputError) as error:
            raise type(error)(f"{shown} can't be fetched: {error}") from error
        self.contents.note(entry, hasher.digest())

    def may_leave_out(self, path: bytes, entry: Entry) -> bool:
        """Whether to go on without what is missing; it has been told then."""
        if self._left_out is None:
            return False
        self._left_out(path, recorded(entry).uri)
        return True

    def is_content(self, entry: Entry, blocks: Iterable[bytes]) -> bool:
        """Whether these bytes are what the reference stands for, without asking anybody; False where that can't be told.

        The ETag of S3 mostly is the content's MD5 and sometimes something else, so it proves what it equals, and nothing otherwise.
        """
        seen = recorded(entry)
        digest = self.contents.proven(entry)
        may_be_md5 = digest is None and seen.uri.startswith(("s3:", "s3a:")) and len(seen.marks.get(ETAG, "")) == 32
        if digest is None and not may_be_md5:
            return False
        hasher, md5 = blake3(), hashlib.md5(usedforsecurity=False)
        for block in blocks:
            hasher.update(block)
            if may_be_md5:
                md5.update(block)
        if may_be_md5 and md5.hexdigest() == seen.marks[ETAG]:
            self.contents.note(entry, hasher.digest())
            return True
        return hasher.digest() == digest

    def stop(self) -> None:
        """Has everybody who fetches give up soon."""
        self._stopped = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._outside.close()
