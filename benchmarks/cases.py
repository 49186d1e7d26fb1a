"""What is measured: each case gives the rows of the table that it fills.

A case times only the command itself: making inputs, repositories and the like comes before the clock starts.
"""

import json
import math
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

import inputs
import references
from measure import Runs, Sample, in_turn, run
from table import Row, show_bytes, show_seconds
from workshop import Workshop, stored_bytes

_TIMES = 3  # as much memory is touched before a run as it may fill, and more
_WALK = "scandir+stat walk, whole process"


def add_big(shop: Workshop) -> list[Row]:
    """One incompressible file into an empty repository."""
    copy, add = in_turn(
        shop.repeats,
        lambda _: _passing(shop, lambda path: references.copy_and_sync(shop.big, path)),
        lambda _: _passing(shop, lambda path: shop.added(shop.big, "big", path)),
        touched=_TIMES * shop.scale.big_file,
    )
    return [Row("add-big", f"add {_size(shop.big)}", add, "cp + fsync", copy, "≤ 2")]


def add_edited(shop: Workshop) -> list[Row]:
    """The same file after small edits, into repositories that hold the first version."""
    added: list[int] = []

    def add(turn: int) -> Sample:
        repository = shop.holder(shop.big, "big", turn)
        before = stored_bytes(repository)
        sample = shop.objstore("add", shop.edited, "-n", "big", repository=repository)
        added.append(stored_bytes(repository) - before)
        return sample

    copy, runs = in_turn(
        shop.repeats, lambda _: references.copy_and_sync(shop.edited, shop.fresh("copy")), add, _TIMES * shop.scale.big_file
    )
    what = f"add it with {shop.scale.edits} edits and an insertion"
    notes = [f"{show_bytes(median(added))} added"]
    return [Row("add-edited", what, runs, "cp + fsync", copy, "≤ 9 MB added", notes, facts={"bytes_added": median(added)})]


def get_big(shop: Workshop) -> list[Row]:
    """The big file out into new folders."""
    repository = shop.holder(shop.big, "big")
    copy, get = in_turn(
        shop.repeats,
        lambda _: _passing(shop, lambda path: references.copy(shop.big, path)),
        lambda _: _passing(shop, lambda path: shop.objstore("get", "big:v0", path, repository=repository)),
        touched=_TIMES * shop.scale.big_file,
    )
    return [Row("get-big", f"get {_size(shop.big)}", get, "cp", copy, "≤ 2.5")]


def add_many(shop: Workshop) -> list[Row]:
    """Many small files into an empty repository."""
    copy, add = in_turn(
        shop.repeats,
        lambda _: references.copy_tree(shop.many, shop.fresh("copy")),
        lambda _: shop.new_holder(shop.many, "many"),
        touched=_TIMES * shop.scale.big_file,
    )
    return [Row("add-many", f"add {_files(shop)}", add, "cp -r", copy, "≤ 1")]


def unchanged(shop: Workshop) -> list[Row]:
    """The same files again, though nothing changed."""
    repository = shop.holder(shop.many, "many")
    walk, add = in_turn(
        shop.repeats,
        lambda _: references.walk(shop.many),
        lambda _: shop.objstore("add", shop.many, "-n", "many", repository=repository),
    )
    return [_beside_walk("unchanged", f"add {_files(shop)}, none changed", add, walk, "≤ 2")]


def one_changed(shop: Workshop) -> list[Row]:
    """The same files after one of them was given new content."""
    return [_one_changed(shop, "one-changed", f"add {_files(shop)}, one changed", shop.many, "many", shop.repeats, "≤ 2, + 100 ms")]


def get_many(shop: Workshop) -> list[Row]:
    """Many small files out into new folders, then once more over what is there."""
    repository = shop.holder(shop.many, "many")
    got: list[Path] = []

    def get(_: int) -> Sample:
        got.append(shop.fresh("got"))
        return shop.objstore("get", "many:v0", got[-1], repository=repository)

    copy, first = in_turn(shop.repeats, lambda _: references.copy_tree(shop.many, shop.fresh("copy")), get, _TIMES * shop.scale.big_file)
    walk, again = in_turn(
        shop.repeats,
        lambda _: references.walk(got[-1]),
        lambda _: shop.objstore("get", "many:v0", got[-1], repository=repository),
    )
    return [
        Row("get-many", f"get {_files(shop)}", first, "cp -r", copy, "≤ 1.2"),
        _beside_walk("get-many", "get them again, nothing to do", again, walk, ""),
    ]


def status(shop: Workshop) -> list[Row]:
    """The status of a pinned folder in which nothing changed, with `git status` of the same files in Git beside it."""
    tree = shop.tree
    walk, runs = in_turn(shop.repeats, lambda _: references.walk(tree / "data"), lambda _: shop.objstore("status", repository=tree))
    beside: list[float] = []
    if shutil.which("git"):
        # Apart from the others: a walk over as many other files between them would leave one of them colder caches than the other.
        in_git = references.git_repository(shop.many, shop.fresh("git"))
        beside = [references.git_status(in_git).seconds for _ in range(shop.repeats + 1)][1:]
    git = median(beside or [math.nan])
    notes = [f"git status of the same files: {show_seconds(git)}, ratio {runs.seconds / git:.2f}"] if beside else []
    return [_beside_walk("status", f"status of {_files(shop)}, none changed", runs, walk, "≤ 2", notes, {"git_status_seconds": git})]


def checkout(shop: Workshop) -> list[Row]:
    """A pinned folder taken to and fro between two versions that differ in ten files."""
    tree = shop.tree
    for at in range(10):
        inputs.rewrite(tree / "data", at, seed=50 + at)
    shop.objstore("add", "data", repository=tree)
    touched: list[int] = []

    def move(turn: int) -> Sample:
        before = inputs.facts(tree / "data")
        sample = shop.objstore("checkout", f"data:v{turn % 2}", repository=tree)
        touched.append(len(before.items() ^ inputs.facts(tree / "data").items()) // 2)
        return sample

    walk, runs = in_turn(max(2, shop.repeats), lambda _: references.walk(tree / "data"), move)
    what = f"checkout of another version of {_files(shop)}, 10 differ"
    notes = [f"{', '.join(map(str, sorted(set(touched))))} files touched"]
    return [_beside_walk("checkout", what, runs, walk, "10 touched", notes, {"files_touched": max(touched)})]


def manifests(shop: Workshop) -> list[Row]:
    """Two manifests with a few differences: compared, and edited."""
    path, entries = shop.fresh("manifests"), shop.scale.entries
    command = [sys.executable, str(Path(__file__).with_name("manifests.py"))]

    def measured(operation: str) -> tuple[Sample, dict[str, float]]:
        sample = run([*command, operation, path, str(entries)])
        return sample, json.loads(sample.output)

    measured("make")
    compared = [measured("compare") for _ in range(shop.repeats)]
    edited = [measured("edit") for _ in range(shop.repeats)]
    written = median(said["written"] for _, said in edited)
    diff = f"diff of two manifests of {entries:,}, 10 differences"
    return [
        Row("manifests", f"{diff}, first in a process", _as_said(compared, "cold"), aim="≤ 20 ms"),
        Row("manifests", f"{diff}, again", _as_said(compared, "warm"), aim="≤ 20 ms"),
        Row(
            "manifests",
            f"one entry of {entries:,} edited and stored",
            _as_said(edited, "seconds"),
            aim="≤ 100 ms, 300 kB",
            notes=[f"{show_bytes(written)} of nodes written"],
            facts={"bytes_written": written},
        ),
    ]


def start_up(shop: Workshop) -> list[Row]:
    """How long it takes until the command does anything."""
    bare, version = in_turn(
        shop.scale.starts,
        lambda _: references.start_python(),
        lambda _: shop.objstore("--version", watch=False, settle=False),
    )
    # Watching costs time that matters here, so the memory is another run's.
    watched = shop.objstore("--version")
    runs = Runs([replace(sample, private_bytes=watched.private_bytes) for sample in version.samples])
    return [Row("start-up", "objstore --version", runs, "python -c pass", bare, "≤ 4")]


def million(shop: Workshop) -> list[Row]:
    """A great many tiny files, once each way: for the memory that they take."""
    files = f"{shop.scale.tiny_files:,} tiny files"
    add = Runs([shop.new_holder(shop.tiny, "tiny")])
    repository = shop.holder(shop.tiny, "tiny")
    walk, again = in_turn(
        1,
        lambda _: references.walk(shop.tiny),
        lambda _: shop.objstore("add", shop.tiny, "-n", "tiny", repository=repository),
    )
    changed = _one_changed(shop, "million", f"add {files}, one changed", shop.tiny, "tiny", 1, "")
    get = Runs([shop.objstore("get", "tiny:v0", shop.fresh("got"), repository=repository)])
    return [
        Row("million", f"add {files}", add),
        _beside_walk("million", f"add {files}, none changed", again, walk, ""),
        changed,
        Row("million", f"get {files}", get),
    ]


CASES: dict[str, Callable[[Workshop], list[Row]]] = {
    "start-up": start_up,
    "add-big": add_big,
    "add-edited": add_edited,
    "get-big": get_big,
    "add-many": add_many,
    "unchanged": unchanged,
    "one-changed": one_changed,
    "get-many": get_many,
    "status": status,
    "checkout": checkout,
    "manifests": manifests,
    "million": million,
}


def _passing(shop: Workshop, measured: Callable[[Path], Sample]) -> Sample:
    with shop.passing("copy") as path:
        return measured(path)


def _one_changed(shop: Workshop, case: str, what: str, source: Path, name: str, repeats: int, aim: str) -> Row:
    """Adds `source` with one file rewritten, each time beside an add without a change."""
    repository = shop.holder(source, name)
    idle: list[float] = []
    added: list[int] = []

    def add(turn: int) -> Sample:
        idle.append(shop.objstore("add", source, "-n", name, repository=repository).seconds)
        inputs.rewrite_one(source, seed=100 + turn)
        before = stored_bytes(repository)
        sample = shop.objstore("add", source, "-n", name, repository=repository)
        added.append(stored_bytes(repository) - before)
        return sample

    walk, runs = in_turn(repeats, lambda _: references.walk(source), add)
    more, size = runs.seconds - median(idle), median(added)
    facts = {"seconds_more_than_unchanged": more, "bytes_added": size}
    return _beside_walk(case, what, runs, walk, aim, [f"{more * 1000:+.0f} ms to unchanged", f"{show_bytes(size)} added"], facts)


def _beside_walk(
    case: str, what: str, runs: Runs, walk: Runs, aim: str, notes: list[str] | None = None, facts: dict[str, float] | None = None
) -> Row:
    """A row whose ratio is to the walk as a whole process, with the walk alone, without start-up, noted beside it."""
    alone = median(references.walk_alone(sample) for sample in walk.samples)
    ratio = runs.seconds / alone
    said = [f"walk alone, in process: {show_seconds(alone)}, ratio {ratio:.2f}", *(notes or [])]
    return Row(case, what, runs, _WALK, walk, aim, said, {"walk_alone_seconds": alone, "ratio_to_walk_alone": ratio, **(facts or {})})


def _as_said(measured: list[tuple[Sample, dict[str, float]]], key: str) -> Runs:
    """The runs with the times that the processes took themselves, without their start-up."""
    return Runs([replace(sample, seconds=said[key]) for sample, said in measured])


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1024**2:,.0f} MiB"


def _files(shop: Workshop) -> str:
    return f"{shop.scale.many_files:,} files"
