"""What is measured of scripts: each case gives the rows of the table that it fills."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median

import references
from laboratory import WRITERS, Laboratory, Said
from measure import Runs, Sample, in_turn
from servers import Traffic
from table import Row, show_seconds

_TIMES = 3


def start_up(shop: Laboratory) -> list[Row]:
    """A run that does nothing, in a root that is there."""
    root = shop.new_root()
    shop.script("nothing", root)
    bare, runs = in_turn(shop.scale.starts, lambda _: references.start_python(), lambda _: shop.script("nothing", root).sample)
    return [Row("start-up", "init and finish, whole process", runs, "python -c pass", bare)]


def many(shop: Laboratory) -> list[Row]:
    """Many small artifacts in one run, one after another."""
    pairs = _in_turn(
        shop,
        lambda: shop.reference("files", shop.new_root(), shop.scale.artifacts),
        lambda: shop.script("many", shop.new_root(), shop.small),
    )
    handed = median(said.told["until_finish"] for _, said in pairs)
    what = f"log {shop.scale.artifacts:,} small artifacts in one run"
    notes = [f"{show_seconds(handed)} until finish()"]
    return [_row("many", what, pairs, "seconds", "as many files, each fsynced", "seconds", "≤ 10 s", notes)]


def use(shop: Laboratory) -> list[Row]:
    """An artifact used by its alias, on a local root."""
    times = 20 * shop.repeats
    pairs = _in_turn(
        shop,
        lambda: shop.reference("files", shop.new_root(), times),
        lambda: shop.script("use", shop.new_root(), min(shop.small.iterdir()), times),
    )
    return [
        _row("use", "use_artifact('data:latest')", pairs, "call", "a file fsynced", "one", "≤ 5 ms"),
        _row("use", "the same, until it is recorded durably", pairs, "durable", "a file fsynced", "one"),
    ]


def used_by(shop: Laboratory) -> list[Row]:
    """Who has used a version, in a project with many runs."""
    folder, database, count = shop.history, shop.fresh("sqlite"), shop.scale.runs
    consumers = -(-count // 10)
    shop.reference("sqlite", database, count)
    pairs = _in_turn(
        shop,
        lambda: shop.reference("sqlite", database, count),
        lambda: shop.script("used-by", folder, "data:v0", consumers),
    )
    opening = median(said.told["open"] for _, said in pairs)
    what = f"used_by() of {consumers:,} among {count:,} runs"
    notes = [f"opening the project and finding the version before: {show_seconds(opening)}"]
    facts = {"open_seconds": opening}
    return [
        _row("used-by", f"{what}, first in a process", pairs, "first", "SQLite, JSON decoded", "first", "≤ 50 ms", notes, facts),
        _row("used-by", "again", pairs, "second", "SQLite, JSON decoded", "second", "≤ 50 ms"),
    ]


def add_folder(shop: Laboratory) -> list[Row]:
    """add_dir of a folder beside `objstore add` of it: as whole processes, and without their start-up."""
    rows = []
    by_command, by_script = shop.new_project(), shop.new_project()
    what = f"add_dir + log of {shop.scale.many_files // 10:,} files and one of {shop.scale.big_file // 4 >> 20:,} MiB"
    touched = _TIMES * shop.scale.big_file // 4

    def add(fresh: bool) -> tuple[Runs, Runs]:
        def command(_: int) -> Sample:
            repository = shop.new_project() if fresh else by_command
            return shop.objstore("add", shop.mixed, "-n", "folder", repository=repository)

        def script(_: int) -> Sample:
            return shop.script("add-folder", shop.new_project() if fresh else by_script, shop.mixed).sample

        return in_turn(shop.repeats, command, script, touched)

    def add_within(fresh: bool) -> list[tuple[Said, Said]]:
        return _in_turn(
            shop,
            lambda: shop.script("timed-command-add", shop.new_project() if fresh else by_command, shop.mixed),
            lambda: shop.script("timed-add-folder", shop.new_project() if fresh else by_script, shop.mixed),
        )

    for how, fresh in (("", True), (", unchanged", False)):
        if not fresh:
            shop.objstore("add", shop.mixed, "-n", "folder", repository=by_command)
            shop.script("add-folder", by_script, shop.mixed)
        command, script = add(fresh)
        rows.append(Row("add-folder", f"{what}{how}, whole process", script, "objstore add", command, "≤ 1"))
        rows.append(_row("add-folder", f"the same{how}, in process", add_within(fresh), "seconds", "objstore add", "seconds", "≤ 1"))
    return rows


def writers(shop: Laboratory) -> list[Row]:
    """Several writers of one version beside one that adds all: in a folder, and in a bucket."""
    what = f"{WRITERS} processes upsert {shop.scale.big_file // 2 >> 20:,} MiB"
    local = in_turn(
        shop.repeats,
        lambda _: shop.script("alone", shop.new_root(), shop.shards).sample,
        lambda _: shop.script("together", shop.new_root(), shop.shards).sample,
        touched=_TIMES * shop.scale.big_file // 2,
    )
    bucket = in_turn(
        shop.repeats,
        lambda _: shop.script_in_bucket("alone", shop.new_place(), shop.shards).sample,
        lambda _: shop.script_in_bucket("together", shop.new_place(), shop.shards).sample,
        touched=_TIMES * shop.scale.big_file // 2,
    )
    return [
        Row("writers", f"{what}, on disk", local[1], "one adds all", local[0], "≤ 1"),
        Row("writers", f"{what}, in a bucket", bucket[1], "one adds all", bucket[0], "≤ 1"),
    ]


def clone(shop: Laboratory) -> list[Row]:
    """A new clone of a bucket with the history, beside one of a project without runs; then a question to it.

    Once, however many repeats: a disk's many syncs take minutes.
    """
    there, bare = shop.history_in_bucket, shop.pushed(shop.small, "small").place
    without, clones = in_turn(
        1,
        lambda _: shop.straight("clone", bare, shop.fresh("clone")),
        lambda _: shop.straight("clone", there, shop.fresh("clone")),
    )
    folder = shop.fresh("clone")
    traffic = shop.counted("clone", there, folder)
    shop.counting_script("used-by", folder, "data:v0", -(-shop.scale.runs // 10))
    after = shop.traffic()
    of_runs = _of_runs(traffic) + _of_runs(after)
    notes = [
        f"{of_runs} requests for the log of runs, {len(traffic.requests)} for all: {traffic}",
        f"used_by() of a tenth of them then: {len(after.requests)} requests",
    ]
    facts = {"requests": len(traffic.requests), "requests_of_runs": of_runs, "requests_of_used_by": len(after.requests)}
    what = f"clone of a bucket with {shop.scale.runs:,} runs, whole process"
    return [Row("clone", what, clones, "clone of one without", without, "≤ 100 requests", notes, facts)]


SDK_CASES: dict[str, Callable[[Laboratory], list[Row]]] = {
    "start-up": start_up,
    "many": many,
    "use": use,
    "used-by": used_by,
    "add-folder": add_folder,
    "writers": writers,
    "clone": clone,
}


def _of_runs(traffic: Traffic) -> int:
    return sum("/log/runs/" in request.path.replace("%2F", "/") for request in traffic.requests)


def _in_turn(shop: Laboratory, reference: Callable[[], Said], subject: Callable[[], Said]) -> list[tuple[Said, Said]]:
    """Runs both in turn, so that they meet the same weather."""
    return [(reference(), subject()) for _ in range(shop.repeats)]


def _row(
    case: str,
    what: str,
    pairs: Sequence[tuple[Said, Said]],
    key: str,
    against: str,
    reference_key: str,
    aim: str = "",
    notes: Sequence[str] = (),
    facts: dict[str, float] | None = None,
) -> Row:
    """A row of what processes measured themselves, without their start-up."""
    reference = Runs([replace(said.sample, seconds=said.told[reference_key]) for said, _ in pairs])
    runs = Runs([replace(said.sample, seconds=said.told[key]) for _, said in pairs])
    return Row(case, what, runs, against, reference, aim, notes, facts or {})
