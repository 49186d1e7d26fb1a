"""What is said of a file that can't be looked into."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from objstore.comparison.content import Content
from objstore.comparison.files.diff import Altered, FileDiff
from objstore.errors import RemoteError
from objstore.manifest.entry import Entry, EntryKind
from objstore.repository.comparing import Comparison, OfVersion
from objstore.repository.insides import Inside, rows_inside, tensors_inside, text_inside


def test_the_file_is_named_once() -> None:
    assert Inside("t.csv", "t.csv", None, "t.csv can't be compared: it is empty").told("data/") == "t.csv can't be compared: it is empty"
    assert Inside("t", "t", None, "the old table has no column 'id'").told("data/") == "data/t: the old table has no column 'id'"


class CutOff(OfVersion):
    """A version whose content can't be reached; `asked`: what somebody has tried to read of it."""

    asked: list[str]

    def content(self, path: str, entry: Entry) -> Content:
        self.asked.append(path)
        raise RemoteError("s3://bucket/team/data can't be reached")


LOOKING: dict[str, Callable[[Comparison], Iterator[Any]]] = {
    "text": text_inside,
    "rows": lambda found: rows_inside(found, ()),
    "tensors": lambda found: tensors_inside(found, [item.path for item in found.files.altered]),
}


@pytest.fixture
def cut_off(tmp_path: Path) -> Comparison:
    """A comparison of three files with other content, of sides that can't be reached."""
    entries = [Entry(EntryKind.FILE, bytes([at]) * 32, 7) for at in range(2)]
    side = CutOff(None, None)  # type: ignore[arg-type]
    side.asked = []
    return Comparison(FileDiff(modified=[Altered(f"{name}.csv", *entries) for name in "abc"]), side, side, tmp_path)


@pytest.mark.parametrize("look", LOOKING)
def test_a_remote_that_can_not_be_reached_is_asked_for_one_file_alone(cut_off: Comparison, look: str) -> None:
    """It takes a minute to give up, and there may be thousands of files."""
    told = list(LOOKING[look](cut_off))
    assert [item.path for item in told] == ["a.csv", "b.csv", "c.csv"]
    assert all("can't be reached" in item.why for item in told)
    assert cut_off.old.asked == ["a.csv"]  # type: ignore[attr-defined]


def test_so_it_is_when_new_bytes_are_counted_but_not_for_ever(cut_off: Comparison) -> None:
    assert [(file.new_bytes, file.why) for file in cut_off.file_bytes()] == [(7, "s3://bucket/team/data can't be reached")] * 3
    assert cut_off.old.asked == ["a.csv"]  # type: ignore[attr-defined]
    cut_off.file_bytes()
    assert cut_off.old.asked == ["a.csv"] * 2  # type: ignore[attr-defined]
