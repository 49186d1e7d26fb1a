"""A process that is killed at any step loses nothing that it acknowledged, and leaves nothing that gets in the way."""

import subprocess
import sys
from pathlib import Path

import pytest

from objstore.odb.pack import PackClass
from objstore.repository.project import Project
from objstore.values.digest import Digest
from tests.repository.crashing import VERSIONS, add_source, write
from tests.repository.stores import content_of

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(params=["before", "after"])
def crashed(request: pytest.FixtureRequest, fast_disk: Path) -> list[Path]:
    """Places where a process was killed before or after its n-th step, n = 1, 2, …; the last got through."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.repository.crashing", str(fast_disk), request.param], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return [fast_disk / str(step) for step in range(1, int(run.stdout) + 1)]


def test_whatever_was_acknowledged_is_there_and_the_next_add_works(crashed: list[Path], fast_disk: Path) -> None:
    assert len(crashed) > 30
    roots = _expected(fast_disk / "expected")
    assert _acknowledged(crashed[-1]) == roots
    outcomes = {_check(place, roots) for place in crashed}
    assert outcomes == {0, 1, 2}  # killed in the first add, in the second, and too late
    with Project(crashed[-1] / "project") as project:
        assert len(_data_packs(project)) > 3  # so packs were published while files were still read


def _expected(place: Path) -> list[str]:
    roots = []
    with Project.create_at(place / "project") as project:
        for files in VERSIONS:
            write(place / "source", files)
            roots.append(add_source(project, place / "source"))
    return roots


def _check(place: Path, roots: list[str]) -> int:
    """How many versions the killed process had made."""
    with Project(place / "project") as project:
        acknowledged = _acknowledged(place)
        there = _versions(project)
        assert there[: len(acknowledged)] == acknowledged == roots[: len(acknowledged)]
        assert len(there) <= len(acknowledged) + 1
        _read_back(project, roots)
        write(place / "source", VERSIONS[-1])
        written = _data_packs(project)
        assert add_source(project, place / "source") == roots[1]
        assert _versions(project)[-1] == roots[1]
        assert add_source(project, place / "source") == roots[1]
        _read_back(project, roots)
        assert written <= _data_packs(project)
        assert not list(project.drafts.iterdir())
        project.forget_cache()
        _read_back(project, roots)
        project.cache.close()
    return len(there)


def _read_back(project: Project, roots: list[str]) -> None:
    for root in _versions(project):
        assert content_of(project, Digest.from_hex(root)) == VERSIONS[roots.index(root)]


def _versions(project: Project) -> list[str]:
    collection = project.state.find_collection("data")
    return [version.root.hex() for version in collection.live()] if collection else []


def _acknowledged(place: Path) -> list[str]:
    file = place / "acknowledged"
    return file.read_text().split() if file.exists() else []


def _data_packs(project: Project) -> set[str]:
    names = [name.rpartition("/")[2] for name, _ in project.blobs.list("packs/")]
    return {name for name in names if project.database.read_trailer(name).pack_class is PackClass.DATA}
