"""Compares two Parquet files by the column `id`, in one of several ways; prints the seconds that it takes, without start-up.

    python benchmarks/diffrows.py make FOLDER changed|inserted|shuffled|rewritten ROWS       old.parquet and new.parquet
    python benchmarks/diffrows.py objstore|duckdb|pandas FOLDER

All count rows added, removed and changed, and the changed cells of each column, and fail unless there are any.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def make(folder: str, change: str, rows: str) -> None:
    """Ten columns: whole numbers, floats, text, a date, a time and a flag; from a fixed seed."""
    import pyarrow.parquet as pq

    Path(folder).mkdir()
    old = _table(int(rows))
    for name, table in (("old", old), ("new", _changed(old, change))):
        pq.write_table(table, Path(folder) / f"{name}.parquet")


def by_objstore(old: Path, new: Path) -> int:
    from objstore.comparison.content import OnDisk
    from objstore.comparison.formats.parquet import HANDLER
    from objstore.comparison.rows.compare import compare_rows

    pair = HANDLER.pair(OnDisk(old.name, old), OnDisk(new.name, new))
    with compare_rows(pair, ["id"], old.parent) as found:
        return found.added + found.removed + found.modified


def by_duckdb(old: Path, new: Path) -> int:
    import duckdb

    columns = [row[0] for row in duckdb.execute(f"describe select * from '{new}'").fetchall() if row[0] != "id"]
    unequal = [f'o."{name}" is distinct from n."{name}"' for name in columns]
    cells = ", ".join(f"count(*) filter ({each})" for each in unequal)
    only_one = "count(*) filter (o.id is null), count(*) filter (n.id is null)"
    changed = f"count(*) filter (o.id is not null and n.id is not null and ({' or '.join(unequal)}))"
    query = f"select {only_one}, {changed}, {cells} from '{old}' o full outer join '{new}' n on o.id = n.id"
    return sum(duckdb.execute(query).fetchone()[:3])


def by_pandas(old: Path, new: Path) -> int:
    import pandas

    before, after = (pandas.read_parquet(path).set_index("id") for path in (old, new))
    common = before.index.intersection(after.index)
    a, b = before.loc[common], after.loc[common]
    unequal = (a != b) & ~(a.isna() & b.isna())
    changed = int(unequal.any(axis=1).sum()) if unequal.sum().sum() else 0
    return len(before) + len(after) - 2 * len(common) + changed


def _table(rows: int) -> Any:
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(1)
    stations = pa.array([f"station-{number}" for number in range(300)])
    return pa.table(
        {
            "id": np.arange(rows),
            "value": random.normal(size=rows),
            "price": np.round(random.gamma(3, 20, rows), 2),
            "station": stations.take(pa.array(random.integers(0, 300, rows))),
            "text": np.char.add("reading ", random.integers(0, 10**6, rows).astype("U7")),
            "count": random.integers(0, 1000, rows),
            "day": pa.array(random.integers(0, 20_000, rows).astype("int32"), pa.date32()),
            "flag": random.integers(0, 2, rows).astype(bool),
            "score": random.random(rows).astype("float32"),
            "time": pa.array(random.integers(0, 2**50, rows), pa.timestamp("us")),
        }
    )


def _changed(old: Any, change: str) -> Any:
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(2)
    if change == "inserted":
        return pa.concat_tables([old.slice(7, 1).set_column(0, "id", pa.array([-1])), old])
    if change == "rewritten":
        return old.set_column(1, "value", pa.array(old["value"].to_numpy() + 1))
    new = old
    changed = random.choice(old.num_rows, old.num_rows // 100, replace=False)
    names = ["value", "price", "count", "score"]
    for number, name in enumerate(names):
        values = old[name].to_numpy().copy()
        values[changed[number :: len(names)]] += 1
        new = new.set_column(new.schema.get_field_index(name), name, pa.array(values))
    return new.take(pa.array(random.permutation(old.num_rows))) if change == "shuffled" else new


_WAYS: dict[str, Callable[[Path, Path], int]] = {"objstore": by_objstore, "duckdb": by_duckdb, "pandas": by_pandas}


def main() -> None:
    if sys.argv[1] == "make":
        make(*sys.argv[2:])
        return
    old, new = (Path(sys.argv[2]) / f"{name}.parquet" for name in ("old", "new"))
    start = time.perf_counter()
    if not _WAYS[sys.argv[1]](old, new):
        raise SystemExit("found no differences")
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main()
