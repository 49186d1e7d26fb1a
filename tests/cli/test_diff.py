"""`objstore diff`."""

import os
import random
from typing import Any

import pytest

from objstore.repository import comparing
from objstore.repository.project import Project
from objstore.worktree import hashing
from tests.cli.conftest import CONTENT, Cli


def big_content() -> bytes:
    return random.Random(3).randbytes(3 << 20)


@pytest.fixture
def big(cli: Cli) -> Cli:
    """`big:v0` and `big:v1`, with a file of 3 MiB that was renamed, and half a MiB of it replaced; the folder is `big:v1`."""
    file = cli.write("big/old.bin", big_content())
    cli("add", "big")
    file.unlink()
    cli.write("big/sub/new.bin", big_content()[: 5 << 19] + bytes(1 << 19))
    cli("add", "big")
    return cli


@pytest.fixture
def edited(images: Cli) -> Cli:
    """A folder that differs from `images:v0` in each way there is."""
    (images.folder / "images/cat.png").rename(images.folder / "images/labels/cat.png")
    (images.folder / "images/labels/train.csv").write_text("cat.png,dog\n")
    (images.folder / "images/dog.png").chmod(0o755)
    images.write("images/gone.txt", "gone")
    images("add", "images", "-n", "helper", "--no-pin")
    (images.folder / "images/gone.txt").unlink()
    images.write("images/new.txt", "new")
    return images


def test_nothing_differs_from_itself(images: Cli) -> None:
    assert images("diff", "images:v0", "images:latest").out == "no differences\n"
    assert images("diff", "images", "./images").out == "no differences\n"


def test_every_kind_of_difference_is_told(edited: Cli) -> None:
    said = edited("diff", "images", "./images", code=1).lines
    assert said == [
        "R  cat.png → labels/cat.png  2.0 KiB",
        "M  dog.png  file → executable",
        "M  labels/train.csv  24 B → 12 B",
        "A  new.txt  3 B",
        "1 file added (3 B), 1 file modified (12 B), 1 file renamed (2.0 KiB), 1 file mode changed (2.7 KiB)",
    ]


def test_json_has_all_lists_and_totals(edited: Cli) -> None:
    found = edited.json("diff", "images", "./images", code=1)
    assert [(item["path"], item["size"]) for item in found["added"]] == [("new.txt", 3)]
    assert found["removed"] == []
    assert [(item["path"], item["old_size"], item["size"]) for item in found["modified"]] == [("labels/train.csv", 24, 12)]
    assert [(item["old_path"], item["path"]) for item in found["renamed"]] == [("cat.png", "labels/cat.png")]
    assert [(item["path"], item["old_kind"], item["kind"]) for item in found["mode_changed"]] == [("dog.png", "file", "executable")]
    assert found["totals"]["modified"] == {"files": 1, "bytes": 12}
    assert all(len(item["digest"]) == 64 for name in ("added", "modified", "renamed") for item in found[name])


def test_the_folder_may_be_on_the_left(edited: Cli) -> None:
    found = edited.json("diff", "./images", "images", code=1)
    assert [item["path"] for item in found["removed"]] == ["new.txt"]
    assert [(item["old_path"], item["path"]) for item in found["renamed"]] == [("labels/cat.png", "cat.png")]


def test_two_folders_can_be_compared(edited: Cli) -> None:
    edited("get", "images:v0", "before")
    assert edited.json("diff", "./before", "./images", code=1)["totals"] == edited.json("diff", "images", "./images", code=1)["totals"]


def test_two_versions_of_different_collections_can_be_compared(edited: Cli) -> None:
    assert [item["path"] for item in edited.json("diff", "images:v0", "helper:v0", code=1)["added"]] == ["gone.txt"]


def test_a_folder_shows_what_adding_it_would_change(edited: Cli) -> None:
    asked = edited.json("diff", "images:v0", "./images", code=1)
    edited("add", "images")
    done = edited.json("diff", "images:v0", "images:v1", code=1)
    assert {**asked, "new": "", "facts": None} == {**done, "new": "", "facts": None}
    assert edited("diff", "images", "./images").out == "no differences\n"


def test_the_collection_is_meant_when_a_folder_has_its_name(edited: Cli) -> None:
    assert edited("diff", "images:v0", "images").out == "no differences\n"


def test_a_folder_without_a_collection_of_its_name_is_meant_by_its_name(images: Cli) -> None:
    images("rename", "images", "pets")
    assert images("diff", "pets", "images").out == "no differences\n"


def test_a_file_can_be_a_side(cli: Cli) -> None:
    file = cli.write("weights.bin", "abc")
    cli("add", "weights.bin", "-n", "model")
    file.write_text("abcd")
    assert [item["path"] for item in cli.json("diff", "model", "weights.bin", code=1)["modified"]] == ["weights.bin"]


def test_only_changed_files_of_a_known_folder_are_read(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.fill()
    monkeypatch.setattr(Project, "clock", 2**62)  # long after the files were written, so that none counts as just touched
    cli("add", "images")
    cli.write("images/labels/train.csv", "new")
    read: list[bytes] = []
    real = hashing.settled

    def noted(disk: bytes, *rest: Any) -> Any:
        read.append(os.path.basename(disk))
        return real(disk, *rest)

    monkeypatch.setattr(hashing, "settled", noted)
    cli("diff", "images", "./images", code=1)
    assert read == [b"train.csv"]


def test_a_folder_that_became_a_file_is_told_as_both(images: Cli) -> None:
    (images.folder / "images/labels/train.csv").unlink()
    (images.folder / "images/labels").rmdir()
    images.write("images/labels", "a file now")
    found = images.json("diff", "images", "./images", code=1)
    assert [item["path"] for item in found["added"]] == ["labels"]
    assert [item["path"] for item in found["removed"]] == ["labels/train.csv"]


def test_a_removed_folder_is_told_file_by_file(images: Cli) -> None:
    (images.folder / "images/labels/train.csv").unlink()
    (images.folder / "images/labels").rmdir()
    assert [item["path"] for item in images.json("diff", "images", "./images", code=1)["removed"]] == ["labels/train.csv"]


@pytest.mark.parametrize("sides", [("images", "./nowhere"), ("images", "no/where"), ("/no/where", "images")])
def test_a_folder_that_isn_t_there_is_an_error(images: Cli, sides: tuple[str, str]) -> None:
    assert "does not exist" in images("diff", *sides, code=2).err


def test_diffing_stores_nothing(images: Cli) -> None:
    def stored() -> set[str]:
        return {str(path) for part in ("packs", "index", "log") for path in (images.folder / ".objstore").glob(f"*/*/{part}/**/*")}

    before = stored()
    images.fill("other")
    images.write("other/big.bin", b"x" * 3_000_000)
    images("diff", "images", "./other", code=1)
    assert stored() == before
    assert len(CONTENT) + 1 == len(list(images.folder.joinpath("other").rglob("*.*")))


def test_a_file_that_was_renamed_and_changed_is_told_with_how_much_is_the_same(big: Cli) -> None:
    (line, total) = big("diff", "big:v0", "big:v1", code=1).lines
    assert line.startswith("R0") and " old.bin → sub/new.bin  3.0 MiB  " in line and line.endswith(" % the same")
    assert total == "1 file renamed (3.0 MiB)"
    (item,) = big.json("diff", "big:v0", "big:v1", code=1)["renamed"]
    assert 60 < item["similarity"] < 100 and line.startswith(f"R{item['similarity']:03}")


def test_a_file_on_the_disk_that_was_renamed_and_changed_is_told_as_well(big: Cli) -> None:
    assert big("diff", "big:v0", "./big", code=1).out == big("diff", "big:v0", "big:v1", code=1).out
    (big.folder / "big/sub/new.bin").rename(big.folder / "big/again.bin")
    big.write("big/again.bin", big_content() + b"more")
    (found,) = big.json("diff", code=1)
    assert [(item["old_path"], item["path"]) for item in found["renamed"]] == [("sub/new.bin", "again.bin")]
    assert 60 < found["renamed"][0]["similarity"] < 100


def test_what_was_not_looked_at_is_told(big: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "MOST_FILES", 1)
    ended = big("diff", "big:v0", "big:v1", code=1)
    assert [line[0] for line in ended.lines] == ["D", "A", "1"]
    assert "2 added or removed files not compared" in ended.err
    assert big.json("diff", "big:v0", "big:v1", code=1)["not_looked_at"]["files"] == 2
