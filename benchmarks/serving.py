"""Runs SeaweedFS, and a proxy that counts in front of it, until the standard input ends.

    python benchmarks/serving.py EMPTY_FOLDER

Prints a line of JSON that says how to reach them, and for each line that it reads one with the requests that have passed the proxy since
the last. A process of its own, so that whoever measures stays small.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the servers are those of the tests

from tests.servers.proxy import proxied
from tests.servers.seaweedfs import seaweedfs


def main() -> None:
    with seaweedfs(Path(sys.argv[1])) as bucket, proxied(bucket) as proxy:
        _say({"url": bucket.url, "endpoint": bucket.endpoint, "proxy": proxy.bucket.endpoint, **bucket.options})
        for _ in sys.stdin:
            _say([asdict(request) for request in proxy.requests])
            proxy.reset()


def _say(what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
