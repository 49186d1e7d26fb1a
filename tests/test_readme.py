"""The README's examples are run, and what they print is compared.

A block of kind `console` holds commands, after `$ `, and what each prints. One of kind `python` that begins with `# NAME.py` is
that file. All blocks are run in order, in one folder. Where the examples were changed on purpose, `python tests/test_readme.py`
writes what they print now into the README.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"

_BLOCK = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)|(?<=^```python\n)(# \w+\.py\n.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
_SAID = re.compile(r"^ *print\(.*\)  # (.*)$", re.MULTILINE)
_COMMAND = re.compile(r"^\$ ", re.MULTILINE)
_VARIABLE = [
    (re.compile(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b"), "DIGEST"),
    (re.compile(r"\b[0-9a-f]{7}\.\.[0-9a-f]{7}\b"), "BLOBS"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r"\b\d+(\.\d+)? [KMGT]?i?B\b"), "SIZE"),
    (re.compile(r"\([\d,]+ bytes\)"), "(BYTES)"),
    (re.compile(r"(?<=bytes\": )\d+"), "BYTES"),
    (re.compile(r"[\d,]+(?= (packs?|objects|rewritten)\b)"), "COUNT"),
    (re.compile(r"\bpacks?\b"), "packs"),
    (re.compile(r" +"), " "),
]


@dataclass(frozen=True)
class Example:
    """A command and what it prints, as they stand in a block."""

    command: str
    printed: str

    def __str__(self) -> str:
        return f"$ {self.command}\n{self.printed}"


def examples(block: str) -> list[Example]:
    """The commands of a block. What a command prints may itself look like commands: the demo's does, after a `$ objstore demo`."""
    pieces = [Example(*piece.split("\n", 1)) for piece in _COMMAND.split(block)[1:]]
    demo = next((at for at, piece in enumerate(pieces) if piece.command == "objstore demo"), None)
    if demo is None:
        return pieces
    return [*pieces[:demo], Example("objstore demo", pieces[demo].printed + "".join(map(str, pieces[demo + 1 :])))]


class Terminal:
    """Runs commands one after the other, as somebody would type them, with this interpreter's objstore."""

    def __init__(self, folder: Path) -> None:
        self._home = folder / "home"
        self._home.mkdir()
        self._cwd = self._home
        tools = folder / "bin"
        tools.mkdir()
        (tools / "objstore").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m objstore "$@"\n')
        (tools / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        for tool in tools.iterdir():
            tool.chmod(0o755)
        self._where = folder / "where"
        (folder / "gitconfig").write_text("[user]\nname = Ann\nemail = ann@example.org\n[init]\ndefaultBranch = main\n")
        self._environment = {
            **os.environ,
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "COLUMNS": "100",
            "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def run(self, command: str) -> str:
        """All that a command prints."""
        script = f"{command}\npwd > '{self._where}'"
        done = subprocess.run(
            ["bash", "-c", script], cwd=self._cwd, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        self._cwd = Path(self._where.read_text().rstrip("\n"))
        return done.stdout.decode()

    def write(self, program: str) -> None:
        """Makes a file of what begins with a comment that names it."""
        name, _, text = program.removeprefix("# ").partition("\n")
        (self._cwd / name).write_text(text)


def normal(printed: str) -> str:
    """What is printed, without what differs from run to run."""
    for pattern, name in _VARIABLE:
        printed = pattern.sub(name, printed)
    return printed


@pytest.mark.skipif(None in map(shutil.which, ("bash", "git")), reason="there is no Bash, or no Git, here")
def test_the_examples_print_what_the_readme_says(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    count = 0
    for block in _BLOCK.finditer(README.read_text()):
        if block[2] is not None:
            terminal.write(block[2])
            if _SAID.search(block[2]):
                name = block[2].split()[1]
                assert terminal.run(f"python {name}").splitlines() == _SAID.findall(block[2])
        for example in examples(block[1] or ""):
            assert normal(terminal.run(example.command)) == normal(example.printed), example.command
            count += 1
    assert count > 20


def test_every_command_and_option_is_in_the_reference() -> None:
    from objstore.cli.app import COMMANDS, app

    text = README.read_text()
    reference = text[text.index("\n## Commands\n") :]
    context = app.make_context("objstore", [])
    for name in COMMANDS:
        command = app.get_command(context, name)
        assert command is not None
        line = "\n".join(line for line in reference.splitlines() if re.match(rf"\| `{name}\b", line))
        assert line
        for parameter in command.params:
            for option in parameter.opts if parameter.param_type_name == "option" else []:
                assert f"`{option}" in line or f" {option}" in line, f"{name} {option}"


def main() -> None:
    """Writes what the examples print now into the README."""
    with tempfile.TemporaryDirectory() as folder:
        terminal = Terminal(Path(folder))

        def rewritten(match: re.Match[str]) -> str:
            if match[2] is not None:
                terminal.write(match[2])
                return match[2]
            return "".join(str(Example(example.command, terminal.run(example.command))) for example in examples(match[0]))

        README.write_text(_BLOCK.sub(rewritten, README.read_text()))


if __name__ == "__main__":
    main()
