"""Files that are pickles, or archives with pickles in them: they are never read."""

from typing import NoReturn

from objstore.comparison.content import Content
from objstore.comparison.handlers import Handler, Kind
from objstore.comparison.unreadable import unreadable

_FRAMED = (b"\x80\4\x95", b"\x80\5\x95")
_TORCH = b"\x80\2\x8a\nl\xfc\x9cF"  # files of PyTorch before 1.6


def pair(old: Content, new: Content) -> NoReturn:  # noqa: ARG001 - nothing of either is read
    """UnreadableFileError, always."""
    wrong = "it is a pickle, which can run code when it is read, and so is never opened"
    raise unreadable(new, wrong, "save tensors as safetensors to have them compared")


HANDLER = Handler("pickle", Kind.TENSORS, (".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib"), pair, (*_FRAMED, _TORCH))
