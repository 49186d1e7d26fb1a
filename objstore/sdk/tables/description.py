"""The file of a partitioned table: where its parts are (objstore/spec/tables.md). Pure."""

import json

from objstore.errors import InvalidInputError, UnsupportedFormatError
from objstore.values.paths import canonical

FORMAT = 1
MAX_SIZE = 64 * 1024


def encode(parts_path: str) -> bytes:
    return json.dumps({"format": FORMAT, "parts_path": parts_path}, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def decode(data: bytes, path: str) -> str:
    """The path of the parts. InvalidInputError for other bytes than those of `encode`, UnsupportedFormatError for a later format."""
    try:
        note = json.loads(data)
    except (ValueError, RecursionError):
        note = None
    match note:
        case {"format": int(version)} if version > FORMAT:
            raise UnsupportedFormatError(f"{path} is a partitioned table of format {version}; this objstore knows {FORMAT}: upgrade")
        case {"format": 1, "parts_path": str(parts_path)} if data == encode(parts_path) and parts_path == canonical(parts_path):
            return parts_path
    raise InvalidInputError(f"{path} isn't a partitioned table that objstore has written; get_entry({path!r}) gives the file itself")
