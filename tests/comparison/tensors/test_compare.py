"""What differs between two files of tensors."""

import json
import random
import sys
from typing import Any

import numpy as np
import pytest

from objstore.comparison.formats import npz, safetensors
from objstore.comparison.tensors.compare import compare_tensors
from objstore.comparison.tensors.diff import AlteredText, Description, PresentTensor, RenamedTensor
from objstore.errors import InvalidInputError
from tests.comparison.contents import InMemory
from tests.comparison.tensors.saved import Arrays, as_npz, as_safetensors, npy_diff, npz_diff, only_change, safetensors_diff

DICE = np.random.default_rng(7)


def weights(*shape: int) -> Any:
    return DICE.standard_normal(shape).astype("f4")


def test_tensors_are_aligned_by_name() -> None:
    kept, changed, removed, added = weights(3, 4), weights(5), weights(2, 2), weights(7)
    found = safetensors_diff({"k": kept, "c": changed, "r": removed}, {"a": added, "c": changed * 2, "k": kept})
    assert found.added == [PresentTensor("a", Description("F32", (7,)))]
    assert found.removed == [PresentTensor("r", Description("F32", (2, 2)))]
    assert [(change.name, change.old, change.new) for change in found.modified] == [("c", ("F32", (5,)), ("F32", (5,)))]
    figures = found.modified[0].figures
    assert figures is not None and figures.share == 1 and figures.relative_l2 == pytest.approx(1) and figures.cosine_similarity == 1
    assert found.unchanged == 1 and not found.renamed and not found.type_changed


def test_equal_files_don_t_differ() -> None:
    arrays = {"a": weights(4), "empty": weights(0, 3), "scalar": weights()}
    found = safetensors_diff(arrays, arrays)
    assert not found and found.unchanged == 3
    assert not safetensors_diff({}, {})


def test_another_dtype_has_figures_and_another_shape_has_none() -> None:
    numbers = weights(2, 6)
    found = safetensors_diff({"d": numbers, "s": numbers}, {"d": numbers.astype("f2"), "s": numbers.reshape(3, 4)})
    dtype, shape = found.type_changed
    assert (dtype.old.dtype, dtype.new.dtype, dtype.why) == ("F32", "F16", "")
    assert dtype.figures is not None and 0 < dtype.figures.relative_l2 < 1e-3  # type: ignore[operator]
    assert (shape.old.shape, shape.new.shape, shape.figures, shape.why) == ((2, 6), (3, 4), None, "another shape")
    assert not found.modified and not found.unchanged


def test_an_empty_tensor_of_another_dtype_has_figures_without_numbers() -> None:
    figures = only_change(npy_diff(np.zeros(0, "f4"), np.zeros(0, "f8"))).figures
    assert figures is not None and figures.elements == 0 and figures.share is None and figures.mean_difference is None


def test_renamed_tensors_are_told_from_their_bytes() -> None:
    first, second, zeros = weights(3, 4), weights(3, 4), np.zeros((3, 4), "f4")
    found = safetensors_diff({"a": first, "b": second, "z": zeros}, {"x": second, "y": first, "w": zeros, "v": zeros})
    assert [(item.old_name, item.name) for item in found.renamed] == [("z", "v"), ("b", "x"), ("a", "y")]
    assert [item.name for item in found.added] == ["w"] and not found.removed


def test_tensors_that_only_begin_alike_are_not_renamed() -> None:
    long = weights(5000)
    other = long.copy()
    other[-1] += 1
    assert not safetensors_diff({"a": long}, {"b": other}).renamed
    assert not npz_diff({"a": long}, {"b": other}, compressed=True).renamed


def test_tensors_of_another_shape_or_without_elements_are_not_renamed() -> None:
    assert not safetensors_diff({"a": np.ones((2, 3)), "e": np.ones(0)}, {"b": np.ones((3, 2)), "f": np.ones(0)}).renamed


def test_compressed_tensors_are_renamed_though_compressed_otherwise() -> None:
    numbers = np.arange(100_000) % 1000
    old, new = as_npz({"a": numbers}), as_npz({"b": numbers}, compressed=True)
    found = compare_tensors(npz.pair(InMemory(old), InMemory(new)))
    assert found.renamed == [RenamedTensor("a", "b", Description(str(numbers.dtype), (100_000,)))]


def test_metadata_is_compared() -> None:
    old, new = (
        as_safetensors({"a": np.ones(1)}, metadata) for metadata in ({"k": "1", "o": "x", "s": "="}, {"k": "2", "n": "y", "s": "="})
    )
    found = compare_tensors(safetensors.pair(InMemory(old), InMemory(new)))
    assert found.metadata == [AlteredText("k", "1", "2"), AlteredText("n", None, "y"), AlteredText("o", "x", None)]
    assert found and found.unchanged == 1


def test_arrays_in_other_orders_are_compared_by_their_indices() -> None:
    numbers = weights(5, 3, 4)
    changed = numbers.copy()
    changed[1, 2, 3] += 1
    for block in (4, 40, 10_000):
        assert not npy_diff(numbers, np.asfortranarray(numbers), block=block)
        for old, new in ((numbers, np.asfortranarray(changed)), (np.asfortranarray(numbers), changed), (numbers.T, changed.T)):
            figures = only_change(npy_diff(old, new, block=block)).figures
            assert figures is not None and figures.changed == 1 and figures.mean_difference == pytest.approx(1 / 60)
    assert not npz_diff({"a": numbers}, {"a": np.asfortranarray(numbers)}, compressed=True, block=40)


def test_the_same_bytes_in_another_order_are_other_elements() -> None:
    figures = only_change(npy_diff(np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape((2, 3), order="F"))).figures
    assert figures is not None and figures.changed == 4


def test_another_byte_order_is_another_dtype_of_the_same_numbers() -> None:
    numbers = weights(6)
    change = only_change(npy_diff(numbers, numbers.astype(">f4")))
    assert (change.old.dtype, change.new.dtype) == ("float32", ">f4")
    assert change.figures is not None and change.figures.changed == 0


def big_model() -> Arrays:
    return {f"layer.{number}": weights(50, 2000) for number in range(20)}


@pytest.mark.parametrize("chunked", [True, False])
def test_of_what_has_not_changed_little_is_read(chunked: bool) -> None:
    old = big_model()
    new = {**old, "layer.7": old["layer.7"] + 1}
    before, after = InMemory(as_safetensors(old)), InMemory(as_safetensors(new), chunked=chunked)
    found = compare_tensors(safetensors.pair(before, after))
    assert [change.name for change in found.modified] == ["layer.7"] and found.unchanged == 19
    assert before.read_bytes < before.size / 4
    if chunked:
        assert after.read_bytes < after.size / 4


def test_without_numpy_only_elements_that_differ_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    old, same, new = (InMemory(as_safetensors({"a": np.ones(9), **more})) for more in ({}, {"b": np.ones(1)}, {"a": np.zeros(9)}))
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert compare_tensors(safetensors.pair(old, same)).unchanged == 1
    with pytest.raises(InvalidInputError, match=r"pip install 'objstore\[tensors\]'"):
        compare_tensors(safetensors.pair(old, new))


def test_compressed_arrays_that_are_stored_alike_are_not_unpacked() -> None:
    arrays = big_model()
    old, new = InMemory(as_npz(arrays, compressed=True)), InMemory(as_npz({"x": np.ones(4), **arrays}, compressed=True))
    found = compare_tensors(npz.pair(old, new))
    assert found.unchanged == 20 and [item.name for item in found.added] == ["x"]
    assert old.read_bytes < old.size / 2 and new.read_bytes < new.size / 2


def test_the_dict_is_json_with_all_that_a_script_needs() -> None:
    old = {"a": np.ones(2), "c": np.ones(4), "n": np.array([np.nan]), "r": weights(3), "t": np.ones(3, "f4")}
    new = {"b": np.ones(5), "c": np.array([1.0, 1, 1, 3]), "n": np.array([np.inf]), "s": old["r"], "t": np.ones(2, "f4")}
    made = json.loads(json.dumps(safetensors_diff(old, new).to_dict(), allow_nan=False))
    assert list(made) == ["added", "removed", "renamed", "type_changed", "modified", "metadata", "unchanged"]
    assert made["added"] == [{"name": "b", "dtype": "F64", "shape": [5]}]
    assert made["renamed"] == [{"name": "s", "old_name": "r", "dtype": "F32", "shape": [3]}]
    assert made["type_changed"][0]["old_shape"] == [3] and made["type_changed"][0]["figures"] is None
    change, not_finite = made["modified"]
    assert change["figures"] == {
        "share": 0.25,
        "elements": 4,
        "changed": 1,
        "max_difference": 2.0,
        "mean_difference": 0.5,
        "relative_l2": 1.0,
        "cosine_similarity": pytest.approx(6 / (2 * 12**0.5)),
        "old_non_finite": 0,
        "new_non_finite": 0,
    }
    assert not_finite["figures"]["max_difference"] is None


def test_a_notebook_shows_the_first_and_how_many_more_there_are() -> None:
    old = {f"layer.{number:02}": weights(2) for number in range(30)}
    shown = safetensors_diff(old, {**{name: tensor + 1 for name, tensor in old.items()}, "<b>": weights(1)})._repr_html_()
    assert "&lt;b&gt;" in shown and "layer.18" in shown and "layer.19" not in shown
    assert "1 added, 30 modified; 0 tensors unchanged; 11 more than are shown" in shown
    assert "no differences" in safetensors_diff(old, old)._repr_html_()


def test_shares_of_random_changes_are_found() -> None:
    dice = random.Random(3)
    for _ in range(20):
        old = weights(dice.randrange(1, 5000))
        new = old.copy()
        places = dice.sample(range(len(old)), dice.randrange(1, len(old) + 1))
        new[places] += 1
        figures = only_change(
            npz_diff({"a": old}, {"a": new}, compressed=dice.random() < 0.5, block=dice.choice([64, 1000, 10**6]))
        ).figures
        assert figures is not None and figures.changed == len(places)


def test_what_people_are_shown_says_which_elements_became_nan() -> None:
    old = np.arange(4.0)
    (line,) = npy_diff(old, np.array([0, 1, np.nan, np.inf])).lines()
    assert line[1:4] == ("(the array)", "float64[4]", "50.00%") and line[-1] == "0 → 2"
    (line,) = npy_diff(old, old + 1).lines()
    assert line[-1] == ""
