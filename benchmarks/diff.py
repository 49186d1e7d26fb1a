"""Measures diffs: of many files, of the rows of tables beside DuckDB (or pandas, where that isn't installed), of tensors beside NumPy.

    python benchmarks/diff.py                       everything, at full size: some 25 GB of disk, 8 GB of memory, minutes
    python benchmarks/diff.py --scale toy           everything, in a minute, to see that it works
    python benchmarks/diff.py --only rows-changed,tensors --json results.json

Each row stands beside a reference that was measured in the same minutes. Memory is that of the whole process.
Needs `pip install 'objstore[tables,tensors]' safetensors duckdb`.
"""

from diffcases import DIFF_CASES
from disk import fresh_folder
from program import check_space, options_parser, parse, run_cases
from workshop import Workshop


def main() -> None:
    options = parse(options_parser(__doc__, DIFF_CASES), DIFF_CASES)
    with fresh_folder(options.dir, options.loop_image) as folder:
        if options.only is None:
            check_space(folder, options.scale.diff_space())
        run_cases(DIFF_CASES, options.only or list(DIFF_CASES), Workshop(folder, options.scale, options.repeats), folder, options)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
