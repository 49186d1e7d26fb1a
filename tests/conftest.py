"""What all tests share: isolation from the user's own folders, and places to keep things."""

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from objstore.odb import table
from objstore.odb.cache import Cache
from objstore.repository.project import Project
from tests.servers.fixtures import gcs, gcs_proxy, google, plain, s3, s3_proxy, source, unsafe_s3, versioned, web

__all__ = ["gcs", "gcs_proxy", "google", "plain", "s3", "s3_proxy", "source", "unsafe_s3", "versioned", "web"]

settings.register_profile(
    "objstore",
    deadline=None,  # a busy machine is no bug
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
settings.load_profile("objstore")


@pytest.fixture(autouse=True)
def _own_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))


@pytest.fixture(scope="session")
def _git_settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("git") / "config"
    file.write_text("[user]\nname = Ann\nemail = ann@example.org\n[init]\ndefaultBranch = main\n")
    return file


@pytest.fixture(autouse=True)
def _own_git_settings(_git_settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not those of whoever runs the tests, perhaps from a hook."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(_git_settings))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture(autouse=True)
def _caches_closed() -> Iterator[None]:
    """An LMDB environment takes 1 TiB of address space, so hundreds of tests can't leave theirs open."""
    before = set(table._open)
    yield
    for path in set(table._open) - before:
        table._open.pop(path).env.close()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", "0" * 32)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    (tmp_path / "repository").mkdir()
    with Project.create(tmp_path / "repository", "vision") as made:
        yield made


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MiB of its own; skips where none can be mounted."""
    place = tmp_path / "small-disk"
    place.mkdir()
    with mounted(place, "size=6m"):
        yield place


@pytest.fixture
def fast_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system in memory, where syncing costs nothing; a usual one where none can be mounted."""
    place = tmp_path / "fast-disk"
    place.mkdir()
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(pytest.skip.Exception):
            stack.enter_context(mounted(place, "size=1g"))
        yield place


@pytest.fixture
def caseless_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk to which `a` and `A` are one name: the usual one, or one that ntfs-3g can mount; skips where there is neither."""
    (tmp_path / "probe").touch()
    if (tmp_path / "PROBE").exists():
        yield tmp_path
        return
    image, place = tmp_path / "image", tmp_path / "caseless-disk"
    image.touch()
    os.truncate(image, 16 << 20)
    place.mkdir()
    try:
        for command in (["mkntfs", "-q", "-F", image], ["lowntfs-3g", "-o", "ignore_case", image, place]):
            subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("can't mount a disk here that ignores case")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True, capture_output=True)


def fast_folder() -> Path:
    """A new folder, in memory where possible; to be removed by the caller."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="objstore-test-", dir=memory if memory.is_dir() else None))


@contextlib.contextmanager
def mounted(place: Path, options: str) -> Iterator[None]:
    """A tmpfs at `place`; skips the test where that isn't allowed."""
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("can't mount a file system here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True, capture_output=True)
