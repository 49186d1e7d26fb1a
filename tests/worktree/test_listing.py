"""Listings of one folder, and what tells two of them apart."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.worktree.ignore import IgnoreRules, Patterns
from objstore.worktree.listing import FACTS, UNKNOWN, changes, facts_of, folders_in, forgetting_newer, list_folder

names = st.sampled_from([b"a", b"a-b", b"a.txt", b"a ", b"b", "ä".encode(), b"a\nb", b"\xff", b"z" * 200, b"0"])
facts = st.integers(1, 4).map(lambda n: FACTS.pack(n, n, n, n, 0o100644))
folders = st.dictionaries(names, st.one_of(facts, st.just(None)), max_size=8)  # None: a folder


def rows_of(content: dict[bytes, bytes | None]) -> list[bytes]:
    return sorted(name + (b"/\0" + UNKNOWN if found is None else b"\0" + found) for name, found in content.items())


@given(folders, folders)
def test_changes_are_what_two_dicts_differ_in(old: dict[bytes, bytes | None], new: dict[bytes, bytes | None]) -> None:
    before = {name + b"/" * (found is None): found for name, found in old.items()}
    after = {name + b"/" * (found is None): found for name, found in new.items()}
    gone = dict.fromkeys(before.keys() - after.keys())
    put = {name: found for name, found in after.items() if found is not None and before.get(name) != found}
    found = list(changes(b"".join(rows_of(old)), rows_of(new)))
    assert dict(found) == {**gone, **put}
    assert [name for name, _ in found] == sorted(gone.keys() | put.keys())


@given(folders)
def test_a_listing_does_not_differ_from_itself(content: dict[bytes, bytes | None]) -> None:
    rows = rows_of(content)
    assert list(changes(b"".join(rows), rows)) == []
    assert folders_in(rows) == [row[: -FACTS.size - 1] for row in rows if row.endswith(b"/\0" + UNKNOWN)]


@given(folders, st.integers(0, 5))
def test_what_is_not_older_than_the_clock_is_not_trusted(content: dict[bytes, bytes | None], clock: int) -> None:
    rows = rows_of(content)
    again = dict(changes(b"".join(forgetting_newer(rows, clock)), rows))
    assert again == {name: found for name, found in content.items() if found is not None and FACTS.unpack(found)[2] >= clock}


@pytest.mark.parametrize("change", ["size", "mtime", "mode", "inode", "ctime"])
def test_any_fact_that_changes_is_seen(tmp_path: Path, change: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"content")
    os.utime(file, ns=(1, 1))
    before = facts_of(file.stat())
    old = FACTS.unpack(before)
    if change == "size":
        file.write_bytes(b"other size")
    elif change == "mtime":
        os.utime(file, ns=(1, 2))
    elif change == "mode":
        file.chmod(0o755)
    elif change == "inode":
        (tmp_path / "new").write_bytes(b"content")
        os.utime(tmp_path / "new", ns=(1, 1))
        (tmp_path / "new").rename(file)
    else:
        file.write_bytes(b"CONTENT")
        os.utime(file, ns=(1, 1))
        before = FACTS.pack(*old[:2], old[2] - 1, *old[3:])  # as if it had been written a moment ago
    assert facts_of(file.stat()) != before


def test_a_folder_is_listed_in_the_order_of_manifests(tmp_path: Path) -> None:
    for name in ["a", "a.txt", "a-b", "ä", "b c", "new\nline"]:
        (tmp_path / name).write_text(name)
    (tmp_path / "a0").mkdir()
    (tmp_path / "a!").mkdir()
    listing = list_folder(os.fsencode(tmp_path), b"", IgnoreRules(), Patterns())
    found = [row[: -FACTS.size - 1] for row in listing.rows]
    assert found == [b"a", b"a!/", b"a-b", b"a.txt", b"a0/", b"b c", b"new\nline", "ä".encode()]
    assert (listing.files, listing.bytes) == (6, sum(len(name.encode()) for name in ["a", "a.txt", "a-b", "ä", "b c", "new\nline"]))
