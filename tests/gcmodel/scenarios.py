"""Where a model begins, and who works in it."""

import contextlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from objstore.blobs.memory import MemoryBlobs
from objstore.repository.settings import NAME, Settings
from tests.conftest import fast_folder
from tests.gcmodel.exploring import Explorer
from tests.gcmodel.programs import Files, Work, add, add_and_abandon_part, check, delete, let_live, one_after_the_other
from tests.gcmodel.world import Noticed, Program, World, open_place
from tests.odb.stores import noise

A, B, C, D, E = (noise(seed, 2000) for seed in range(5))

CONTENT: Mapping[str, Files] = {
    "gone": {"a": A, "b": B},
    "kept": {"a": A, "c": C},
    "again": {"a": A, "b": B},
    "fleeting": {"a": A, "b": B},
    "other": {"b": B, "d": D},
    "unrelated": {"e": E},
}
"""What each collection's versions hold. `gone` is deleted when a model begins: half of it is needed by `kept`, which is there."""

again = add("again", CONTENT["again"])
"""Makes a version of just what nobody needs any more: a writer finds it all, so it stores nothing."""
other = add("other", CONTENT["other"])
"""Finds some of it, and stores the rest."""
unrelated = add("unrelated", CONTENT["unrelated"])
"""Stores all of it."""
fleeting = one_after_the_other(add("fleeting", CONTENT["fleeting"]), delete("fleeting"))
"""Makes a version, and deletes it at once."""
short_lived = let_live("kept", 1)
"""Has the version that is there expire: a collector deletes it first, and may put it beyond recall."""
abandoned = add_and_abandon_part("other", CONTENT["other"])
"""Stores the same as `other`, and gives it up at once: it is listed, and nobody needs it."""


def at_the_log(what: str, name: str, exists: bool) -> bool:
    """Waits before every look beyond the end of the log, with what is appended there at once, and before anything is deleted."""
    return (what == "read" and name.startswith("log/main/0") and not exists) or (what == "list" and name == "index/")


def at_the_place(what: str, name: str, exists: bool) -> bool:
    """Waits also between a look and what is appended, before packs are listed, and before each is deleted or appears."""
    if what == "create":
        return name.startswith(("log/", "packs/"))
    return at_the_log(what, name, exists) or what in ("list", "delete")


def everywhere(what: str, name: str, exists: bool) -> bool:
    """Waits also before each pack or segment is read."""
    return at_the_place(what, name, exists) or (what == "read" and name.startswith(("packs/", "index/")))


@dataclass(frozen=True)
class Scenario:
    """Some programs in a place where something was deleted."""

    works: Sequence[Work]
    noticed: Noticed
    faults: int = 0
    switches: int | None = None

    def explore(self) -> Explorer:
        """Goes through every order of steps; raises when one ends badly."""
        explorer = Explorer(self.check, faults=self.faults, switches=self.switches)
        with self.begin() as world:
            explorer.explore(world)
        return explorer

    @contextlib.contextmanager
    def begin(self) -> Iterator[World]:
        """Nobody has taken a step yet."""
        programs = [Program(str(number), work) for number, work in enumerate(self.works)]
        with _folder() as folder:
            yield World(begun(folder / "before"), programs, folder, self.noticed)

    def check(self, world: World) -> None:
        """Looks at what has come of a run (programs.check)."""
        with _folder() as folder:
            check(world, folder, CONTENT)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = fast_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def begun(folder: Path) -> dict[str, bytes]:
    """A place with a version that is needed, and one that was deleted."""
    blobs = MemoryBlobs()
    blobs.create(NAME, Settings.new("0" * 32).encode())
    with open_place(blobs, folder) as project:
        add("gone", CONTENT["gone"])(project)
        add("kept", CONTENT["kept"])(project)
        delete("gone")(project)
    return dict(blobs._blobs)
