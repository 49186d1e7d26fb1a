"""The files that Git keeps for us: which project this is, and what Git is to leave alone."""

import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from objstore.errors import InvalidInputError
from objstore.host.git import Git, GitError
from objstore.host.lines import add_line, replace_text
from objstore.repository import places
from objstore.repository.places import COMMITTED, ROOT
from objstore.repository.project import Project
from objstore.repository.remotes import Remote, as_toml
from objstore.worktree import gitignore

_COMMENT = "# Which objstore project the pins (*.objstore) in this repository belong to. Commit this file.\n"


def adopt(project: Project, tree: Path) -> list[Path]:
    """Where the tree is in a Git repository: names the project in `objstore.toml` and has Git ignore `.objstore/`; the files changed."""
    git = Git.of(tree)
    if git is None:
        return []
    changed = []
    file = tree / COMMITTED
    if not file.exists():
        replace_text(file, f'{_COMMENT}project = "{"/".join(project.folder.parts[-2:])}"\n')
        changed.append(file)
    ignoring = gitignore.nearest(tree, git.top)
    line = gitignore.pattern(tree / ROOT, ignoring.parent) + "/"
    if not _is_ignored(git, tree / ROOT) and _ignore(ignoring, line):
        changed.append(ignoring)
    return changed


def name_upstream(project: Project, tree: Path, remote: Remote | None) -> list[Path]:
    """Has the committed file, if there is one, say where the upstream is, if anywhere; nothing that could be secret. The files changed."""
    file = tree / COMMITTED
    if not file.is_file():
        return []
    lines = []
    if remote is not None:
        lines = [f'id = "{project.settings.project}"', f"upstream = {as_toml(remote.address.url)}"]
        if remote.public_options:
            lines.append(f"upstream_options = {as_toml(remote.public_options)}")
    text = places.with_upstream(file.read_text(), lines)
    if text == file.read_text():
        return []
    replace_text(file, text)
    return [file]


def hide(path: Path) -> list[Path]:
    """Has Git ignore a path, where it lies in a Git repository; the files changed."""
    git = Git.of(path.parent)
    if git is None or _is_ignored(git, path):
        return []
    file = gitignore.nearest(path.parent, git.top)
    return [file] if _ignore(file, gitignore.pattern(path, file.parent)) else []


def unhidden(paths: Sequence[Path]) -> list[Path]:
    """Those of the paths that are there and that Git, if they are in a Git repository, would take in itself."""
    by_repository = defaultdict(list)
    for path in paths:
        git = Git.of(path.parent)
        if git is not None and git.is_installed and os.path.lexists(path):
            by_repository[git].append(path)
    return [path for git, inside in by_repository.items() for path in sorted(set(inside) - git.ignored(inside))]


def is_tracked(path: Path) -> bool:
    """Whether Git has versions of the path itself, or of what is in it."""
    git = Git.of(path.parent)
    try:
        return git is not None and git.is_installed and git.tracks(path)
    except GitError:
        return False


def _ignore(file: Path, line: str) -> bool:
    """Adds a line to an ignore file; whether it wasn't there yet."""
    if file.is_symlink():
        raise InvalidInputError(f"{file} is a symbolic link, which Git doesn't read; put a file with the line {line!r} in its place")
    return add_line(file, line)


def _is_ignored(git: Git, path: Path) -> bool:
    return git.is_installed and path in git.ignored([path])
