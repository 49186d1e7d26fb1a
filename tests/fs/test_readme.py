"""The README's example of reading from other libraries runs, in the demo's folder, and prints what its comments say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    subprocess.run([sys.executable, "-m", "objstore", "demo", tmp_path / "objstore-demo"], check=True, stdout=subprocess.DEVNULL)
    monkeypatch.chdir(tmp_path / "objstore-demo")
    text = README.read_text()
    start = text.index("\n### … read a version from pandas")
    (example,) = re.findall(r"^```python\n(.*?)^```$", text[start : text.index("\n### ", start + 1)], re.MULTILINE | re.DOTALL)
    exec(compile(example, str(README), "exec"), {})
    assert capsys.readouterr().out.splitlines() == re.findall(r"print\(.*\)  # (.*)$", example, re.MULTILINE)
