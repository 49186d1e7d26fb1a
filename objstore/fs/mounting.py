"""One mount for all file systems of a process that read the same project.

fsspec makes an instance of a file system for each thread: a pool of threads would open a project, and fill a cache, many times.
"""

import atexit
import os
import threading
import weakref
from collections import deque
from collections.abc import Mapping
from typing import Any

from fsspec.utils import tokenize

from objstore.fs.mount import Mount, not_found
from objstore.fs.opening import opened
from objstore.repository.project import Project

_mounts: "weakref.WeakValueDictionary[str, Mount]" = weakref.WeakValueDictionary()
_abandoned: "deque[Project]" = deque()
_lock = threading.Lock()


def mounted(where: str, options: Mapping[str, Any], cache_bytes: int) -> Mount:
    """The mount of that project with these options, made if there is none in this process. It goes with the last one who holds it."""
    with _lock:
        _close_abandoned()
        key = tokenize(where, dict(options), cache_bytes)
        mount = _mounts.get(key)
        if mount is None:
            with not_found():
                project = opened(where, options)
            mount = _mounts[key] = Mount(project, cache_bytes)
            weakref.finalize(mount, _abandon, project, mount.pid).atexit = False
        return mount


def _abandon(project: Project, owner: int) -> None:
    """Has a project closed when the next one is mounted, or at the exit.

    Closing takes locks, and garbage may be collected in a thread that holds them: it would wait for itself.
    """
    if os.getpid() == owner:  # a forked child has no say in what its parent still uses
        _abandoned.append(project)


def _close_abandoned() -> None:
    while _abandoned:
        _abandoned.popleft().close()


def _close_all() -> None:
    for mount in list(_mounts.values()):
        mount.close()
    _close_abandoned()


def _after_fork() -> None:
    """A thread of the parent may have held the lock; what is mounted there can't be used here."""
    global _lock, _mounts
    _lock = threading.Lock()
    _mounts = weakref.WeakValueDictionary()
    _abandoned.clear()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_close_all)
