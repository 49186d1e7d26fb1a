"""Where the benchmarks work: a fresh folder, or a fresh file system of its own."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def fresh_folder(parent: Path | None, image_gb: int | None) -> Iterator[Path]:
    """A new folder below `parent`, in an ext4 image of `image_gb` when given; gone at the end, however that comes.

    Making many files on a used ext4 can take ten times longer after others were deleted; a new image has no past.
    """
    if image_gb is not None and os.geteuid() != 0:
        raise SystemExit("--loop-image mounts a file system, which only root can do; leave it out or run as root")
    folder = Path(tempfile.mkdtemp(prefix="objstore-benchmarks-", dir=parent))
    with _unwinding_when_terminated():
        try:
            if image_gb is None:
                yield folder
            else:
                with _mounted_image(folder / "ext4.img", folder / "mounted", image_gb) as mounted:
                    yield mounted
        finally:
            with _undisturbed():
                shutil.rmtree(folder)


def file_system_of(folder: Path) -> str:
    """The type of the file system that holds `folder`, as the mount table has it."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/self/mounts").read_text().splitlines()]
    except OSError:
        return "unknown"
    real = folder.resolve()
    holding = [(point, kind) for point, kind in mounts if real.is_relative_to(point.replace("\\040", " "))]
    # The last of the longest: a mount hides an earlier one at the same place.
    return max(reversed(holding), key=lambda mount: len(mount[0]), default=("", "unknown"))[1]


@contextlib.contextmanager
def _mounted_image(image: Path, point: Path, size_gb: int) -> Iterator[Path]:
    point.mkdir()
    with image.open("xb") as file:
        file.truncate(size_gb * 1024**3)
    # One inode for 8 KiB: twice as many as usual, since the inputs are small files.
    _command("mkfs.ext4", "-q", "-F", "-i", "8192", image)
    try:
        # Without noinit_itable a kernel thread would write inode tables while we measure.
        _command("mount", "-o", "loop,noinit_itable", image, point)
        yield point
    finally:
        with _undisturbed():
            _unmount(point)


def _unmount(point: Path) -> None:
    """Unmounts, also when a process that was just killed takes a moment to let go."""
    for _ in range(50):
        if not point.is_mount():
            return
        if subprocess.run(["umount", point], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            time.sleep(0.1)
    _command("umount", "--lazy", point)


def _command(*command: str | Path) -> None:
    if shutil.which(command[0]) is None:
        raise SystemExit(f"--loop-image needs {command[0]}, which isn't on the PATH")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} failed: {done.stderr.strip()}")


@contextlib.contextmanager
def _unwinding_when_terminated() -> Iterator[None]:
    """Makes SIGTERM and SIGHUP leave through the `finally` blocks, as Ctrl-C does."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Lets no second Ctrl-C interrupt the tidying up."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
