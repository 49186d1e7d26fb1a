"""Tab completion."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from objstore.cli.shells import SHELLS
from tests.cli.conftest import Cli, ran


@pytest.fixture
def two(images: Cli) -> Cli:
    images.write("images/fox.png", "ring")
    images("add", "images", "-a", "prod")
    images("add", "images/labels", "--no-pin", "-n", "labels")
    return images


def completed(cli: Cli, line: str) -> list[str]:
    """What is offered after a line, as Bash would ask."""
    said = ran([], cli.folder, env={"_OBJSTORE_COMPLETE": "bash_complete", "COMP_WORDS": line})
    assert said.err == ""
    return [answer.partition(",")[2] for answer in said.lines if answer]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("objstore re", ["remote", "rename", "restore"]),
        ("objstore log ", ["images", "labels"]),
        ("objstore show la", ["labels:latest", "labels:v0"]),
        ("objstore show ", ["images", "labels"]),
        ("objstore show images:", ["images:latest", "images:prod", "images:v1", "images:v0"]),
        ("objstore show images:p", ["images:prod"]),
        ("objstore ls images:v0 ", ["cat.png", "dog.png", "labels/"]),
        ("objstore cat images labels/", ["labels/train.csv"]),
        ("objstore show nothing:", []),
        ("objstore cat nothing x", []),
        ("objstore completion z", ["zsh"]),
    ],
)
def test_names_versions_and_paths_are_offered(two: Cli, line: str, offered: list[str]) -> None:
    assert sorted(completed(two, line)) == sorted(offered)


def test_outside_of_a_repository_nothing_is_offered(bare: Cli) -> None:
    assert completed(bare, "objstore log ") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_gets_a_script(bare: Cli, shell: str) -> None:
    script = bare("completion", shell).out
    assert "_OBJSTORE_COMPLETE" in script and "objstore" in script


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no Bash here")
def test_bash_completes_a_version_after_the_colon(two: Cli, tmp_path: Path) -> None:
    command = tmp_path / "bin/objstore"
    command.parent.mkdir()
    root = Path(__file__).parents[2]
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{root}" exec "{sys.executable}" -m objstore "$@"\n')
    command.chmod(0o755)
    script = tmp_path / "completion.bash"
    script.write_text(two("completion", "bash").out)
    asked = f"""
        PATH="{command.parent}:$PATH"
        source {script}
        COMP_LINE='objstore show images:p'; COMP_POINT=${{#COMP_LINE}}; COMP_WORDBREAKS=$' \\t\\n:='
        compopt() {{ :; }}
        _objstore_completion objstore
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "--norc", "-c", asked], capture_output=True, text=True, cwd=two.folder, check=False)
    assert (done.stdout, done.stderr) == ("prod\n", "")
