"""`objstore gc, fsck, du`, and `init`."""

import os
from pathlib import Path

from tests.cli.conftest import Cli


def _packs(cli: Cli) -> list[Path]:
    return sorted((cli.folder / ".objstore/default/vision/packs").rglob("*/*"))


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


def test_init_says_where(bare: Cli) -> None:
    assert bare("init", "datasets", "--project", "vision").out == f"made {Path('datasets/.objstore/default/vision')}\n"
    assert (bare.folder / "datasets/.objstore/default/vision/objstore.json").is_file()


def test_init_names_the_project_after_the_folder(bare: Cli) -> None:
    bare("init", "my data!")
    assert (bare.folder / "my data!/.objstore/default/my-data/objstore.json").is_file()


def test_init_twice_is_a_conflict(cli: Cli) -> None:
    cli("init", code=4)


def test_gc_frees_what_was_deleted(images: Cli) -> None:
    images.write("images/big.bin", os.urandom(2_000_000))
    images("add", "images")
    images("rm", "images:v1", "--aliases")
    planned = images.json("gc", "--dry-run")
    assert planned["dry_run"] is True and planned["bytes"] > 1_900_000 and planned["purged"] == ["images:v1"]
    assert "can't be restored afterwards" in images("gc", "--dry-run").out
    images("restore", "images:v1")
    images("rm", "images:v1")
    said = images("gc").lines
    assert said[0] == "images:v1  can't be restored any more" and said[1].startswith("freed 1.9 MiB: ")
    assert images.json("ls", "images:v0")


def test_gc_of_nothing_frees_nothing(images: Cli) -> None:
    assert images("gc").out.splitlines()[-1].startswith("freed ")
    assert images.json("gc")["bytes"] == 0


def test_fsck_of_a_sound_store_finds_nothing(images: Cli) -> None:
    assert images("fsck").out.endswith("1 version: no problems\n")
    report = images.json("fsck")
    assert report["sound"] is True and report["problems"] == [] and report["versions"] == 1


def test_fsck_names_what_is_affected(images: Cli) -> None:
    big = os.urandom(500_000)
    images.write("images/big.bin", big)
    images("add", "images")
    pack = max(_packs(images), key=lambda path: path.stat().st_size)
    _flip(pack, 1000)
    said = images("fsck", code=1).out
    assert "images:v1 big.bin" in said and "images:v0" not in said
    report = images.json("fsck", code=1)
    assert report["sound"] is False and any("images:v1 big.bin" in problem["affected"] for problem in report["problems"])


def test_fsck_repairs_the_index(images: Cli) -> None:
    (segment,) = (images.folder / ".objstore/default/vision/index").rglob("*")
    _flip(segment, 20)
    images("fsck", code=1)
    assert "(repaired)" in images("fsck", "--repair").out
    assert images("fsck").out.endswith("no problems\n")
    images("get", "images", "out")


def test_fsck_works_where_the_project_can_t_be_opened(images: Cli) -> None:
    (images.folder / ".objstore/default/vision/objstore.json").write_text("{")
    assert "objstore.json" in images("fsck", code=1).out


def test_damaged_content_is_never_handed_out(images: Cli) -> None:
    images.write("images/big.bin", os.urandom(500_000))
    images("add", "images")
    _flip(max(_packs(images), key=lambda path: path.stat().st_size), 1000)
    assert "objstore fsck" in images("get", "images", "out", code=5).err
    assert not (images.folder / "out/big.bin").exists()
    images("cat", "images", "big.bin", code=5)


def test_du_tells_what_is_held_and_what_is_stored(images: Cli) -> None:
    images.write("images/new.png", "new")
    images("add", "images")
    said = images("du").lines
    assert said[0].split()[:3] == ["images", "2", "versions"]
    assert [line.split()[0] for line in said[1:]] == ["packs", "index", "log", "total", "cache"]
    found = images.json("du")
    assert found["store_bytes"] == found["pack_bytes"] + found["index_bytes"] + found["log_bytes"]
    assert found["collections"][0]["versions"] == 2


def test_du_of_one_collection_tells_only_that(images: Cli) -> None:
    images("add", "images/labels", "--no-pin")
    assert len(images("du", "labels").lines) == 1
    assert [item["name"] for item in images.json("du", "labels")["collections"]] == ["labels"]
