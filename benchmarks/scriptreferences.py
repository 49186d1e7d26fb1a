"""What scripts are measured beside, each in a process of its own; prints the seconds that it took as JSON.

python benchmarks/scriptreferences.py files FOLDER COUNT       small files written and synced one by one
python benchmarks/scriptreferences.py sqlite FILE RUNS          a table of runs, of which a tenth is asked for by an indexed column
"""

import json
import os
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any


def files(folder: str, count: str) -> dict[str, Any]:
    """All of them, and one. The folder, too, is synced after each: until then a file's name may be lost."""
    data, taken = os.urandom(4096), []
    directory = os.open(folder, os.O_RDONLY)
    for number in range(int(count)):
        start = time.perf_counter()
        with (Path(folder) / f"{number}.bin").open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.fsync(directory)
        taken.append(time.perf_counter() - start)
    os.close(directory)
    return {"seconds": sum(taken), "one": median(taken)}


def sqlite(path: str, runs: str) -> dict[str, Any]:
    """The rows as SQLite has them, decoded; the database is made when it isn't there."""
    count = int(runs)
    if not Path(path).exists():
        with closing(sqlite3.connect(path)) as made, made:
            made.execute("create table runs (id text primary key, facts text)")
            made.execute("create table uses (version text, run text)")
            made.execute("create index by_version on uses (version)")
            facts = {"name": "trial", "config": {"lr": 0.001, "epochs": 10}, "summary": {"loss": 0.5, "epoch": 10}, "state": "finished"}
            made.executemany("insert into runs values (?, ?)", ((f"run{n:06}", json.dumps({**facts, "n": n})) for n in range(count)))
            made.executemany("insert into uses values (?, ?)", (("other" if n % 10 else "data", f"run{n:06}") for n in range(count)))
    start = time.perf_counter()
    with closing(sqlite3.connect(path)) as there:
        taken = []
        for _ in range(2):
            before = time.perf_counter()
            asked = there.execute("select facts from uses join runs on id = run where version = 'data'")
            found = [json.loads(row[0]) for row in asked]
            taken.append(time.perf_counter() - before)
        if len(found) != -(-count // 10):
            raise SystemExit(f"found {len(found)} of {count} runs")
    return {"all": time.perf_counter() - start, "first": taken[0], "second": taken[1]}


if __name__ == "__main__":
    print(json.dumps({"files": files, "sqlite": sqlite}[sys.argv[1]](*sys.argv[2:])))
