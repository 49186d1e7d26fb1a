"""Which versions of a collection are beyond the last few. Pure."""

from collections.abc import Collection as Container
from dataclasses import dataclass

from objstore.errors import ConflictError, InvalidInputError, InvalidTypeError
from objstore.history.collection import LATEST, Collection, Version
from objstore.history.records import DeleteRecord
from objstore.history.state import State
from objstore.values.digest import Digest

_SHOWN = 10


@dataclass(frozen=True)
class Retention:
    """What is to be deleted of a collection, and what stays although it is beyond the last few, the oldest first."""

    collection: Collection
    surplus: tuple[Version, ...]
    spared: tuple[tuple[Version, str], ...]
    """With why, like `latest, prod` or `pinned here`."""

    @property
    def records(self) -> list[DeleteRecord]:
        return [DeleteRecord(collection=self.collection.id, root=version.root.hex()) for version in self.surplus]

    def name(self, version: Version) -> str:
        return f"{self.collection.name}:{version.name}"


def plan_retention(state: State, collection: str, keep_last: int, *, keep_aliased: bool, pinned: Container[Digest] = ()) -> Retention:
    """Keeps the last `keep_last` live versions, the one that is `latest`, and those whose roots are `pinned`.

    Versions beyond with another alias stay too with `keep_aliased`; without it they are ConflictError: an alias is a promise to others,
    so one goes only by name.
    """
    if not isinstance(keep_last, int) or isinstance(keep_last, bool):
        raise InvalidTypeError(f"keep_last is a whole number of versions, not {keep_last!r}")
    if keep_last < 1:
        raise InvalidInputError(f"at least one version is kept, not {keep_last}")
    found = state.collection(collection)
    beyond = list(found.live())[:-keep_last]
    reasons = {version.number: _reasons(found, version, pinned) for version in beyond}
    plan = Retention(
        found,
        tuple(version for version in beyond if not reasons[version.number]),
        tuple((version, ", ".join(reasons[version.number])) for version in beyond if reasons[version.number]),
    )
    named = [plan.name(version) for version in beyond if set(found.aliases_of(version.number)) - {LATEST}]
    if named and not keep_aliased:
        more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
        raise ConflictError(
            f"nothing was deleted, as aliases are on {', '.join(named[:_SHOWN])}{more}: keep such versions with --keep-aliased "
            "(keep_aliased=True), or take the aliases away first"
        )
    return plan


def _reasons(collection: Collection, version: Version, pinned: Container[Digest]) -> list[str]:
    return [*collection.aliases_of(version.number), *(["pinned here"] if version.root in pinned else [])]
