"""How far the elements of two tensors are apart."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from objstore.comparison.tensors.figures import Figures
from tests.comparison.tensors.exactly import Numbers, expected
from tests.comparison.tensors.saved import npy_diff, only_change, safetensors_diff

NUMBERS = ["<f2", "<f4", "<f8", ">f4", ">f8", "<c8", ">c16", "|i1", "<i2", "<i4", "<i8", ">i8", "|u1", "<u4", "<u8"]


@st.composite
def two_alike(draw: st.DrawFn) -> tuple[Any, Any]:
    """Arrays of one type and shape, some elements of which are the same."""
    dtype, shape = draw(st.sampled_from(NUMBERS)), draw(arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))
    old, other = draw(arrays.arrays(dtype, shape)), draw(arrays.arrays(dtype, shape))
    return old, np.where(draw(arrays.arrays("?", shape)), other, old).astype(dtype)


def check(found: Figures, numbers: Numbers) -> None:
    made = {name: getattr(found, name) for name in numbers}
    # Cosines are sums in which what is large can cancel out; so its error is absolute.
    for name, value in made.items():
        wanted, allowed = numbers[name], {"rel": 0, "abs": 1e-12} if name == "cosine_similarity" else {"rel": 1e-12, "abs": 1e-320}
        assert value == (pytest.approx(wanted, **allowed) if isinstance(wanted, float) else wanted), name


@given(two_alike(), st.sampled_from([1, 16, 100, 10_000]))
def test_figures_are_those_of_whole_arrays(both: tuple[Any, Any], block: int) -> None:
    old, new = both
    numbers = expected(old, new)
    found = npy_diff(old, new, block=block)
    if numbers["changed"]:
        figures = only_change(found).figures
        assert figures is not None and figures.elements == old.size
        check(figures, numbers)
    else:
        assert not found and found.unchanged == 1


@given(st.data())
def test_figures_of_different_types_are_those_of_the_numbers(data: st.DataObject) -> None:
    shape = data.draw(arrays.array_shapes(min_dims=0, max_dims=2, max_side=4))
    kinds = data.draw(st.lists(st.sampled_from(["<f2", "<f4", "<f8", ">f8", "<c8", "|i1", "<i4", "|u1", "?"]), min_size=2, max_size=2))
    old, new = (data.draw(arrays.arrays(kind, shape)) for kind in kinds)
    change = npy_diff(old, new)
    if np.dtype(kinds[0]) == np.dtype(kinds[1]):
        return
    figures = only_change(change).figures
    assert figures is not None
    # Python's True is 1, as here; of numbers with and without an imaginary part both have one.
    wide = "c16" if "<c8" in kinds else "f8"
    check(figures, expected(old.astype(wide), new.astype(wide)))


def test_integers_beyond_what_a_float_holds_are_told_apart() -> None:
    old = np.array([2**63 - 1, -(2**63), 5], "i8")
    figures = only_change(npy_diff(old, np.array([2**63 - 2, 2**63 - 1, 5], "i8"))).figures
    assert figures is not None and (figures.changed, figures.max_difference) == (2, float(2**64 - 1))
    figures = only_change(npy_diff(old[:1], old[:1] - 1)).figures
    assert figures is not None and (figures.max_difference, figures.mean_difference) == (1, 1)


def test_nan_equals_nan_and_infinities_are_left_out_of_the_differences() -> None:
    nan, inf = np.nan, np.inf
    old = np.array([nan, nan, 1, inf, inf, 3, 4], "f4")
    new = np.array([nan, 2, nan, inf, -inf, 3, 6], "f4")
    assert only_change(npy_diff(old, new)).figures == Figures(7, 4, 2.0, 1.0, 2 / 5, 33 / (5 * 45**0.5), 4, 4)


def test_nan_with_other_bits_and_a_negative_zero_are_no_change() -> None:
    old = np.array([0x7FC00000, 0x00000000], "u4").view("f4")
    new = np.array([0x7FC00001, 0x80000000], "u4").view("f4")
    assert not npy_diff(old, new)


def test_without_a_place_where_both_are_finite_there_are_no_differences() -> None:
    figures = only_change(npy_diff(np.array([np.nan, 1]), np.array([1, np.inf]))).figures
    assert figures == Figures(2, 2, None, None, None, None, 1, 1)


def test_an_old_tensor_of_zeros_has_no_relative_distance() -> None:
    assert only_change(npy_diff(np.zeros(3), np.ones(3))).figures == Figures(3, 3, 1.0, 1.0, None, None)
    assert only_change(npy_diff(np.ones(3), np.zeros(3))).figures == Figures(3, 3, 1.0, 1.0, 1.0, None)


def test_the_largest_and_least_numbers_neither_overflow_nor_vanish() -> None:
    figures = only_change(npy_diff(np.array([1e200, 2e200]), np.array([1e200, -2e200]))).figures
    assert figures is not None and figures.relative_l2 == pytest.approx(4 / 5**0.5) and figures.cosine_similarity == pytest.approx(-3 / 5)
    figures = only_change(npy_diff(np.array([3e-200, 4e-200]), np.array([3e-200, -4e-200]))).figures
    assert figures is not None and figures.relative_l2 == pytest.approx(8 / 5) and figures.cosine_similarity == pytest.approx(-7 / 25)
    figures = only_change(npy_diff(np.array([1e308, 0]), np.array([1.5e308, 0]))).figures
    assert figures is not None and (figures.max_difference, figures.mean_difference, figures.relative_l2) == (5e307, 2.5e307, 0.5)
    figures = only_change(npy_diff(np.array([1.7e308]), np.array([-1.7e308]))).figures
    assert figures is not None and (figures.max_difference, figures.relative_l2, figures.cosine_similarity) == (None, 2.0, -1.0)


@pytest.mark.parametrize("dtype", ["<f4", "<f8", "<c16", "<i8"])
def test_long_tensors_have_the_figures_of_all_their_parts(dtype: str) -> None:
    dice = np.random.default_rng(5)
    old: Any = dice.standard_normal(20_000)
    if dtype in ("<f8", "<c16"):
        old[:9000] *= 1e-250
        old[9000:10_000] *= 1e250
    new = old * dice.choice([1, 1, 1.5], len(old))
    if dtype == "<i8":
        old, new = old * 2.0**60, new * 2.0**60
    old, new = old.astype(dtype), new.astype(dtype)
    if dtype != "<i8":
        old[[3, 15_000]], new[[4, 15_000]] = np.nan, np.inf
    for block in (1000, 10**6):
        figures = only_change(npy_diff(old, new, block=block)).figures
        assert figures is not None
        check(figures, expected(old, new))


def test_scalars_have_figures() -> None:
    figures = only_change(npy_diff(np.float32(2), np.float32(3))).figures
    assert figures == Figures(1, 1, 1.0, 1.0, 0.5, 1.0) and figures.share == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (np.array([True, False, True]), np.array([True, True, True])),
        (np.array(["a", "bc", "d"]), np.array(["a", "xy", "d"])),
        (np.array(["2020-01-01", "NaT", "2021-01-01"], "M8[D]"), np.array(["2020-01-01", "2020-05-05", "2021-01-01"], "M8[D]")),
        (np.array([(1, 2.0), (2, 3.0), (3, 4.0)], "i4,f8"), np.array([(1, 2.0), (2, 9.0), (3, 4.0)], "i4,f8")),
    ],
    ids=["truth", "text", "times", "records"],
)
def test_of_what_are_no_numbers_only_the_share_is_told(old: Any, new: Any) -> None:
    for block in (1, 1000):
        figures = only_change(npy_diff(old, new, block=block)).figures
        assert figures == Figures(3, 1) and figures.share == 1 / 3


def test_text_of_other_lengths_can_t_be_compared() -> None:
    change = only_change(npy_diff(np.array(["a"]), np.array(["abc"])))
    assert change.figures is None and "numbers" in change.why


SMALL = {
    "bfloat16": ml_dtypes.bfloat16,
    "float8_e4m3fn": ml_dtypes.float8_e4m3fn,
    "float8_e5m2": ml_dtypes.float8_e5m2,
    "float8_e4m3fnuz": ml_dtypes.float8_e4m3fnuz,
    "float8_e5m2fnuz": ml_dtypes.float8_e5m2fnuz,
    "float8_e8m0fnu": ml_dtypes.float8_e8m0fnu,
}


@pytest.mark.parametrize("name", SMALL)
def test_small_floats_are_the_numbers_that_their_library_makes_of_them(name: str) -> None:
    width = np.dtype(SMALL[name]).itemsize
    codes = np.arange(256**width).astype(f"u{width}")
    numbers = codes.view(SMALL[name])
    same = only_change(safetensors_diff({"a": numbers}, {"a": numbers.astype("f4")})).figures
    assert same is not None and same.changed == 0
    shuffled = codes[::-1].copy().view(SMALL[name])
    figures = only_change(safetensors_diff({"a": numbers}, {"a": shuffled})).figures
    with np.errstate(invalid="ignore"):
        wide = numbers.astype("f8")
    assert figures is not None and figures.changed == np.sum(~((wide == wide[::-1]) | (np.isnan(wide) & np.isnan(wide[::-1]))))
