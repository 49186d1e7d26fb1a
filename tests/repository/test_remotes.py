"""The file of remotes: what is written is read again, only its owner can read it, and nothing of it gets into messages."""

import math
import os
import shutil
import stat
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.blobs.address import Address
from objstore.errors import ConflictError, InvalidInputError, NotFoundError
from objstore.repository import remotes
from objstore.repository.project import Project
from objstore.repository.remotes import Remote
from tests.conftest import fast_folder
from tests.spec_examples import example

names = st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}", fullmatch=True)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
urls = st.one_of(
    st.sampled_from(["s3://bucket/team/vision", "gs://b/x", "/mnt/share", "memory:///x"]),
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/?#:@"), min_size=1, max_size=10)
    .filter(lambda part: part.strip(".") and part.strip())
    .map(lambda part: f"s3://bucket/{part}"),
)
values = st.recursive(
    st.one_of(text, st.booleans(), st.integers(), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(text, inner, max_size=3)),
    max_leaves=6,
)
some_remotes = st.dictionaries(names, st.tuples(urls, st.dictionaries(text, values, max_size=4)), max_size=4)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "local/remotes.toml"


def remote(name: str = "origin", url: str = "s3://bucket/vision", **options: Any) -> Remote:
    return Remote(name, Address.parse(url), options)


@pytest.fixture
def quick_file() -> Iterator[Path]:
    """One that is synced in no time."""
    folder = fast_folder()
    yield folder / "remotes.toml"
    shutil.rmtree(folder)


@given(wanted=some_remotes)
def test_what_was_written_is_read_again(quick_file: Path, wanted: dict[str, tuple[str, dict[str, Any]]]) -> None:
    file = quick_file
    file.unlink(missing_ok=True)
    expected = {name: Remote(name, Address.parse(url), options) for name, (url, options) in wanted.items()}
    for item in expected.values():
        remotes.add(file, item)
    assert remotes.read(file) == expected
    for name in wanted:
        assert remotes.find(file, name) == expected[name]
        remotes.remove(file, name)
    assert remotes.read(file) == {}


def test_a_number_that_isn_t_one_is_kept_too(file: Path) -> None:
    remotes.add(file, remote(a=math.nan, b=math.inf, c=-math.inf))
    assert [str(value) for value in remotes.find(file).options.values()] == ["nan", "inf", "-inf"]


@pytest.mark.parametrize("value", [None, b"bytes", object(), {1, 2}, "\ud800"])
def test_what_toml_can_t_hold_is_refused_and_the_file_stays(file: Path, value: object) -> None:
    remotes.add(file, remote())
    before = file.read_bytes()
    with pytest.raises(InvalidInputError, match="storage option"):
        remotes.add(file, remote("other", key=value))
    assert file.read_bytes() == before


def test_the_example_of_the_spec_is_read(file: Path) -> None:
    file.parent.mkdir()
    file.write_text(example("worktree.md", "remotes.toml"))
    found = remotes.read(file)
    assert list(found) == ["backup", "origin"]
    assert found["origin"].public_options == {"endpoint_url": "https://minio.example.com"}


# -- only for its owner ------------------------------------------------------------------------------------------------


def test_only_its_owner_can_ever_read_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the file that is about to take its place."""
    old = os.umask(0)
    seen: list[int] = []
    original = os.rename

    def look(source: Path, target: Path) -> None:
        seen.append(stat.S_IMODE(os.stat(source).st_mode))
        original(source, target)

    def no_chmod(*_: object) -> None:
        raise AssertionError("it could have been read before")

    monkeypatch.setattr(os, "rename", look)
    monkeypatch.setattr(Path, "chmod", no_chmod)
    try:
        remotes.add(file, remote(secret="hush"))
        remotes.add(file, remote("other", secret="hush"))
    finally:
        os.umask(old)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert set(seen) == {0o600}


def test_whoever_made_it_readable_for_a_group_keeps_that(file: Path) -> None:
    remotes.add(file, remote())
    file.chmod(0o640)
    remotes.add(file, remote("other"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    "content",
    [
        "[origin]\nurl = 's3://b/x'\noptions = { secret = hush }",
        "[origin]\nurl = 's3://key:hush@b/x'",
        "[origin]\nurl = 's3://b/x'\noptions = 'hush'",
        "origin = 'hush'",
        "[origin]\nurl = ['hush']",
        "['a b']\nurl = 's3://b/x'\noptions = { secret = 'hush' }",
        "[origin]\nurl = 's3://b/x'\noptions = { secret = 'hush'",
        "hush",
        "\xff hush",
    ],
)
def test_a_file_that_can_t_be_used_is_told_without_its_secrets(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises(InvalidInputError) as caught:
        remotes.read(file)
    assert "hush" not in str(caught.value)
    assert "hush" not in "".join(traceback.format_exception_only(caught.value))


def test_secrets_are_no_part_of_what_a_remote_looks_like(project: Project) -> None:
    item = remote("backup", key="hush", secret="hush", endpoint_url="https://e", client_kwargs={"token": "hush"})
    assert "hush" not in f"{item!r} {item} {item.public_options}"
    remotes.add(project.remotes_file, item)
    connection = project.connect("backup")
    assert "hush" not in f"{connection!r} {connection} {connection.blobs.location}"


def test_a_project_has_one_connection_to_each_remote(project: Project) -> None:
    for item in (remote(), remote("backup")):
        remotes.add(project.remotes_file, item)
    assert project.connect() is project.connect("origin")
    first = project.connect("backup")
    assert project.connect("backup") is first is not project.connect()
    remotes.add(project.remotes_file, remote("backup", anon=True))
    assert project.connect("backup").remote.options == {"anon": True}


# -- by name -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", ".", ".hidden", "a/b", "a b", "ä", "x" * 65, "a\n", "-" * 65])
def test_a_name_against_the_rules_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="remote's name"):
        remote(name)


def test_another_address_under_the_same_name_is_refused_and_other_options_are_taken(file: Path) -> None:
    remotes.add(file, remote(key="a"))
    with pytest.raises(ConflictError, match="is s3://bucket/vision already"):
        remotes.add(file, remote(url="s3://bucket/other"))
    remotes.add(file, remote(key="b"))
    assert remotes.find(file).options == {"key": "b"}


def test_what_isn_t_there_is_told_with_what_is(file: Path) -> None:
    with pytest.raises(NotFoundError, match="`objstore remote add origin URL` names one"):
        remotes.find(file)
    remotes.add(file, remote("backup"))
    with pytest.raises(NotFoundError, match="there is no remote 'origin'; there is backup"):
        remotes.find(file)
    with pytest.raises(NotFoundError, match="there is backup"):
        remotes.remove(file, "other")
