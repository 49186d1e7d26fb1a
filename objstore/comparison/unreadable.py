"""How it is said that a file of tensors can't be read."""

from objstore.comparison.content import Content
from objstore.errors import UnreadableFileError
from objstore.values.printable import printable

_SHOWN_LETTERS = 80


def unreadable(content: Content, what: str) -> UnreadableFileError:
    """The error to raise; `what` is wrong with the file."""
    return UnreadableFileError(f"{content.path} can't be compared: {what}; write it anew with the program that made it")


def shown(name: object) -> str:
    """A name or value out of a file, in quotation marks and of bounded length."""
    return f"'{cut(name)}'"


def cut(text: object) -> str:
    """What a file or a library says, of bounded length, with control characters made visible."""
    letters = str(text)
    return printable(letters if len(letters) <= _SHOWN_LETTERS else letters[: _SHOWN_LETTERS - 1] + "…")
