"""The command in processes of its own: start-up, exit codes, pipes, Ctrl-C, several at once."""

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

import objstore
from tests.cli.conftest import Cli, ran, started

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(objstore.__file__).parents[1])}

_LOADING = """
import sys
from objstore.cli.main import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def _loaded(*words: str) -> set[str]:
    """The modules that a command line imports."""
    done = subprocess.run([sys.executable, "-c", _LOADING, *words], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    return set(done.stderr.splitlines()[-1].split())


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    said = ran(["--version"], tmp_path)
    assert (said.code, said.out, said.err) == (0, f"objstore {objstore.__version__}\n", "")
    try:
        assert version("objstore") == objstore.__version__
    except PackageNotFoundError:
        pytest.skip("not installed, so there is nothing to compare with")


def test_asking_for_the_version_imports_nothing_that_takes_time() -> None:
    assert not _loaded("--version") & {"click", "rich", "lmdb", "blake3", "msgspec", "importlib.metadata", "objstore.repository"}


def test_asking_for_help_doesn_t_import_the_engine() -> None:
    loaded = _loaded("--help")
    assert "click" in loaded
    assert not loaded & {"rich", "lmdb", "blake3", "zstandard", "pathspec", "objstore.repository"}


def test_commands_import_neither_rich_nor_asyncio(images: Cli) -> None:
    assert not _loaded("log", "images") & {"rich", "asyncio", "fsspec"}


@pytest.mark.parametrize(
    ("words", "code"),
    [(["list"], 0), (["diff", "images", "empty"], 1), (["add"], 2), (["log", "nothing"], 3), (["init"], 4)],
)
def test_the_exit_code_tells_what_happened(images: Cli, words: list[str], code: int) -> None:
    (images.folder / "empty").mkdir()
    ended = ran(words, images.folder)
    assert ended.code == code
    assert "Traceback" not in ended.err
    assert ended.err.count("\n") == (code > 1)


def test_a_reader_that_goes_away_is_no_error(images: Cli) -> None:
    images.write("images/big.bin", os.urandom(5_000_000))
    images("add", "images")
    process = started(["cat", "images", "big.bin"], images.folder)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 141


def test_a_full_disk_behind_the_output_is_one_line(images: Cli) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "objstore", "list"], stdout=full, stderr=subprocess.PIPE, env=ENVIRONMENT, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "error: No space left on device"
    assert "Traceback" not in done.stderr


def test_paths_that_the_terminal_can_t_show_are_escaped(images: Cli) -> None:
    images.write("images/ä.png", "x")
    images("add", "images")
    assert "\\xe4.png" in ran(["ls", "images"], images.folder, env={"PYTHONIOENCODING": "ascii"}).out
    assert "ä.png" in ran(["ls", "images", "--json"], images.folder, env={"PYTHONIOENCODING": "ascii"}).out


_INTERRUPTING = """
import os, signal
from importlib import import_module
kind = getattr(import_module({module!r}), {kind!r})
real = getattr(kind, {name!r})

def interrupted(*arguments, **named):
    setattr(kind, {name!r}, real)
    os.kill(os.getpid(), signal.SIGINT)
    return real(*arguments, **named)

setattr(kind, {name!r}, interrupted)
from objstore.cli.main import main
main()
"""


@pytest.mark.parametrize(
    ("module", "kind", "name"),
    [
        ("objstore.worktree.scan", "Scan", "_folder"),
        ("objstore.odb.draft", "Draft", "claim"),
        ("objstore.odb.packwriter", "PackWriter", "append"),
        ("objstore.odb.draft", "Draft", "publish"),
        ("objstore.blobs.local", "LocalBlobs", "adopt"),
    ],
)
def test_ctrl_c_during_add_ends_it_with_one_line_and_leaves_a_sound_store(images: Cli, module: str, kind: str, name: str) -> None:
    images.write("data/big.bin", os.urandom(20 << 20))
    images.write("data/small.txt", "small")
    command = [sys.executable, "-c", _INTERRUPTING.format(module=module, kind=kind, name=name), "add", "data"]
    done = subprocess.run(command, cwd=images.folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")
    assert images("fsck").out.endswith("no problems\n")
    images("log", "data", code=3)
    assert images("add", "data").out.startswith("data:v0  2 files  20.0 MiB")
    assert images("fsck").out.endswith("no problems\n")


def test_ctrl_c_in_a_terminal_reaches_the_helpers_too_and_they_stay_silent(images: Cli) -> None:
    """The terminal sends it to all processes of the group; with so many files, some of them are helpers."""
    for number in range(4000):
        images.write(f"many/{number}", f"content {number}")
    command = _INTERRUPTING.replace("os.kill(os.getpid(),", "os.killpg(0,").format(module="objstore.odb.draft", kind="Draft", name="claim")
    process = subprocess.Popen(
        [sys.executable, "-c", command, "add", "many"],
        cwd=images.folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "interrupted\n")
    assert images("fsck").out.endswith("no problems\n")


def test_two_processes_that_add_to_one_collection_both_get_a_version(cli: Cli) -> None:
    names = [f"data-{number}" for number in range(6)]
    for name in names:
        cli.write(f"{name}/own.txt", name)
    processes = [started(["add", name, "-n", "shared"], cli.folder) for name in names]
    said = [process.communicate(timeout=60)[0].decode() for process in processes]
    assert sorted(line.split()[0] for line in said) == [f"shared:v{number}" for number in range(6)]
    assert {ran(["cat", line.split()[0], "own.txt"], cli.folder).out for line in said} == set(names)
    assert ran(["fsck"], cli.folder).code == 0


def test_a_get_from_a_store_that_can_t_be_written_works(images: Cli, tmp_path: Path) -> None:
    """Tests often run as root, whom permissions don't stop; so in a read-only mount where that can be had."""
    place = tmp_path / "read-only"
    place.mkdir()
    source = images.folder / ".objstore"
    bound = subprocess.run(["mount", "--bind", str(source), str(place)], capture_output=True, check=False).returncode == 0
    if not bound:
        pytest.skip("can't mount here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True, capture_output=True)
        ended = ran(["-C", str(place / "default/vision"), "get", "images", "out"], tmp_path)
        assert (ended.code, ended.out) == (0, "out\n"), ended
        refused = ran(["-C", str(place / "default/vision"), "add", "out", "-n", "new"], tmp_path)
        assert refused.code == 1 and refused.err.startswith("error: ") and refused.err.count("\n") == 1
    finally:
        subprocess.run(["umount", str(place)], check=True, capture_output=True)
