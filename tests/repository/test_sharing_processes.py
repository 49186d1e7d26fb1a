"""Clones in processes of their own: many at once, and killed with SIGKILL."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from objstore.blobs.address import Address
from objstore.blobs.local import LocalBlobs
from objstore.odb.database import Database
from objstore.repository import remotes
from objstore.repository.project import Project
from objstore.repository.remotes import UPSTREAM, Remote
from objstore.values.key import Key, Kind
from tests.cli.conftest import Ended, started
from tests.odb.stores import noise
from tests.repository.killing import PACK
from tests.repository.sharing import Sharing, assert_sound, bring, contents, log, send, shown
from tests.servers.bucket import Bucket
from tests.servers.proxy import Proxy

ROOT = Path(__file__).parent.parent.parent
BASE = {"base": noise(1, 100_000)}


class Place(Sharing):
    """The same, with an upstream that may be in a bucket."""

    def __init__(self, place: Path, bucket: Bucket | None = None) -> None:
        super().__init__(place)
        self.options = dict(bucket.options) if bucket else {}
        self.address = Address.parse(bucket.place() if bucket else str(self.upstream))

    def first(self) -> Project:
        """A clone whose upstream has one version."""
        (self.place / "first").mkdir()
        project = self._opened("first", Project.create(self.place / "first", "vision"))
        remotes.add(project.remotes_file, Remote(UPSTREAM, self.address, self.options))
        log(project, BASE, "base")
        send(project)
        return project

    def clones(self, count: int) -> list[Project]:
        return [self.clone_of(self.address, f"clone-{at}", options=self.options) for at in range(count)]

    def all_pushed(self, projects: Sequence[Project]) -> list[Ended]:
        """All at once, each in a process of its own."""
        processes = [started(["push"], self.place / name) for name, project in self.projects.items() if project in projects]
        ended = []
        for process in processes:
            out, err = process.communicate(timeout=120)
            ended.append(Ended(process.returncode, out.decode(), err.decode()))
        return ended


@pytest.fixture
def folder(sharing: Sharing) -> Iterator[Place]:
    place = Place(sharing.place)
    yield place
    place.close()


@pytest.fixture
def bucket(sharing: Sharing, s3: Bucket) -> Iterator[Place]:
    place = Place(sharing.place, s3)
    yield place
    place.close()


# -- many at once ------------------------------------------------------------------------------------------------------


def check_all_have_all(place: Place, projects: list[Project], versions: int) -> None:
    for project in projects:
        bring(project)
    expected = shown(projects[0])
    assert len(expected["data"][1]) == versions
    assert [number for number, _ in expected["data"][1]] == list(range(versions))
    held = contents(projects[0])
    for project in projects:
        assert shown(project) == expected
        assert contents(project) == held
        assert send(project).records == 0
        assert_sound(project)
    if place.address.folder:
        assert place.check_upstream() == held


@pytest.mark.slow
@pytest.mark.parametrize(("where", "count"), [("folder", 2), ("folder", 8), ("bucket", 4)])
def test_all_that_push_different_versions_at_once_get_through(where: str, count: int, request: pytest.FixtureRequest) -> None:
    place: Place = request.getfixturevalue(where)
    first = place.first()
    projects = place.clones(count)
    for at, project in enumerate(projects):
        log(project, {**BASE, "own": noise(10 + at, 50_000)}, aliases=(f"by-{at}",))
    ended = place.all_pushed(projects)
    assert [(item.code, item.err) for item in ended] == [(0, "")] * count
    assert sorted(line for item in ended for line in item.lines if line.startswith("data:v")) == sorted(
        f"data:v{at}" for at in range(count)
    )
    check_all_have_all(place, [first, *projects], count)
    assert shown(first)["data"][2].keys() == {"latest", *(f"by-{at}" for at in range(count))}


@pytest.mark.slow
@pytest.mark.parametrize(("where", "count"), [("folder", 8), ("bucket", 3)])
def test_all_that_push_the_same_version_at_once_make_one(where: str, count: int, request: pytest.FixtureRequest) -> None:
    place: Place = request.getfixturevalue(where)
    first = place.first()
    projects = place.clones(count)
    for project in projects:
        log(project, {**BASE, "same": noise(2, 50_000)})
    assert [(item.code, item.err) for item in place.all_pushed(projects)] == [(0, "")] * count
    check_all_have_all(place, [first, *projects], 1)


# -- killed ------------------------------------------------------------------------------------------------------------


def kill(what: str, clone: Path, when: str, steps: Sequence[int]) -> list[int]:
    """Runs the program; how many versions there were after each step. Fails unless it was killed at each."""
    command = [sys.executable, "-m", "tests.repository.killing", what, str(clone), when, *map(str, steps)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    lines = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert {code for code, _ in lines} == {-signal.SIGKILL}
    return [versions for _, versions in lines]


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_push_to_a_folder_that_is_killed_goes_on_and_stores_nothing_twice(folder: Place, when: str) -> None:
    first, (clone,) = folder.first(), folder.clones(1)
    steps = list(range(1, 31, 3))
    assert kill("push", folder.place / "clone-0", when, steps) == list(range(2, 2 + len(steps)))
    bring(first)
    clone = folder.open("clone-0")
    assert shown(first) == shown(clone)
    assert contents(first) == contents(clone) == folder.check_upstream()
    stored = Counter(chunks_in(LocalBlobs(folder.upstream)))
    assert [key for key, times in stored.items() if times > 1] == []


def chunks_in(blobs: LocalBlobs) -> Iterator[Key]:
    """The chunks of all packs, named by an index or not."""
    database = Database(blobs, None)  # type: ignore[arg-type]
    for name, _ in blobs.list("packs/"):
        yield from (row.key for row in database.read_trailer(name.rpartition("/")[2]).rows if row.key[0] == Kind.CHUNK)


@pytest.mark.slow
def test_a_push_to_a_bucket_that_is_killed_goes_on_and_sends_nothing_twice(sharing: Sharing, s3_proxy: Proxy) -> None:
    place = Place(sharing.place, s3_proxy.bucket)
    first, _ = place.first(), place.clones(1)
    s3_proxy.reset()
    steps = [4, 9, 14, 19, 24]
    assert kill("push", place.place / "clone-0", "after", steps) == list(range(2, 2 + len(steps)))
    sent = Counter(
        request.path for request in s3_proxy.requests if request.method == "PUT" and "/packs/" in request.path and request.status == 200
    )
    assert sum(sent.values()) >= 2 * len(steps)
    assert set(sent.values()) == {1}
    whole = [request for request in s3_proxy.requests if request.method == "PUT" and "/packs/" in request.path]
    assert len(whole) <= sum(sent.values()) + len(steps)  # one may have been on its way when it was killed
    bring(first)
    clone = place.open("clone-0")
    assert shown(first) == shown(clone)
    assert contents(first) == contents(clone)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["folder", "bucket"])
def test_a_pull_that_is_killed_goes_on(where: str, request: pytest.FixtureRequest) -> None:
    place: Place = request.getfixturevalue(where)
    first = place.first()
    place.clone_of(place.address, "empty", data=False, options=place.options)
    for at in range(3):
        log(first, {"own": noise(20 + at, 150_000), "small": b"%d" % at})
    send(first)
    steps = [3, 8, 13, 18, 23, 28, 33, 38, 43, 48] if where == "folder" else [5, 12, 19, 26]
    assert kill("pull", place.place / "empty", "after", steps) == [4] * len(steps)
    for step in steps:
        clone = place.open(f"empty-after-{step}")
        remotes.remove(clone.remotes_file, UPSTREAM)  # so that nothing can be read there
        clone = place.open(f"empty-after-{step}")
        assert contents(clone) == contents(first)
        assert_sound(clone)


@pytest.mark.slow
def test_what_a_killed_pull_has_brought_is_not_brought_again(sharing: Sharing, s3_proxy: Proxy) -> None:
    place = Place(sharing.place, s3_proxy.bucket)
    first = place.first()
    place.clone_of(place.address, "empty", data=False, options=place.options)
    log(first, {"large": noise(30, 1_000_000)})
    send(first)
    steps = [25, 30, 35]
    s3_proxy.reset()
    kill("pull", place.place / "empty", "after", steps)
    received = sum(request.received for request in s3_proxy.requests if request.method == "GET" and "/packs/" in request.path)
    # What was on its way when it was killed: the packs being written, and four spans being read.
    assert received < len(steps) * (1_100_000 + 6 * PACK)
