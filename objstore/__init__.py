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
    from objstore.sdk.active import finish, init, log, log_artifact, login, setup, teardown, use_artifact
    from objstore.sdk.api import Api
    from objstore.sdk.artifact import Artifact
    from objstore.sdk.opening import clone, open
    from objstore.sdk.repository import Repository, diff
    from objstore.sdk.run import Run
    from objstore.sdk.runvalues import Values
    from objstore.sdk.settings import Settings
    from objstore.sdk.tables.partitioned import PartitionedTable
    from objstore.sdk.tables.table import Table
    from objstore.sdk.ttl import ArtifactTTL

    run: Run | None
    """The active run, if there is one."""
    config: Values
    """That of the active run."""
    summary: Values
    """That of the active run."""

__version__ = "0.1.0"

__all__ = [
    "Api",
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
    "PartitionedTable",
    "PathCollisionWarning",
    "ReferenceChangedError",
    "ReferenceMissingError",
    "RemoteError",
    "Repository",
    "Run",
    "Settings",
    "SourceFileError",
    "SourceMissingError",
    "StorageError",
    "Table",
    "UnsupportedFormatError",
    "__version__",
    "clone",
    "diff",
    "finish",
    "init",
    "log",
    "log_artifact",
    "login",
    "open",
    "setup",
    "teardown",
    "use_artifact",
]

_LAZY = {
    "Api": "objstore.sdk.api",
    "Artifact": "objstore.sdk.artifact",
    "ArtifactTTL": "objstore.sdk.ttl",
    "PartitionedTable": "objstore.sdk.tables.partitioned",
    "Repository": "objstore.sdk.repository",
    "Table": "objstore.sdk.tables.table",
    "clone": "objstore.sdk.opening",
    "Run": "objstore.sdk.run",
    "Settings": "objstore.sdk.settings",
    "diff": "objstore.sdk.repository",
    "finish": "objstore.sdk.active",
    "init": "objstore.sdk.active",
    "log": "objstore.sdk.active",
    "log_artifact": "objstore.sdk.active",
    "login": "objstore.sdk.active",
    "open": "objstore.sdk.opening",
    "setup": "objstore.sdk.active",
    "teardown": "objstore.sdk.active",
    "use_artifact": "objstore.sdk.active",
}
_OF_THE_RUN = {"config": "config", "run": "active", "summary": "summary"}
"""What is looked up anew each time, since it belongs to the active run."""

if not TYPE_CHECKING:

    def __getattr__(name):
        """The SDK, loaded when first used: importing objstore alone, as the command line does, stays fast."""
        if name in _OF_THE_RUN:
            return getattr(import_module("objstore.sdk.active"), _OF_THE_RUN[name])()
        if name == "data_types":
            return import_module("objstore.data_types")
        if name not in _LAZY:
            raise AttributeError(f"module 'objstore' has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(_LAZY[name]), name)
        return found
