"""How a version is shown."""

from typing import Any

from objstore.history.collection import Collection, Version


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
