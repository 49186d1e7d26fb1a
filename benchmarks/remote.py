"""Measures objstore with a bucket, on an S3 server that it starts itself, beside what s3fs alone does with large files.

    python benchmarks/remote.py                        everything, at full size: some 30 GB of disk, many minutes
    python benchmarks/remote.py --scale toy            everything, in a minute, to see that it works
    python benchmarks/remote.py --only push-big,one-changed --json results.json

Server and client share this machine, so a rate says something only beside its reference. What every request of a command was for is
told, too: over a line that is far away, it is their number that counts. Needs `pip install 'objstore[test,s3]'`.
"""

from disk import fresh_folder
from program import check_space, options_parser, parse, run_cases
from remotecases import REMOTE_CASES
from servers import serving
from shipyard import Shipyard


def main() -> None:
    options = parse(options_parser(__doc__, REMOTE_CASES), REMOTE_CASES)
    with fresh_folder(options.dir, options.loop_image) as folder:
        if options.only is None:
            check_space(folder, options.scale.remote_space(options.repeats))
        with serving(folder / "server") as server:
            shop = Shipyard(folder, options.scale, options.repeats, server)
            run_cases(REMOTE_CASES, options.only or list(REMOTE_CASES), shop, folder, options)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
