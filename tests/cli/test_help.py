"""What the command line says of itself."""

import re

import pytest

from objstore.cli.app import COMMANDS, app
from tests.cli.conftest import Cli


def test_without_a_command_it_shows_its_help(bare: Cli) -> None:
    assert bare().out == bare("--help").out == bare("-h").out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(bare: Cli, name: str) -> None:
    said = bare(name, "--help").out
    assert f"Usage: objstore {name}" in said
    assert re.search(r"^  Example:\n.*objstore " + name, said, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    command = app.get_command(app.make_context("objstore", []), name)
    assert command is not None and command.help is not None
    assert " ".join(command.help.partition("\n\n")[0].split()).startswith(COMMANDS[name].rstrip("."))


def test_all_commands_of_the_design_are_there() -> None:
    wanted = (
        "init add log list show ls cat get status checkout diff blame alias tag describe rename rm restore ttl expire prune-versions"
        " gc fsck du runs lineage"
    )
    remote = "remote push fetch pull clone prune git-hooks demo"
    assert list(COMMANDS)[:34] == [*wanted.split(), *remote.split()]


def test_a_usage_error_says_where_to_read_on(bare: Cli) -> None:
    assert bare("add", code=2).err == "error: Missing argument 'PATH…'; see `objstore add --help`\n"


PRINTS_DATA = [
    "add", "log", "list", "show", "ls", "get", "status", "checkout", "diff", "gc", "fsck", "du",
    "push", "fetch", "pull", "prune", "ttl", "expire", "prune-versions", "runs", "lineage",
]  # fmt: skip


@pytest.mark.parametrize("name", PRINTS_DATA)
def test_data_can_be_had_as_json(bare: Cli, name: str) -> None:
    assert "--json" in bare(name, "--help").out
