"""What a path inside a version may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.errors import InvalidInputError
from objstore.values import paths

GOOD = [b"a", b"a/b", b".hidden", b"a/.hidden", b"...", b"a..b", b"a b", "ä".encode(), b"a\nb", b"C", b"x" * 4096, b"a\\b", b"-"]
BAD = [b"", b"/", b"/a", b"a/", b"a//b", b".", b"..", b"./a", b"a/.", b"a/..", b"../a", b"a/../b", b"a/./b", b"a\0b", b"\xff", b"x" * 4097]


@pytest.mark.parametrize("path", GOOD)
def test_a_good_path_is_kept_as_it_is(path: bytes) -> None:
    assert paths.check(path) == path
    assert paths.canonical(path.decode()) == path.decode()


@pytest.mark.parametrize("path", BAD)
def test_a_bad_path_is_refused_with_a_reason(path: bytes) -> None:
    assert paths.problem_with(path)
    with pytest.raises(InvalidInputError, match="path '"):
        paths.check(path)


@given(st.binary(max_size=12) | st.lists(st.sampled_from([b"a", b".", b"..", b"/", b"\0", b""]), max_size=8).map(b"".join))
def test_a_path_is_good_when_all_its_parts_are(path: bytes) -> None:
    parts = path.split(b"/")
    good = all(part not in (b"", b".", b"..") for part in parts) and b"\0" not in path and _is_utf8(path)
    assert (paths.problem_with(path) is None) == good


def _is_utf8(path: bytes) -> bool:
    try:
        path.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize(
    ("given_path", "canonical"), [("./x//y", "x/y"), ("dir/", "dir"), ("a/./b", "a/b"), ("x", "x"), ("././x/", "x"), ("a:b", "a:b")]
)
def test_what_a_caller_writes_is_made_canonical(given_path: str, canonical: str) -> None:
    assert paths.canonical(given_path) == canonical


@pytest.mark.parametrize("path", ["/a", "C:\\a", "c:/a", "C:", "..", "a/../b", "", ".", "./", "//", "\ud800", "a\0b", "x" * 4097])
def test_what_leads_elsewhere_or_nowhere_is_refused(path: str) -> None:
    with pytest.raises(InvalidInputError):
        paths.canonical(path)


@pytest.mark.parametrize(
    ("path", "folder", "below"),
    [(b"a/b", b"a", True), (b"a", b"a", True), (b"a-b", b"a", False), (b"ab", b"a", False), (b"a", b"", True), (b"a", b"a/b", False)],
)
def test_below_counts_by_whole_parts(path: bytes, folder: bytes, below: bool) -> None:
    assert paths.is_below(path, folder) is below


@pytest.mark.parametrize(
    ("one", "other"),
    [("Readme", "README"), ("\u00e9t\u00e9", "e\u0301te\u0301"), ("\u00c9", "e\u0301"), ("stra\u00dfe", "STRASSE"), ("\u03a3", "\u03c2")],
)
def test_names_that_differ_only_by_case_or_form_fold_to_one(one: str, other: str) -> None:
    assert len(set(paths.folded([one.encode(), other.encode()]))) == 1


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1).map(str.encode)))
def test_a_name_folds_the_same_alone_and_among_others(names: list[bytes]) -> None:
    assert paths.folded(names) == [paths.folded([name])[0] for name in names]
    assert len(paths.folded(names)) == len(names)
