"""What a comparison of two versions says of what a pull moves, against what pushes and pulls do move."""

import random

import pytest

from objstore.comparison.files.transfer import Transfer
from objstore.errors import EntryNotFoundError
from objstore.history.collection import Version
from objstore.host.progress import Silent
from objstore.odb.record import FRAME
from objstore.repository import comparing
from objstore.repository.comparing import Comparison, OfVersion, compare
from objstore.repository.project import Project
from objstore.values.key import Kind
from tests.odb.stores import noise
from tests.repository.sharing import Files, Sharing, bring, log, send

BIG, OTHER, TEXT = noise(1, 3_000_000), noise(2, 900_000), b"so it goes\n" * 60_000
FIRST = {"big": BIG, "text": TEXT, "small": b"small", "d/gone": noise(3, 200_000), "d/stays": noise(4, 200_000)}


def moved(project: Project, before: set[bytes]) -> Transfer:
    """What a repository has got since it had those keys, by its own index."""
    rows = {key: place for key, place in project.cache.locate_from(b"") if key not in before}
    files = sum(place.raw for key, place in rows.items() if key[0] == Kind.CHUNK)
    return Transfer(len(rows), files, sum(FRAME.size + place.stored for place in rows.values()))


def keys(project: Project) -> set[bytes]:
    return {key for key, _ in project.cache.locate_from(b"")}


def compared(project: Project, old: Version, new: Version) -> Comparison:
    return compare(project, old, new, Silent())


def told(project: Project, old: Version, new: Version) -> Transfer:
    found = compared(project, old, new).transfer()
    assert found is not None
    return found


def second_version(sharing: Sharing, files: Files) -> tuple[Transfer, Transfer, Transfer]:
    """What is told of a version that comes after FIRST, what its push moved, and what its pull moved for somebody who had FIRST."""
    first = sharing.new("first")
    old = log(first, FIRST)
    send(first)
    second = sharing.clone("second")
    with sharing.upstream_project() as upstream:
        there = keys(upstream)
    here = keys(second)
    new = log(first, files)
    send(first)
    bring(second)
    with sharing.upstream_project() as upstream:
        pushed = moved(upstream, there)
    assert told(first, old, new) == told(second, old, new)
    return told(second, old, new), pushed, moved(second, here)


@pytest.mark.parametrize(
    "files",
    [
        {**FIRST, "big": BIG[:1_000_000] + b"inserted" + BIG[1_000_000:]},
        {**FIRST, "text": TEXT + b"more\n", "new": OTHER, "twice": OTHER},
        {"moved": BIG, "changed": BIG[:2_500_000], "small": b"smaller"},
        {**{path: FIRST[path] for path in ("big", "text")}, **{f"many/{number:04}": b"%d" % number for number in range(3000)}},
        {},
    ],
    ids=["inserted", "added", "renamed", "many", "nothing"],
)
def test_what_is_told_is_what_a_push_and_a_pull_move(sharing: Sharing, files: Files) -> None:
    said, pushed, pulled = second_version(sharing, files)
    assert said == pushed == pulled


@pytest.mark.parametrize("files", [{**FIRST, "copy": BIG}, {**FIRST, "d/gone": FIRST["d/stays"] + b"."}], ids=["whole", "in part"])
def test_what_an_unchanged_file_has_too_may_be_told_though_it_isn_t_moved(sharing: Sharing, files: Files) -> None:
    said, pushed, pulled = second_version(sharing, files)
    assert pushed == pulled
    assert said.objects > pulled.objects and said.stored_bytes > pulled.stored_bytes and said.file_bytes > pulled.file_bytes


def test_what_is_told_is_never_less_than_what_is_moved(sharing: Sharing) -> None:
    first, dice = sharing.new("first"), random.Random(5)
    blocks = [noise(number, 150_000) for number in range(8)]
    versions = []
    for _ in range(6):
        files = {f"f{number}": b"".join(dice.choices(blocks, k=dice.randrange(4))) for number in range(dice.randrange(1, 6))}
        versions.append(log(first, files))
    send(first)
    for old in versions:
        for new in versions:
            needed = Transfer(0, 0, 0) if old.root == new.root else _lacking(first, old, new)
            said = told(first, old, new)
            assert all(one >= other for one, other in zip(said, needed, strict=True))


def _lacking(project: Project, old: Version, new: Version) -> Transfer:
    from objstore.graph.reachability import mark
    from objstore.odb.keyset import KeySet

    with KeySet(project.scratch) as had, KeySet(project.scratch) as wanted:
        mark(project.database, [old.root], had)
        mark(project.database, [new.root], wanted)
        lacking = [key for batch in wanted.batches(1000) for key in batch if key not in had]
    places = project.database.locate(lacking)
    files = sum(place.raw for key, place in places.items() if key[0] == Kind.CHUNK)
    return Transfer(len(lacking), files, sum(FRAME.size + place.stored for place in places.values()))


def test_metadata_alone_is_enough_to_tell_and_to_pair_files(sharing: Sharing) -> None:
    first = sharing.new("first")
    old = log(first, FIRST)
    new = log(first, {**FIRST, "big": BIG + OTHER, "d/gone": b"", "d/moved": FIRST["d/gone"] + b"."})
    send(first)
    expected, found = told(first, old, new), compared(first, old, new)
    second = sharing.clone("second", data=False)
    sharing.upstream.rename(sharing.place / "away")
    again = compared(second, old, new)
    assert again.files == found.files and again.transfer() == expected
    counted = again.file_bytes()[0]
    assert counted.path == "big" and len(OTHER) <= counted.new_bytes < len(OTHER) + 600_000 and not counted.why


def test_versions_of_two_projects_are_compared_each_where_it_is(sharing: Sharing) -> None:
    first, second = sharing.new("first"), sharing.new("second")
    old, new = log(first, FIRST), log(second, {**FIRST, "big": BIG[:2_000_000] + b"." + BIG[2_000_000:], "d/gone": b"", "more": OTHER})
    found = compare(first, OfVersion(first.database, old.root), OfVersion(second.database, new.root), Silent())
    assert [item.path for item in found.files.modified] == ["big", "d/gone"]
    assert found.transfer() == _lacking(second, log(second, FIRST), new)
    pair = found.pair(found.files.modified[0])
    assert (pair.old.read(0, 3_000_000), pair.new.read(1_999_999, 2_000_002)) == (
        BIG,
        BIG[1_999_999:2_000_000] + b"." + BIG[2_000_000:2_000_001],
    )


@pytest.mark.parametrize("is_far", [True, False])
def test_fewer_files_are_looked_at_where_each_takes_a_request(sharing: Sharing, monkeypatch: pytest.MonkeyPatch, is_far: bool) -> None:
    first, second = sharing.new("first"), sharing.new("second")
    old, new = log(first, {"old": BIG}), log(second, {"new": BIG + b"."})
    monkeypatch.setattr(comparing, "_MOST_FILES_AFAR", 1)
    monkeypatch.setattr(second.database, "_is_near", not is_far)
    elsewhere = OfVersion(first.database.before(second.database), new.root)
    found = compare(first, OfVersion(first.database, old.root), elsewhere, Silent()).files
    assert (found.not_looked_at is not None) == is_far and bool(found.renamed) != is_far


def test_a_folder_is_not_pulled(sharing: Sharing) -> None:
    first = sharing.new("first")
    old = log(first, FIRST)
    (folder := sharing.place / "folder").mkdir()
    (folder / "big").write_bytes(BIG + OTHER)
    found = compare(first, old, folder, Silent())
    (counted,) = found.file_bytes()
    assert found.transfer() is None
    assert len(OTHER) <= counted.new_bytes < len(OTHER) + 600_000


def test_a_path_that_neither_side_has_is_an_error(sharing: Sharing) -> None:
    first = sharing.new("first")
    old, new = log(first, FIRST), log(first, {**FIRST, "e/new": b"1"})
    found = compared(first, old, new)
    assert not found.below([b"d"]).files and not found.below([b"d/stays"]).files
    assert [item.path for item in found.below([b"d", b"e"]).files.added] == ["e/new"]
    for path in (b"f", b"e/ne", b"d/stays/x"):
        with pytest.raises(EntryNotFoundError):
            found.below([b"d", path])
