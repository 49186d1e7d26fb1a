"""The values that belong to a run: its configuration and its summary."""

import sys
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import fields, is_dataclass
from typing import Any

from objstore.errors import InvalidTypeError, ObjstoreError
from objstore.history.metadata import check_values, kept, spelt


class Values(MutableMapping[str, Any]):
    """A JSON object whose keys can be used as attributes too. What is set is checked at once, and copied.

    What JSON can't hold, such as a path, a date or an infinity, stays what it is here, and is recorded as text. What a value holds may be
    changed in place; that is checked by `held`.
    """

    __slots__ = ("_values", "_what")

    def __init__(self, what: str, values: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_what", what)
        object.__setattr__(self, "_values", dict(values))

    def update(self, *args: Any, allow_val_change: bool | None = None, **kwargs: Any) -> None:
        """As of a dict, all or nothing; also takes what `argparse` has parsed. `allow_val_change` does nothing: all may change."""
        given = [as_mapping(arg, self._what) for arg in args if arg is not None]
        self._put({key: value for values in (*given, kwargs) for key, value in values.items()})

    def replace(self, values: Mapping[str, Any]) -> None:
        """Sets these, and nothing else, all or nothing."""
        checked = check_values(values, self._what, kept)
        self._values.clear()
        self._values.update(checked)

    def setdefaults(self, values: Mapping[str, Any]) -> None:
        """Sets what isn't set yet."""
        self._put({key: value for key, value in values.items() if key not in self._values})

    def as_dict(self) -> dict[str, Any]:
        return dict(self._values)

    def held(self, errors: list[ObjstoreError]) -> dict[str, Any]:
        """A deep copy, as JSON; what is wrong with the keys that are left out goes to `errors`."""
        found: dict[str, Any] = {}
        for key, value in self.as_dict().items():
            try:
                found |= check_values({key: value}, self._what, spelt)
            except ObjstoreError as error:
                errors.append(error)
        return found

    def _put(self, values: Mapping[str, Any]) -> None:
        self._values.update(check_values(values, self._what, kept))

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._put({key: value})

    def __delitem__(self, key: str) -> None:
        del self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._values))

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"the {self._what} has no {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __reduce__(self) -> tuple[object, ...]:
        """Copied and pickled as a dict is; the copy belongs to no run."""
        return Values, (self._what, self._values)

    def __repr__(self) -> str:
        return repr(self._values)


def as_mapping(values: Any, what: str) -> Mapping[str, Any]:
    """What may be given as values: a mapping, a dataclass, or what `argparse` has parsed. InvalidTypeError for anything else."""
    argparse = sys.modules.get("argparse")  # whoever has parsed something has loaded it; it is slow to load
    if argparse is not None and isinstance(values, argparse.Namespace):
        parsed: dict[str, Any] = vars(values)
        return parsed
    if isinstance(values, Mapping):
        return values
    if is_dataclass(values) and not isinstance(values, type):
        return {field.name: getattr(values, field.name) for field in fields(values)}
    raise InvalidTypeError(f"a {what} is a dict, not {type(values).__name__}")
