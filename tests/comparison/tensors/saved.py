"""Files of tensors in memory, written by the real libraries."""

import io
from typing import Any

import numpy as np
from safetensors.numpy import save

from objstore.comparison.formats import npy, npz, safetensors
from objstore.comparison.tensors.compare import compare_tensors
from objstore.comparison.tensors.diff import AlteredTensor, TensorDiff
from tests.comparison.contents import InMemory

Arrays = dict[str, np.ndarray[Any, Any]]


def as_safetensors(arrays: Arrays, metadata: dict[str, str] | None = None) -> bytes:
    return save(arrays, metadata)


def as_npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def as_npz(arrays: Arrays, *, compressed: bool = False) -> bytes:
    file = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(file, **arrays)
    return file.getvalue()


def safetensors_diff(old: Arrays, new: Arrays, **options: int) -> TensorDiff:
    return compare_tensors(safetensors.pair(InMemory(as_safetensors(old)), InMemory(as_safetensors(new))), **options)


def npy_diff(old: Any, new: Any, **options: int) -> TensorDiff:
    return compare_tensors(npy.pair(InMemory(as_npy(old)), InMemory(as_npy(new))), **options)


def npz_diff(old: Arrays, new: Arrays, *, compressed: bool = False, **options: int) -> TensorDiff:
    before, after = (InMemory(as_npz(arrays, compressed=compressed)) for arrays in (old, new))
    return compare_tensors(npz.pair(before, after), **options)


def only_change(found: TensorDiff) -> AlteredTensor:
    (change,) = [*found.modified, *found.type_changed]
    assert not found.added and not found.removed and not found.renamed
    return change
