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


_ALIKE = [(b"a", b"A"), ("\u00e9".encode(), "e\u0301".encode())]


def tells_names_apart(folder: Path) -> bool:
    """Whether names that differ by letter case, or by Unicode form, are different ones in a folder. True where nothing can be written."""
    name = b".objstore-%s-%%s.tmp" % os.urandom(6).hex().encode()  # a scan passes over such names, should one stay
    return not any(_is_one(os.fsencode(folder), name % first, name % second) for first, second in _ALIKE)


def is_one_name(folder: Path, first: bytes, second: bytes) -> bool:
    """Whether two names would be those of one file in a folder, found by trying. False where nothing can be written."""
    probe = os.fsencode(folder / f".objstore-{os.urandom(6).hex()}.tmp")
    try:
        os.mkdir(probe)
    except OSError:
        return False
    try:
        return _is_one(probe, first, second)
    finally:
        os.rmdir(probe)


def _is_one(folder: bytes, first: bytes, second: bytes) -> bool:
    path = os.path.join(folder, first)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError:
        return False
    try:
        return os.path.lexists(os.path.join(folder, second))
    finally:
        os.unlink(path)
