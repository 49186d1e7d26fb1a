"""Digests, and the keys made of them."""

import pytest
from blake3 import blake3

from objstore.errors import InvalidInputError
from objstore.values import digest as digests
from objstore.values.digest import EMPTY, Digest, plain
from objstore.values.key import Kind, chunk_key, describe, digest_of, kind_of, node_key, part_key, recipe_key, recipe_prefix

A, B = plain(b"a"), plain(b"b")


def test_the_digest_of_content_is_what_b3sum_prints() -> None:
    assert EMPTY.hex() == "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
    assert plain(memoryview(b"a")) == A == blake3(b"a").digest()


def test_each_kind_has_a_domain_of_its_own() -> None:
    domains = [digests.recipe_digest, digests.part_digest, digests.node_digest, digests.pack_digest, digests.reference_digest, plain]
    assert len({domain(b"a") for domain in domains}) == len(domains)
    assert digests.node_digest(b"a") == blake3(b"a", derive_key_context="objstore manifest node v1").digest()
    assert digests.node_digest(b"a") == digests.node_digest(b"a")


def test_a_digest_goes_to_hex_and_back() -> None:
    assert Digest.from_hex(A.hex()) == A
    assert A.short == A.hex()[:12]


@pytest.mark.parametrize("text", ["", "ab", "zz" * 32, A.hex()[:-1], A.hex() + "00"])
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        Digest.from_hex(text)


def test_keys_are_as_the_format_says() -> None:
    assert [chunk_key(A), part_key(A), node_key(A)] == [b"\1" + A, b"\3" + A, b"\4" + A]
    assert recipe_key(A, B) == b"\2" + A + B
    assert recipe_key(A, B).startswith(recipe_prefix(A))
    assert (kind_of(recipe_key(A, B)), digest_of(recipe_key(A, B))) == (Kind.RECIPE, B)
    assert describe(node_key(A)) == f"node {A.short}"
