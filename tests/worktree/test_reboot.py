"""What a checkout has written isn't synced file by file, so what is remembered of it ends with the boot."""

import os
from pathlib import Path

import pytest

from objstore.host.progress import Silent
from objstore.repository.adding import add
from objstore.repository.logging import Labels
from objstore.repository.project import Project
from objstore.worktree import scancache
from objstore.worktree.checkout import Checkout, Outcome
from objstore.worktree.ignore import Patterns
from objstore.worktree.target import Folder


def test_files_of_a_checkout_are_read_again_after_a_reboot(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a").write_bytes(b"content")
    root = add(project, [source], Labels("data"), Patterns(), Silent()).version.root
    read: list[bytes] = []
    whole = Folder.read
    monkeypatch.setattr(Folder, "read", lambda folder, name: read.append(name) or whole(folder, name))

    def check_out() -> Outcome:
        return Checkout(project.database, root, tmp_path / "target", Silent(), clock=project.clock).run(project.scratch)

    assert check_out().written == 1
    (tmp_path / "target/a").touch()
    os.utime(tmp_path / "target/a", ns=(1, 1))
    while project.clock <= (tmp_path / "target/a").stat().st_ctime_ns:
        pass  # until the clock of the file system has gone on
    check_out()
    read.clear()
    assert (check_out().kept, read) == (1, [])
    monkeypatch.setattr(scancache, "boot_id", lambda: b"another boot")
    assert (check_out().kept, read) == (1, [b"a"])
