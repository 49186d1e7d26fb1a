"""What a survey has found, read back."""

from pathlib import Path

from objstore.manifest.entry import Entry, reference_entry
from objstore.worktree.listing import FACTS, UNKNOWN
from objstore.worktree.localchanges import LocalChange, LocalChanges


def entry(number: int) -> Entry:
    """Files, and references of all lengths up to the longest."""
    if number % 7 == 0:
        return reference_entry({"uri": "x" * (32_757 if number % 700 == 7 else number % 1000)}, number)
    return Entry(1 + number % 2, number.to_bytes(32, "big"), number)


def changes(count: int) -> list[LocalChange]:
    """Of all kinds, some with paths as long as they may be."""
    made = []
    for number in range(count):
        path = b"%08d" % number + b"x" * (4088 if number % 50 == 0 else number % 100)
        now = None if number % 3 == 0 else entry(number)
        made.append(LocalChange(path, now is None or number % 2 == 0, UNKNOWN if now is None else FACTS.pack(*range(5)), now))
    return made


def test_changes_come_back_as_they_were_however_many(tmp_path: Path) -> None:
    for count in (0, 1, 3_000, 80_000):  # in memory, over several blocks, in a file
        kept = LocalChanges(tmp_path)
        wanted = changes(count)
        for change in wanted:
            kept.add(change)
        assert list(kept) == wanted
        assert kept.count == count
        kept.close()


def test_several_may_read_at_a_time(tmp_path: Path) -> None:
    kept = LocalChanges(tmp_path)
    wanted = changes(5_000)
    for change in wanted:
        kept.add(change)
    assert list(zip(kept, kept, strict=True)) == list(zip(wanted, wanted, strict=True))
    first = iter(kept)
    assert [next(first) for _ in range(10)] == wanted[:10]
    assert list(kept) == wanted
    assert list(first) == wanted[10:]
    kept.close()
