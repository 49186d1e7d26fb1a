"""Measures what versions of a table cost in the store, beside the same versions as Parquet written in other ways.

    python benchmarks/tables.py                 a million rows of six columns
    python benchmarks/tables.py --rows 20000    fewer, to see that it works

Each way of writing has a repository of its own. The input is made from a fixed seed. Times are of one run; the reference is PyArrow's
`write_table` with its own defaults.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import objstore

WAYS = {
    "table": None,
    "default": {},
    "chunked": {"use_content_defined_chunking": True},
    "chunked, zstd": {"use_content_defined_chunking": True, "compression": "zstd"},
    "chunked, uncompressed": {"use_content_defined_chunking": True, "compression": "none"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    table = made(parser.parse_args().rows)
    seconds = timed(lambda: pq.write_table(table, pa.BufferOutputStream()))
    print(f"{table.num_rows:,} rows, {table.num_columns} columns; write_table into memory: {seconds:.2f} s\n")
    print("| written as | file, MB | store, MB | add, s |", *(f"{name}, kB |" for name, _ in changes(table)))
    print("|---" * (4 + len(list(changes(table)))) + "|")
    for way, options in WAYS.items():
        with tempfile.TemporaryDirectory() as folder:
            print(f"| {way} |", *measured(Path(folder), table, options))


def measured(folder: Path, table: pa.Table, options: "dict[str, object] | None") -> Iterator[str]:
    """The cells of a row."""
    with objstore.open(folder / "store", create=True) as repo:

        def log(one: pa.Table) -> int:
            artifact = repo.new_artifact("data", "dataset")
            if options is None:
                size = artifact.add(one, "t").size
            else:
                pq.write_table(one, folder / "t.parquet", **options)
                size = artifact.add_file(folder / "t.parquet").size
            repo.log(artifact)
            return size or 0

        start = time.perf_counter()
        size = log(table)
        yield f"{size / 1e6:.1f} |"
        held = stored(repo)
        yield f"{held / 1e6:.1f} |"
        yield f"{time.perf_counter() - start:.2f} |"
        for _, changed in changes(table):
            log(changed)
            yield f"{(stored(repo) - held) / 1e3:,.0f} |"
            held = stored(repo)


def changes(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Versions that follow from the first, each for itself."""
    row = table.slice(7, 1)
    for name, at in (("a row inserted in the middle", table.num_rows // 2), ("at the end", table.num_rows)):
        yield name, pa.concat_tables([table.slice(0, at), row, table.slice(at)])
    values = table["value"].to_numpy().copy()
    values[np.random.default_rng(2).integers(0, table.num_rows, 100)] = 9.5
    yield "100 cells changed", table.set_column(1, "value", pa.array(values))
    yield "a column added", table.append_column("zero", pa.array(np.zeros(table.num_rows)))


def made(rows: int) -> pa.Table:
    random = np.random.default_rng(1)
    stations = np.array([f"station-{n}" for n in range(300)])
    texts = zip(random.integers(0, 10**6, rows), random.integers(0, 3650, rows), strict=True)
    return pa.table(
        {
            "id": np.arange(rows),
            "value": random.normal(size=rows),
            "station": stations[random.integers(0, 300, rows)],
            "text": [f"reading {n} of day {day}" for n, day in texts],
            "count": random.integers(0, 1000, rows),
            "flag": random.integers(0, 2, rows).astype(bool),
        }
    )


def stored(repo: objstore.Repository) -> int:
    return sum(file.stat().st_size for file in repo.path.glob("packs/*/*"))


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
