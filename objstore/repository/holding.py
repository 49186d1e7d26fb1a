"""Whether any version holds what is about to be overwritten."""

from collections.abc import Iterable, Iterator
from itertools import islice

from objstore.history.collection import Collection
from objstore.host.batches import batches
from objstore.manifest.cursor import entries
from objstore.manifest.entry import Entry
from objstore.manifest.tree import Tree
from objstore.odb.database import Database
from objstore.repository.project import Project
from objstore.values.digest import EMPTY, Digest
from objstore.values.key import chunk_key
from objstore.worktree.references import is_reference
from objstore.worktree.update import AtRisk

_BATCH = 1024


def is_version(project: Project, root: Digest) -> bool:
    """Whether a root is that of a live version of any collection."""
    found = (collection.find_root(root) for collection in project.state.collections.values())
    return any(version is not None and not version.deleted for version in found)


def unheld(project: Project, collection: Collection, files: Iterable[AtRisk], *, by_content: bool) -> Iterator[bytes]:
    """The paths of those files that no live version has, there and like this.

    `by_content`: for versions of one file, whatever that is called. Cost: a look-up for each; for those whose content is stored, one in
    each version until one has it, those of `collection` first, the newest first.
    """
    versions = [version for item in _beginning_with(project, collection) for version in reversed(list(item.live()))]
    for batch in batches(files, _BATCH):
        stored = _stored(project.database, [file.entry for file in batch])
        left = {file.path: file.entry for file in batch if file.entry.digest in stored}
        for version in versions:
            if not left:
                break
            left = dict(_not_in(project.database, version.root, left, by_content))
        yield from (file.path for file in batch if file.entry.digest not in stored or file.path in left)


def _beginning_with(project: Project, first: Collection) -> Iterator[Collection]:
    yield first
    yield from (collection for collection in project.state.collections.values() if collection is not first)


def _stored(database: Database, files: list[Entry]) -> set[bytes]:
    """The digests of those whose content the store has, or needn't have; what it hasn't, no version has."""
    references = {entry.digest for entry in files if is_reference(entry)}
    digests = {entry.digest for entry in files} - references
    missing = {key[1:] for key in database.missing([chunk_key(digest) for digest in digests])}
    return references | {digest for digest in digests if digest == EMPTY or digest not in missing or database.recipe_keys(digest)}


def _not_in(database: Database, root: Digest, files: dict[bytes, Entry], by_content: bool) -> Iterator[tuple[bytes, Entry]]:
    if by_content:
        only = {entry for _, entry in islice(entries(database, root), 2)}
        yield from ((path, entry) for path, entry in files.items() if only != {entry})
        return
    tree = Tree(database, root)
    yield from ((path, entry) for path, entry in files.items() if tree.get(path) != entry)
