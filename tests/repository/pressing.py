"""A program that pushes to, or collects in, a shared upstream until it is killed; run by test_remote_gc_processes.py.

    python -m tests.repository.pressing push|collect CLONE SEED

A pusher writes down in CLONE/pushed what it was told is there, in CLONE/removed what it is about to remove.
"""

import contextlib
import itertools
import json
import random
import sys
from pathlib import Path

from objstore.errors import ConflictError, RemoteError
from objstore.history.versions import delete_version
from objstore.host.progress import Silent
from objstore.repository.project import Project
from objstore.repository.pushing import push
from objstore.repository.remotegc import collect_remote
from tests.odb.stores import noise
from tests.repository.sharing import change, log

SHARED = 6
"""How many contents all take from, so that what somebody has removed comes again."""


def note(file: Path, what: object) -> None:
    with file.open("a") as out:
        out.write(json.dumps(what) + "\n")


def keep_pushing(clone: Path, seed: int) -> None:
    chance = random.Random(seed)
    own: list[str] = []
    for count in itertools.count():
        with Project.find(clone) as project:
            shared = {f"shared-{at}": noise(at, 30_000) for at in chance.sample(range(SHARED), 2)}
            files = {**shared, "own": f"{clone.name} {seed} {count}".encode()}
            root = log(project, files, f"data-{seed % 3}").root.hex()
            if not pushed(project):
                continue
            note(clone / "pushed", [root, {name: data.hex() if name == "own" else int(name[-1]) for name, data in files.items()}])
            own.append(root)
            if len(own) > 2:
                remove(project, clone, own.pop(0), f"data-{seed % 3}")


def remove(project: Project, clone: Path, root: str, name: str) -> None:
    note(clone / "removed", root)
    with contextlib.suppress(ConflictError):
        change(project, lambda state: delete_version(state, name, f"@{root}", delete_aliases=True))
    pushed(project)


def pushed(project: Project) -> bool:
    with contextlib.suppress(RemoteError):
        push(project, Silent())
        return True
    return False


def keep_collecting(clone: Path) -> None:
    while True:
        with Project.find(clone) as project, contextlib.suppress(RemoteError):
            freed = collect_remote(project, Silent(), min_age=0)
            note(clone / "freed", [freed.deleted, freed.finished])


def main(what: str, clone: Path, seed: int) -> None:
    if what == "push":
        keep_pushing(clone, seed)
    else:
        keep_collecting(clone)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
