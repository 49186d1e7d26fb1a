"""Storage options: settings of ours beneath those that the user gave."""

from collections.abc import Mapping


def merged(ours: Mapping[str, object], given: Mapping[str, object]) -> dict[str, object]:
    """Both together; what is given wins, also inside a mapping of that name."""
    result = {**ours, **given}
    for name in ours.keys() & given.keys():
        mine, theirs = ours[name], given[name]
        if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
            result[name] = {**mine, **theirs}
    return result
