"""How a version is shown."""

import shlex
from collections.abc import Iterable
from typing import Any

from objstore.cli.duration import shown
from objstore.cli.output import print_line
from objstore.history.collection import Collection, Version
from objstore.history.expiry import expires_at
from objstore.history.state import State
from objstore.host import clock
from objstore.host.clock import text_of
from objstore.repository.project import Project


def as_dict(collection: Collection, version: Version) -> dict[str, Any]:
    """All that is known of a version, for JSON."""
    return {
        "name": f"{collection.name}:{version.name}",
        "collection": collection.name,
        "type": collection.type,
        "version": version.name,
        "digest": version.root.hex(),
        "files": version.files,
        "bytes": version.bytes,
        "created": version.created,
        "description": version.description,
        "metadata": version.metadata,
        "aliases": collection.aliases_of(version.number),
        "tags": list(version.tags),
        "deleted": version.deleted,
        "restorable": version.deleted and not version.purged,
    }


def life_as_dict(state: State, collection: Collection, version: Version) -> dict[str, Any]:
    """How long a version lives, for JSON: `ttl` in seconds, null for never."""
    end = expires_at(state, collection, version, clock.now())
    return {"ttl": state.ttl(version), "ttl_is_default": version.ttl == 0, "expires": None if end is None else text_of(end)}


def life_of(state: State, collection: Collection, version: Version) -> str:
    """How long a version lives: `7d (the default), until 2026-11-28T09:30:00Z`."""
    now = clock.now()
    end = expires_at(state, collection, version, now)
    text = shown(state.ttl(version)) + " (the default)" * (version.ttl == 0)
    if end is None:
        return text
    return f"{text}, until {text_of(end)}{'; the next `objstore expire` or gc deletes it' * (end <= now)}"


def labels(names: Iterable[str]) -> str:
    """Aliases or tags, with spaces between; those that have some themselves are quoted."""
    return " ".join(shlex.quote(name) if " " in name else name for name in names)


def print_until_gc(project: Project) -> None:
    """Says how long versions that were just deleted can be restored."""
    unpushed = "; one that was never pushed, until the next push" if project.clone is not None else ""
    print_line(f"each can be restored until gc{unpushed}")
