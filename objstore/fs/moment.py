"""What names mean, at one moment."""

from objstore.errors import EntryNotFoundError
from objstore.fs.mount import Mount
from objstore.fs.view import View


class Moment:
    """Looks each name up once, so that whatever is done in one go sees one version of each, though `latest` may move meanwhile."""

    def __init__(self, mount: Mount) -> None:
        self._mount = mount
        self._views: dict[str, View] = {}

    def at(self, path: str) -> tuple[View, str]:
        """The version that the first part of a path names, and the rest of the path."""
        name, _, rest = path.partition("/")
        if not name:
            raise EntryNotFoundError("give the name of a collection: objstore://NAME[:VERSION]/PATH")
        if name not in self._views:
            self._views[name] = View(self._mount, name, self._mount.find(name))
        return self._views[name], rest

    def latest(self) -> list[View]:
        """The latest version of each collection, below its bare name."""
        return [self._views.setdefault(found.collection, View(self._mount, found.collection, found)) for found in self._mount.latest()]
