"""Which removed file turned up again, changed, as which added one."""

import random
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.comparison.content import Content, chunk_rows
from objstore.comparison.files.diff import diff
from objstore.comparison.files.similar import Contents, Similar, pair_similar
from objstore.errors import NotFoundError, RemoteError
from objstore.manifest.entry import Entry, EntryKind, reference_entry
from objstore.manifest.sides import Side
from tests.comparison.contents import InMemory
from tests.manifest.stores import Nodes, file

DICE = random.Random(11)
BLOCKS = [DICE.randbytes(400_000) for _ in range(6)]
A, B, C, D, E, F = BLOCKS

Files = Mapping[str, bytes]


def reader(files: Files) -> Callable[[str, Entry], Content]:
    return lambda path, entry: InMemory(files[path], path)


def listed(files: Files) -> list[tuple[bytes, Entry]]:
    return sorted((path.encode(), file(content)) for path, content in files.items())


def paired(old: Files, new: Files, **limits: int) -> Similar:
    return pair_similar(listed(old), listed(new), Contents(reader(old), reader(new), **limits))


def pairs(old: Files, new: Files) -> dict[str, str]:
    return {path.decode(): source.path.decode() for path, (source, _) in paired(old, new).pairs.items()}


def shared(old: bytes, new: bytes) -> int:
    """The bytes of the chunks that both have, counted slowly: a chunk that one has more often counts as often as the other has it."""
    left, found = list(chunk_rows(InMemory(old))), 0
    for row in chunk_rows(InMemory(new)):
        if row in left:
            left.remove(row)
            found += row[1]
    return found


def test_the_similarity_is_that_of_the_chunks_in_the_larger_file() -> None:
    old, new = A + B + C, A + B + C + D
    ((source, percent),) = paired({"x": old}, {"y": new}).pairs.values()
    assert (source.path, percent) == (b"x", shared(old, new) * 100 // len(new))
    assert 60 < percent < 80


@pytest.mark.parametrize(("new", "is_similar"), [(A + B + C, True), (A + D, False), (A + D + E, False), (A + B[:300_000], True)])
def test_files_that_share_less_than_half_are_not_paired(new: bytes, is_similar: bool) -> None:
    old = A + B
    assert (shared(old, new) * 2 >= max(len(old), len(new))) == is_similar, "the example is what it is meant to be"
    assert bool(pairs({"x": old}, {"y": new})) == is_similar


def test_the_best_pairs_go_first_and_each_file_is_in_one() -> None:
    old = {"one": A + B + C + D}
    new = {"p": A + B + C + E, "q": A + B + C + D[:300_000]}
    assert pairs(old, new) == {"q": "one"}
    assert pairs({"p": A + B + C + E, "q": A + B + C + D}, {"r": A + B + C + D + E[:100_000]}) == {"r": "q"}


def test_equal_base_names_go_together_when_they_are_as_much_alike() -> None:
    old = {"a/x": A + B, "a/y": A + B + b"."}
    new = {"b/y": A + B + b"1", "b/z": A + B + b"2"}
    assert pairs(old, new)["b/y"] == "a/y"
    assert pairs(old, {"c/1": A + B + b"1", "c/2": A + B + b"2"}) == {"c/1": "a/x", "c/2": "a/y"}


def test_a_file_of_one_chunk_is_not_looked_at() -> None:
    def refuse(path: str, entry: Entry) -> Content:
        raise AssertionError(path)

    small = [(b"a", file(A[:16_384]))], [(b"b", file(A[:16_000]))]
    assert pair_similar(*small, Contents(refuse, refuse)) == ({}, None)


def test_files_whose_sizes_are_far_apart_and_references_are_not_looked_at() -> None:
    def refuse(path: str, entry: Entry) -> Content:
        raise AssertionError(path)

    contents = Contents(refuse, refuse)
    assert pair_similar([(b"a", file("", 100_000))], [(b"b", file("", 200_001))], contents) == ({}, None)
    assert pair_similar([(b"a", file("", 200_001))], [(b"b", file("", 100_000))], contents) == ({}, None)
    reference = reference_entry({"uri": "s3://b/a"}, 100_000)
    assert pair_similar([(b"a", reference)], [(b"b", file("", 100_000))], contents) == ({}, None)


@pytest.mark.parametrize("limit", [{"most_files": 2}, {"most_bytes": 1_000_000}])
def test_with_too_many_none_is_looked_at_and_the_answer_says_so(limit: dict[str, int]) -> None:
    found = paired({"x": A + B}, {"y": A + B + C[:9], "z": A + B + C[:10]}, **limit)
    assert not found.pairs and found.passed_over is not None
    assert found.passed_over.files == 3 and "3 files" in found.passed_over.why


def test_a_file_whose_content_is_not_here_is_passed_over_and_the_answer_says_so() -> None:
    old, new = {"x": A + B, "y": C + D}, {"v": A + B + E[:50_000], "w": C + D + E[:50_000]}

    def some(path: str, entry: Entry) -> Content:
        if path == "x":
            raise NotFoundError("x isn't here")
        return InMemory(old[path], path)

    found = pair_similar(listed(old), listed(new), Contents(some, reader(new)))
    assert list(found.pairs) == [b"w"] and found.passed_over == (1, "x isn't here")


def test_a_place_that_can_t_be_reached_is_asked_once() -> None:
    asked: list[str] = []

    def fail(path: str, entry: Entry) -> Content:
        asked.append(path)
        raise RemoteError("no route")

    old, new = {"x": A + B, "y": C + D}, {"z": A + B + E[:50_000]}
    found = pair_similar(listed(old), listed(new), Contents(fail, fail))
    assert found == ({}, (3, "no route")) and asked == ["x"]


def test_what_very_many_files_have_in_common_does_not_hide_what_is_alike() -> None:
    old = {f"{number:03}": bytes(300_000) + random.Random(number).randbytes(700_000) for number in range(100)}
    new = {f"n{number:03}": content + b"." for number, content in enumerate(old.values())}
    assert pairs(old, new) == {f"n{number:03}": path for number, path in enumerate(old)}


def test_a_diff_tells_equal_content_first() -> None:
    old, new = {"x": A + B, "y": A + C}, {"v": A + B, "w": A + B + D[:40_000]}
    sides = [Side(Nodes(), None, listed(files)) for files in (old, new)]
    found = diff(*sides, Contents(reader(old), reader(new)))
    assert [(item.old_path, item.path, item.similarity) for item in found.renamed] == [("x", "v", 100)]
    assert [item.path for item in found.removed] == ["y"] and [item.path for item in found.added] == ["w"]
    assert not list(found.altered)


def test_a_diff_tells_a_renamed_file_with_its_mode_and_size() -> None:
    old, new = {"x": A + B}, {"v": A + B + D[:40_000]}
    ((path, entry),) = listed(new)
    sides = Side(Nodes(), None, listed(old)), Side(Nodes(), None, [(path, entry._replace(kind=EntryKind.EXECUTABLE))])
    (item,) = diff(*sides, Contents(reader(old), reader(new))).renamed
    assert item.similarity > 80
    told = item.to_dict()
    assert (told["old_size"], told["size"], told["old_kind"], told["kind"]) == (800_000, 840_000, "file", "executable")
    assert "% the same" in diff(*(Side(Nodes(), None, listed(one)) for one in (old, new)), Contents(reader(old), reader(new)))._repr_html_()


some_files = st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from(range(6)), min_size=1, max_size=4), max_size=4)


@settings(max_examples=40, deadline=None)
@given(some_files, some_files)
def test_every_pair_is_alike_and_no_file_is_in_two(old: dict[str, list[int]], new: dict[str, list[int]]) -> None:
    before, after = ({path: b"".join(BLOCKS[at][:100_000] for at in blocks) for path, blocks in files.items()} for files in (old, new))
    found = paired(before, after).pairs
    assert len({source.path for source, _ in found.values()}) == len(found)
    for path, (source, percent) in found.items():
        mine, theirs = after[path.decode()], before[source.path.decode()]
        assert percent == min(99, shared(theirs, mine) * 100 // max(len(mine), len(theirs))) >= 50
    assert paired(before, after).pairs == found
