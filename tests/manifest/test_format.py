"""The examples of spec/manifest.md."""

from importlib.resources import files

from objstore.manifest.edit import edit
from objstore.manifest.entry import Entry, EntryKind, decode_reference, encode_reference, reference_entry
from objstore.manifest.node import Inner, Leaf, decode, encode
from objstore.values.digest import node_digest, plain
from tests.manifest.stores import Nodes, build, by_the_book, file, numbered
from tests.spec_examples import example, example_bytes

HELLO = file("hello objstore")
RUN = Entry(EntryKind.EXECUTABLE, plain(b""), 0)


def test_the_leaf_of_the_document_is_what_we_write_and_read() -> None:
    data = example_bytes("manifest.md", "leaf")
    assert encode(Leaf.of([b"a.txt", b"bin/run"], [HELLO, RUN])) == data
    leaf = decode(data)
    assert isinstance(leaf, Leaf)
    assert dict(zip(leaf.keys, leaf.values(), strict=True)) == {b"a.txt": HELLO, b"bin/run": RUN}
    assert node_digest(data).hex() in example_document()


def test_the_inner_node_of_the_document_is_the_root_we_build() -> None:
    store = Nodes()
    data = example_bytes("manifest.md", "inner")
    root = build(store, {b"f119": HELLO, b"g": RUN})
    assert store.data[root] == data
    node = decode(data)
    assert isinstance(node, Inner)
    assert (node.level, node.keys, list(node.files), list(node.sizes)) == (1, [b"f119", b"g"], [1, 1], [14, 0])
    assert root.hex() in example_document()


def test_the_reference_of_the_document_is_what_we_write_and_read() -> None:
    properties = {"uri": "s3://bucket/a", "etag": "abc"}
    body = example_bytes("manifest.md", "reference")
    assert encode_reference(properties) == body
    assert decode_reference(body) == properties
    assert reference_entry(properties).digest.hex() in example_document()


def test_ten_thousand_entries_have_the_root_of_the_document() -> None:
    entries = numbered(10_000)
    root = build(Nodes(), entries)
    assert root.hex() == example("manifest.md", "root").strip()
    assert by_the_book(entries) == root


def test_the_empty_map_has_the_root_of_the_document() -> None:
    assert edit(Nodes(), None, []).hex() == example("manifest.md", "empty").strip()


def example_document() -> str:
    return (files("objstore") / "spec" / "manifest.md").read_text(encoding="utf-8")
