"""Measures diffs of content: rows of tables, beside DuckDB (or pandas, where that isn't installed).

    python benchmarks/diff.py                       everything, at full size: two tables of 5 million rows, 2 GB of disk, minutes
    python benchmarks/diff.py --scale toy           everything, in seconds, to see that it works
    python benchmarks/diff.py --only rows-changed --json results.json

Times are those of the process itself, from its first call to the end of its last; memory is that of the whole process.
Needs `pip install 'objstore[tables]' duckdb`.
"""

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from disk import fresh_folder
from measure import Sample, in_turn, run
from program import check_space, options_parser, parse, run_cases
from table import Row, show_bytes
from workshop import Workshop

_ROWS = Path(__file__).with_name("diffrows.py")
_TABLE_BYTES = 60  # of a row, in a file and in scratch files


def rows(change: str, what: str, aim: str = "") -> Callable[[Workshop], list[Row]]:
    """Two Parquet files compared by the column `id`."""

    def case(shop: Workshop) -> list[Row]:
        folder = shop.fresh("tables")
        _child("make", folder, change, shop.scale.rows)
        reference = "duckdb" if importlib.util.find_spec("duckdb") else "pandas"
        beside, runs = in_turn(shop.repeats, lambda _: _child(reference, folder), lambda _: _child("objstore", folder))
        notes = [f"{reference}'s rss {show_bytes(beside.rss_bytes)}", f"a file of {show_bytes((folder / 'new.parquet').stat().st_size)}"]
        return [Row(f"rows-{change}", f"{shop.scale.rows:,} rows, {what}", runs, f"{reference}, full outer join", beside, aim, notes)]

    return case


DIFF_CASES: dict[str, Callable[[Workshop], list[Row]]] = {
    "rows-changed": rows("changed", "1 % of them changed", "rss ≤ 1 GB"),
    "rows-inserted": rows("inserted", "one inserted in front", "rss ≤ 1 GB"),
    "rows-shuffled": rows("shuffled", "1 % changed, all in another order", "rss ≤ 1 GB"),
    "rows-rewritten": rows("rewritten", "all changed", "rss ≤ 1 GB"),
}


def main() -> None:
    options = parse(options_parser(__doc__, DIFF_CASES), DIFF_CASES)
    with fresh_folder(options.dir, options.loop_image) as folder:
        if options.only is None:
            check_space(folder, options.scale.rows * _TABLE_BYTES * 2 * len(DIFF_CASES))
        run_cases(DIFF_CASES, options.only or list(DIFF_CASES), Workshop(folder, options.scale, options.repeats), folder, options)


def _child(*arguments: str | int | Path) -> Sample:
    """One process; its seconds are those that it tells."""
    sample = run([sys.executable, str(_ROWS), *map(str, arguments)])
    return replace(sample, seconds=float(sample.output or 0))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
