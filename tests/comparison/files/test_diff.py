"""What a diff says of files."""

import json

from hypothesis import given
from hypothesis import strategies as st

from objstore.comparison.files.diff import FileDiff, diff
from objstore.manifest.entry import Entry, EntryKind, reference_entry
from objstore.manifest.sides import Side
from tests.manifest.stores import Nodes, file

Files = dict[str, Entry]


def executable(content: str) -> Entry:
    return file(content)._replace(kind=EntryKind.EXECUTABLE)


def compared(old: Files, new: Files) -> FileDiff:
    before, after = (Side(Nodes(), None, sorted((path.encode(), entry) for path, entry in files.items())) for files in (old, new))
    return diff(before, after)


def moves(found: FileDiff) -> list[tuple[str, str]]:
    return [(item.old_path, item.path) for item in found.renamed]


def test_equal_sides_don_t_differ() -> None:
    found = compared({"a": file("1")}, {"a": file("1")})
    assert not found
    assert found == FileDiff()


def test_paths_on_one_side_are_added_or_removed() -> None:
    found = compared({"a": file("1")}, {"b": file("22")})
    assert [item.path for item in found.removed] == ["a"]
    assert [(item.path, item.entry.size) for item in found.added] == [("b", 2)]
    assert found


def test_other_content_is_modified() -> None:
    (item,) = compared({"a": file("1")}, {"a": file("22")}).modified
    assert (item.path, item.old, item.new) == ("a", file("1"), file("22"))


def test_other_content_is_modified_though_the_mode_changed_as_well() -> None:
    found = compared({"a": file("1")}, {"a": executable("22")})
    assert [item.path for item in found.modified] == ["a"] and not found.type_changed


def test_the_executable_bit_alone_is_a_change_of_mode() -> None:
    found = compared({"a": file("1")}, {"a": executable("1")})
    assert [item.path for item in found.mode_changed] == ["a"]
    assert found and not found.modified and not found.type_changed


def test_a_reference_in_place_of_a_file_is_a_change_of_type() -> None:
    files = [{"a": file("1")}, {"a": executable("1")}, {"a": reference_entry({"uri": "s3://b/a"})}]
    for old, new in ((files[0], files[2]), (files[2], files[0]), (files[1], files[2])):
        found = compared(old, new)
        assert [item.path for item in found.type_changed] == ["a"] and not found.mode_changed


def test_a_reference_that_changes_is_modified() -> None:
    found = compared({"a": reference_entry({"uri": "s3://b/a", "etag": "1"})}, {"a": reference_entry({"uri": "s3://b/a", "etag": "2"})})
    assert [item.path for item in found.modified] == ["a"]


def test_the_same_content_at_another_path_is_renamed() -> None:
    found = compared({"a": file("1"), "x": file("2")}, {"b/c": file("1"), "x": file("2")})
    assert moves(found) == [("a", "b/c")]
    assert not found.added and not found.removed


def test_a_copy_is_added() -> None:
    found = compared({"a": file("1")}, {"a": file("1"), "b": file("1")})
    assert [item.path for item in found.added] == ["b"] and not found.renamed


def test_a_file_that_was_renamed_and_made_executable_is_renamed() -> None:
    (item,) = compared({"a": file("1")}, {"b": executable("1")}).renamed
    assert (item.old.kind, item.entry.kind) == (EntryKind.FILE, EntryKind.EXECUTABLE)


def test_equal_base_names_go_together() -> None:
    old = {"old/a": file("1"), "old/b": file("1"), "old/c": file("1")}
    new = {"new/c": file("1"), "new/x": file("1"), "new/a": file("1")}
    assert moves(compared(old, new)) == [("old/a", "new/a"), ("old/c", "new/c"), ("old/b", "new/x")]


def test_what_is_left_over_stays_added_or_removed() -> None:
    one, two = {"a": file("1"), "b": file("1")}, {"c": file("1")}
    assert moves(compared(one, two)) == [("a", "c")]
    assert [item.path for item in compared(one, two).removed] == ["b"]
    assert [item.path for item in compared(two, one).added] == ["b"]


def test_a_reference_and_a_file_aren_t_the_same_content() -> None:
    reference = reference_entry({"uri": "s3://b/a"})
    twin = Entry(EntryKind.FILE, reference.digest, 3)
    assert not compared({"a": reference}, {"b": twin}).renamed


def test_totals_count_files_and_bytes() -> None:
    found = compared({"a": file("1"), "m": file("333"), "r": file("4444")}, {"b": file("22"), "m": file("55555"), "s": file("4444")})
    assert {name: tuple(total) for name, total in found.totals.items()} == {
        "added": (1, 2),
        "removed": (1, 1),
        "modified": (1, 5),
        "renamed": (1, 4),
        "mode_changed": (0, 0),
        "type_changed": (0, 0),
    }


def test_unknown_sizes_count_for_nothing() -> None:
    found = compared({}, {"a": reference_entry({"uri": "s3://b/a"}), "b": file("22")})
    assert found.totals["added"] == (2, 2)
    assert [item["size"] for item in found.to_dict()["added"]] == [None, 2]


def test_the_dict_is_json_with_all_that_a_script_needs() -> None:
    old = {"a": file("1"), "m": file("333"), "r": file("4444"), "t": file("0")}
    new = {"b": file("22"), "m": file("55555"), "s": file("4444"), "t": executable("0")}
    made = json.loads(json.dumps(compared(old, new).to_dict()))
    assert list(made) == ["added", "removed", "modified", "renamed", "mode_changed", "type_changed", "totals", "not_looked_at"]
    assert made["added"] == [{"path": "b", "size": 2, "digest": file("22").digest.hex(), "kind": "file"}]
    same = {"size": 4, "digest": file("4444").digest.hex(), "kind": "file"}
    assert made["renamed"] == [{"path": "s", "old_path": "r", **same, **{f"old_{key}": same[key] for key in same}, "similarity": 100}]
    assert made["modified"][0]["old_digest"] == file("333").digest.hex()
    assert made["mode_changed"][0]["kind"] == "executable"
    assert made["totals"]["modified"] == {"files": 1, "bytes": 5}


some_files = st.dictionaries(
    st.sampled_from(["a", "b", "d/a", "d/b", "e/a", "e/c"]), st.sampled_from("123").map(file) | st.just(executable("1"))
)


@given(some_files, some_files)
def test_a_diff_applied_to_the_old_side_gives_the_new_one(old: Files, new: Files) -> None:
    found = compared(old, new)
    made = dict(old)
    for path in [item.path for item in found.removed] + [item.old_path for item in found.renamed]:
        del made[path]
    made.update({item.path: item.entry for item in (*found.added, *found.renamed)})
    made.update({item.path: item.new for item in (*found.modified, *found.mode_changed, *found.type_changed)})
    assert made == new
    assert compared(old, new) == found


@given(some_files, some_files)
def test_every_rename_that_can_be_told_is_told(old: Files, new: Files) -> None:
    found = compared(old, new)
    assert not {item.entry.digest for item in found.added} & {item.entry.digest for item in found.removed}


def test_what_is_below_a_path_is_told_alone() -> None:
    old = {"d/a": file("1"), "d/m": file("333"), "r": file("4444"), "da": file("5")}
    new = {"d/b": file("22"), "d/m": file("55555"), "d/s": file("4444"), "x/t": executable("6")}
    found = compared(old, new)
    below = found.below([b"d"])
    assert ([item.path for item in below.added], [item.path for item in below.removed]) == (["d/b"], ["d/a"])
    assert [item.path for item in below.modified] == ["d/m"] and moves(below) == [("r", "d/s")]
    assert moves(found.below([b"r"])) == [("r", "d/s")], "a renamed file counts with its old path as well"
    assert [item.path for item in found.below([b"x/t", b"da"]).added] == ["x/t"]
    assert not found.below([b"nothing"])


def test_a_notebook_is_shown_every_list() -> None:
    shown = compared({"a": file("1"), "m": file("1")}, {"b": file("1"), "m": executable("1")})._repr_html_()
    assert "a → b" in shown and "mode changed" in shown
