"""What the figures should be, from whole arrays, slowly and with sixty digits."""

import math
from decimal import Decimal, localcontext
from typing import Any

import numpy as np

Numbers = dict[str, float | int | None]


def expected(old: Any, new: Any) -> Numbers:
    before, after = ([_parts(each) for each in np.asarray(array).ravel().tolist()] for array in (old, new))
    changed = sum(not all(map(_equal, a, b)) for a, b in zip(before, after, strict=True))
    finite = [(a, b) for a, b in zip(before, after, strict=True) if _finite(a) and _finite(b)]
    with localcontext(prec=60, Emax=10**9, Emin=-(10**9)):
        pairs = [([Decimal(x) for x in a], [Decimal(x) for x in b]) for a, b in finite]
        apart = [_norm([y - x for x, y in zip(a, b, strict=True)]) for a, b in pairs]
        old_norm, new_norm = _norm([x for a, _ in pairs for x in a]), _norm([x for _, b in pairs for x in b])
        product = sum((x * y for a, b in pairs for x, y in zip(a, b, strict=True)), Decimal(0))
        return {
            "changed": changed,
            "max_difference": _float(max(apart)) if apart else None,
            "mean_difference": _float(sum(apart, Decimal(0)) / len(apart)) if apart else None,
            "relative_l2": _float(_norm(apart) / old_norm) if old_norm else None,
            "cosine_similarity": _float(product / (old_norm * new_norm)) if old_norm and new_norm else None,
            "old_non_finite": sum(not _finite(a) for a in before),
            "new_non_finite": sum(not _finite(b) for b in after),
        }


def _parts(value: Any) -> list[Any]:
    return [value.real, value.imag] if isinstance(value, complex) else [value]


def _equal(a: Any, b: Any) -> bool:
    return bool(a == b or (a != a and b != b))


def _finite(parts: list[Any]) -> bool:
    return all(isinstance(part, int) or math.isfinite(part) for part in parts)


def _norm(values: list[Decimal]) -> Decimal:
    return sum((value * value for value in values), Decimal(0)).sqrt()


def _float(value: Decimal) -> float | None:
    made = float(value)
    return made if math.isfinite(made) else None
