"""How it is said that a file isn't as its format says."""

from objstore.comparison.content import Content
from objstore.errors import UnreadableFileError
from objstore.values.printable import printable

_SHOWN_LETTERS = 80


def unreadable(content: Content, wrong: str, cure: str = "write it anew with the program that made it") -> UnreadableFileError:
    """The error to raise: what is wrong with the file, and what to do."""
    return UnreadableFileError(f"{content.path} can't be compared: {wrong}; {cure}")


def shown(name: object) -> str:
    """A name or value out of a file, in quotation marks and of bounded length."""
    return f"'{cut(name)}'"


def cut(text: object) -> str:
    """What a file or a library says, of bounded length, with control characters made visible."""
    letters = str(text)
    return printable(letters if len(letters) <= _SHOWN_LETTERS else letters[: _SHOWN_LETTERS - 1] + "…")
