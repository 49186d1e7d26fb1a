"""The comparison of two files of tensors."""

from objstore.comparison.tensors.blocks import blocks, order_matters
from objstore.comparison.tensors.diff import AlteredTensor, AlteredText, Description, PresentTensor, RenamedTensor, TensorDiff
from objstore.comparison.tensors.figures import Figures
from objstore.comparison.tensors.pair import Tensor, TensorPair
from objstore.comparison.tensors.renames import renames, same_stretches
from objstore.comparison.tensors.tally import Tally

_BLOCK = 1024 * 1024  # bytes
_MOST_UNPACKED = 1024 * 1024 * 1024  # bytes


def compare_tensors(pair: TensorPair, *, block: int = _BLOCK) -> TensorDiff:
    """What differs, tensor by tensor of the same name.

    Tensors with the same bytes aren't read where chunks tell that they are equal. Of others both are read once, in blocks of about
    `block` bytes; memory: a few blocks, and what the contents keep of themselves. It is one of the tensors as well where the two are in
    other orders (C and Fortran), and one element where that is larger than a block. UnreadableFileError when reading finds something that
    isn't as the format says.
    """
    old, new = pair.old.tensors, pair.new.tensors
    removed = {name: tensor for name, tensor in old.items() if name not in new}
    added = {name: tensor for name, tensor in new.items() if name not in old}
    sources = renames(removed, added, block)
    type_changed: list[AlteredTensor] = []
    modified: list[AlteredTensor] = []
    common = sorted(old.keys() & new.keys())
    for name in common:
        altered = _altered(name, old[name], new[name], block)
        if altered is not None:
            (modified if altered.old == altered.new else type_changed).append(altered)
    moved = set(sources.values())
    return TensorDiff(
        [PresentTensor(name, _described(added[name])) for name in sorted(added) if name not in sources],
        [PresentTensor(name, _described(removed[name])) for name in sorted(removed) if name not in moved],
        [RenamedTensor(source, name, _described(added[name])) for name, source in sorted(sources.items())],
        type_changed,
        modified,
        _metadata(pair),
        len(common) - len(type_changed) - len(modified),
    )


def _altered(name: str, old: Tensor, new: Tensor, block: int) -> AlteredTensor | None:
    """None when they are equal."""
    before, after = _described(old), _described(new)
    if before == after and (old.count * old.elements.width == 0 or not order_matters(old, new)) and same_stretches(old, new):
        return None
    why = _incomparable(old, new)
    if why:
        return AlteredTensor(name, before, after, None, why)
    figures = _figures(old, new, block)
    return None if before == after and not figures.changed else AlteredTensor(name, before, after, figures)


def _incomparable(old: Tensor, new: Tensor) -> str:
    """Why the elements can't be compared; empty when they can."""
    if old.shape != new.shape:
        return "another shape"
    if old.elements.shared or new.elements.shared:
        return "its elements aren't whole bytes"
    if old.dtype != new.dtype and (old.elements.numbers is None or new.elements.numbers is None):
        return "types that aren't both numbers"
    if order_matters(old, new) and any(_too_large(tensor) for tensor in (old, new)):
        return "compressed, in other orders (C and Fortran), and too large to be put into one"
    return ""


def _too_large(tensor: Tensor) -> bool:
    # What is compressed can be a thousand times as large as its file, which mustn't be all that it takes to fill the memory.
    return tensor.fortran and tensor.source.compressed and tensor.count * tensor.elements.width > _MOST_UNPACKED


def _figures(old: Tensor, new: Tensor, block: int) -> Figures:
    tally = Tally()
    logical = old.elements.logical and new.elements.logical
    old_numbers, new_numbers = old.elements.numbers, new.elements.numbers
    for before, after in blocks(old, new, block):
        if old_numbers is None or new_numbers is None:
            tally.add_opaque(before, after, old.elements.width)
        elif logical:
            tally.add_logical(old_numbers(before), new_numbers(after))
        else:
            tally.add_numbers(old_numbers(before), new_numbers(after))
    return tally.figures()


def _described(tensor: Tensor) -> Description:
    return Description(tensor.dtype, tensor.shape)


def _metadata(pair: TensorPair) -> list[AlteredText]:
    old, new = pair.old.metadata, pair.new.metadata
    return [AlteredText(key, old.get(key), new.get(key)) for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
