import re

import pytest

from objstore.errors import InvalidInputError
from objstore.history.names import (
    Name,
    check_alias,
    check_collection_name,
    check_tag,
    check_type,
    parse_name,
    version_number,
)

LONGEST = "x" * 128


@pytest.mark.parametrize("name", ["my-dataset", "a", "A.b_c-9", "...", LONGEST, "v3", "-"])
def test_a_collection_name_is_letters_digits_and_three_signs(name):
    assert check_collection_name(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a:b", "a b", "a\n", "\na", "é", LONGEST + "x", "a\0", "a@b"])
def test_other_collection_names_are_refused_and_named(name):
    with pytest.raises(InvalidInputError, match=re.escape(repr(name))):
        check_collection_name(name)


@pytest.mark.parametrize("alias", ["latest", "prod", "v", "v3a", "V3", "ein Name", "größte", "v1.0", LONGEST])
def test_an_alias_is_nearly_any_short_text(alias):
    assert check_alias(alias) == alias


@pytest.mark.parametrize("alias", ["", "v3", "v007", "a/b", "a:b", "a\n", "\x1b[2J", "\x9b", "@abcd", LONGEST + "x", "\ud800"])
def test_an_alias_never_looks_like_a_number_a_digest_or_a_path(alias):
    with pytest.raises(InvalidInputError, match="alias"):
        check_alias(alias)


@pytest.mark.parametrize("type_", ["", "a/b", "a:b", "a\n", LONGEST + "x"])
def test_a_type_is_short_and_without_slash_and_colon(type_):
    assert check_type("raw data") == "raw data"
    with pytest.raises(InvalidInputError, match="type"):
        check_type(type_)


@pytest.mark.parametrize("tag", ["", "a\n", LONGEST + "x", "\x00"])
def test_a_tag_is_short_and_without_control_characters(tag):
    assert check_tag("team/vision: 2024") == "team/vision: 2024"
    with pytest.raises(InvalidInputError, match="tag"):
        check_tag(tag)


@pytest.mark.parametrize("check", [check_collection_name, check_type, check_alias, check_tag, parse_name])
@pytest.mark.parametrize("value", [None, 3, b"name"])
def test_what_is_no_string_is_a_type_error(check, value):
    with pytest.raises(TypeError):
        check(value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ds", Name(None, None, "ds", None)),
        ("ds:latest", Name(None, None, "ds", "latest")),
        ("ds:v3", Name(None, None, "ds", "v3")),
        ("vision/ds:prod", Name(None, "vision", "ds", "prod")),
        ("team/vision/ds", Name("team", "vision", "ds", None)),
        ("team/vision/ds@0a1b2c", Name("team", "vision", "ds", "@0a1b2c")),
        ("ds@" + "f" * 64, Name(None, None, "ds", "@" + "f" * 64)),
        ("ds:a@b", Name(None, None, "ds", "a@b")),
    ],
)
def test_a_name_is_taken_apart_and_put_together_again(text, name):
    assert parse_name(text) == name
    assert str(name) == text


def test_the_digits_of_a_digest_may_be_capitals():
    assert parse_name("ds@ABCD").ref == "@abcd"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "ds:",
        "/ds",
        "a//ds",
        "a/b/c/ds",
        "ds:a:b",
        "ds:a/b",
        "ds@",
        "ds@abc",
        "ds@xyzw",
        "ds@" + "f" * 65,
        "ds@abcd:latest",
        "ds:v3\n",
        "../ds",
        "ds\n",
    ],
)
def test_what_is_no_name_is_refused_with_the_text_and_the_grammar(text):
    with pytest.raises(InvalidInputError) as caught:
        parse_name(text)
    assert repr(text) in str(caught.value)
    assert "[[entity/]project/]collection[:alias or vN]" in str(caught.value)


def test_a_number_of_any_length_is_read():
    assert version_number("v12") == 12
    assert version_number("v" + "9" * 10_000) > 10**18
    assert version_number("latest") is version_number("v") is version_number("v3\n") is None
