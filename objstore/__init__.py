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
    from objstore.sdk.active import (
        alert,
        define_metric,
        finish,
        finish_artifact,
        init,
        link_artifact,
        link_model,
        log,
        log_artifact,
        log_code,
        log_model,
        login,
        setup,
        teardown,
        unwatch,
        upsert_artifact,
        use_artifact,
        use_model,
        watch,
    )
    from objstore.sdk.api import Api
    from objstore.sdk.artifact import Artifact
    from objstore.sdk.difference import diff
    from objstore.sdk.opening import clone, open
    from objstore.sdk.repository import Repository
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
    "alert",
    "clone",
    "define_metric",
    "diff",
    "finish",
    "finish_artifact",
    "init",
    "link_artifact",
    "link_model",
    "log",
    "log_artifact",
    "log_code",
    "log_model",
    "login",
    "open",
    "setup",
    "teardown",
    "unwatch",
    "upsert_artifact",
    "use_artifact",
    "use_model",
    "watch",
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
    "diff": "objstore.sdk.difference",
    "finish": "objstore.sdk.active",
    "init": "objstore.sdk.active",
    "login": "objstore.sdk.active",
    "open": "objstore.sdk.opening",
    "setup": "objstore.sdk.active",
    "teardown": "objstore.sdk.active",
    "finish_artifact": "objstore.sdk.active",
    "link_artifact": "objstore.sdk.active",
    "link_model": "objstore.sdk.active",
    "log": "objstore.sdk.active",
    "log_artifact": "objstore.sdk.active",
    "log_code": "objstore.sdk.active",
    "log_model": "objstore.sdk.active",
    "upsert_artifact": "objstore.sdk.active",
    "use_artifact": "objstore.sdk.active",
    "use_model": "objstore.sdk.active",
    "alert": "objstore.sdk.active",
    "define_metric": "objstore.sdk.active",
    "unwatch": "objstore.sdk.active",
    "watch": "objstore.sdk.active",
}
_NOT_HERE = {
    **dict.fromkeys(("Audio", "Html", "Image", "Molecule", "Object3D", "Plotly", "Video"), "keep media as files of an artifact"),
    **dict.fromkeys(("Histogram", "plot"), "keep what is to be drawn as a Table, or as files of an artifact"),
    **dict.fromkeys(("agent", "sweep"), "start the runs of a sweep yourself, each with init(sweep=NAME)"),
    **dict.fromkeys(("restore", "save"), "log files as an artifact, with log_artifact(path), and get them back with use_artifact(name)"),
}
"""What W&B has besides, and what to do instead."""

if not TYPE_CHECKING:

    def __getattr__(name):
        """The SDK, loaded when first used: importing objstore alone, as the command line does, stays fast."""
        if name == "run":
            return import_module("objstore.sdk.active").active()
        if name in ("config", "summary"):
            return getattr(import_module("objstore.sdk.active").require(), name)
        if name in ("data_types", "util"):
            return import_module(f"objstore.{name}")
        if name not in _LAZY:
            advice = f", which keeps artifacts, runs and their lineage: {_NOT_HERE[name]}" if name in _NOT_HERE else ""
            raise AttributeError(f"module 'objstore' has no attribute {name!r}{advice}")
        found = globals()[name] = getattr(import_module(_LAZY[name]), name)
        return found

    def __dir__():
        return sorted({*__all__, "config", "run", "summary"})
