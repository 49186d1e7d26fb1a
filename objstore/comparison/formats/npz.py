"""NumPy's archives of several arrays, compressed or not."""

from dataclasses import dataclass

from objstore.comparison.content import Content
from objstore.comparison.formats.tensorfiles.npyheader import MAGIC, parse
from objstore.comparison.formats.tensorfiles.zipmembers import Member, members
from objstore.comparison.handlers import Handler, Kind
from objstore.comparison.tensors.elements import Elements, of_numpy
from objstore.comparison.tensors.pair import Reader, Stretch, Tensor, TensorFile, TensorPair
from objstore.comparison.unreadable import shown, unreadable

_SUFFIX = ".npy"


def read(content: Content) -> TensorFile:
    """What a file has: its arrays, by their names without `.npy`, and other members as tensors of bytes.

    Reads the directory and the headers. UnreadableFileError for one that isn't as NumPy writes them, and for Python objects.
    """
    tensors: dict[str, Tensor] = {}
    for member in members(content):
        name = member.name.removesuffix(_SUFFIX)
        if name in tensors:
            raise unreadable(content, f"it has two members {shown(name)}")
        tensors[name] = _tensor(content, member)
    return TensorFile(tensors)


def _tensor(content: Content, member: Member) -> Tensor:
    where = f"its member {shown(member.name)}"
    if not member.name.endswith(_SUFFIX) and member.open().read(len(MAGIC)) != MAGIC:
        return Tensor("bytes", (member.size,), Elements(1), _InArchive(member, 0))
    header = parse(member.open(), content, where)
    header.check_length(content, where, member.size)
    return Tensor(str(header.dtype), header.shape, of_numpy(header.dtype), _InArchive(member, header.length), header.fortran)


@dataclass(frozen=True, slots=True)
class _InArchive:
    """Elements that are in a member, after a header of so many bytes."""

    member: Member
    header: int

    @property
    def compressed(self) -> bool:
        return self.member.deflated

    @property
    def stretch(self) -> Stretch:
        content, start, length = self.member.stretch
        return self.member.stretch if self.compressed else Stretch(content, start + self.header, length - self.header)

    def open(self) -> Reader:
        reader = self.member.open()
        reader.read(self.header)
        return reader


def pair(old: Content, new: Content) -> TensorPair:
    return TensorPair(read(old), read(new))


HANDLER = Handler("npz", Kind.TENSORS, (".npz",), pair)
