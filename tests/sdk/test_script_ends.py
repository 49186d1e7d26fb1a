"""However a script ends, what it handed over is logged, or it is said what wasn't."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import pytest

import objstore
from objstore.host.locks import locked_exclusive
from tests.sdk.running import Place

BEGIN = """
import os, sys, time
import objstore as wandb

def built(number):
    artifact = wandb.Artifact("data", type="dataset", metadata={"number": number})
    with artifact.new_file("number.txt") as file:
        file.write(str(number))
    return artifact

def log(run, number):
    return run.log_artifact(built(number))
"""


@pytest.fixture
def place(here: Path) -> Place:
    return Place(here)


def script(place: Place, text: str) -> str:
    place.write("script.py", BEGIN + text)
    return "script.py"


def logged() -> list[int]:
    return [version.metadata["number"] for version in objstore.Api().artifacts("dataset", "data")[::-1]]


ENDS = {
    "raises in with": ("with wandb.init() as run:\n    [log(run, n) for n in range(5)]\n    raise RuntimeError('broken')", "failed", 5),
    "raises": ("run = wandb.init()\n[log(run, n) for n in range(5)]\nraise RuntimeError('broken')", "failed", 5),
    "exits in with": ("with wandb.init() as run:\n    [log(run, n) for n in range(5)]\n    sys.exit(1)", "failed", 5),
    "exits": ("run = wandb.init()\n[log(run, n) for n in range(5)]\nsys.exit(1)", "failed", 5),
    "exits with words": ("run = wandb.init()\n[log(run, n) for n in range(5)]\nsys.exit('no data')", "failed", 5),
    "quits": ("run = wandb.init()\n[log(run, n) for n in range(5)]\nexit(1)", "failed", 5),
    "exits well": ("run = wandb.init()\n[log(run, n) for n in range(5)]\nsys.exit(0)", "finished", 5),
    "exits well in with": ("with wandb.init() as run:\n    [log(run, n) for n in range(5)]\n    sys.exit()", "finished", 5),
    "ends": ("run = wandb.init()\n[log(run, n) for n in range(5)]", "finished", 5),
    "says so": ("run = wandb.init()\n[log(run, n) for n in range(5)]\nwandb.finish(exit_code=3)", "failed", 5),
}


@pytest.mark.parametrize("how", ENDS)
def test_all_is_logged_and_the_run_tells_how_the_script_ended(place: Place, how: str) -> None:
    text, state, count = ENDS[how]
    code = 0 if state == "finished" or how == "says so" else 1
    place.run(script(place, text), fails=bool(code))
    (run,) = objstore.Api().runs()
    assert (run.state, logged()) == (state, list(range(count)))
    assert [artifact.version for artifact in run.logged_artifacts()] == [f"v{number}" for number in range(count)]


def test_what_could_not_be_logged_is_said_at_the_end(place: Place) -> None:
    text = """
run = wandb.init()
log(run, 0).wait()
other = wandb.Artifact("data", type="model")
with other.new_file("f") as file:
    file.write("x")
run.log_artifact(other)
log(run, 1)
"""
    _, err = place.run(script(place, text))
    assert "data has type dataset, not model" in err
    assert logged() == [0, 1]


def test_what_waits_when_a_script_is_interrupted_is_logged(place: Place) -> None:
    text = """
with wandb.init() as run:
    log(run, 0).wait()
    for number in range(1, 200):
        log(run, number)
    print("logging", flush=True)
    time.sleep(60)
"""
    started = place.start(script(place, text))
    assert started.stdout is not None and started.stdout.readline() == "logging\n"
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=60)
    assert "KeyboardInterrupt" in err
    assert logged() == list(range(200))
    (run,) = objstore.Api().runs()
    assert (run.state, len(run.logged_artifacts())) == ("failed", 200)


@pytest.mark.parametrize("form", ["with", "plain"])
def test_a_second_interrupt_ends_the_wait_and_it_is_said_what_is_lost(place: Place, form: str) -> None:
    begin = "run = wandb.init()\nif True:" if form == "plain" else "with wandb.init() as run:"
    text = f"""
{begin}
    log(run, 0).wait()
    artifact = built(1)
    print("begun", flush=True)
    sys.stdin.readline()
    run.log_artifact(artifact)
    print("waiting", flush=True)
    time.sleep(60)
"""
    place.write("script.py", BEGIN + text)
    started = place.start("script.py")
    assert started.stdout is not None and started.stdin is not None and started.stderr is not None
    assert started.stdout.readline() == "begun\n"
    with objstore.open(place.folder) as repo, locked_exclusive(repo._session.project._lock):
        started.stdin.write("\n")
        started.stdin.flush()
        assert started.stdout.readline() == "waiting\n"
        while started.poll() is None:
            started.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.wait(0.5)
        _, err = started.communicate(timeout=60)
    assert "1 of what run" in err
    assert logged() == [0]


def test_a_script_that_is_terminated_ends_as_one_that_fails(place: Place) -> None:
    text = """
run = wandb.init()
for number in range(50):
    log(run, number)
print("busy", flush=True)
time.sleep(60)
"""
    started = place.start(script(place, text))
    assert started.stdout is not None and started.stdout.readline() == "busy\n"
    started.terminate()
    started.communicate(timeout=60)
    assert started.returncode == 128 + signal.SIGTERM
    assert logged() == list(range(50))
    (run,) = objstore.Api().runs()
    assert run.state == "failed"


DEAF = """
import collections, faulthandler, itertools, multiprocessing

def deaf():
    "Never gets as far as to run what Python has for a signal."
    faulthandler.dump_traceback_later(30, exit=True)
    os.write(ready[1], b"!")
    collections.deque(itertools.repeat(None), maxlen=0)

ready = os.pipe()
"""

DEAF_ONES = {
    "a forked child": "run = wandb.init()\nprocess = multiprocessing.get_context('fork').Process(target=deaf)\nprocess.start()",
    "a worker with a run": "process = multiprocessing.get_context('fork').Process(target=lambda: (wandb.init(), deaf()), daemon=True)\n"
    "process.start()",
    "a worker whose run is over": "process = multiprocessing.get_context('fork').Process(target=lambda: (wandb.init().finish(), deaf()))\n"
    "process.start()",
}


@pytest.mark.parametrize("who", DEAF_ONES)
def test_terminating_ends_at_once(who: str, place: Place) -> None:
    """Else a pool of processes waits for ever for one that has begun to wait when it was told to end."""
    ends = "os.read(ready[0], 1)\ntime.sleep(0.3)\nprocess.terminate()\nprocess.join()\nprint(process.exitcode)"
    text = f"{DEAF}{DEAF_ONES[who]}\n{ends}"
    assert place.run(script(place, text))[0] == [f"-{int(signal.SIGTERM)}"]


def test_pools_of_processes_come_to_an_end_while_a_run_is_under_way(place: Place) -> None:
    text = """
import multiprocessing, threading
os.setpgrp()
patience = threading.Timer(60, os.killpg, (0, 9))
patience.start()
with wandb.init():
    for _ in range(60):
        with multiprocessing.get_context("fork").Pool(3) as pool:
            pool.map(abs, range(60))  # and terminates workers that wait, or are just being made
patience.cancel()
"""
    place.run(script(place, text))


def test_termination_that_comes_during_a_fork_ends_the_parent_after_it(place: Place) -> None:
    text = """
import signal
os.register_at_fork(before=lambda: os.kill(os.getpid(), signal.SIGTERM))
run = wandb.init(id="r")
log(run, 1)
if os.fork() == 0:
    os._exit(0)
time.sleep(60)
"""
    started = place.start(script(place, text))
    started.communicate(timeout=60)
    assert started.returncode == 128 + signal.SIGTERM
    assert (logged(), objstore.Api().run("r").state) == ([1], "failed")


def test_a_program_that_handles_termination_itself_goes_on_doing_so(place: Place) -> None:
    text = """
import signal
signal.signal(signal.SIGTERM, lambda *_: (print("saving", flush=True), os._exit(7)))
run = wandb.init()
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(60)
"""
    out, _ = place.run(script(place, text), fails=True)
    assert out == ["saving"]


def test_a_disabled_run_leaves_no_trace_but_reads(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write("f", "x")
    with objstore.init():
        objstore.log_artifact("f", "data", "dataset")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    text = """
with wandb.init(mode="disabled", config={"rate": 1}) as run:
    print(run.use_artifact("data:latest").file_count, log(run, 1).wait().name, run.use_artifact("data:latest").metadata)
    run.log({"loss": 1})
print(wandb.Api().artifact("data:latest").metadata)
os.mkdir("new")
os.chdir("new")
os.environ["OBJSTORE_ROOT"] = os.getcwd()
with wandb.init(settings=wandb.Settings(mode="disabled")) as run:
    log(run, 1).wait()
print(os.listdir())
"""
    out, err = place.run(script(place, text))
    assert (out, err) == (["1 data:v0 {'number': 1}", "{}", "[]"], "")
    assert [run.state for run in objstore.Api().runs()] == ["finished"]
    assert not list(temporary.iterdir())
    with pytest.raises(ValueError, match="mode is 'online'"):
        objstore.init(mode="nothing")


def test_a_killed_script_leaves_all_that_wait_has_acknowledged(place: Place) -> None:
    text = """
run = wandb.init(id="killed")
for number in range(10_000):
    artifact = log(run, number)
    if number % 3 == 0:
        artifact.wait()
        print(number, flush=True)
"""
    started = place.start(script(place, text))
    assert started.stdout is not None
    acknowledged = [int(started.stdout.readline()) for _ in range(8)][-1]
    os.kill(started.pid, signal.SIGKILL)
    started.communicate(timeout=60)
    there = logged()
    assert there == list(range(len(there))) and len(there) > acknowledged
    assert objstore.Api().run("killed").state == "running"
    with objstore.open(place.folder) as repo:
        assert repo.fsck().is_sound
    place.run(script(place, "with wandb.init(id='killed', resume='must') as run:\n    log(run, -1)"))
    assert (logged()[-1], objstore.Api().run("killed").state) == (-1, "finished")


def test_a_forked_process_cannot_use_the_run_and_does_not_end_it(place: Place) -> None:
    text = """
run = wandb.init(id="parent")
log(run, 0)
child = os.fork()  # while that is being logged
if child == 0:
    try:
        log(run, 100)
    except wandb.InvalidInputError as error:
        print(error, wandb.run, flush=True)
    with wandb.init(id="child", group="family") as own:
        log(own, 1)
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
log(run, 2)
"""
    (said,), _ = place.run(script(place, text))
    assert said == "this run is of the process that this one was forked off; call init() here, with the same group None"
    assert sorted(logged()) == [0, 1, 2]
    api = objstore.Api()
    assert {run.id: (run.state, len(run.logged_artifacts())) for run in api.runs()} == {"parent": ("finished", 2), "child": ("finished", 1)}


def test_processes_can_be_forked_off_while_artifacts_are_being_logged(place: Place) -> None:
    text = """
import faulthandler
run = wandb.init()
children = []
for number in range(8):
    for more in range(5):
        log(run, number * 10 + more)
    children.append(os.fork())
    if children[-1] == 0:
        faulthandler.dump_traceback_later(60, exit=True)
        with wandb.init(group="children") as own:
            log(own, 1000 + number)
        sys.exit(0)
assert not any(os.waitpid(child, 0)[1] for child in children)
"""
    place.run(script(place, text))
    own = [number * 10 + more for number in range(8) for more in range(5)]
    assert [number for number in logged() if number < 1000] == own
    assert sorted(logged())[len(own) :] == list(range(1000, 1008))


def test_processes_of_multiprocessing_each_log_in_a_run_of_their_own(place: Place) -> None:
    text = """
import multiprocessing

def work(number):
    with wandb.init(group="pool", name=f"worker-{number}") as run:
        log(run, number).wait()

if __name__ == "__main__":
    with wandb.init(job_type="main") as run:
        log(run, -1)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            pool.map(work, range(4))
        log(run, 4)
"""
    place.run(script(place, text))
    assert sorted(logged()) == [-1, 0, 1, 2, 3, 4]
    api = objstore.Api()
    assert [run.state for run in api.runs()] == ["finished"] * 5
    assert sorted(run.name for run in api.runs(None, {"group": "pool"})) == [f"worker-{number}" for number in range(4)]


IN_CHILDREN = [
    "draft.add_file('1')",
    "draft.add_file('large')",
    "draft.add_dir('folder')",
    "draft.new_file('new').__enter__()",
    "draft.add_reference('file://' + os.path.abspath('1'))",
    "draft.remove('0')",
    "draft.digest",
    "list(draft.manifest.entries)",
    "wandb.init().log_artifact(draft)",
    "wandb.open('.').log(draft)",
    "wandb.init(group='all').upsert_artifact(draft)",
    "block.__exit__(None, None, None)",
    "waiting.wait()",
    "waiting.description",
]


def test_a_draft_begun_before_a_fork_is_left_to_the_parent(place: Place) -> None:
    text = f"""
import faulthandler
os.mkdir("folder")
for name in ("0", "1", "2", "folder/3"):
    open(name, "wb").write(os.urandom(3_000))
open("large", "wb").write(os.urandom(3_000_000))
run = wandb.init()
draft = wandb.Artifact("data", "dataset", metadata={{"number": 1}})
draft.add_file("0")
block = draft.new_file("written", "w")
block.__enter__().write("once")
run._session.queue._at_work.acquire()
waiting = log(run, 0)
for does in {IN_CHILDREN!r}:
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(60, exit=True)
        try:
            eval(does)
        except wandb.InvalidInputError as error:
            os._exit(0 if "forked off" in str(error) else 1)
        os._exit(2)
    assert os.waitpid(child, 0)[1] == 0, does
run._session.queue._at_work.release()
draft.add_file("2")
block.__exit__(None, None, None)
run.log_artifact(draft).wait()
folder = draft.download("out")
draft.verify(folder)
print(sorted(os.listdir(folder)), open(folder + "/written").read())
"""
    (said,), _ = place.run(script(place, text))
    assert said == "['0', '2', 'written'] once"
    assert sorted(logged()) == [0, 1]


def test_forked_processes_log_in_the_open_repository_whatever_threads_of_the_parent_are_at(place: Place) -> None:
    text = """
import faulthandler, threading

def changing():
    with repo._session.alone():
        at_it.release()
        done.wait()

def logging():
    while not done.is_set():
        at_it.release()
        repo.log(built(100))
        repo.artifact("data").manifest.entries["number.txt"]

def fork(number):
    at_it.acquire()
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(30, exit=True)
        repo.log(built(number))
        assert repo.artifact("data").state == "COMMITTED"
        os._exit(0)
    return child

with wandb.open(".", create=True) as repo:
    for busy, numbers in ((changing, [0]), (logging, range(1, 9))):
        done, at_it = threading.Event(), threading.Semaphore(0)
        thread = threading.Thread(target=busy)
        thread.start()
        children = [fork(number) for number in numbers]
        ended = [os.waitpid(child, 0)[1] for child in children]
        done.set()
        thread.join()
        assert not any(ended)
"""
    place.run(script(place, text))
    assert {number for number in logged() if number < 100} == set(range(9))
