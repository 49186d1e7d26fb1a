"""Measures comparing two versions of a model of which 5 % of the tensors have changed, beside loading both with NumPy.

    python benchmarks/diff_tensors.py             64 MiB each, to see that it works
    python benchmarks/diff_tensors.py --full      2 GiB each: some 10 GB of disk, and of memory for the reference

Each comparison is a process of its own; times are those of whole processes, with start-up and what they import. The reference reads
files on the disk, which is less than it takes to get them out of versions first, and computes the same figures.
"""

import argparse
import shutil
import sys
from pathlib import Path

from disk import fresh_folder
from measure import Sample, in_turn, run
from table import Row, as_text, show_bytes

_WAYS = Path(__file__).with_name("tensorways.py")
_FULL, _SMALL = 2 * 1024**3, 64 * 1024**2
_NAME = "model.safetensors"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="2 GiB each")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="how often each command runs (3)")
    parser.add_argument("--dir", type=Path, metavar="DIR", help="work in a new folder in DIR (the system's temporary folder)")
    options = parser.parse_args()
    size = _FULL if options.full else _SMALL
    with fresh_folder(options.dir, None) as folder:
        if shutil.disk_usage(folder).free < 5 * size:
            raise SystemExit(f"{folder} has too little space; choose another --dir")
        print(as_text(_rows(folder, size, options.repeats), aims=False))


def _rows(folder: Path, size: int, repeats: int) -> list[Row]:
    old, new, repository = folder / "old" / _NAME, folder / "new" / _NAME, folder / "repository"
    _way("make", old, new, size)
    _way("store", repository, old.parent, new.parent)
    ways = {
        "two versions": ("versions", repository),
        "a version and a file": ("version-and-file", repository, new),
        "two files": ("files", old, new),
    }
    rows = []
    for what, command in ways.items():
        whole, compared = in_turn(repeats, lambda _: _way("whole", old, new), lambda _, command=command: _way(*command))
        told = {sample.output for runs in (whole, compared) for sample in runs.samples}
        if len(told) != 1:
            raise SystemExit(f"they don't find the same: {told}")
        notes = [f"{told.pop()}; reference: private {show_bytes(whole.private_bytes or 0)}, rss {show_bytes(whole.rss_bytes)}"]
        rows.append(Row("diff-tensors", f"diff {what}, {show_bytes(size)} each", compared, "load_file of both", whole, notes=notes))
    return rows


def _way(*arguments: object) -> Sample:
    return run([sys.executable, _WAYS, *map(str, arguments)])


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
