"""Comparing logs."""

from objstore.history.log import Log


def common_entries(ours: Log, theirs: Log) -> int:
    """How many entries two logs begin with in common. Reads both up to there; CorruptionError where one is damaged."""
    count = 0
    for (number, data), (_, other, _) in zip(ours.read_bytes_from(1), theirs.read_both_from(1), strict=False):
        if data != other:
            break
        count = number
    return count


def entries_there(ours: Log, theirs: Log) -> int | None:
    """How many of our entries another log has; None if it has others as well. Reads as `common_entries` does."""
    common = common_entries(ours, theirs)
    return common if theirs.read_entry(common + 1) is None else None
