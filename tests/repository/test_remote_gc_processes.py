"""Pushers and collectors in processes of their own, on a real S3 server, killed with SIGKILL at any moment."""

import contextlib
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from objstore.blobs.opening import open_blobs
from objstore.host.progress import Silent
from objstore.repository.checking import check
from objstore.repository.project import Project
from objstore.values.digest import Digest
from tests.odb.stores import noise
from tests.repository.sharing import Sharing, bring, contents
from tests.repository.test_sharing_processes import ROOT, Place
from tests.servers.bucket import Bucket

PUSHERS, COLLECTORS = 3, 2
ENOUGH_PUSHED, ENOUGH_DELETED, ENOUGH_KILLED = 6, 8, 10
PATIENCE = 180  # seconds


@pytest.fixture
def bucket(sharing: Sharing, s3: Bucket) -> Iterator[Place]:
    place = Place(sharing.place, s3)
    yield place
    place.close()


class Worker:
    """A program that is started again whenever it was killed."""

    def __init__(self, what: str, clone: Path) -> None:
        self.what = what
        self.clone = clone
        self.errors = clone.with_name(f"{clone.name}.err")
        self.starts = 0
        self.start()

    def start(self) -> None:
        self.starts += 1
        command = [sys.executable, "-m", "tests.repository.pressing", self.what, str(self.clone), str(self.starts)]
        with self.errors.open("a") as errors:
            self.process = subprocess.Popen(command, cwd=ROOT, stderr=errors)

    def kill(self) -> None:
        assert self.process.poll() is None, self.errors.read_text()
        self.process.kill()
        self.process.wait()


def lines(file: Path) -> list[object]:
    """What a worker has written down; the last line may be cut off."""
    found = []
    for line in file.read_text().splitlines() if file.exists() else ():
        try:
            found.append(json.loads(line))
        except ValueError:
            break
    return found


@pytest.mark.slow
def test_whatever_was_pushed_is_there_however_many_collect_and_are_killed(bucket: Place) -> None:
    bucket.first()
    clones = bucket.clones(PUSHERS + COLLECTORS)
    folders = [bucket.place / f"clone-{at}" for at in range(len(clones))]
    for clone in clones:
        clone.close()
    workers = [Worker("push" if at < PUSHERS else "collect", folder) for at, folder in enumerate(folders)]
    chance, end = random.Random(1), time.monotonic() + PATIENCE
    try:
        while not much_happened(workers, folders):
            assert time.monotonic() < end
            time.sleep(chance.uniform(0.2, 2))
            worker = chance.choice(workers)
            worker.kill()
            worker.start()
    finally:
        for worker in workers:
            worker.process.kill()
            worker.process.wait()
    expected = acknowledged(folders)
    with contextlib.closing(open_blobs(bucket.address, bucket.place / "staging", bucket.options)) as blobs:
        assert check(bucket.place / "nothing", Silent(), blobs=blobs).problems == []
    fresh = bucket.clone_of(bucket.address, "fresh", options=bucket.options)
    has_all(fresh, expected)
    for folder in folders[:PUSHERS]:
        with Project.find(folder) as project:
            bring(project)
            has_all(project, expected)
            assert check(project.folder, Silent()).problems == []


def much_happened(workers: list[Worker], folders: list[Path]) -> bool:
    deleted = sum(deleted for folder in folders for deleted, _ in lines(folder / "freed"))  # type: ignore[misc]
    killed = sum(worker.starts - 1 for worker in workers)
    return len(acknowledged(folders)) >= ENOUGH_PUSHED and deleted >= ENOUGH_DELETED and killed >= ENOUGH_KILLED


def acknowledged(folders: list[Path]) -> dict[Digest, dict[str, bytes]]:
    removed = {root for folder in folders for root in lines(folder / "removed")}
    found = {}
    for folder in folders:
        for root, files in lines(folder / "pushed"):  # type: ignore[misc]
            if root not in removed:
                held = {name: bytes.fromhex(data) if name == "own" else noise(data, 30_000) for name, data in files.items()}
                found[Digest.from_hex(root)] = held
    return found


def has_all(project: Project, expected: dict[Digest, dict[str, bytes]]) -> None:
    found = contents(project)
    for root, files in expected.items():
        assert found.get(root) == files, root.hex()
