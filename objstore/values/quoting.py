"""Paths as Git writes them where a line has to hold one."""

import re

# As Git does with its default core.quotePath: also every byte that isn't ASCII.
_ODD = re.compile(rb'[\x00-\x1f"\\\x7f-\xff]')
_LETTERS = {0x07: "a", 0x08: "b", 0x09: "t", 0x0A: "n", 0x0B: "v", 0x0C: "f", 0x0D: "r", 0x22: '"', 0x5C: "\\"}


def quoted(path: str) -> str:
    """The path, in double quotes with C's escapes if it has an odd byte; so it is ASCII, and in one line."""
    data = path.encode(errors="surrogateescape")
    if not _ODD.search(data):
        return path
    return '"' + _ODD.sub(_escaped, data).decode("ascii") + '"'


def _escaped(match: "re.Match[bytes]") -> bytes:
    byte = match[0][0]
    return b"\\" + _LETTERS.get(byte, f"{byte:03o}").encode()
