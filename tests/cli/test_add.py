"""`objstore add`."""

import re

import pytest

from tests.cli.conftest import CONTENT, Cli


def test_a_folder_becomes_a_version_named_like_it(cli: Cli) -> None:
    cli.fill()
    said = cli("add", "images").out
    assert re.fullmatch(r"images:v0  3 files  4\.7 KiB  \+\d+ B new\n", said)


def test_a_folder_stands_for_its_contents(images: Cli) -> None:
    assert [file["path"] for file in images.json("ls", "images")] == sorted(CONTENT)


def test_several_paths_keep_their_names(cli: Cli) -> None:
    cli.fill()
    cli.write("notes.txt", "see below")
    cli("add", "images", "notes.txt", "-n", "both")
    assert [file["path"] for file in cli.json("ls", "both")] == [*(f"images/{path}" for path in sorted(CONTENT)), "notes.txt"]


def test_a_file_keeps_its_name(cli: Cli) -> None:
    cli.write("some/model.bin", "weights")
    assert cli("add", "some/model.bin").out.startswith("model.bin:v0  1 file  7 B  +")
    assert [file["path"] for file in cli.json("ls", "model.bin")] == ["model.bin"]


def test_the_same_content_makes_no_version(images: Cli) -> None:
    assert images("add", "images").out == "images:v0  unchanged\n"
    assert len(images.json("log", "images")) == 1


def test_changed_content_makes_the_next_version(images: Cli) -> None:
    images.write("images/cat.png", "purr")
    assert images("add", "images").out.startswith("images:v1  3 files  2.8 KiB  +")


def test_content_of_an_older_version_makes_that_the_latest(images: Cli) -> None:
    old = (images.folder / "images/cat.png").read_bytes()
    images.write("images/cat.png", "purr")
    images("add", "images")
    images.write("images/cat.png", old)
    assert images("add", "images", "-a", "good").out == "images:v0  unchanged\n"
    assert images.json("show", "images")["aliases"] == ["latest", "good"]


def test_sizes_and_counts_are_as_people_write_them(cli: Cli) -> None:
    for number in range(1203):
        cli.write(f"many/{number}", f"{number}")
    assert cli("add", "many").out.startswith("many:v0  1,203 files  3.6 KiB  +")


def test_labels_are_kept(cli: Cli) -> None:
    cli.fill()
    words = ["-n", "pets", "-t", "corpus", "-a", "prod", "-a", "good", "--tag", "seen", "-m", "all of them"]
    cli("add", "images", *words, "--meta", "epochs=3", "--meta", "who=me", "--meta", 'sizes={"w": [1, 2]}', "--meta", "sum=1=1")
    shown = cli.json("show", "pets")
    assert shown["name"] == "pets:v0"
    assert shown["type"] == "corpus"
    assert shown["aliases"] == ["latest", "good", "prod"]
    assert shown["tags"] == ["seen"]
    assert shown["description"] == "all of them"
    assert shown["metadata"] == {"epochs": 3, "who": "me", "sizes": {"w": [1, 2]}, "sum": "1=1"}


def test_the_type_is_dataset_unless_given(images: Cli) -> None:
    assert images.json("show", "images")["type"] == "dataset"


def test_the_type_of_a_collection_needn_t_be_repeated(cli: Cli) -> None:
    cli.fill()
    cli("add", "images", "-t", "corpus")
    cli.write("images/new.png", "new")
    assert cli.json("add", "images")["type"] == "corpus"


def test_another_type_is_refused_and_nothing_changes(images: Cli) -> None:
    images.write("images/new.png", "new")
    assert "images has type dataset" in images("add", "images", "-t", "model", code=2).err
    assert len(images.json("log", "images")) == 1


def test_json_tells_the_version_and_what_it_cost(cli: Cli) -> None:
    cli.fill()
    added = cli.json("add", "images")
    assert added["name"] == "images:v0" and added["version"] == "v0" and added["new"] is True
    assert added["files"] == 3 and added["bytes"] == sum(map(len, CONTENT.values())) and added["new_bytes"] > 0
    assert re.fullmatch("[0-9a-f]{64}", added["digest"])
    assert (again := cli.json("add", "images"))["new"] is False and again["new_bytes"] == 0


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        (["--include", "*.png"], ["cat.png", "dog.png"]),
        (["--exclude", "*.png"], ["labels/train.csv"]),
        (["--include", "*.png", "--include", "labels/", "--exclude", "dog*"], ["cat.png", "labels/train.csv"]),
    ],
)
def test_patterns_choose_files(cli: Cli, options: list[str], taken: list[str]) -> None:
    cli.fill()
    cli("add", "images", *options)
    assert [file["path"] for file in cli.json("ls", "images")] == taken


def test_an_ignore_file_leaves_files_out(cli: Cli) -> None:
    cli.fill()
    cli.write("images/.objstoreignore", "labels/\n")
    cli("add", "images")
    assert [file["path"] for file in cli.json("ls", "images")] == [".objstoreignore", "cat.png", "dog.png"]


def test_the_repository_is_never_a_part_of_what_it_holds(cli: Cli) -> None:
    cli.fill()
    cli("add", ".", "-n", "all")
    assert [file["path"] for file in cli.json("ls", "all")] == [f"images/{path}" for path in sorted(CONTENT)]


def test_a_repository_elsewhere_can_be_chosen(cli: Cli, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.fill()
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    cli("-C", str(cli.folder), "add", str(cli.folder / "images"))
    assert cli("-C", str(cli.folder), "list").out.startswith("images ")


def test_a_repository_is_found_from_a_folder_in_it(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(cli.fill() / "labels")
    assert cli("add", ".").out.startswith("labels:v0  1 file ")


# -- names that some disks take for one --------------------------------------------------------------------------------


def test_paths_that_differ_only_by_case_or_form_are_added_with_a_warning(cli: Cli) -> None:
    for path in ("A.txt", "a.txt", "Sub/x", "sub/y", "caf\u00e9", "cafe\u0301"):
        cli.write(f"data/d/{path}", path)
    said = cli("add", "data")
    assert said.out.startswith("data:v0  6 files  ")
    assert re.fullmatch(
        r"warning: (d/.+) and (d/.+) differ only by case or Unicode form; some disks can't hold both \(2 more such pairs\)\n", said.err
    )
    assert len(cli.json("ls", "data")) == 6


def test_the_warning_comes_once_and_for_what_is_new(cli: Cli) -> None:
    for path in ("A", "a", "b"):
        cli.write(f"data/{path}", path)
    one_pair = "warning: A and a differ only by case or Unicode form; some disks can't hold both\n"
    assert cli("add", "data").err == one_pair
    assert cli("add", "data").err == ""
    cli.write("data/a", "edited")
    cli.write("data/c", "new")
    assert cli("add", "data").err == ""
    cli.write("data/B", "new")
    assert cli("add", "data").err == one_pair.replace("A and a", "B and b")
    assert cli("add", "data", "-n", "other").err == one_pair.replace("both", "both (1 more such pair)")


def test_the_warning_leaves_json_alone(cli: Cli) -> None:
    for path in ("A", "a"):
        cli.write(f"data/{path}", path)
    said = cli("add", "data", "--json")
    assert said.json["name"] == "data:v0"
    assert said.err.startswith("warning: A and a differ")


def test_a_name_in_a_warning_cannot_pose_as_another_line(cli: Cli) -> None:
    for path in ("a\nerror: b", "A\nerror: b"):
        cli.write(f"data/{path}", path)
    assert cli("add", "data").err.count("\n") == 1


def test_other_names_are_no_reason_to_warn(images: Cli) -> None:
    images.write("images/a/cat.png", "")
    images.write("images/\u00e4\u00df", "")
    images.write("images/a\u0308s", "")
    assert images("add", "images").err == ""
