"""A diff as `git diff --name-status -M` prints one."""

from collections.abc import Iterator

from objstore.comparison.files.diff import FileDiff
from objstore.values.quoting import quoted


def name_status(diff: FileDiff, prefix: str = "") -> Iterator[str]:
    """A line for each file, ascending by the bytes of its (new) path: a letter, then its path or paths, with tabs between.

    A added, D deleted, M modified (content or mode), R and three digits renamed, T type changed. `prefix` comes before each path.
    """
    lines = [
        *((item.path, "A", [item.path]) for item in diff.added),
        *((item.path, "D", [item.path]) for item in diff.removed),
        *((item.path, "M", [item.path]) for item in (*diff.modified, *diff.mode_changed)),
        *((item.path, f"R{item.similarity:03}", [item.old_path, item.path]) for item in diff.renamed),
        *((item.path, "T", [item.path]) for item in diff.type_changed),
    ]
    for _, letter, paths in sorted(lines, key=lambda line: line[0].encode()):
        yield "\t".join([letter, *(quoted(prefix + path) for path in paths)])
