"""What is measured of diffs: each case gives the rows of the table that it fills.

A case times only the comparison itself: making inputs, repositories and the like comes before the clock starts.
"""

import importlib.util
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from measure import Runs, Sample, in_turn, run
from table import Row, show_bytes
from workshop import Workshop

_HERE = Path(__file__).parent
_MODEL = "model.safetensors"


def files(shop: Workshop) -> list[Row]:
    """Two versions of many files."""
    folder, count = shop.fresh("files"), shop.scale.entries
    _child("difffiles", "make", folder, count)
    samples = [_child("difffiles", "compare", folder, count) for _ in range(shop.repeats)]
    whole = Runs([shop.objstore("diff", "files:v0", "files:v1", "--json", repository=folder, code=1) for _ in range(shop.repeats)])

    def said(key: str) -> Runs:
        return Runs([replace(sample, seconds=json.loads(sample.output)[key]) for sample in samples])

    what = f"diff of two versions of {count:,} files, 100 differ"
    return [
        Row("files", f"{what}, first in a process", said("cold"), aim="ms"),
        Row("files", f"{what}, again", said("warm"), aim="ms"),
        Row("files", "the same as a whole process", whole),
    ]


def rows(change: str, what: str) -> Callable[[Workshop], list[Row]]:
    """Two Parquet files compared by the column `id`; the seconds are without start-up."""

    def case(shop: Workshop) -> list[Row]:
        folder = shop.fresh("tables")
        _child("diffrows", "make", folder, change, shop.scale.rows)
        reference = "duckdb" if importlib.util.find_spec("duckdb") else "pandas"
        beside, runs = in_turn(
            shop.repeats, lambda _: _timed("diffrows", reference, folder), lambda _: _timed("diffrows", "objstore", folder)
        )
        notes = [f"{reference}'s rss {show_bytes(beside.rss_bytes)}", f"a file of {show_bytes((folder / 'new.parquet').stat().st_size)}"]
        what_all = f"{shop.scale.rows:,} rows, {what}"
        return [Row(f"rows-{change}", what_all, runs, f"{reference}, full outer join", beside, "rss ≤ 1 GB", notes)]

    return case


def tensors(shop: Workshop) -> list[Row]:
    """Two files of tensors of which 5 % differ, as versions and on the disk; beside loading both files from the disk.

    The seconds are those of whole processes, with what they import. The reference computes the same figures.
    """
    size, folder = shop.scale.model, shop.fresh("model")
    old, new, repository = folder / "old" / _MODEL, folder / "new" / _MODEL, folder / "repository"
    _child("difftensors", "make", old, new, size)
    _child("difftensors", "store", repository, old.parent, new.parent)
    ways = {
        "two versions": ("versions", repository),
        "a version and a file": ("version-and-file", repository, new),
        "two files": ("files", old, new),
    }
    found = []
    for what, way in ways.items():
        beside, runs = in_turn(
            shop.repeats, lambda _: _child("difftensors", "whole", old, new), lambda _, way=way: _child("difftensors", *way)
        )
        told = {sample.output for each in (beside, runs) for sample in each.samples}
        if len(told) != 1:
            raise SystemExit(f"they don't find the same: {told}")
        notes = [told.pop(), f"reference's rss {show_bytes(beside.rss_bytes)}"]
        found.append(Row("tensors", f"diff {what} of {show_bytes(size)} of tensors", runs, "load_file of both", beside, notes=notes))
    return found


DIFF_CASES: dict[str, Callable[[Workshop], list[Row]]] = {
    "files": files,
    "rows-changed": rows("changed", "1 % of them changed"),
    "rows-inserted": rows("inserted", "one inserted in front"),
    "rows-shuffled": rows("shuffled", "1 % changed, all in another order"),
    "rows-rewritten": rows("rewritten", "all changed"),
    "tensors": tensors,
}


def _child(program: str, *arguments: str | int | Path) -> Sample:
    """One process."""
    return run([sys.executable, str(_HERE / f"{program}.py"), *map(str, arguments)])


def _timed(program: str, *arguments: str | int | Path) -> Sample:
    """One process; its seconds are those that it tells."""
    sample = _child(program, *arguments)
    return replace(sample, seconds=float(sample.output or 0))
