"""Which tensors are there under another name."""

from collections import defaultdict
from collections.abc import Mapping

from objstore.comparison.stretches import same_bytes
from objstore.comparison.tensors.blocks import blocks
from objstore.comparison.tensors.pair import Tensor

_SAMPLE = 4096  # bytes
_TRIES = 8

_Kind = tuple[str, tuple[int, ...], bool]


def renames(removed: Mapping[str, Tensor], added: Mapping[str, Tensor], block: int) -> dict[str, str]:
    """By the new name the old one of a tensor with the same type, shape and bytes; each name once. Tensors without elements are none.

    Cost: the beginnings of tensors that could be pairs, and what telling those takes that begin alike. Of very many tensors that begin
    alike and go on differently, not all pairs are found.
    """
    sources: dict[tuple[_Kind, bytes], list[str]] = defaultdict(list)
    kinds = {_kind(tensor) for tensor in added.values()}
    for name in sorted(removed):
        kind = _kind(removed[name])
        if kind in kinds and removed[name].count:
            sources[kind, _beginning(removed[name])].append(name)
    kinds = {kind for kind, _ in sources}
    found = {}
    for name in sorted(added):
        kind = _kind(added[name])
        candidates = sources.get((kind, _beginning(added[name])), []) if kind in kinds else []
        source = next((each for each in candidates[:_TRIES] if same_elements(removed[each], added[name], block)), None)
        if source is not None:
            found[name] = source
            candidates.remove(source)
    return found


def same_elements(old: Tensor, new: Tensor, block: int) -> bool:
    """Whether two tensors of one type, shape and order have the same bytes."""
    if same_stretches(old, new):
        return True
    if not old.source.compressed and not new.source.compressed:
        return False
    return all(before == after for before, after in blocks(old, new, block))


def same_stretches(old: Tensor, new: Tensor) -> bool:
    """Whether they have the same bytes in their files; of what is compressed, equal elements may have different ones."""
    (before, old_start, length), (after, new_start, new_length) = old.source.stretch, new.source.stretch
    if length != new_length or old.source.compressed != new.source.compressed:
        return False
    return same_bytes(before, old_start, after, new_start, length)


def _kind(tensor: Tensor) -> _Kind:
    return tensor.dtype, tensor.shape, tensor.fortran


def _beginning(tensor: Tensor) -> bytes:
    width = max(1, tensor.elements.width)
    return tensor.source.open().read(min(max(1, _SAMPLE // width), tensor.count) * tensor.elements.width)
