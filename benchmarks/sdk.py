"""Measures what a script does with objstore: runs, lineage, artifacts from folders and from several writers, on this disk and in a bucket.

    python benchmarks/sdk.py                        everything, at full size: some 15 GB of disk, minutes
    python benchmarks/sdk.py --scale toy            everything, in half a minute, to see that it works
    python benchmarks/sdk.py --only use,used-by --json results.json

Each row stands beside a reference that was measured in the same minutes. The bucket is on an S3 server that this starts, on the same
machine. Times are those of the process itself, from its first call to the end of its last, where a row doesn't say "whole process".
Needs `pip install 'objstore[test,s3]'`.
"""

from disk import fresh_folder
from laboratory import Laboratory
from program import check_space, options_parser, parse, run_cases
from sdkcases import SDK_CASES
from servers import serving


def main() -> None:
    options = parse(options_parser(__doc__, SDK_CASES), SDK_CASES)
    with fresh_folder(options.dir, options.loop_image) as folder:
        if options.only is None:
            check_space(folder, options.scale.sdk_space(options.repeats))
        with serving(folder / "server") as server:
            shop = Laboratory(folder, options.scale, options.repeats, server)
            run_cases(SDK_CASES, options.only or list(SDK_CASES), shop, folder, options)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
