"""Hashes of rows: 128 bits, so that no difference hides in a collision; equal for equal values however Arrow lays them out.

There are two lanes of 64 bits with different constants, each computed from the values alone and from a seed. NaN hashes like NaN, -0.0 like
0.0. They aren't cryptographic: who doesn't know the seed can't make rows that collide, and two others do so once in 2^128 pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from blake3 import blake3

from objstore.comparison.rows.layouts import byte_words, list_elements, stretches
from objstore.host import library

_MASK = (1 << 64) - 1
_LONG = 256
"""Bytes from which on a value is hashed by itself."""


@dataclass(frozen=True, slots=True)
class _Mixer:
    """A permutation of 64 bits in which each bit of the result depends on each of the argument."""

    shifts: tuple[int, int, int]
    factors: tuple[int, int]

    def __call__(self, words: Any) -> Any:
        """In place."""
        numpy = library.numpy()
        shifted = numpy.empty_like(words)
        for shift, factor in zip(self.shifts, (*self.factors, 0), strict=True):
            numpy.right_shift(words, numpy.uint64(shift), out=shifted)
            words ^= shifted
            if factor:
                words *= numpy.uint64(factor)
        return words


# From Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators" (2014), and MurmurHash3's finaliser.
_LANES = (
    _Mixer((30, 27, 31), (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)),
    _Mixer((33, 33, 33), (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53)),
)
_NULL = 0x9E3779B97F4A7C15
_STEPS = (0xD1B54A32D192ED03, 0xABC98388FB8FAC03)

Hashes = tuple[Any, Any]
"""The two lanes: NumPy arrays of uint64."""


class Hasher:
    """The hashes of one comparison; those of two with different seeds have nothing in common."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def rows(self, names: Sequence[str], arrays: Sequence[Any], length: int) -> Hashes:
        """One for each row. They are sums over the columns, so that those of some columns can be added to those of others."""
        numpy = library.numpy()
        sums = numpy.zeros(length, numpy.uint64), numpy.zeros(length, numpy.uint64)
        for name, array in zip(names, arrays, strict=True):
            for total, lane in zip(sums, self.values(array, name), strict=True):
                total += lane
        return sums

    def values(self, array: Any, name: str = "") -> Hashes:
        """One for each value of a column of that name."""
        digest = blake3(self._seed.to_bytes(16, "little") + name.encode()).digest(16)
        return _hashed(array, (int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")))


def _hashed(array: Any, seeds: tuple[int, int]) -> Hashes:
    numpy, types = library.numpy(), library.pyarrow().types
    if types.is_null(array.type) or len(array) == 0:
        return _mixed(numpy.full(len(array), _NULL, numpy.uint64), seeds)
    hashes = _without_nulls(array, seeds)
    if array.null_count:
        missing = array.is_null().to_numpy(zero_copy_only=False)
        for lane, null in zip(hashes, _mixed(numpy.full(1, _NULL, numpy.uint64), (seeds[0] ^ 1, seeds[1] ^ 1)), strict=True):
            lane[missing] = null[0]
    return hashes


def _without_nulls(array: Any, seeds: tuple[int, int]) -> Hashes:
    """Where a value is null, anything."""
    type_, types = array.type, library.pyarrow().types
    if isinstance(type_, library.pyarrow().BaseExtensionType):
        return _hashed(array.storage, seeds)
    if types.is_dictionary(type_):
        return _dictionary(array, seeds)
    if types.is_run_end_encoded(type_):
        return _hashed(library.compute().run_end_decode(array), seeds)
    if types.is_struct(type_):
        return _struct(array, seeds)
    if types.is_list(type_) or types.is_large_list(type_) or types.is_fixed_size_list(type_) or types.is_map(type_):
        return _lists(array, seeds)
    if types.is_boolean(type_):
        return _without_nulls(array.cast(library.pyarrow().uint8()), seeds)
    words = _one_word(array)
    if words is not None:
        return _mixed(words, seeds)
    return _bytes(array, seeds)


def _mixed(words: Any, seeds: tuple[int, int]) -> Hashes:
    numpy = library.numpy()
    first, second = (mixer(words ^ numpy.uint64(seed)) for mixer, seed in zip(_LANES, seeds, strict=True))
    return first, second


def _one_word(array: Any) -> Any:
    """Numbers and times as 64 bits each; None for other types."""
    numpy, types = library.numpy(), library.pyarrow().types
    type_ = array.type
    if not types.is_primitive(type_) or type_.bit_width > 64:
        return None
    size = type_.bit_width // 8
    buffer = array.buffers()[1]
    if types.is_floating(type_):
        floats = numpy.frombuffer(buffer, f"<f{size}", len(array), array.offset * size) + numpy.array(0, f"<f{size}")  # -0.0 is 0.0 then
        floats[numpy.isnan(floats)] = numpy.nan
        return floats.view(f"<u{size}").astype(numpy.uint64)
    kind = "u" if types.is_unsigned_integer(type_) else "i"
    return numpy.frombuffer(buffer, f"<{kind}{size}", len(array), array.offset * size).astype(numpy.int64).view(numpy.uint64)


def _bytes(array: Any, seeds: tuple[int, int]) -> Hashes:
    """Text and bytes: their length, then word by word; long ones by a hash of their own."""
    numpy = library.numpy()
    data, starts, lengths = stretches(array)
    hashes = _mixed(lengths.astype(numpy.uint64), seeds)
    is_long = lengths > _LONG
    for rows, words in byte_words(data, starts, numpy.where(is_long, 0, lengths)):
        _take_in(hashes, rows, words, words)
    rows = numpy.flatnonzero(is_long)
    if len(rows):
        places = zip(starts[rows].tolist(), lengths[rows].tolist(), strict=True)
        digests = b"".join(blake3(data[start : start + length]).digest(16) for start, length in places)
        words = numpy.frombuffer(digests, "<u8")
        _take_in(hashes, rows, words[::2], words[1::2])
    return hashes


def _take_in(hashes: Hashes, rows: Any, first: Any, second: Any) -> None:
    """Goes on from the hashes of these rows (all, if None) with a word each for both lanes."""
    for mixer, lane, words in zip(_LANES, hashes, (first, second), strict=True):
        if rows is None:
            lane ^= words
            mixer(lane)
        else:
            lane[rows] = mixer(lane[rows] ^ words)


def _dictionary(array: Any, seeds: tuple[int, int]) -> Hashes:
    numpy = library.numpy()
    first, second = _hashed(array.dictionary, seeds)
    if not len(first):
        return numpy.zeros(len(array), numpy.uint64), numpy.zeros(len(array), numpy.uint64)
    indices = array.indices.fill_null(0).to_numpy(zero_copy_only=False)
    return first[indices], second[indices]


def _struct(array: Any, seeds: tuple[int, int]) -> Hashes:
    hashes = _mixed(library.numpy().zeros(len(array), library.numpy().uint64), seeds)
    for number in range(array.type.num_fields):
        _take_in(hashes, None, *_hashed(array.field(number), _stepped(seeds, number + 1)))
    return hashes


def _lists(array: Any, seeds: tuple[int, int]) -> Hashes:
    """Lists and maps: sums of the elements' hashes, each mixed with its place in its list, and of the length."""
    numpy = library.numpy()
    elements, starts, lengths = list_elements(array)
    places = (numpy.arange(len(elements)) - numpy.repeat(starts, lengths)).astype(numpy.uint64)
    sums = []
    lanes = zip(_LANES, _hashed(elements, _stepped(seeds, 0)), seeds, _STEPS, strict=True)
    for mixer, lane, seed, step in lanes:
        running = numpy.zeros(len(elements) + 1, numpy.uint64)
        numpy.cumsum(mixer(lane ^ (places * numpy.uint64(step))), out=running[1:])
        total = running[starts + lengths] - running[starts]
        sums.append(mixer(total + mixer(lengths.astype(numpy.uint64) ^ numpy.uint64(seed))))
    return sums[0], sums[1]


def _stepped(seeds: tuple[int, int], number: int) -> tuple[int, int]:
    """Seeds for what is inside a value."""
    first, second = (seed + step * (number + 1) & _MASK for seed, step in zip(seeds, _STEPS, strict=True))
    return first, second
