"""What every benchmark program is on the outside: its options, and how its cases are run and reported."""

import argparse
import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from disk import file_system_of
from measure import CommandFailedError
from scale import FULL, Scale, parse_scale
from table import Row, as_json, as_text

S = TypeVar("S")
Cases = Mapping[str, Callable[[S], list[Row]]]


def options_parser(document: str | None, cases: Cases[S]) -> argparse.ArgumentParser:
    """The options that all programs have."""
    parser = argparse.ArgumentParser(description=document, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=_scale, default=FULL, metavar="full|toy|NUMBER", help="NUMBER is a fraction of full")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="how often each command runs (3); some have their own")
    parser.add_argument("--only", metavar="NAME,…", help=f"of {', '.join(cases)}")
    parser.add_argument(
        "--json", nargs="?", const="-", metavar="FILE", help="write JSON too, or nothing else to the standard output without FILE"
    )
    parser.add_argument("--dir", type=Path, metavar="DIR", help="work in a new folder in DIR (the system's temporary folder)")
    parser.add_argument("--loop-image", type=int, metavar="GB", help="work in a new ext4 image of that size in DIR; root only")
    return parser


def parse(parser: argparse.ArgumentParser, cases: Cases[S]) -> argparse.Namespace:
    """The options given; `only` is a list of cases, or None."""
    options = parser.parse_args()
    if options.repeats < 1:
        parser.error("--repeats is at least 1")
    if options.only is not None:
        asked = options.only.split(",")
        unknown = [name for name in asked if name not in cases]
        if unknown:
            parser.error(f"no case {', '.join(unknown)}; there are {', '.join(cases)}")
        options.only = [name for name in cases if name in asked]
    return options


def check_space(folder: Path, needed: int) -> None:
    """Ends the program where not all cases have room."""
    free = min(shutil.disk_usage(place).free for place in (folder, folder.parent))  # an image is sparse: it fills the disk below
    if free < needed:
        raise SystemExit(
            f"{folder} has {free / 1e9:.0f} GB free, all cases need {needed / 1e9:.0f}; choose another --dir, or fewer with --only"
        )


def run_cases(cases: Cases[S], names: Sequence[str], shop: S, folder: Path, options: argparse.Namespace) -> None:
    """Runs cases in a shop and prints what came of them; one that fails is told at the end, so that it doesn't cost the others' results."""
    machine = _machine(folder, options)
    _tell(", ".join(f"{key} {value}" for key, value in machine.items()))
    rows: list[Row] = []
    failures: list[str] = []
    for name in names:
        _tell(f"{name} …")
        try:
            rows += cases[name](shop)
        except CommandFailedError as error:
            failures.append(f"{name}: {error}")
    _report(machine, rows, options)
    if failures:
        raise SystemExit("\n".join(failures))


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


def _scale(text: str) -> Scale:
    try:
        return parse_scale(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"full, toy, or a number above 0 and up to 1, not {text}") from None


def _tell(what: str) -> None:
    """Says how far we are, where it doesn't get in the way of results."""
    print(what, file=sys.stderr, flush=True)
