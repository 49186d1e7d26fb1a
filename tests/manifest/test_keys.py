from hypothesis import given
from hypothesis import strategies as st

from objstore.manifest.keys import FilesAbove, problem_with_keys
from objstore.values.paths import problem_with
from tests.manifest.stores import paths

odd = st.lists(st.sampled_from([b"a", b"/", b".", b"..", b"\xc3", b"\xa9", b"b" * 2100]), max_size=5).map(b"".join)


@given(st.lists(odd | paths, min_size=1, max_size=8, unique=True).map(sorted))
def test_many_keys_are_right_exactly_when_each_of_them_is(keys: list[bytes]) -> None:
    assert (problem_with_keys(keys, b"\0".join(keys)) is None) == all(problem_with(key) is None for key in keys)


@given(st.lists(paths, min_size=2))
def test_keys_must_ascend_strictly(keys: list[bytes]) -> None:
    assert (problem_with_keys(keys, b"\0".join(keys)) is None) == (sorted(set(keys)) == keys)


@given(st.sets(paths))
def test_a_path_below_a_file_is_found(some: set[bytes]) -> None:
    files = FilesAbove()
    for path in sorted(some):
        above = [file for file in some if path.startswith(file + b"/")]
        found = files.add(path)
        assert (found in above) if above else found is None
