"""The keys of a node, or of any run of paths, checked all at once."""

from operator import lt

from objstore.values.paths import MAX_BYTES


def problem_with_keys(keys: list[bytes], joined: bytes) -> str | None:
    """Why `keys` (one at least), which are `joined` by NUL, can't stand in a node, or None if they can.

    The same rules as `values.paths`, and strictly ascending; but in a few passes over the joined bytes, which takes a
    tenth of the time of asking key by key.
    """
    parts = b"/" + joined.replace(b"\0", b"/") + b"/"
    if b"//" in parts or (b"/." in parts and (b"/./" in parts or b"/../" in parts)):
        return "has a path that is empty, absolute, or has an empty, '.' or '..' part"
    if len(joined) > MAX_BYTES and len(max(keys, key=len)) > MAX_BYTES:
        return f"has a path longer than {MAX_BYTES} bytes"
    # A NUL can't be inside a multi-byte character, so the whole is UTF-8 exactly when every key is.
    try:
        joined.decode()
    except UnicodeDecodeError:
        return "has a path that is not valid UTF-8"
    return None if all(map(lt, keys, keys[1:])) else "has paths that are not ascending"


class FilesAbove:
    """Finds, among ascending paths, those that lie below another, which would thus be both a file and a folder.

    Remembers only those paths that the last one begins with.
    """

    def __init__(self) -> None:
        self._above: list[bytes] = []

    def add(self, path: bytes) -> bytes | None:
        """The earlier path that `path` lies below, if there is one."""
        above = self._above
        while above and not path.startswith(above[-1]):
            above.pop()
        found = next((file for file in above if path[len(file) : len(file) + 1] == b"/"), None)
        above.append(path)
        return found
