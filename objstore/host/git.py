"""Asking Git, through its command."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from objstore.errors import NotFoundError, ObjstoreError

if TYPE_CHECKING:
    from subprocess import CompletedProcess


class GitError(ObjstoreError):
    """Git refused."""

    code = "git"


@dataclass(frozen=True)
class Git:
    """A Git repository's working tree."""

    top: Path

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """The repository that a path lies in, None if it is in none. Needs no Git."""
        for folder in (path, *path.parents):
            if (folder / ".git").exists():
                return cls(folder)
        return None

    @property
    def is_installed(self) -> bool:
        import shutil  # only here, as subprocess below: few commands need Git

        return shutil.which("git") is not None

    def ignored(self, paths: Sequence[Path]) -> set[Path]:
        """Those paths that the repository's own ignore files have Git ignore, for whoever clones it: not what a user has beside them."""
        given = b"".join(os.fsencode(path) + b"\0" for path in paths)
        told = self._ran("check-ignore", "-v", "-z", "--stdin", given=given).stdout.split(b"\0")
        return {
            Path(os.fsdecode(path))
            for file, _, pattern, path in zip(*[iter(told)] * 4, strict=False)
            if os.path.basename(file) == b".gitignore" and not os.path.isabs(file) and not pattern.startswith(b"!")
        }

    def tracks(self, path: Path) -> bool:
        """Whether the index has the path, or something below it."""
        return bool(self._output("ls-files", "-z", "--", f":(top,literal){path.relative_to(self.top)}"))

    def commit(self, revision: str) -> str:
        """The full name of the commit that a revision means. NotFoundError when there is none."""
        done = self._ran("rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}")
        if done.returncode:
            raise NotFoundError(f"Git knows no revision {revision!r}; `git log` lists them")
        return done.stdout.decode().strip()

    def files(self, commit: str, suffix: str) -> Iterator[tuple[str, bytes]]:
        """The path from the top, and the content, of every regular file of a commit whose name ends so; ascending."""
        listed = self._output("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")
        for line in filter(None, listed):
            facts, _, path = line.partition(b"\t")
            mode, _, blob = facts.split(b" ")
            if mode in (b"100644", b"100755") and path.endswith(suffix.encode()):
                yield os.fsdecode(path), self._output("cat-file", "blob", blob.decode())

    def changed(self, old: str, new: str, suffix: str) -> list[str]:
        """The paths from the top of files whose name ends so and that `new` has otherwise than `old`, or has and `old` hasn't."""
        found = self._output("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=d", old, new).split(b"\0")
        return [os.fsdecode(path) for path in found if path.endswith(suffix.encode())]

    def gone(self, old: str, new: str, suffix: str) -> Iterator[tuple[str, bytes]]:
        """The path from the top, and the content in `old`, of files whose name ends so and that `new` hasn't got."""
        found = self._output("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=D", old, new).split(b"\0")
        for path in found:
            if path.endswith(suffix.encode()):
                yield os.fsdecode(path), self._output("cat-file", "blob", f"{old}:{os.fsdecode(path)}")

    def own_path(self, name: str) -> Path:
        """Where the repository keeps something of its own: `hooks`, `info/attributes`."""
        return self.top / os.fsdecode(self._output("rev-parse", "--git-path", name).rstrip(b"\n"))

    @property
    def common_folder(self) -> Path:
        """The `.git` folder that all working trees of the repository share."""
        return Path(os.path.abspath(self.top / os.fsdecode(self._output("rev-parse", "--git-common-dir").rstrip(b"\n"))))

    def tracked(self, suffix: str) -> list[str]:
        """The path from the top of every file of the index whose name ends so."""
        found = self._output("ls-files", "-z", "--full-name", "--", f":(top,glob)**/*{suffix}").split(b"\0")
        return [os.fsdecode(path) for path in dict.fromkeys(found) if path]

    def configure(self, section: str, key: str, value: str) -> None:
        """Sets a value in the repository's own configuration."""
        self._output("config", "--local", f"{section}.{key}", value)

    def forget_section(self, section: str) -> None:
        """Removes a section from the repository's own configuration, if it is there."""
        self._ran("config", "--local", "--remove-section", section)

    def _output(self, *words: str) -> bytes:
        done = self._ran(*words)
        if done.returncode:
            why = done.stderr.decode(errors="replace").strip().splitlines()
            raise GitError(f"git {words[0]} failed in {self.top}: {why[-1] if why else f'exit code {done.returncode}'}")
        return done.stdout

    def _ran(self, *words: str, given: bytes = b"") -> "CompletedProcess[bytes]":
        import subprocess

        # Named on the command line, since hooks run with a GIT_DIR that may be relative to another folder.
        command = ["git", f"--git-dir={self.top / '.git'}", f"--work-tree={self.top}", *words]
        try:
            return subprocess.run(command, cwd=self.top, input=given, capture_output=True, check=False)
        except FileNotFoundError:
            raise GitError("Git isn't installed, or not on the PATH; install it to use this") from None
