"""Time, for people and for telling whether a file can have changed unseen."""

import os
from datetime import UTC, datetime
from pathlib import Path

from objstore.host.spool import unnamed_file


def now() -> datetime:
    """What this machine's clock says, which may be anything."""
    return datetime.now(UTC)


def now_text() -> str:
    """The time as RFC 3339, UTC, in seconds: `2026-11-21T09:30:00Z`. For people; only what expires is judged by it."""
    return text_of(now())


def text_of(time: datetime) -> str:
    """The same for a time that knows its zone. Texts are ordered as the times are."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def time_of(text: str) -> datetime:
    """What `text_of` was given, in whole seconds; ValueError for what no calendar has."""
    return datetime.fromisoformat(text)


def file_clock(folder: Path) -> int:
    """What the file system of `folder` takes for now, in nanoseconds: the time it gives a new file there."""
    with unnamed_file(folder) as probe:
        return os.fstat(probe.fileno()).st_mtime_ns


def boot_id() -> bytes:
    """Sixteen bytes that change with every boot; none where the system doesn't tell."""
    try:
        text = Path("/proc/sys/kernel/random/boot_id").read_text()
    except OSError:
        return b""
    return bytes.fromhex(text.strip().replace("-", ""))
