"""Measures objstore on this machine beside `cp`, `cp -r`, a bare walk and a bare Python, all in the same run.

    python benchmarks/local.py                        everything, at full size: some 30 GB of disk, many minutes
    python benchmarks/local.py --scale toy            everything, in seconds, to see that it works
    python benchmarks/local.py --loop-image 60        on a file system made for it (root): what many files need for steady times
    python benchmarks/local.py --only add-big,get-big --json results.json

Each command and its reference take turns; a row shows the medians of their times, the ratio of those, and the most
memory that the command took in any run: private (its own pages, shared with no other process) and resident.
"""

import argparse
import json
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Any

from cases import CASES
from disk import file_system_of, fresh_folder
from measure import CommandFailedError
from scale import FULL, Scale, parse_scale
from table import Row, as_json, as_text
from workshop import Workshop


def main() -> None:
    options = _options()
    with fresh_folder(options.dir, options.loop_image) as folder:
        _check_space(folder, options)
        machine = _machine(folder, options)
        _tell(", ".join(f"{key} {value}" for key, value in machine.items()))
        rows, failures = _measure(Workshop(folder, options.scale, options.repeats), options.only)
        _report(machine, rows, options)
    if failures:
        raise SystemExit("\n".join(failures))


def _measure(shop: Workshop, names: list[str]) -> tuple[list[Row], list[str]]:
    """Runs the cases; one that fails is told at the end, so that it doesn't cost the results of the others."""
    rows: list[Row] = []
    failures: list[str] = []
    for name in names:
        _tell(f"{name} …")
        try:
            rows += CASES[name](shop)
        except CommandFailedError as error:
            failures.append(f"{name}: {error}")
    return rows, failures


def _report(machine: dict[str, Any], rows: list[Row], options: argparse.Namespace) -> None:
    document = json.dumps({"machine": machine, "rows": as_json(rows)}, indent=2, ensure_ascii=False)
    if options.json == "-":
        print(document)
        return
    print("  ".join(f"{key}: {value}" for key, value in machine.items()))
    print()
    print(as_text(rows, aims=options.scale.is_full))
    if options.json:
        Path(options.json).write_text(document + "\n")


def _machine(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "scale": options.scale.name,
        "repeats": options.repeats,
        "file system": file_system_of(folder) + (", new" if options.loop_image else ", in use"),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
    }


def _check_space(folder: Path, options: argparse.Namespace) -> None:
    if options.only != _cases_of(options.scale, options.million):
        return
    needed = options.scale.space(options.repeats, options.million)
    free = min(shutil.disk_usage(place).free for place in (folder, folder.parent))  # an image is sparse: it fills the disk below
    if free < needed:
        raise SystemExit(
            f"{folder} has {free / 1e9:.0f} GB free, all cases need {needed / 1e9:.0f}; choose another --dir, or fewer with --only"
        )


def _cases_of(scale: Scale, million: bool) -> list[str]:
    """All cases, without the million files where they would take minutes and weren't asked for."""
    return [name for name in CASES if name != "million" or million or not scale.is_full]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=_scale, default=FULL, metavar="full|toy|NUMBER", help="NUMBER is a fraction of full")
    parser.add_argument(
        "--repeats", type=int, default=3, metavar="N", help="how often each command runs (3); start-up and million have their own"
    )
    parser.add_argument("--only", metavar="NAME,…", help=f"of {', '.join(CASES)}")
    parser.add_argument("--million", action="store_true", help="at full size, add and get 1,000,000 tiny files as well")
    parser.add_argument(
        "--json", nargs="?", const="-", metavar="FILE", help="write JSON too, or nothing else to the standard output without FILE"
    )
    parser.add_argument("--dir", type=Path, metavar="DIR", help="work in a new folder in DIR (the system's temporary folder)")
    parser.add_argument("--loop-image", type=int, metavar="GB", help="work in a new ext4 image of that size in DIR; root only")
    options = parser.parse_args()
    options.only = _chosen(parser, options)
    if options.repeats < 1:
        parser.error("--repeats is at least 1")
    return options


def _scale(text: str) -> Scale:
    try:
        return parse_scale(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"full, toy, or a number above 0 and up to 1, not {text}") from None


def _chosen(parser: argparse.ArgumentParser, options: argparse.Namespace) -> list[str]:
    if not options.only:
        return _cases_of(options.scale, options.million)
    asked = options.only.split(",")
    unknown = [name for name in asked if name not in CASES]
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(CASES)}")
    return [name for name in CASES if name in asked]


def _tell(what: str) -> None:
    """Says how far we are, where it doesn't get in the way of results."""
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
