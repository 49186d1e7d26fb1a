"""What an outside address stands for: one object, or all below it."""

from itertools import islice
from operator import itemgetter

from objstore.errors import InvalidInputError
from objstore.outside.asking import missing
from objstore.outside.opening import Outside
from objstore.outside.seen import Seen
from objstore.outside.uri import Uri


def resolve(outside: Outside, uri: Uri, most: int) -> list[tuple[str, Seen]]:
    """The object at an address, or all objects below it, ascending; each with its name below the address.

    That name is empty for the object right there, which goes before a folder of the same name; an address that ends in a slash is a folder.
    ReferenceMissingError where nothing is, InvalidInputError where there are more than `most`.
    """
    place = outside.place(uri)
    seen = place.find(uri)
    if seen is not None:
        return [("", seen)]
    found = list(islice(place.below(uri), most + 1))
    if not found:
        raise missing(uri.text)
    if len(found) > most:
        raise InvalidInputError(f"there are more than {most:,} objects below {uri.text}; give max_objects=… to refer to more")
    return sorted(found, key=itemgetter(0))
