"""The README's example of tables runs, and prints what its comments say."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[3] / "README.md"


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    text = README.read_text()
    start = text.index("\n### … version tables")
    (example,) = re.findall(r"^```python\n(.*?)^```$", text[start : text.index("\n### ", start + 1)], re.MULTILINE | re.DOTALL)
    exec(compile(example, str(README), "exec"), {})
    said = [line for comment in re.findall(r"print\(.*\)  # (.*)$", example, re.MULTILINE) for line in comment.split(", then ")]
    assert capsys.readouterr().out.splitlines() == said
