"""How far the elements of two tensors are apart."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figures:
    """What has changed from an old tensor to a new one, element by element.

    An element has changed when it isn't equal: NaN equals NaN, whatever its bits, and −0 equals 0. The differences are over the places
    where both are finite. They are None where nothing is: no such place, an old norm of 0 for `relative_l2`, either norm 0 for
    `cosine_similarity`; where no float64 can hold them; and for what aren't numbers (text, times, records, true and false), of
    which only the bytes, or truth values, are compared. Computed in float64 and complex128.
    """

    elements: int
    changed: int
    max_difference: float | None = None
    """The largest |new − old|."""
    mean_difference: float | None = None
    """The mean of |new − old|."""
    relative_l2: float | None = None
    """‖new − old‖ / ‖old‖."""
    cosine_similarity: float | None = None
    """⟨old, new⟩ / (‖old‖ ‖new‖), of complex numbers its real part."""
    old_non_finite: int = 0
    """How many of the old elements are NaN or infinite."""
    new_non_finite: int = 0

    @property
    def share(self) -> float | None:
        """The share of elements that have changed; None when there are none."""
        return self.changed / self.elements if self.elements else None

    def to_dict(self) -> dict[str, Any]:
        return {"share": self.share, **asdict(self)}
