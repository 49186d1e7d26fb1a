"""objstore: Git-style, content-addressed versions of datasets and models.

with objstore.open("data", create=True) as repo:
    artifact = objstore.Artifact("my-dataset", type="dataset")
    artifact.add_dir("images")
    repo.log(artifact, aliases=["prod"])
    folder = repo.artifact("my-dataset:prod").download()
"""

from importlib import import_module

from objstore.errors import (
    ArtifactFinalizedError,
    ArtifactNotLoggedError,
    ConflictError,
    CorruptionError,
    EntryNotFoundError,
    FolderDiffersError,
    InvalidInputError,
    InvalidTypeError,
    MissingReferenceWarning,
    NotFoundError,
    ObjstoreError,
    PathCollisionWarning,
    ReferenceChangedError,
    ReferenceMissingError,
    RemoteError,
    SourceFileError,
    SourceMissingError,
    StorageError,
    UnsupportedFormatError,
)

TYPE_CHECKING = False  # type checkers take it for True; importing `typing` for it would cost as much as all the rest here
if TYPE_CHECKING:
    from objstore.sdk.artifact import Artifact
    from objstore.sdk.repository import Repository, diff, open
    from objstore.sdk.ttl import ArtifactTTL

__version__ = "0.1.0"

__all__ = [
    "Artifact",
    "ArtifactFinalizedError",
    "ArtifactNotLoggedError",
    "ArtifactTTL",
    "ConflictError",
    "CorruptionError",
    "EntryNotFoundError",
    "FolderDiffersError",
    "InvalidInputError",
    "InvalidTypeError",
    "MissingReferenceWarning",
    "NotFoundError",
    "ObjstoreError",
    "PathCollisionWarning",
    "ReferenceChangedError",
    "ReferenceMissingError",
    "RemoteError",
    "Repository",
    "SourceFileError",
    "SourceMissingError",
    "StorageError",
    "UnsupportedFormatError",
    "__version__",
    "clone",
    "diff",
    "open",
]

_LAZY = {
    "Artifact": "objstore.sdk.artifact",
    "ArtifactTTL": "objstore.sdk.ttl",
    "Repository": "objstore.sdk.repository",
    "clone": "objstore.sdk.repository",
    "diff": "objstore.sdk.repository",
    "open": "objstore.sdk.repository",
}

if not TYPE_CHECKING:

    def __getattr__(name):
        """The SDK, loaded when first used: importing objstore alone, as the command line does, stays fast."""
        if name not in _LAZY:
            raise AttributeError(f"module 'objstore' has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(_LAZY[name]), name)
        return found
