"""NumPy's files of one array."""

from objstore.comparison.content import Content
from objstore.comparison.formats.tensorfiles.npyheader import MAGIC, parse
from objstore.comparison.handlers import Handler, Kind
from objstore.comparison.tensors.elements import of_numpy
from objstore.comparison.tensors.pair import Plain, Stretch, Tensor, TensorFile, TensorPair

NAME = ""
"""Of the one tensor that such a file has: none, since its path may be another in the other version."""


def read(content: Content) -> TensorFile:
    """What a file has. Reads the header alone. UnreadableFileError for one that isn't as NumPy writes them, and for Python objects."""
    header = parse(Plain(Stretch(content, 0, content.size)).open(), content, "it")
    header.check_length(content, "it", content.size)
    source = Plain(Stretch(content, header.length, content.size - header.length))
    return TensorFile({NAME: Tensor(str(header.dtype), header.shape, of_numpy(header.dtype), source, header.fortran)})


def pair(old: Content, new: Content) -> TensorPair:
    return TensorPair(read(old), read(new))


HANDLER = Handler("npy", Kind.TENSORS, (".npy",), pair, (MAGIC,))
