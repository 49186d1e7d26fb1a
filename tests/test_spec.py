"""The worked examples of the format documents, against the program. (Those of manifest.md and log.md: with their layers.)"""

from importlib.resources import files
from pathlib import Path

from blake3 import blake3

from objstore.blobs.address import Address
from objstore.blobs.local import LocalBlobs
from objstore.chunking.boundaries import AVG_SIZE, MAX_SIZE, MIN_SIZE, NORMALIZATION, cut
from objstore.odb import pack, recipe, record, segment
from objstore.odb.cache import Cache
from objstore.odb.database import Database
from objstore.odb.packwriter import PackWriter
from objstore.repository import gitfiles, remotes
from objstore.repository.gitfiles import adopt
from objstore.repository.project import Project
from objstore.repository.remotes import Remote
from objstore.repository.settings import Chunker, Settings
from objstore.values.digest import part_digest, plain, recipe_digest
from objstore.values.key import Kind, chunk_key
from tests.spec_examples import example, example_bytes

CONTENT = b"hello objstore\n"
KEY = chunk_key(plain(CONTENT))
ZEROS = [(plain(bytes(16384)), 16384), (plain(bytes(2)), 2)]


def document(name: str) -> str:
    return (files("objstore") / "spec" / name).read_text(encoding="utf-8")


def test_the_files_of_a_working_tree_are_those_of_the_document(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with Project.create(tmp_path, "vision") as project:
        adopt(project, tmp_path)
    assert (tmp_path / "objstore.toml").read_text() == example("worktree.md", "objstore.toml")
    assert (tmp_path / ".objstore/config.toml").read_text() == example("worktree.md", "config.toml")


def test_the_committed_file_names_an_upstream_as_in_the_document(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    text = example("worktree.md", "objstore.toml-upstream")
    (tmp_path / "objstore.toml").write_text(text)
    with Project.find(tmp_path) as project:
        assert project.settings.project == "00112233445566778899aabbccddeeff"
        remote = remotes.find(project.remotes_file)
        assert (remote.address.url, remote.options) == ("s3://bucket/team/vision", {"endpoint_url": "https://minio.example.com"})
        (tmp_path / "objstore.toml").write_text(example("worktree.md", "objstore.toml"))
        secret = Remote("origin", remote.address, {**remote.options, "secret": "hush"})
        assert gitfiles.name_upstream(project, tmp_path, secret) == [tmp_path / "objstore.toml"]
    assert (tmp_path / "objstore.toml").read_text() == text


def test_remotes_are_written_down_as_in_the_document(tmp_path: Path) -> None:
    options = {"endpoint_url": "https://minio.example.com", "client_kwargs": {"region_name": "eu-north-1"}}
    known = {
        "origin": Remote("origin", Address.parse("s3://bucket/team/vision"), options),
        "backup": Remote("backup", Address.parse("/mnt/share/vision")),
    }
    for remote in known.values():
        remotes.add(tmp_path / "remotes.toml", remote)
    assert (tmp_path / "remotes.toml").read_text() == example("worktree.md", "remotes.toml")
    assert (tmp_path / "remotes.toml").stat().st_mode & 0o777 == 0o600
    assert remotes.read(tmp_path / "remotes.toml") == known


def test_chunks_end_where_the_document_says() -> None:
    data = blake3(b"objstore chunking example 1").digest(length=8_388_608)
    ends = [int(line) for line in example("chunking.md", "chunking").splitlines()]
    assert cut(data, final=True) == ends
    assert ends[-1] == len(data)


def test_the_parameters_of_chunking_are_those_of_the_document() -> None:
    for name, value in {"minimum": MIN_SIZE, "average": AVG_SIZE, "maximum": MAX_SIZE}.items():
        assert f"| {name} | {value:,} bytes |" in document("chunking.md")
    assert f"| level {NORMALIZATION} |" in document("chunking.md")
    assert Chunker() == Chunker(min=MIN_SIZE, avg=AVG_SIZE, max=MAX_SIZE, normalization=NORMALIZATION)


def test_the_record_of_the_document_is_what_we_write_and_read() -> None:
    data = example_bytes("record.md", "record")
    payload = record.encode(KEY, CONTENT)
    assert payload.frame + payload.data == data
    assert record.decode(KEY, data) == CONTENT


def test_the_pack_of_the_document_is_what_we_write_and_read(tmp_path: Path) -> None:
    data = example_bytes("pack.md", "pack")
    writer = PackWriter(tmp_path / "pack", pack.PackClass.DATA, 0)
    writer.append([record.encode(KEY, CONTENT)])
    writer.finish()
    writer.close()
    assert writer.path.read_bytes() == data
    content = pack.HEADER + example_bytes("record.md", "record")
    content_hash = plain(content[len(pack.HEADER) : -len(CONTENT)] + plain(CONTENT))
    trailer = pack.Trailer(pack.PackClass.DATA, 0, content_hash, [pack.Row(KEY, record.STORED, 15, 15)])
    body = pack.encode_trailer(trailer)
    assert content + body + pack.encode_footer(body) == data
    assert pack.decode_footer(data[-pack.FOOTER.size :]) == len(body)
    assert pack.decode_trailer(body) == trailer
    assert trailer.content_size == len(content)
    assert [offset for _, offset in trailer.offsets()] == [8]
    assert pack.pack_id(body).hex() in document("pack.md")


def test_the_segment_of_the_document_is_what_we_write_and_read() -> None:
    data = example_bytes("index.md", "index")
    packs = [pack.pack_id(_trailer_of(example_bytes("pack.md", "pack")))]
    place = segment.Place(0, 8, 15, 15)
    assert b"".join(segment.encode(packs, {Kind.CHUNK: 1}, [(KEY, segment.encode_place(*place))])) == data
    read = segment.Segment.of(data)
    assert read.packs == packs
    assert read.counts == {Kind.CHUNK: 1, Kind.RECIPE: 0, Kind.PART: 0, Kind.NODE: 0}
    assert list(read.rows()) == [(KEY, place)]
    assert segment.segment_id([data]).hex() in document("index.md")


def test_the_recipe_of_the_document_is_what_we_write_and_read() -> None:
    data = example_bytes("recipe.md", "recipe")
    whole = recipe.Recipe(plain(bytes(16386)), 16386, 0, ZEROS)
    assert recipe.encode(whole) == data
    assert recipe.decode(data) == whole
    assert recipe_digest(data).hex() in document("recipe.md")


def test_the_recipe_part_of_the_document_is_what_we_write_and_read() -> None:
    data = example_bytes("recipe.md", "part")
    assert recipe.encode_part(0, ZEROS) == data
    assert recipe.decode_part(data) == (0, ZEROS)
    assert part_digest(data).hex() in document("recipe.md")


def test_the_settings_of_the_document_are_what_we_write_and_read() -> None:
    data = example("layout.md", "objstore.json").encode()
    settings = Settings(1, "00112233445566778899aabbccddeeff", Chunker(), "2026-11-21T00:00:00Z")
    assert settings.encode() == data
    assert Settings.decode(data) == settings


def test_a_store_put_together_from_the_documents_can_be_read(tmp_path: Path, cache: Cache) -> None:
    blobs = LocalBlobs(tmp_path / "store")
    name = pack.pack_id(_trailer_of(example_bytes("pack.md", "pack"))).hex()
    blobs.create(f"packs/{name[:2]}/{name}", example_bytes("pack.md", "pack"))
    listing = segment.segment_id([example_bytes("index.md", "index")]).hex()
    blobs.create(f"index/{listing}", example_bytes("index.md", "index"))
    database = Database(blobs, cache)
    database.load([listing])
    assert database.read(KEY) == CONTENT
    assert database.read_trailer(name).rows == [pack.Row(KEY, record.STORED, 15, 15)]


def _trailer_of(data: bytes) -> bytes:
    footer = pack.FOOTER.size
    return data[-footer - pack.decode_footer(data[-footer:]) : -footer]
