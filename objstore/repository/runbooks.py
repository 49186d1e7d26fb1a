"""The runs of a project, opened."""

from pathlib import Path

from objstore.blobs.protocol import BlobStore
from objstore.history.clone import CloneLogbook
from objstore.history.clonerunbook import CloneRunBook
from objstore.history.log import Log
from objstore.history.runbook import OwnRunBook, RunBook
from objstore.history.unpushed import Unpushed
from objstore.odb.cache import Cache
from objstore.odb.keptrows import KeptRows


def open_runbook(blobs: BlobStore, cache: Cache, clone: CloneLogbook | None, local: Path) -> RunBook:
    """Nothing is read before it is refreshed. `local`: the folder of what is this machine's own."""
    own = OwnRunBook(Log(blobs, "runs"), KeptRows(cache, "runs"))
    if clone is None:
        return own
    unpushed = Unpushed(blobs, "runs")
    return CloneRunBook(own, KeptRows(cache, "pending-runs"), unpushed, local / "pending.lock", lambda: clone.replay.same_as)
