"""`objstore alias, tag, describe, rename, rm, restore`."""

import pytest

from tests.cli.conftest import CONTENT, Cli


@pytest.fixture
def two(images: Cli) -> Cli:
    images.write("images/fox.png", "ring")
    images("add", "images")
    return images


def test_an_alias_moves_from_version_to_version(two: Cli) -> None:
    assert two("alias", "images:v0", "prod", "best").out == "images:v0  best prod\n"
    assert two("alias", "images:v1", "prod").out == "images:v1  latest prod\n"
    assert two.json("show", "images:v0")["aliases"] == ["best"]


def test_an_alias_is_taken_away(two: Cli) -> None:
    two("alias", "images:v0", "prod")
    assert two("alias", "images:v0", "prod", "-d").out == "images:v0  no aliases\n"
    two("show", "images:prod", code=3)


def test_an_alias_is_only_taken_from_the_version_that_has_it(two: Cli) -> None:
    two("alias", "images:v0", "prod")
    assert "isn't on images:v1 but on v0" in two("alias", "images:v1", "prod", "-d", code=3).err
    assert two.json("show", "images:prod")["version"] == "v0"


def test_latest_can_be_put_and_taken_away(two: Cli) -> None:
    two("alias", "images:v0", "latest")
    assert two.json("show", "images")["version"] == "v0"
    two("alias", "images:v0", "latest", "-d")
    two("show", "images", code=3)


def test_tags_may_be_on_many_versions(two: Cli) -> None:
    assert two("tag", "images:v0", "seen", "good").out == "images:v0  good, seen\n"
    two("tag", "images:v1", "seen")
    assert two("tag", "images:v0", "seen", "-d").out == "images:v0  good\n"
    assert two.json("show", "images:v1")["tags"] == ["seen"]
    assert "images:v1 has no tag 'nope'; it has seen" in two("tag", "images:v1", "nope", "-d", code=3).err


def test_aliases_and_tags_with_spaces_are_quoted(two: Cli) -> None:
    assert two("alias", "images:v1", "for Ann").out == "images:v1  latest 'for Ann'\n"
    two("tag", "images:v1", "as good as new")
    assert "latest 'for Ann' '#as good as new'" in two("log", "images").lines[0]
    assert "aliases  latest 'for Ann'" in two("show", "images").out


def test_a_version_and_a_collection_have_descriptions(two: Cli) -> None:
    two("describe", "images:v0", "the first")
    two("describe", "images", "pets")
    assert two.json("show", "images:v0")["description"] == "the first"
    assert two.json("list")[0]["description"] == "pets"
    assert two.json("show", "images:v1")["description"] == ""


def test_a_renamed_collection_keeps_everything(two: Cli) -> None:
    before = two.json("log", "images")
    assert two("rename", "images", "pets").out == "images is now pets\n"
    assert [version["digest"] for version in two.json("log", "pets")] == [version["digest"] for version in before]
    two("log", "images", code=3)


def test_a_name_in_use_is_refused(two: Cli) -> None:
    two("add", "images/labels", "--no-pin")
    two("rename", "images", "labels", code=4)


def test_a_deleted_version_comes_back(two: Cli) -> None:
    assert "restore images:v0" in two("rm", "images:v0").out
    assert "objstore restore images:v0" in two("ls", "images:v0", code=3).err
    assert two("restore", "images:v0").out == "images:v0  restored\n"
    assert len(two.json("ls", "images:v0")) == len(CONTENT)


def test_what_there_is_instead_is_only_what_wasn_t_deleted(two: Cli) -> None:
    assert "it has v0 to v1 and the aliases latest" in two("show", "images:v9", code=3).err
    two("rm", "images:v1", "--aliases")
    assert "images has no alias latest; it has v0 and no aliases" in two("show", "images", code=3).err
    two("rm", "images:v0")
    said = two("show", "images", code=3).err
    assert "images has no alias latest; all its versions were deleted; `objstore restore images:v1` brings v1 back" in said
    two("gc")
    assert two("show", "images", code=3).err.endswith("all its versions were deleted\n")
    for text in "abc":
        two.write("images/cat.png", text)
        two("add", "images", "--no-pin")
    two("rm", "images:v3")
    assert "it has v2, v4 and" in two("show", "images:v9", code=3).err


def test_a_deleted_version_is_gone_after_gc(two: Cli) -> None:
    two("rm", "images:v1", "--aliases")
    assert "images:v1  can't be restored any more" in two("gc").out
    two("restore", "images:v1", code=4)
    two("ls", "images:v1", code=3)


def test_a_version_with_aliases_is_only_deleted_when_asked(two: Cli) -> None:
    assert "latest" in two("rm", "images:v1", code=4).err
    two("rm", "images:v1", "--aliases")
    assert [version["version"] for version in two.json("log", "images")] == ["v0"]


def test_a_deleted_number_isn_t_used_again(two: Cli) -> None:
    two("rm", "images:v1", "--aliases")
    two.write("images/wolf.png", "howl")
    assert two("add", "images").out.startswith("images:v2 ")


def test_rm_wants_to_know_which_version(two: Cli) -> None:
    assert "images:v0" in two("rm", "images", code=2).err
    assert len(two.json("log", "images")) == 2
