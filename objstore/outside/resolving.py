"""What an outside address stands for: one object, or all below it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from objstore.errors import InvalidInputError
from objstore.outside.asking import missing
from objstore.outside.opening import Outside
from objstore.outside.seen import Seen
from objstore.outside.uri import Uri


@dataclass(frozen=True, slots=True)
class Resolved:
    """An object, and its name below the address that was given; empty for the one that is at the address itself."""

    name: str
    seen: Seen


def resolve(outside: Outside, uri: Uri, most: int) -> list[Resolved]:
    """The object at an address, or all objects below it, ascending by name.

    An object goes before a folder of the same name; an address that ends in a slash is a folder. ReferenceMissingError where nothing
    is, InvalidInputError where there are more than `most`.
    """
    place = outside.place(uri)
    seen = place.find(uri)
    if seen is not None:
        return [Resolved("", seen)]
    found = list(islice(_below(outside, uri), most + 1))
    if not found:
        raise missing(uri.text)
    if len(found) > most:
        raise InvalidInputError(f"there are more than {most:,} objects below {uri.text}; give max_objects=… to refer to more")
    return sorted(found, key=lambda one: one.name)


def _below(outside: Outside, uri: Uri) -> Iterator[Resolved]:
    return (Resolved(name, seen) for name, seen in outside.place(uri).below(uri))
