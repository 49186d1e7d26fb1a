"""Which removed file turned up again as which added one: by equal content alone, so that it is never a guess."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from objstore.manifest.entry import Entry, EntryKind


class Removed(NamedTuple):
    """Where a file was."""

    path: bytes
    entry: Entry


def pair_renames(removed: Iterable[tuple[bytes, Entry]], added: Iterable[tuple[bytes, Entry]]) -> dict[bytes, Removed]:
    """For added paths, the removed file whose content they have; each removed file is used once.

    Among several of the same content those with equal base names go together, the others in the order of their paths. So the outcome
    depends on the two lists alone.
    """
    sources: dict[tuple[bool, bytes], list[Removed]] = defaultdict(list)
    for path, entry in removed:
        sources[_content(entry)].append(Removed(path, entry))
    targets: dict[tuple[bool, bytes], list[bytes]] = defaultdict(list)
    for path, entry in added:
        if _content(entry) in sources:
            targets[_content(entry)].append(path)
    pairs: dict[bytes, Removed] = {}
    for content, paths in targets.items():
        pairs.update(_paired(sources[content], paths))
    return pairs


def _paired(sources: list[Removed], targets: list[bytes]) -> dict[bytes, Removed]:
    """Pairs files that all have the same content; linear in their number."""
    by_name: dict[bytes, list[Removed]] = defaultdict(list)
    for source in reversed(sources):
        by_name[base_name(source.path)].append(source)
    pairs = {path: named.pop() for path in targets if (named := by_name[base_name(path)])}
    used = {source.path for source in pairs.values()}
    rest = (source for source in sources if source.path not in used)
    return pairs | dict(zip((path for path in targets if path not in pairs), rest, strict=False))


def _content(entry: Entry) -> tuple[bool, bytes]:
    return entry.kind == EntryKind.REFERENCE, entry.digest


def base_name(path: bytes) -> bytes:
    return path.rpartition(b"/")[2]
