"""What is measured of remotes: each case gives the rows of the table that it fills.

Times are of commands that reach the server straight, if not said otherwise. Requests are those of another run, through a proxy that
counts.
"""

from collections.abc import Callable
from random import Random
from statistics import median

import inputs
from measure import Runs, Sample, in_turn
from servers import Traffic
from shipyard import Shipyard
from table import Row, show_bytes, show_seconds

_TIMES = 3
_PART = 1 << 20


def push_big(shop: Shipyard) -> list[Row]:
    """The first push of one incompressible file."""
    senders = [shop.sender(shop.big, "big") for _ in range(shop.repeats + 1)]
    put, push = in_turn(
        shop.repeats,
        lambda _: shop.s3fs("put", shop.big, shop.new_place()),
        lambda turn: shop.straight("push", repository=senders[turn]),
        touched=_TIMES * shop.scale.big_file,
    )
    traffic = shop.counted("push", repository=senders[-1])
    return [_beside_s3fs(shop, "push-big", f"push {_size(shop)}", push, "s3fs put_file", put, traffic)]


def pull_big(shop: Shipyard) -> list[Row]:
    """A new clone of it."""
    there, alone = shop.pushed(shop.big, "big").place, shop.new_place()
    shop.s3fs("put", shop.big, alone)

    def got(_: int) -> Sample:
        with shop.passing("got") as path:
            return shop.s3fs("get", alone, path)

    def cloned(_: int) -> Sample:
        with shop.passing("clone") as path:
            return shop.straight("clone", there, path)

    get, clone = in_turn(shop.repeats, got, cloned, touched=_TIMES * shop.scale.big_file)
    traffic = shop.counted("clone", there, shop.fresh("clone"))
    return [_beside_s3fs(shop, "pull-big", f"clone {_size(shop)}", clone, "s3fs get_file", get, traffic)]


def push_many(shop: Shipyard) -> list[Row]:
    """The first push of many small files, with as much in one file beside it."""
    times = Runs([shop.straight("push", repository=shop.sender(shop.many, "many")) for _ in range(shop.repeats)])
    traffic = shop.counted("push", repository=shop.sender(shop.many, "many"))
    return [_row("push-many", f"push {_files(shop)}", times, traffic, "≤ 25 that write")]


def pull_many(shop: Shipyard) -> list[Row]:
    """A new clone of them; beside it, s3fs gets a fiftieth of such files, one by one."""
    there, some = shop.pushed(shop.many, "many").place, shop.new_place()
    shop.s3fs("put-folder", shop.some, some)
    get, clone = in_turn(
        shop.repeats,
        lambda _: shop.s3fs("get-folder", some, shop.fresh("got")),
        lambda _: shop.straight("clone", there, shop.fresh("clone")),
    )
    traffic = shop.counted("clone", there, shop.fresh("clone"))
    alone = median(float(sample.output) for sample in get.samples)
    count = sum(1 for path in shop.some.rglob("*") if path.is_file())
    at_that_rate = alone * shop.scale.many_files / count
    told = f"s3fs gets {count:,} such files in {show_seconds(alone)}, at that rate all in {show_seconds(at_that_rate)}"
    return [_row("pull-many", f"clone {_files(shop)}", clone, traffic, "≤ 40 requests", [told])]


def up_to_date(shop: Shipyard) -> list[Row]:
    """A push when the upstream has everything."""
    sender = shop.pushed(shop.many, "many").sender
    times = Runs([shop.straight("push", repository=sender) for _ in range(shop.repeats)])
    traffic = shop.counted("push", repository=sender)
    return [_row("up-to-date", f"push {_files(shop)}, none changed", times, traffic, "≤ 3 requests")]


def one_changed(shop: Shipyard) -> list[Row]:
    """A push after one of the many files was given new content."""
    sender = shop.pushed(shop.many, "many").sender

    def change(seed: int) -> None:
        inputs.rewrite_one(shop.many, seed)
        shop.objstore("add", shop.many, "-n", "many", repository=sender)

    samples, traffics = [], []
    for turn in range(shop.repeats):
        change(200 + 2 * turn)
        samples.append(shop.straight("push", repository=sender))
        change(201 + 2 * turn)
        traffics.append(shop.counted("push", repository=sender))
    return [_row("one-changed", f"push {_files(shop)}, one changed", Runs(samples), Traffic.most(traffics), "≤ 8 requests, 400 kB")]


def read_part(shop: Shipyard) -> list[Row]:
    """1 MiB anywhere in the big file: by somebody who has never been there, and then another by the same."""
    there, path = shop.pushed(shop.big, "big").place, f"big:v0/{shop.big.name}"
    chance = Random(5)
    rows = []
    caches = [shop.fresh("cache") for _ in range(shop.repeats)]
    for how, most in (("cold", 10), ("warm", 2)):
        reads = [shop.read_part(there, path, chance.randrange(shop.scale.big_file - _PART), _PART, cache) for cache in caches]
        samples, traffics = zip(*reads, strict=True)
        seconds = median(float(sample.output) for sample in samples)
        notes = [f"{show_seconds(seconds)} through the proxy, without start-up"]
        what = f"read 1 MiB of {_size(shop)}, {how} cache"
        rows.append(_row("read-part", what, Runs(samples), Traffic.most(traffics), f"≤ {most} requests", notes))
    return rows


def gc_again(shop: Shipyard) -> list[Row]:
    """gc in the upstream of a million files: the first one, and one after a single new version has come, with nothing else to free."""
    sender = shop.sender(shop.tiny, "tiny")
    shop.straight("push", repository=sender)

    def collected() -> tuple[Sample, Traffic]:
        """Through the proxy, since what a gc has done can't be done again."""
        shop.traffic()
        return shop.through("gc", "--remote", "--min-age", "0", repository=sender), shop.traffic()

    first = collected()
    inputs.rewrite_one(shop.tiny, 300)
    shop.objstore("add", shop.tiny, "-n", "tiny", repository=sender)
    shop.straight("push", repository=sender)
    rows = []
    for what, (sample, traffic) in {"the first time": first, "after one new version": collected()}.items():
        rows.append(
            _row("gc-again", f"gc --remote of {shop.scale.tiny_files:,} files, {what}", Runs([sample]), traffic, "reads what is new")
        )
    return rows


REMOTE_CASES: dict[str, Callable[[Shipyard], list[Row]]] = {
    "push-big": push_big,
    "pull-big": pull_big,
    "push-many": push_many,
    "pull-many": pull_many,
    "up-to-date": up_to_date,
    "one-changed": one_changed,
    "read-part": read_part,
    "gc-again": gc_again,
}


def _beside_s3fs(shop: Shipyard, case: str, what: str, runs: Runs, against: str, reference: Runs, traffic: Traffic) -> Row:
    """A row whose ratio is that of whole processes, as every ratio is; the rate is what one cares about, and has the aim."""
    rate = shop.scale.big_file / runs.seconds
    alone = median(float(sample.output) for sample in reference.samples)
    notes = [f"{show_bytes(rate)}/s", f"s3fs without its start-up: {show_seconds(alone)}"]
    return _row(case, what, runs, traffic, "≤ 1.25", notes, against, reference)


def _row(
    case: str,
    what: str,
    runs: Runs,
    traffic: Traffic,
    aim: str,
    notes: list[str] | None = None,
    against: str = "",
    reference: Runs | None = None,
) -> Row:
    said = [
        f"{len(traffic.requests)} requests, {traffic.writes} write: {traffic}",
        f"{show_bytes(traffic.bytes)} there and back",
        *(notes or []),
    ]
    facts = {"requests": len(traffic.requests), "writing_requests": traffic.writes, "bytes_there_and_back": traffic.bytes}
    return Row(case, what, runs, against, reference, aim, said, facts)


def _size(shop: Shipyard) -> str:
    return f"{shop.scale.big_file / 1024**2:,.0f} MiB"


def _files(shop: Shipyard) -> str:
    return f"{shop.scale.many_files:,} files"
