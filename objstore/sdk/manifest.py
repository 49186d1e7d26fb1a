"""An artifact's manifest as a mapping; nothing is loaded before it is asked for."""

from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, ValuesView
from pathlib import Path

from objstore.errors import EntryNotFoundError
from objstore.manifest.entry import Entry
from objstore.sdk.content import Content
from objstore.sdk.entry import ArtifactEntry

Download = Callable[[str, "str | Path | None"], str]


class Entries(Mapping[str, ArtifactEntry]):
    """Path → entry, ascending by the paths' UTF-8. A look-up reads a few nodes, a walk streams."""

    def __init__(self, content: Callable[[], Content | None], download: Download) -> None:
        self._content = content
        self._download = download

    def __getitem__(self, path: str) -> ArtifactEntry:
        content = self._content()
        entry = content.get(_encoded(path)) if content else None
        if entry is None:
            raise EntryNotFoundError(f"the artifact has no {path!r}")
        return self._shown(path, entry)

    def __iter__(self) -> Iterator[str]:
        return (path for path, _ in self.walk())

    def __len__(self) -> int:
        content = self._content()
        return content.totals().files if content else 0

    def items(self) -> ItemsView[str, ArtifactEntry]:
        return _Items(self)

    def values(self) -> ValuesView[ArtifactEntry]:
        return _Values(self)

    def walk(self) -> Iterator[tuple[str, ArtifactEntry]]:
        content = self._content()
        entries: Iterable[tuple[bytes, Entry]] = content.entries() if content else ()
        for raw, entry in entries:
            path = raw.decode()
            yield path, self._shown(path, entry)

    def _shown(self, path: str, entry: Entry) -> ArtifactEntry:
        return ArtifactEntry(path, entry, self._download)

    def __repr__(self) -> str:
        return f"<Entries: {len(self)}>"


class Manifest:
    """What an artifact holds."""

    def __init__(self, content: Callable[[], Content | None], download: Download) -> None:
        self.entries = Entries(content, download)


class _Items(ItemsView[str, ArtifactEntry]):
    _mapping: Entries

    def __iter__(self) -> Iterator[tuple[str, ArtifactEntry]]:
        return self._mapping.walk()


class _Values(ValuesView[ArtifactEntry]):
    _mapping: Entries

    def __iter__(self) -> Iterator[ArtifactEntry]:
        return (entry for _, entry in self._mapping.walk())


def _encoded(path: str) -> bytes:
    return path.encode(errors="surrogateescape") if isinstance(path, str) else b""
