"""The README's example of the SDK runs, and prints what its comments say."""

import re
from pathlib import Path

import pytest

import objstore
from tests.sdk.files import content, tree
from tests.servers.sources import Source
from tests.servers.web import Page, Site

README = Path(__file__).parents[2] / "README.md"


def test_the_example_runs(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree(here / "images", {"cat.png": "1", "dog.png": "2"})
    text = README.read_text()
    (example,) = re.findall(r"^```python\n(.*?)^```$", text[text.index("\n## Python\n") :], re.MULTILINE | re.DOTALL)
    exec(compile(example, str(README), "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    said = re.findall(r"print\(.*\)  # (.*)$", example, re.MULTILINE)
    said[1] = printed[1]
    assert printed == said
    assert len(printed[1]) == 64
    assert sorted(path.name for path in (here / "artifacts/pets-v0").iterdir()) == ["cat.png", "dog.png", "notes.txt"]
    with objstore.open("store") as repo:
        assert repo.artifact("pets:prod").description == "without the notes"


def test_the_example_of_references_runs(here: Path, versioned: Source, web: Site, capsys: pytest.CaptureFixture[str]) -> None:
    versioned.put("images/cat.png", b"meow")
    versioned.put("images/dog.png", b"wuff")
    web.pages["/labels.csv?raw=1"] = Page(b"name,kind", '"abc"')
    text = README.read_text()
    (example,) = re.findall(r"^```python\n(.*?)^```$", text[text.index("\n### … refer to data ") :], re.MULTILINE | re.DOTALL)[:1]
    there = example.replace("s3://bucket", versioned.url).replace("https://example.org", web.url)
    exec(compile(there, str(README), "exec"), {})
    assert capsys.readouterr().out.splitlines() == re.findall(r"^ {8}# (.*)$", example, re.MULTILINE)
    assert content(here / "artifacts/photos-v0") == {
        "images/cat.png": "meow",
        "images/dog.png": "wuff",
        "labels.csv": "name,kind",
        "notes.txt": "taken in May",
    }
