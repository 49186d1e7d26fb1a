"""What is known of an object at an outside address."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ETAG = "etag"
VERSION = "version_id"
BLAKE3 = "blake3"
CHECKSUM = "checksum"


@dataclass(frozen=True, slots=True)
class Seen:
    """An object as it was seen: its address, its size (None: unknown), and the marks that tell whether it is still the same."""

    uri: str
    size: int | None = None
    marks: Mapping[str, str] = field(default_factory=dict)

    def difference(self, now: "Seen") -> str | None:
        """What tells that `now`, the same address seen later, is another object; None when nothing does.

        A mark that only one of the two has tells nothing.
        """
        if self.size is not None and now.size is not None and self.size != now.size:
            return f"it has {now.size:,} bytes, not {self.size:,}"
        for name, mark in self.marks.items():
            if now.marks.get(name, mark) != mark:
                return f"its {_SHOWN.get(name, name)} is {now.marks[name]}, not {mark}"
        return None


_SHOWN = {ETAG: "ETag", VERSION: "version", BLAKE3: "BLAKE3", CHECKSUM: "checksum"}
