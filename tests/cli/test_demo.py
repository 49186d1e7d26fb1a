"""`objstore demo`."""

import re
from pathlib import Path

from objstore.cli import sample
from tests.cli.conftest import Cli


def test_the_demo_shows_the_commands_with_what_they_print(bare: Cli, monkeypatch) -> None:
    monkeypatch.setattr(sample, "_READINGS", 40_000)
    monkeypatch.setattr(sample, "_CORRECTED", range(1_000, 6_000, 1_000))
    said = bare("demo", "try").out
    typed = re.findall(r"^\$ (.*)$", said, re.MULTILINE)
    assert typed == [
        "mkdir try && cd try",
        "objstore init",
        "objstore add data -n weather -m 'as measured'",
        "objstore diff weather ./data",
        "objstore add data -n weather -m corrected",
        "objstore log weather",
    ]
    assert "weather:v0  301 files" in said and "weather:v1  302 files" in said
    assert "R  stations/007.csv → stations/bergen.csv" in said
    assert Path.cwd() == bare.folder
    assert bare("-C", "try", "fsck").out.endswith("2 versions: no problems\n")


def test_the_sample_is_the_same_everywhere(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(sample, "_READINGS", 1000)
    sample.make(tmp_path / "a")
    sample.make(tmp_path / "b")
    assert (tmp_path / "a/readings.csv").read_bytes() == (tmp_path / "b/readings.csv").read_bytes()
