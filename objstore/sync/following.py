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
