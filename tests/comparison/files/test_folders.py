"""A diff summed up folder by folder."""

from objstore.comparison.files.diff import Altered, FileDiff, Present, Renamed
from objstore.comparison.files.folders import per_folder, summed
from objstore.manifest.entry import EntryKind, reference_entry
from tests.manifest.stores import file

OF_SIX = file("6", 6)
FOUND = FileDiff(
    added=[Present("d/a", file("", 10)), Present("d/e/f", file("", 20)), Present("d-", file("", 1))],
    removed=[Present("d/r", file("", 5))],
    modified=[Altered("m", file("", 100), file("", 110))],
    renamed=[Renamed("x/o", "d/n", OF_SIX, OF_SIX), Renamed("x/p", "d/q", file("", 50), file("", 60), 80)],
    mode_changed=[Altered("d/x", OF_SIX, OF_SIX._replace(kind=EntryKind.EXECUTABLE))],
    type_changed=[Altered("t", reference_entry({"uri": "s3://b/t"}), file("", 7))],
)


def new_bytes(item: Altered | Renamed) -> int:
    return {"m": 30, "d/q": 15}[item.path]


def test_each_folder_tells_of_the_files_directly_in_it() -> None:
    folders = per_folder(FOUND, new_bytes)
    assert [folder.path for folder in folders] == ["", "d", "d/e"]
    top, middle, _ = folders
    assert {name: count for name, count in top.files.items() if count} == {"added": 1, "modified": 1, "type_changed": 1}
    assert (top.old_bytes, top.bytes, top.new_bytes) == (100, 118, 38)
    assert {name: count for name, count in middle.files.items() if count} == {"added": 1, "removed": 1, "renamed": 2, "mode_changed": 1}
    assert (middle.old_bytes, middle.bytes, middle.new_bytes) == (5 + 6 + 50 + 6, 10 + 6 + 60 + 6, 10 + 15)


def test_the_sum_is_that_of_all_files() -> None:
    total = summed(per_folder(FOUND, new_bytes))
    assert total.files == {name: total.files for name, total in FOUND.totals.items()}
    assert (total.old_bytes, total.bytes, total.new_bytes) == (167, 220, 83)
    assert total.to_dict()["files"]["renamed"] == 2


def test_nothing_has_no_folders() -> None:
    assert per_folder(FileDiff(), new_bytes) == []
    assert summed([]).bytes == 0


def test_a_reference_has_a_size_and_no_new_bytes() -> None:
    reference = reference_entry({"uri": "s3://b/a"}, 9)
    (folder,) = per_folder(FileDiff(added=[Present("a", reference)]), new_bytes)
    assert (folder.bytes, folder.new_bytes) == (9, 0)
