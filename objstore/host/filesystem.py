"""What a file system can do."""

import os
import stat
from pathlib import Path

from objstore.host.spool import unnamed_file

_NETWORK = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "afs",
    "ceph",
    "lustre",
    "gpfs",
    "beegfs",
    "fuse.sshfs",
    "fuse.glusterfs",
    "fuse.s3fs",
}


def is_local(folder: Path) -> bool:
    """Whether memory maps and locks of a file there are shared by all who may use it: no network file system."""
    return kind(folder) not in _NETWORK


def kind(folder: Path) -> str:
    """The type of the file system that holds a folder, as mount(8) names it; empty where the system doesn't tell."""
    try:
        mounts = Path("/proc/self/mounts").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return ""
    path = os.path.realpath(folder)
    best, found = "", ""
    for line in mounts:
        _, point, type_, *_ = line.split(" ")
        point = point.replace("\\040", " ").rstrip("/")
        if (path == point or path.startswith(point + "/")) and len(point) >= len(best):
            best, found = point, type_
    return found


def is_read_only(folder: Path) -> bool:
    """Whether the file system is mounted read-only."""
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def keeps_mode(folder: Path) -> bool:
    """Whether executable bits can be set and cleared there, found by trying, like Git's core.fileMode."""
    try:
        with unnamed_file(folder) as probe:
            os.fchmod(probe.fileno(), 0o600)
            plain = os.fstat(probe.fileno()).st_mode & stat.S_IXUSR
            os.fchmod(probe.fileno(), 0o700)
            return not plain and bool(os.fstat(probe.fileno()).st_mode & stat.S_IXUSR)
    except OSError:
        return True
