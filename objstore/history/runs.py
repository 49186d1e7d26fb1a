"""What the log `runs` adds up to, as it can be asked: which runs there are, what each used and logged, and who used and logged a version.

It is kept as rows, sorted by their keys, so that a question costs what its answer does, however many runs there are:

    r <run>                    what is said of a run
    n <place>                  a run's id, in the order in which they began
    s <sweep> <place>          the same, in the order in which they came to a sweep; some have gone to another one since
    U <run> <version>          place and version: the run used it. L: logged it
    u <version> <run>          place and run id: the same from the other side. l: logged it

where <run>, <sweep> and <version> are digests of 16 bytes, and <place> says where in the log that is: tier, entry, number in it.
"""

from typing import Any, NamedTuple

import msgspec

from objstore.errors import NotFoundError
from objstore.history.rows import Rows
from objstore.values.digest import Digest, plain

PLACE = 13  # bytes of a <place>
_ID = 16


class VersionRef(NamedTuple):
    """A version of this or another project, which is named by its id."""

    project: str
    collection: str
    root: Digest


class RunFacts(msgspec.Struct, frozen=True, array_like=True):
    """What the log says about one run, but for the versions. `finished`: when it ended, empty while it hasn't."""

    id: str
    name: str
    created: str
    job_type: str = ""
    group: str = ""
    sweep: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""
    config: dict[str, Any] = {}
    summary: dict[str, Any] = {}
    state: str = "running"
    finished: str = ""


_facts: msgspec.msgpack.Decoder[RunFacts] = msgspec.msgpack.Decoder(RunFacts)


class Runs:
    """The runs of a project. As thread-safe as the rows are."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def find(self, id_: str) -> RunFacts | None:
        found = self.rows.get(run_key(id_))
        return None if found is None else _facts.decode(found)

    def run(self, id_: str) -> RunFacts:
        found = self.find(id_)
        if found is None:
            raise NotFoundError(f"there is no run {id_!r}; `objstore runs` lists them")
        return found

    def ids(self) -> list[str]:
        """Of all runs, in the order of their start."""
        return [value.decode() for _, value in self.rows.rows_from(b"n")]

    def ids_of_sweep(self, sweep: str) -> list[str]:
        """Of the runs that are in a sweep, in the order in which they came to it."""
        ids = dict.fromkeys(value.decode() for _, value in self.rows.rows_from(b"s" + short(sweep)))
        return [id_ for id_ in ids if self.run(id_).sweep == sweep]

    def used(self, id_: str) -> list[VersionRef]:
        """What a run used, in order, each version once."""
        return self._versions(b"U" + short(id_))

    def logged(self, id_: str) -> list[VersionRef]:
        """What a run logged, in order, each version once."""
        return self._versions(b"L" + short(id_))

    def used_by(self, version: VersionRef) -> list[str]:
        """The ids of the runs that used a version, in the order in which they did."""
        return self._runs(b"u" + short_version(version))

    def logged_by(self, version: VersionRef) -> list[str]:
        """The ids of the runs that logged a version, the one that made it first."""
        return self._runs(b"l" + short_version(version))

    def _versions(self, prefix: bytes) -> list[VersionRef]:
        found = sorted(value for _, value in self.rows.rows_from(prefix))
        return [decode_version(value[PLACE:]) for value in found]

    def _runs(self, prefix: bytes) -> list[str]:
        found = sorted(value for _, value in self.rows.rows_from(prefix))
        return [value[PLACE:].decode() for value in found]


def run_key(id_: str) -> bytes:
    return b"r" + short(id_)


def encode_facts(facts: RunFacts) -> bytes:
    return msgspec.msgpack.encode(facts)


def short(text: str) -> bytes:
    """What stands for a text of any length in a key."""
    return plain(text.encode())[:_ID]


def short_version(version: VersionRef) -> bytes:
    return plain(encode_version(version))[:_ID]


def encode_version(version: VersionRef) -> bytes:
    return bytes.fromhex(version.project + version.collection) + version.root


def decode_version(data: bytes) -> VersionRef:
    return VersionRef(data[:16].hex(), data[16:32].hex(), Digest(data[32:]))
