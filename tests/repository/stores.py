"""Making content, adding it, and reading it back from outside."""

from collections.abc import Mapping
from pathlib import Path

from objstore.host.progress import Silent
from objstore.manifest.cursor import entries
from objstore.odb.content import file_blocks
from objstore.repository.adding import add
from objstore.repository.logging import Labels, Logged
from objstore.repository.project import Project
from objstore.values.digest import Digest, plain
from objstore.worktree.checkout import Checkout, Outcome
from objstore.worktree.ignore import Patterns


def write_files(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    """All files below a folder; links count as what they point at."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def add_folder(project: Project, folder: Path, name: str = "data", patterns: Patterns | None = None) -> Logged:
    return add(project, [folder], Labels(name), patterns or Patterns(), Silent())


def content_of(project: Project, root: Digest) -> dict[str, bytes]:
    """Every file of a version, read and verified."""
    found = {}
    for path, entry in entries(project.database, root):
        pieces = [bytes(piece) for block in file_blocks(project.database, entry.digest, entry.size) for piece in block]
        found[path.decode()] = b"".join(pieces)
        assert plain(found[path.decode()]) == entry.digest
    return found


def check_out(project: Project, root: Digest, target: Path, *, prefix: bytes = b"", remove_foreign: bool = False) -> Outcome:
    checkout = Checkout(project.database, root, target, Silent(), project.keep_mode, remove_foreign=remove_foreign, clock=project.clock)
    return checkout.run(project.scratch, prefix)


def temporary_files(folder: Path) -> list[str]:
    """What an interrupted or failed write would leave behind."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.tmp"))
