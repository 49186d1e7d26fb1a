"""Measures objstore on this machine beside `cp`, `cp -r`, a bare walk and a bare Python, all in the same run.

    python benchmarks/local.py                        everything, at full size: some 30 GB of disk, many minutes
    python benchmarks/local.py --scale toy            everything, in seconds, to see that it works
    python benchmarks/local.py --loop-image 60        on a file system made for it (root): what many files need for steady times
    python benchmarks/local.py --only add-big,get-big --json results.json

Each command and its reference take turns; a row shows the medians of their times, the ratio of those, and the most
memory that the command took in any run: private (its own pages, shared with no other process) and resident.
"""

import argparse

from cases import CASES
from disk import fresh_folder
from program import check_space, options_parser, parse, run_cases
from scale import Scale
from workshop import Workshop


def main() -> None:
    options = _options()
    everything = _cases_of(options.scale, options.million)
    with fresh_folder(options.dir, options.loop_image) as folder:
        if options.only is None:
            check_space(folder, options.scale.space(options.repeats, options.million))
        run_cases(CASES, options.only or everything, Workshop(folder, options.scale, options.repeats), folder, options)


def _cases_of(scale: Scale, million: bool) -> list[str]:
    """All cases, without the million files where they would take minutes and weren't asked for."""
    return [name for name in CASES if name != "million" or million or not scale.is_full]


def _options() -> argparse.Namespace:
    parser = options_parser(__doc__, CASES)
    parser.add_argument("--million", action="store_true", help="at full size, add and get 1,000,000 tiny files as well")
    return parse(parser, CASES)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
