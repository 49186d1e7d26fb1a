"""Which rows of two columns are equal."""

from typing import Any

from objstore.comparison.rows.hashing import Hasher
from objstore.host import library


def equal(old: Any, new: Any, hasher: Hasher) -> Any:
    """For two arrays of one type and length a mask, as NumPy's: by value; null equals null, NaN equals NaN, -0.0 equals 0.0."""
    numpy = library.numpy()
    if old.equals(new):
        return numpy.ones(len(old), bool)
    types = library.pyarrow().types
    simple = types.is_primitive(old.type) or types.is_string(old.type) or types.is_large_string(old.type) or types.is_binary(old.type)
    if not simple or types.is_interval(old.type) or types.is_float16(old.type):
        return equal_hashes(hasher.values(old), hasher.values(new))
    compute = library.compute()
    mask = compute.equal(old, new)
    if mask.null_count:
        mask = compute.if_else(mask.is_null(), compute.and_(old.is_null(), new.is_null()), mask)
    if types.is_floating(old.type):
        mask = compute.or_(mask, compute.and_(_is_nan(compute, old), _is_nan(compute, new)))
    return mask.to_numpy(zero_copy_only=False)


def equal_hashes(old: tuple[Any, Any], new: tuple[Any, Any]) -> Any:
    """Where both lanes are equal."""
    return (old[0] == new[0]) & (old[1] == new[1])


def _is_nan(compute: Any, array: Any) -> Any:
    return compute.fill_null(compute.is_nan(array), False)
