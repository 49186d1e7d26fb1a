"""Moves files to and from a bucket as s3fs does it by itself, at its best settings.

    python benchmarks/s3fsfiles.py put FILE URL
    python benchmarks/s3fsfiles.py get URL FILE
    python benchmarks/s3fsfiles.py put-folder FOLDER URL
    python benchmarks/s3fsfiles.py get-folder URL FOLDER

Prints the seconds of the transfer alone, without start-up.
"""

import sys
import time

from s3fs import S3FileSystem

# Of 1, 2, 3, 4 and 8 at a time in parts of 8, 16 and 64 MiB none is steadily faster against a server on the same machine.
_PUT = {"chunksize": 16 << 20, "max_concurrency": 4}
_GET = {"max_concurrency": 1}  # one request and no copies: 2.4 times as fast as the default


def main() -> None:
    operation, source, target = sys.argv[1:]
    fs = S3FileSystem(use_listings_cache=False)
    fs.connect()
    start = time.perf_counter()
    if operation == "put":
        fs.put_file(source, target, **_PUT)
    elif operation == "get":
        fs.get_file(source, target, **_GET)
    elif operation == "put-folder":
        fs.put(source, target, recursive=True)
    else:
        fs.get(source, target, recursive=True)
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main()
