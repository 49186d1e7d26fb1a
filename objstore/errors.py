"""What can go wrong, grouped by what the caller can do about it.

Every error carries the facts as attributes beside its message, and a stable `code` for scripts.
"""


class ObjstoreError(Exception):
    """Anything objstore raises on purpose."""

    code = "error"


class NotFoundError(ObjstoreError, LookupError):
    """What was named isn't there: choose another name."""

    code = "not_found"

    def __str__(self) -> str:
        return Exception.__str__(self)


class EntryNotFoundError(NotFoundError, KeyError, FileNotFoundError):
    """A version has no such path."""

    def __str__(self) -> str:
        return Exception.__str__(self)


class ReferenceMissingError(NotFoundError, FileNotFoundError):
    """Nothing is at the outside address that was referred to."""


class ConflictError(ObjstoreError):
    """Somebody else came first: re-read, then try again."""

    code = "conflict"


class BlobExistsError(ConflictError):
    """A blob of that name is there already; names are written once."""


class LocalChangesError(ConflictError):
    """Files that no version holds would be lost: add them first. `files`: the first of them, from the top of the working tree."""

    def __init__(self, message: str, files: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.files = files


class ReferenceChangedError(ConflictError):
    """What is at an outside address isn't what was referred to: put it back, or refer to it anew."""


class InvalidInputError(ObjstoreError, ValueError):
    """The argument is wrong: fix it."""

    code = "invalid"


class InvalidTypeError(InvalidInputError, TypeError):
    """The argument is of a type that can't be used here."""


class SourceFileError(InvalidInputError):
    """A file of the user's can't be read as it is: mend or exclude it."""


class SourceMissingError(SourceFileError, FileNotFoundError):
    """A file or folder of the user's isn't there."""

    def __str__(self) -> str:
        return Exception.__str__(self)


class UnreadableFileError(InvalidInputError):
    """The content of a file isn't what its format says, or can't be compared: the message says what is wrong with it, and where."""


class NoActiveRunError(InvalidInputError, AttributeError):
    """Only an active run has this: `objstore.init()` begins one."""


class ArtifactFinalizedError(InvalidInputError):
    """The artifact has been logged, so its content can't change any more."""


class ArtifactNotLoggedError(InvalidInputError):
    """The artifact must be logged before it can answer that."""


class FolderDiffersError(InvalidInputError):
    """A folder isn't what a version has; `extra`, `missing` and `changed` are the paths, each ascending."""

    code = "differs"

    def __init__(self, message: str, extra: tuple[str, ...], missing: tuple[str, ...], changed: tuple[str, ...]) -> None:
        super().__init__(message)
        self.extra = extra
        self.missing = missing
        self.changed = changed


class RemoteError(ObjstoreError):
    """A remote can't be reached or refuses: wait, check access, try again."""

    code = "remote"


class UnsafeStoreError(RemoteError):
    """A remote can't hold a project that is written to, since it may overwrite what is there: choose another store."""

    code = "unsafe"


class StorageError(ObjstoreError):
    """The disk refused: no space, read-only, no permission."""

    code = "storage"


class UnsupportedFormatError(ObjstoreError):
    """The store was written by a newer objstore: upgrade."""

    code = "unsupported"


class CorruptionError(ObjstoreError):
    """Stored bytes aren't what was stored: stop writing, run fsck."""

    code = "corrupt"


class PathCollisionWarning(UserWarning):
    """Paths of a version that some disks can't hold side by side; no error, since others can.

    `first` and `second` are one such pair, two files or folders of one folder; there are `more` beside it.
    """

    def __init__(self, first: str, second: str, more: int) -> None:
        super().__init__(first, second, more)
        self.first = first
        self.second = second
        self.more = more

    def __str__(self) -> str:
        others = f" ({self.more:,} more such pair{'s' if self.more > 1 else ''})" if self.more else ""
        return f"{self.first} and {self.second} differ only by case or Unicode form; some disks can't hold both{others}"


class MissingReferenceWarning(UserWarning):
    """A download went on without a file, since nothing is at the outside address that it refers to; `path` and `uri` name it."""

    def __init__(self, path: str, uri: str) -> None:
        super().__init__(path, uri)
        self.path = path
        self.uri = uri

    def __str__(self) -> str:
        return f"{self.path} was left out: it refers to {self.uri}, where nothing is any more"


Error = CommError = ObjstoreError
"""So scripts that were written for W&B call it: there, what isn't found is a CommError too."""
UsageError = InvalidInputError
"""So they call this one."""
