"""What every BlobStore promises, asked of each of them."""

import contextlib
import functools
import multiprocessing
import os
import threading

import pytest

from objstore.blobs.address import Address
from objstore.blobs.local import LocalBlobs
from objstore.blobs.memory import MemoryBlobs
from objstore.blobs.opening import open_blobs
from objstore.errors import BlobExistsError, CorruptionError, NotFoundError, StorageError

NAME = "packs/ab/" + "ab" * 32


@pytest.fixture(params=["memory", "local", "s3", "gcs"])
def blobs(request, tmp_path):
    match request.param:
        case "memory":
            yield MemoryBlobs()
        case "local":
            with contextlib.closing(LocalBlobs(tmp_path / "project")) as local:
                yield local
        case server:
            with contextlib.closing(request.getfixturevalue(server).open(tmp_path / "scratch")) as remote:
                yield remote


@pytest.fixture
def contest(request):
    """How many race for a name, and how often. SeaweedFS looks only once a second whether a contended key is free again."""
    return (4, 3) if request.node.callspec.params["blobs"] == "s3" else (8, 20)


def scratch_file(blobs, data, name="draft"):
    file = blobs.scratch / name
    file.write_bytes(data)
    return file


# The last two would end an upload, or lose their end, if it were put between lines that anyone can foresee.
@pytest.mark.parametrize("data", [b"", b"hello", bytes(range(256)) * 5000, b"a\n--==0==--\nb", b"a\r"], ids=range(5))
def test_what_was_written_is_read(blobs, data):
    blobs.create(NAME, data)
    blobs.adopt("adopted", scratch_file(blobs, data))
    blobs.create("replaced", b"damaged")
    blobs.replace("replaced", scratch_file(blobs, data))
    for name in (NAME, "adopted", "replaced"):
        assert blobs.read(name) == data
        assert blobs.size(name) == len(data)


def test_create_never_overwrites(blobs):
    blobs.create(NAME, b"first")
    with pytest.raises(BlobExistsError):
        blobs.create(NAME, b"second")
    assert blobs.read(NAME) == b"first"


def test_several_are_created_in_order_up_to_one_that_exists(blobs):
    blobs.create_all("log/main", [])
    blobs.create_all("log/main", [(f"{number:03d}", b"%d" % number) for number in range(40)])
    assert blobs.read("log/main/007") == b"7" and len(list(blobs.list("log/main/"))) == 40
    with pytest.raises(BlobExistsError):
        blobs.create_all("log/main", [("a", b"a"), ("b", b"b"), ("005", b"other"), ("c", b"c")])
    assert blobs.read("log/main/a") == b"a" and blobs.read("log/main/005") == b"5" and not blobs.has("log/main/c")


def test_what_was_created_does_not_change_with_its_buffer(blobs):
    buffer = bytearray(b"first")
    blobs.create(NAME, buffer)
    buffer[:] = b"other"
    assert blobs.read(NAME) == b"first"


def test_of_many_threads_that_create_one_name_exactly_one_wins(blobs, contest):
    contenders, rounds = contest
    for round_ in range(rounds):
        name, barrier, won = f"log/main/{round_}", threading.Barrier(contenders), []

        def create(writer, name=name, barrier=barrier, won=won):
            barrier.wait()
            try:
                blobs.create(name, b"%d" % writer * 1000)
                won.append(writer)
            except BlobExistsError:
                # The winner's bytes are there, whole, as soon as anyone is refused.
                assert len(set(blobs.read(name))) == 1

        run_all([threading.Thread(target=create, args=(writer,)) for writer in range(contenders)])
        assert len(won) == 1
        assert blobs.read(name) == b"%d" % won[0] * 1000


def test_of_creates_and_adopts_of_one_name_exactly_one_wins(blobs, contest):
    contenders, _ = contest
    barrier, won = threading.Barrier(contenders), []

    def write(writer):
        file = scratch_file(blobs, b"%d" % writer, f"draft-{writer}")
        barrier.wait()
        try:
            if writer % 2:
                blobs.adopt(NAME, file)
            else:
                blobs.create(NAME, b"%d" % writer)
            won.append(writer)
        except BlobExistsError:
            pass

    run_all([threading.Thread(target=write, args=(writer,)) for writer in range(contenders)])
    assert len(won) == 1
    assert blobs.read(NAME) == b"%d" % won[0]


def run_all(threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_an_adopted_file_appears_and_is_gone_from_the_scratch(blobs):
    file = scratch_file(blobs, b"pack")
    blobs.adopt(NAME, file)
    assert blobs.read(NAME) == b"pack"
    assert not file.exists()


def test_an_adopted_file_of_a_name_in_use_is_gone_too(blobs):
    blobs.create(NAME, b"first")
    file = scratch_file(blobs, b"second")
    with pytest.raises(BlobExistsError):
        blobs.adopt(NAME, file)
    assert blobs.read(NAME) == b"first"
    assert not file.exists()


def test_what_replaces_a_damaged_blob_is_read_from_then_on(blobs):
    blobs.create(NAME, b"damaged")
    assert list(blobs.read_ranges(NAME, [(0, 3)])) == [b"dam"]
    file = scratch_file(blobs, b"whole")
    blobs.replace(NAME, file)
    assert blobs.read(NAME) == b"whole"
    assert list(blobs.read_ranges(NAME, [(0, 3)])) == [b"who"]
    assert not file.exists()


def test_ranges_come_in_the_order_asked(blobs):
    data = os.urandom(10_000)
    blobs.create(NAME, data)
    ranges = [(9_000, 1000), (0, 1), (5, 0), (0, 10_000), (17, 4096), (10_000, 0)]
    assert list(blobs.read_ranges(NAME, ranges)) == [data[at : at + size] for at, size in ranges]
    assert list(blobs.read_ranges(NAME, [])) == []


@pytest.mark.parametrize("range_", [(0, 6), (5, 1), (100, 1)])
def test_a_range_beyond_the_end_is_corruption(blobs, range_):
    blobs.create(NAME, b"hello")
    with pytest.raises(CorruptionError):
        list(blobs.read_ranges(NAME, [(0, 5), range_]))


def test_many_threads_read_ranges_of_one_blob(blobs):
    data = os.urandom(100_000)
    blobs.create(NAME, data)
    wrong = []

    def read():
        ranges = [(at, 777) for at in range(0, 99_000, 1111)]
        wrong.extend(r for r, got in zip(ranges, blobs.read_ranges(NAME, ranges), strict=True) if got != data[r[0] : r[0] + r[1]])

    run_all([threading.Thread(target=read) for _ in range(8)])
    assert wrong == []


def test_more_blobs_are_read_at_once_than_files_are_kept_open(blobs):
    names = [f"packs/00/{n:03}" for n in range(150)]
    for name in names:
        blobs.create(name, name.encode())
    for _ in range(2):
        open_ones = [(name, blobs.read_ranges(name, [(0, 5), (5, 6)])) for name in names]
        first = [next(ranges) for _, ranges in open_ones]
        assert [a + next(ranges) for a, (_, ranges) in zip(first, open_ones, strict=True)] == [name[:11].encode() for name in names]
        for _, ranges in open_ones:
            ranges.close()


@pytest.mark.parametrize("name", [NAME, "objstore.json", "objstore.json/below"])
def test_what_is_not_there_is_not_found(blobs, name):
    if "/below" in name:
        blobs.create("objstore.json", b"{}")
    for ask in (blobs.read, blobs.size, lambda name: list(blobs.read_ranges(name, [(0, 1)]))):
        with pytest.raises(NotFoundError):
            ask(name)


def test_a_listing_shows_what_was_just_written_with_its_size(blobs):
    assert list(blobs.list("")) == list(blobs.list("packs/")) == []
    expected = {}
    for name, size in [("objstore.json", 2), ("packs/ab/1", 10), ("packs/ac/2", 0), ("packs-old/3", 7), ("log/main/1", 5)]:
        blobs.create(name, bytes(size))
        expected[name] = size
        assert dict(blobs.list("")) == expected
    assert dict(blobs.list("packs/")) == {"packs/ab/1": 10, "packs/ac/2": 0}
    assert dict(blobs.list("packs/ab/")) == {"packs/ab/1": 10}
    blobs.adopt("packs/ab/4", scratch_file(blobs, b"four"))
    assert dict(blobs.list("packs/ab/")) == {"packs/ab/1": 10, "packs/ab/4": 4}
    blobs.delete("packs/ab/1")
    assert dict(blobs.list("packs/ab/")) == {"packs/ab/4": 4}


def test_the_scratch_is_not_part_of_the_store(blobs):
    file = scratch_file(blobs, b"unfinished")
    assert list(blobs.list("")) == []
    file.unlink()


def test_several_are_deleted(blobs):
    blobs.create_all("a", [("1", b""), ("2", b""), ("3", b"")])
    blobs.delete_all(["a/3", "a/nothing", "b/nothing", "a/1"])
    assert [name for name, _ in blobs.list("a/")] == ["a/2"]
    blobs.delete_all([])


def test_deleting_twice_is_harmless(blobs):
    blobs.create(NAME, b"x")
    assert list(blobs.read_ranges(NAME, [(0, 1)])) == [b"x"]
    for _ in range(2):
        blobs.delete(NAME)
        with pytest.raises(NotFoundError):
            blobs.read(NAME)
        with pytest.raises(NotFoundError):
            list(blobs.read_ranges(NAME, [(0, 1)]))
    blobs.delete("never/was")


def test_a_deleted_name_can_be_created_again_and_reads_anew(blobs):
    blobs.create(NAME, b"old")
    assert list(blobs.read_ranges(NAME, [(0, 3)])) == [b"old"]
    blobs.delete(NAME)
    blobs.create(NAME, b"new")
    assert list(blobs.read_ranges(NAME, [(0, 3)])) == [b"new"]


def _create_in_process(opening, rounds, writer, barrier, won):
    with contextlib.closing(opening()) as store:
        for round_ in range(rounds):
            barrier.wait()
            try:
                store.create(f"log/main/{round_}", b"%d" % writer)
                won.put((round_, writer))
            except BlobExistsError:
                pass
    won.put(None)


@pytest.mark.parametrize(("place", "processes", "rounds"), [("local", 8, 10), ("s3", 4, 2), ("gcs", 4, 10)])
def test_of_many_processes_exactly_one_wins_each_name(place, processes, rounds, request, tmp_path):
    if place == "local":
        opening = functools.partial(LocalBlobs, tmp_path / "project")
    else:
        bucket = request.getfixturevalue(place)
        opening = functools.partial(open_blobs, Address.parse(bucket.place()), tmp_path / "scratch", bucket.options)
    context = multiprocessing.get_context("spawn")
    barrier, won = context.Barrier(processes), context.Queue()
    workers = [context.Process(target=_create_in_process, args=(opening, rounds, writer, barrier, won)) for writer in range(processes)]
    for worker in workers:
        worker.start()
    wins, running = [], processes
    while running:
        win = won.get(timeout=60)
        running -= win is None
        wins += [] if win is None else [win]
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    won.close()
    won.join_thread()
    assert sorted(round_ for round_, _ in wins) == list(range(rounds))
    with contextlib.closing(opening()) as store:
        for round_, writer in wins:
            assert store.read(f"log/main/{round_}") == b"%d" % writer


# -- what only a disk can show -----------------------------------------------------------------------------------------


@pytest.fixture
def local(tmp_path):
    store = LocalBlobs(tmp_path / "project")
    yield store
    store.close()


def test_temporary_files_and_this_machines_own_are_not_listed(local):
    local.create("log/main/1", b"x")
    (local.root / "log/main/.123-456-abc.tmp").write_bytes(b"left by a crash")
    (local.root / "local/cache").mkdir(parents=True)
    (local.root / "local/cache/data.mdb").write_bytes(b"cache")
    assert dict(local.list("")) == {"log/main/1": 1}


def test_no_temporary_file_is_left_whether_a_create_wins_or_loses(local):
    local.create("log/main/1", b"x")
    with pytest.raises(BlobExistsError):
        local.create("log/main/1", b"y")
    assert [file.name for file in (local.root / "log/main").iterdir()] == ["1"]


def test_a_create_that_fails_leaves_nothing(local, monkeypatch):
    local.create("log/main/1", b"x")

    def full(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="no space left"):
        local.create("log/main/2", b"y")
    assert [file.name for file in (local.root / "log/main").iterdir()] == ["1"]


def test_blobs_are_readable_as_the_umask_says(local):
    before = os.umask(0o022)
    try:
        local.create("log/main/1", b"x")
        local.adopt("packs/ab/1", scratch_file(local, b"y"))
    finally:
        os.umask(before)
    for name in ("log/main/1", "packs/ab/1"):
        assert (local.root / name).stat().st_mode & 0o777 == 0o644
