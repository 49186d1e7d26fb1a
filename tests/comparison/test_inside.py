"""What differs inside a file, whatever its format."""

import sys
from pathlib import Path

import pytest

from objstore.comparison.inside import compare_rows_of, compare_tensors_of
from objstore.errors import InvalidInputError
from tests.comparison.contents import InMemory

OLD, NEW = (InMemory(b"a\n%d\n" % number, "t.csv") for number in range(2))


def test_without_the_libraries_the_extra_that_has_them_all_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("numpy", "pyarrow"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InvalidInputError, match=r"objstore\[tables\]"):
        compare_rows_of(OLD, NEW, [], tmp_path)
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }"
    array = InMemory(b"\x93NUMPY\x01\x00" + bytes([118, 0]) + header.ljust(117) + b"\n", "a.npy")
    with pytest.raises(InvalidInputError, match=r"objstore\[tensors\]"):
        compare_tensors_of(array, array)
