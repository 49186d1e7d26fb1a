"""Workers that were forked off, or began on their own."""

import multiprocessing
import os
import threading
from collections.abc import Callable
from multiprocessing.pool import Pool
from typing import Any

import fsspec
import pytest

import objstore
from objstore.fs import mounting
from objstore.fs.filesystem import ObjstoreFileSystem
from tests.fs.conftest import add
from tests.odb.stores import noise

WORKERS = 3
SAMPLES = {f"{number}.bin": noise(number, 2000 + number * 10) for number in range(60)}

pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")  # which is what is tried here


class Samples:
    """What a data loader reads samples from: made once, used by every worker."""

    def __init__(self, fs: ObjstoreFileSystem) -> None:
        self.fs = fs
        self.names = fs.find("samples:v0")
        self.open = fs.open(self.names[0])

    def __call__(self, number: int) -> bytes:
        self.open.seek(number)
        assert self.open.read(10) == SAMPLES["0.bin"][number : number + 10]
        with self.fs.open(self.names[number]) as file:
            data: bytes = file.read()
        return data


@pytest.fixture
def samples(repo: objstore.Repository) -> Samples:
    add(repo, "samples", dict(SAMPLES))
    return Samples(ObjstoreFileSystem())


def expected(samples: Samples) -> list[bytes]:
    return [SAMPLES[name.rpartition("/")[2]] for name in samples.names]


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_workers_read_what_the_parent_does(samples: Samples, how: str) -> None:
    assert samples(1)
    with multiprocessing.get_context(how).Pool(WORKERS, *_registering(how)) as pool:
        work: Pool = pool
        for _ in range(2):
            assert work.map(samples, range(len(SAMPLES))) == expected(samples)
            assert list(map(samples, range(len(SAMPLES)))) == expected(samples)


def _registering(how: str) -> tuple[Callable[..., None], tuple[Any, ...]] | tuple[()]:
    return (fsspec.register_implementation, ("objstore", ObjstoreFileSystem)) if how == "spawn" else ()


def in_a_fork(work: Callable[[], bool]) -> bool:
    """Whether `work` says yes in a child; no if it hangs."""
    process = multiprocessing.get_context("fork").Process(target=lambda: os._exit(0 if work() else 1))
    process.start()
    process.join(60)
    if process.is_alive():
        process.kill()
    return process.exitcode == 0


def test_a_fork_does_not_wait_for_threads_of_its_parent(samples: Samples) -> None:
    """Which hold every lock there is when the fork comes, and aren't in the child to let go of them."""
    mount = samples.fs.mount
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with mounting._lock, mount.recent._lock, mount._project.looking():
            held.set()
            done.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(60)
    try:
        assert in_a_fork(lambda: samples(3) == expected(samples)[3] and fsspec.filesystem("objstore").exists("samples/1.bin"))
    finally:
        done.set()
        holder.join()
    assert samples(4) == expected(samples)[4]


def test_a_child_of_a_child_reads_too(samples: Samples) -> None:
    assert in_a_fork(lambda: samples(3) == expected(samples)[3] and in_a_fork(lambda: samples(4) == expected(samples)[4]))
    assert samples(5) == expected(samples)[5]


def test_a_mount_goes_with_its_last_user_and_is_closed_by_the_next(samples: Samples, repo: objstore.Repository) -> None:
    first = ObjstoreFileSystem(cache_bytes=7)
    second = ObjstoreFileSystem(cache_bytes=7, skip_instance_cache=True)
    assert first.mount is second.mount is not samples.fs.mount
    project = first.mount._project
    ObjstoreFileSystem.clear_instance_cache()
    del first
    assert second.exists("samples")
    del second
    assert not project.cache._tables.is_closed
    assert ObjstoreFileSystem(cache_bytes=8).exists("samples")
    assert project.cache._tables.is_closed
    assert samples(1) == expected(samples)[1]
