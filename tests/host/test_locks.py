import subprocess
import sys

import pytest

from objstore.host.locks import FileLock, locked_exclusive, locked_shared

HOLD = """
import sys
from pathlib import Path
from objstore.host.locks import FileLock
lock = FileLock(Path(sys.argv[1]))
getattr(lock, sys.argv[2])()
print("held", flush=True)
sys.stdin.read()
"""


class Holder:
    """Another process that holds a lock until told to end."""

    def __init__(self, path, how):
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(path), how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": ":".join(sys.path)},
        )
        assert self.process.stdout.readline() == "held\n"

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "local" / "lock"


def free(path):
    with FileLock(path) as lock:
        return lock.try_exclusive()


def test_an_exclusive_lock_keeps_others_out_until_released(path):
    lock = FileLock(path)
    assert lock.try_exclusive()
    assert not free(path)
    lock.release()
    lock.release()
    assert free(path)


def test_shared_locks_go_together_and_keep_the_exclusive_out(path):
    with locked_shared(path), locked_shared(path):
        assert not free(path)
    assert free(path)


@pytest.mark.parametrize("how", ["exclusive", "shared"])
def test_a_lock_of_another_process_is_respected_and_goes_when_it_is_killed(path, how):
    with Holder(path, how) as holder:
        assert not free(path)
        holder.kill()
        assert free(path)


@pytest.mark.parametrize(("held", "take"), [("exclusive", locked_shared), ("exclusive", locked_exclusive), ("shared", locked_exclusive)])
def test_waiting_says_so_once_and_ends_when_the_holder_dies(path, held, take):
    with Holder(path, held) as holder:
        told = []

        def waiting():
            told.append(1)
            holder.kill()

        with take(path, waiting):
            assert told == [1]
            assert not free(path)


def test_a_lock_that_is_free_is_taken_without_a_word(path):
    told = []
    with locked_exclusive(path, lambda: told.append(1)):
        pass
    with locked_shared(path, lambda: told.append(1)):
        pass
    assert told == []


def test_a_lock_is_released_when_the_block_raises(path):
    with pytest.raises(KeyError), locked_exclusive(path):
        raise KeyError
    assert free(path)
