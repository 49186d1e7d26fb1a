"""Reads a part of a file of a version through `objstore://`.

    python benchmarks/readpart.py URL NAME:VERSION/PATH OFFSET SIZE

Prints the seconds that it takes, without start-up.
"""

import sys
import time

import fsspec


def main() -> None:
    url, path, offset, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    start = time.perf_counter()
    with fsspec.filesystem("objstore", repo=url).open(path) as file:
        file.seek(offset)
        if len(file.read(size)) != size:
            raise SystemExit(f"{path} ends before {offset + size}")
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main()
