"""Which files of a folder are taken: `.objstoreignore` (gitignore syntax) and include/exclude patterns."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from objstore.errors import InvalidInputError, SourceFileError

if TYPE_CHECKING:  # imported only when there are patterns: it takes a tenth of a command's start-up
    import pathspec

IGNORE_FILE = b".objstoreignore"
STORE_FOLDER = b".objstore/"
"""The store itself, which is never a part of what it holds."""


@dataclass(frozen=True)
class Patterns:
    """What a caller wants of a folder: files that match an include (when there are any) and no exclude."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @classmethod
    def of(cls, include: Sequence[str] | str | None = None, exclude: Sequence[str] | str | None = None) -> Self:
        patterns = cls(_listed(include), _listed(exclude))
        if patterns:
            _ = patterns._include, patterns._exclude  # a wrong pattern is the caller's mistake: say so now
        return patterns

    def __bool__(self) -> bool:
        return bool(self.include or self.exclude)

    def wants(self, path: str) -> bool:
        """Whether a file at this path, relative to the folder, is wanted."""
        return not self.excludes(path) and (not self.include or self._include.match_file(path))

    def excludes(self, path: str) -> bool:
        """Whether a file, or a folder (ending in `/`) with all in it, is not wanted, whatever is included."""
        return bool(self.exclude) and self._exclude.match_file(path)

    @cached_property
    def _include(self) -> "pathspec.GitIgnoreSpec":
        return _spec(self.include, "--include")

    @cached_property
    def _exclude(self) -> "pathspec.GitIgnoreSpec":
        return _spec(self.exclude, "--exclude")


@dataclass(frozen=True)
class IgnoreRules:
    """The ignore files that apply in one folder, outermost first; the last matching pattern decides."""

    specs: tuple[tuple[bytes, "pathspec.GitIgnoreSpec"], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.specs)

    def entering(self, folder: bytes, ignore_file: Path) -> "IgnoreRules":
        """The rules below `folder` (relative, ending in `/` unless empty), which has an ignore file."""
        try:
            lines = ignore_file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SourceFileError(f"can't read {ignore_file}: {error}") from error
        return IgnoreRules((*self.specs, (folder, _spec(lines, str(ignore_file)))))

    def ignores(self, path: bytes) -> bool:
        """Whether a path (relative to the top; a folder ends in `/`) is ignored."""
        for folder, spec in reversed(self.specs):
            verdict = spec.check_file(path[len(folder) :].decode(errors="surrogateescape")).include
            if verdict is not None:
                return verdict
        return False


def _spec(lines: Sequence[str], source: str) -> "pathspec.GitIgnoreSpec":
    import pathspec

    try:
        for line in lines:
            line.encode()  # those that aren't UTF-8 can't be written down
        return pathspec.GitIgnoreSpec.from_lines(lines)
    except UnicodeEncodeError:
        raise InvalidInputError(f"{source}: a pattern isn't valid UTF-8") from None
    except ValueError as error:
        raise InvalidInputError(f"{source}: {error}") from None


def _listed(patterns: Sequence[str] | str | None) -> tuple[str, ...]:
    if patterns is None:
        return ()
    return (patterns,) if isinstance(patterns, str) else tuple(patterns)
