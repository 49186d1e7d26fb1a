"""A digest and the ways BLAKE3 makes one (spec/README.md)."""

from collections.abc import Callable
from typing import Self

from blake3 import blake3

from objstore.errors import InvalidInputError

SIZE = 32


class Digest(bytes):
    """32 bytes of BLAKE3, checked once, when made; raw inside the program, hex at its edges."""

    __slots__ = ()

    def __new__(cls, raw: bytes) -> Self:
        if len(raw) != SIZE:
            raise InvalidInputError(f"a digest is {SIZE} bytes, not {len(raw)}")
        return super().__new__(cls, raw)

    @classmethod
    def from_hex(cls, text: str) -> Self:
        try:
            return cls(bytes.fromhex(text))
        except ValueError:
            raise InvalidInputError(f"not a digest of 64 hexadecimal digits: {text!r}") from None

    @property
    def short(self) -> str:
        """The first 12 hexadecimal digits, for people."""
        return self.hex()[:12]


def plain(data: bytes | memoryview) -> Digest:
    """The digest of a chunk or of a whole file: what `b3sum` prints."""
    return Digest(blake3(data).digest())


def derived(context: str) -> Callable[[bytes], Digest]:
    """A digest function of its own domain (BLAKE3's derive-key mode)."""
    template = blake3(derive_key_context=context)

    def digest(data: bytes) -> Digest:
        hasher = template.copy()
        hasher.update(data)
        return Digest(hasher.digest())

    return digest


EMPTY = plain(b"")
recipe_digest = derived("objstore recipe v1")
part_digest = derived("objstore recipe part v1")
node_digest = derived("objstore manifest node v1")
pack_digest = derived("objstore pack trailer v1")
reference_digest = derived("objstore reference v1")
SEGMENT_CONTEXT = "objstore index segment v1"
