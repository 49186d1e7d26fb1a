"""The scripts that switch tab completion on; click's, but for Bash, which takes the colon in a version's name for the end of a word."""

import os
from typing import ClassVar

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class, get_completion_class, split_arg_string

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_OBJSTORE_COMPLETE"

_BASH = """\
%(complete_func)s() {
    local line=${COMP_LINE:0:COMP_POINT} type value
    local word=${line##*[[:space:]]} kept=
    [[ $word == *:* && $COMP_WORDBREAKS == *:* ]] && kept=${word%%:*}:
    while IFS=, read -r type value; do
        case $type in
            plain) COMPREPLY+=("${value#"$kept"}") ;;
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
        esac
    done < <(COMP_WORDS=$line %(complete_var)s=bash_complete "$1")
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class Bash(ShellComplete):
    """Completion from the line as it was typed, rather than from the words that Bash makes of it."""

    name: ClassVar[str] = "bash"
    source_template: ClassVar[str] = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)[1:]
        if not words or line[-1:].isspace():
            return words, ""
        return words[:-1], words[-1]

    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.type},{item.value}"


def register() -> None:
    """Makes click answer Bash our way."""
    add_completion_class(Bash)


def script(command: click.Command, shell: str) -> str:
    """What the shell must read to complete `objstore`."""
    register()
    found = get_completion_class(shell)
    assert found is not None
    return found(command, {}, "objstore", VARIABLE).source()
