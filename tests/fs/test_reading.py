"""Reading files whole, in part and piece by piece, against their plain bytes."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import objstore
from objstore.blobs.local import LocalBlobs
from objstore.errors import CorruptionError
from objstore.fs.filesystem import ObjstoreFileSystem
from objstore.odb import randomaccess as content
from objstore.odb import recipe
from objstore.odb.database import Database
from objstore.values.key import Kind
from tests.fs.conftest import add
from tests.odb.stores import noise

MIB = 1 << 20
LINES = b"".join(b"%d,%d\n" % (number, number * number) for number in range(300_000))
BIG = noise(1, 2 * MIB) + bytes(MIB) + LINES + noise(2, MIB)


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjstoreFileSystem]:
    """With a file whose recipe is a tree, below `big`."""
    folder = tmp_path_factory.mktemp("big")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe, "MAX_ROWS", 16)
        patch.setattr(recipe, "_BOUNDARY", 60)
        with objstore.open(folder, create=True) as repo:
            add(repo, "big", {"file": BIG, "lines.csv": LINES})
    fs = ObjstoreFileSystem(folder, cache_bytes=MIB)
    fs.ls("")  # opened now, so that it isn't closed with what a single test has opened
    yield fs


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Every read of a pack that holds chunks: how many of them were wanted, and the bytes."""
    made: list[tuple[int, int]] = []
    read = Database.read_span

    def counted(self: Database, span: "object") -> memoryview:
        block = read(self, span)  # type: ignore[arg-type]
        if span.records[0][0][0] == Kind.CHUNK:  # type: ignore[attr-defined]
            made.append((len(span.records), len(block)))  # type: ignore[attr-defined]
        return block

    monkeypatch.setattr(Database, "read_span", counted)
    return made


def fresh(fs: ObjstoreFileSystem, **options: object) -> ObjstoreFileSystem:
    """The same, with nothing read yet."""
    return ObjstoreFileSystem(fs.storage_options["repo"], **{"cache_bytes": 1_000_000 + id(options) % 1000, **options})


@given(st.integers(0, len(BIG) + 10), st.integers(0, 3 * MIB))
@settings(max_examples=150)
def test_a_range_is_what_a_slice_is(big: ObjstoreFileSystem, start: int, length: int) -> None:
    assert big.cat_file("big/file", start, start + length) == BIG[start : start + length]


@given(st.none() | st.integers(-len(BIG) - 5, len(BIG) + 5), st.none() | st.integers(-len(BIG) - 5, len(BIG) + 5))
@settings(max_examples=30)
def test_ends_count_as_in_a_slice(big: ObjstoreFileSystem, start: int | None, end: int | None) -> None:
    assert big.cat_file("big/file", start, end) == BIG[start:end]


@given(
    st.sampled_from(["none", "bytes", "readahead", "blockcache", "background"]),
    st.lists(st.tuples(st.integers(0, len(BIG)), st.sampled_from([0, 1, 2]), st.integers(-1, 200_000)), max_size=12),
)
@settings(max_examples=40)
def test_an_open_file_is_like_any_other(big: ObjstoreFileSystem, cache_type: str, moves: list[tuple[int, int, int]]) -> None:
    with big.open("big/file", cache_type=cache_type) as file:
        assert file.size == len(BIG)
        for offset, whence, length in moves:
            at = {0: offset, 1: min(file.tell() + offset, len(BIG)), 2: len(BIG) - offset}[whence]
            file.seek({0: at, 1: at - file.tell(), 2: at - len(BIG)}[whence], whence)
            assert file.read(length) == (BIG[at:] if length < 0 else BIG[at : at + length])


def test_small_reads_in_order_give_the_whole(big: ObjstoreFileSystem) -> None:
    with big.open("big/file") as file:
        assert b"".join(iter(lambda: file.read(3000), b"")) == BIG
        assert file.read(1) == b""


def test_lines_are_read_as_text_and_as_bytes(big: ObjstoreFileSystem) -> None:
    with big.open("big/lines.csv", "r") as text:
        assert [line for line, _ in zip(text, range(1000), strict=False)] == LINES.decode().splitlines(keepends=True)[:1000]
    with big.open("big/lines.csv") as file:
        assert [line for line, _ in zip(file, range(1000), strict=False)] == LINES.splitlines(keepends=True)[:1000]
        file.seek(0)
        assert [file.readline(3), file.readline(0), file.readline(30), file.readline(None)] == [b"0,0", b"", b"\n", b"1,1\n"]
        file.seek(0)
        assert file.readlines() == LINES.splitlines(keepends=True)
    with pytest.raises(ValueError, match="closed"):
        file.readline()
    assert big.read_block("big/lines.csv", 100_000, 50, b"\n").endswith(b"\n")
    assert big.head("big/lines.csv", 4) == b"0,0\n"
    assert big.tail("big/lines.csv", 4) == LINES[-4:]


def test_lines_of_any_length_are_read(repo: objstore.Repository, fs: ObjstoreFileSystem) -> None:
    lines = [b"x" * length + b"\n" for length in (0, 1, 300_000, 5, 0, 700_000, 100)]
    add(repo, "lines", {"ends": b"".join(lines), "does not": b"".join(lines) + b"last"})
    for path, expected in {"lines/ends": lines, "lines/does not": [*lines, b"last"]}.items():
        with fs.open(path) as file:
            assert list(file) == expected
            assert file.tell() == file.size


def test_many_ranges_are_read_at_once(big: ObjstoreFileSystem) -> None:
    ranges = [(5, 10), (3 * MIB, 3 * MIB + 7), (0, MIB)]
    starts, ends = map(list, zip(*ranges, strict=True))
    assert big.cat_ranges(["big/file"] * 3, starts, ends, max_gap=100) == [BIG[start:end] for start, end in ranges]
    (error,) = big.cat_ranges(["big/none"], 0, 1)
    assert isinstance(error, FileNotFoundError)


def test_whole_files_come_as_they_are(big: ObjstoreFileSystem, tmp_path: Path) -> None:
    assert big.cat("big", recursive=True) == {"big/file": BIG, "big/lines.csv": LINES}
    assert big.cat("big/file", recursive=True) == big.cat("big/file") == big.read_bytes("big/file") == BIG
    big.get("big", str(tmp_path / "out"), recursive=True)
    assert (tmp_path / "out" / "file").read_bytes() == BIG
    with open(tmp_path / "copy", "wb") as file:
        big.get_file("big/file", outfile=file)
    assert (tmp_path / "copy").read_bytes() == BIG


def test_an_empty_version_has_nothing(repo: objstore.Repository, fs: ObjstoreFileSystem, tmp_path: Path) -> None:
    add(repo, "none", {})
    assert fs.cat("none", recursive=True) == {}
    assert fs.ls("none") == fs.find("none") == []
    assert fs.isdir("none")
    fs.get("none", str(tmp_path / "out"), recursive=True)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_empty_file_has_nothing(fs: ObjstoreFileSystem) -> None:
    assert fs.cat("pets/empty") == b""
    with fs.open("pets/empty") as file:
        assert file.read() == file.readline() == b""


def test_a_folder_is_not_opened(fs: ObjstoreFileSystem) -> None:
    for path in ("pets", "pets/images"):
        for reading in (fs.open, fs.cat_file):
            with pytest.raises(IsADirectoryError):
                reading(path)


# -- what it costs ---------------------------------------------------------------------------------------------------------


def test_only_the_chunks_that_are_needed_are_read(big: ObjstoreFileSystem, reads: list[tuple[int, int]]) -> None:
    fresh(big).cat_file("big/file", MIB, MIB + 10)
    assert reads == [(1, reads[0][1])]
    assert reads[0][1] <= 256 * 1024 + 64


def test_neighbours_are_read_at_once(big: ObjstoreFileSystem, reads: list[tuple[int, int]]) -> None:
    fresh(big).cat_file("big/file", MIB // 2, 3 * MIB // 2)
    assert len(reads) == 1
    assert reads[0][0] > 5


def test_what_was_read_lately_is_not_read_again(big: ObjstoreFileSystem, reads: list[tuple[int, int]]) -> None:
    fs = fresh(big)
    fs.cat_file("big/file", MIB, MIB + 10)
    reads.clear()
    fs.cat_file("big/file", MIB + 3, MIB + 8)
    with fs.open("big/file") as file:
        file.seek(MIB + 5)
        file.read(3)
    assert reads == []


def test_who_reads_on_needs_fewer_and_larger_reads(big: ObjstoreFileSystem, reads: list[tuple[int, int]]) -> None:
    with fresh(big, cache_bytes=32 * MIB).open("big/file") as file:
        file.read(1000)
        assert reads[0][0] == 1
        while file.read(4000):
            pass
    assert len(reads) < 15
    assert max(wanted for wanted, _ in reads) > 12
    assert sum(size for _, size in reads) <= len(BIG) + MIB


def test_who_reads_here_and_there_reads_nothing_in_vain(big: ObjstoreFileSystem, reads: list[tuple[int, int]]) -> None:
    places = Random(1)
    with fresh(big, cache_bytes=0).open("big/file") as file:
        for _ in range(50):
            file.seek(places.randrange(len(BIG)))
            file.read(10)
    assert all(wanted <= 2 for wanted, _ in reads)


def test_a_small_read_of_a_large_file_does_not_go_through_its_recipe(big: ObjstoreFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    fs = fresh(big)
    parts: list[bytes] = []
    part_rows = recipe.decode_part
    monkeypatch.setattr(recipe, "decode_part", lambda data: parts.append(data) or part_rows(data))
    with fs.open("big/file") as file:
        for at in range(3 * MIB, 3 * MIB + 50_000, 1000):
            file.seek(at)
            file.read(100)
    assert 0 < len(parts) <= 6


@pytest.mark.parametrize("capacity", [0, 1, 100_000, 500_000])
def test_no_more_is_kept_than_was_allowed(big: ObjstoreFileSystem, capacity: int, reads: list[tuple[int, int]]) -> None:
    fs = fresh(big, cache_bytes=capacity)
    with fs.open("big/file") as file:
        while file.read(100_000):
            assert fs.mount.recent.size <= capacity
    assert fs.cat("big/file") == BIG
    assert sum(map(len, fs.mount.recent._kept.values())) == fs.mount.recent.size <= capacity
    assert reads


def test_a_cache_of_less_than_nothing_is_refused(big: ObjstoreFileSystem) -> None:
    with pytest.raises(objstore.InvalidInputError):
        fresh(big, cache_bytes=-1).ls("")


@pytest.mark.slow
def test_a_file_of_really_many_chunks(tmp_path: Path, reads: list[tuple[int, int]]) -> None:
    """Most of it the same chunk of zeros, so that it is added in a second."""
    size = 1100 * MIB
    with objstore.open(tmp_path / "repo", create=True) as repo:
        with open(tmp_path / "huge", "wb") as file:
            file.truncate(size)
            for at in (0, 600 * MIB, size - 1000):
                file.seek(at)
                file.write(noise(at, 1000))
        repo.add(tmp_path / "huge", name="huge")
    fs = ObjstoreFileSystem(tmp_path / "repo")
    with fs.open("huge/huge") as file:
        file.seek(600 * MIB - 10)
        assert file.read(1020) == bytes(10) + noise(600 * MIB, 1000) + bytes(10)
        file.seek(-1000, 2)
        assert file.read() == noise(size - 1000, 1000)
    assert len(reads) <= 5


# -- what is damaged -------------------------------------------------------------------------------------------------------


def damage(folder: Path, where: Callable[[bytes], int]) -> None:
    """Flips a bit of the largest pack."""
    (pack,) = sorted((folder / ".objstore").rglob("packs/*/*"), key=lambda path: path.stat().st_size)[-1:]
    data = bytearray(pack.read_bytes())
    data[where(bytes(data))] ^= 1
    pack.chmod(0o644)
    pack.write_bytes(data)


def test_damaged_bytes_are_never_handed_out(repo: objstore.Repository, tmp_path: Path) -> None:
    add(repo, "two", {"whole": noise(7, 300_000), "other": noise(8, 1000)})
    damage(tmp_path / "repo", lambda data: data.index(noise(7, 300_000)[100_000:100_050]))
    fs = ObjstoreFileSystem()
    with fs.open("two/whole") as file:
        assert file.read(10) == noise(7, 10)
        file.seek(100_000)
        for _ in range(2):
            with pytest.raises(CorruptionError):
                file.read(10)
        file.seek(0)
        at = 0
        with pytest.raises(CorruptionError):  # not before it comes there, though it reads ahead
            while data := file.read(1000):
                assert data == noise(7, 300_000)[at : at + 1000]
                at += 1000
        assert at > 10_000
    for reading in (fs.cat_file, lambda path: fs.get_file(path, str(tmp_path / "out"))):
        with pytest.raises(CorruptionError):
            reading("two/whole")
    assert not (tmp_path / "out").exists()
    assert fs.cat_file("two/other") == noise(8, 1000)
    assert fs.exists("two/whole")


def test_a_recipe_that_leads_to_other_content_is_found_by_a_whole_read(repo: objstore.Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    add(repo, "two", {"whole": noise(7, 300_000)})
    top = recipe.decode
    monkeypatch.setattr(recipe, "decode", lambda data: top(data)._replace(rows=top(data).rows[::-1]))
    fs = ObjstoreFileSystem()
    for reading in (fs.cat_file, lambda path: fs.open(path).read()):
        with pytest.raises(CorruptionError):
            reading("two/whole")


def test_damage_is_not_taken_for_absence(repo: objstore.Repository, fs: ObjstoreFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(*_: object) -> None:
        raise CorruptionError("as it were")

    monkeypatch.setattr(LocalBlobs, "read_ranges", damaged)
    for asking in (fs.exists, fs.isfile, fs.isdir, fs.find, fs.du):
        with pytest.raises(CorruptionError):
            asking("pets/train.csv")


# -- threads ---------------------------------------------------------------------------------------------------------------


def test_threads_share_a_mount_and_read_what_is_there(big: ObjstoreFileSystem) -> None:
    mounts, problems = [], []

    def work(seed: int) -> None:
        fs = ObjstoreFileSystem(big.storage_options["repo"], cache_bytes=300_000)
        mounts.append(fs.mount)
        places = Random(seed)
        for _ in range(100):
            start = places.randrange(len(BIG))
            if fs.cat_file("big/file", start, start + 5000) != BIG[start : start + 5000]:
                problems.append(start)

    threads = [threading.Thread(target=work, args=[seed]) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert len(set(map(id, mounts))) == 1
    assert mounts[0].recent.size <= 300_000


def test_a_reduced_limit_of_reading_at_once_changes_nothing(big: ObjstoreFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "_GROUP", 1)
    assert fresh(big).cat_file("big/file", 1000, 2 * MIB) == BIG[1000 : 2 * MIB]
