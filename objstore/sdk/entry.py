"""One path of an artifact, as users see it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from objstore.manifest.entry import UNKNOWN_SIZE, Entry, EntryKind, decode_reference

_NAMES = {"etag": "etag", "version_id": "versionID"}


class ArtifactEntry:
    """A file, or a reference to an outside address, at a path. Doesn't change."""

    __slots__ = ("_download", "_entry", "_path")

    def __init__(self, path: str, entry: Entry, download: "Callable[[str, str | Path | None], str]") -> None:
        self._path = path
        self._entry = entry
        self._download = download

    @property
    def path(self) -> str:
        return self._path

    @property
    def name(self) -> str:
        """The path again; so W&B calls it on files."""
        return self._path

    @property
    def size(self) -> int | None:
        """In bytes; None for a reference of unknown size."""
        return None if self._entry.size == UNKNOWN_SIZE else self._entry.size

    @property
    def digest(self) -> str:
        """The BLAKE3 of the file's content (what `b3sum` prints), of a reference that of all that it records; in 64 hexadecimal digits."""
        return self._entry.digest.hex()

    @property
    def ref(self) -> str | None:
        """The address of a reference; None for a file."""
        return self._properties().get("uri")

    @property
    def extra(self) -> Mapping[str, str]:
        """What else is recorded of a reference: `etag`, `versionID` (of `gs://` the generation), `blake3` of `file://`, else `checksum`.

        Only what there is: `extra.get("versionID")` is None for a bucket that keeps no versions.
        """
        return MappingProxyType({_NAMES.get(name, name): value for name, value in self._properties().items() if name != "uri"})

    @property
    def is_executable(self) -> bool:
        return self._entry.kind == EntryKind.EXECUTABLE

    def download(self, root: str | Path | None = None) -> str:
        """Writes the file below `root` (default: where the artifact is downloaded to); its path there.

        ArtifactNotLoggedError for an entry of a draft.
        """
        return self._download(self._path, root)

    def _properties(self) -> dict[str, str]:
        return decode_reference(self._entry.reference) if self._entry.reference is not None else {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArtifactEntry) and (self._path, self._entry) == (other._path, other._entry)

    def __hash__(self) -> int:
        return hash((self._path, self._entry))

    def __repr__(self) -> str:
        return f"<ArtifactEntry {self._path} {self.digest[:12]}>"
