"""The README's example of the SDK runs, and prints what its comments say."""

import re
from pathlib import Path

import pytest

import objstore
from tests.sdk.files import tree

README = Path(objstore.__file__).parents[1] / "README.md"


@pytest.mark.skipif(not README.exists(), reason="the README isn't part of what is installed")
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
