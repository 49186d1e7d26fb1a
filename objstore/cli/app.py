"""The command line as a whole: the commands there are, what they share, how each ends."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from objstore import __version__
from objstore.cli import interrupting
from objstore.cli.failing import failed, interrupted

COMPLETION_VARIABLE = "_OBJSTORE_COMPLETE"
COMMANDS = {
    "init": "Make a repository.",
    "add": "Take files in as a new version.",
    "log": "List the versions of a collection, newest first.",
    "list": "List the collections.",
    "show": "Show what is known of a version.",
    "ls": "List the files of a version.",
    "cat": "Write a file of a version to the standard output.",
    "get": "Write the files of a version into a folder.",
    "status": "Show how pinned paths differ from their pins.",
    "checkout": "Make pinned paths their versions, or move them to others.",
    "diff": "Show what differs between versions, folders, or pins.",
    "blame": "Show in which version a file last changed, and which run made it.",
    "alias": "Put aliases on a version, or take them away.",
    "tag": "Put tags on a version, or take them away.",
    "describe": "Set the description of a version or a collection.",
    "rename": "Give a collection another name.",
    "rm": "Delete a version; it can be restored until gc.",
    "restore": "Bring a deleted version back.",
    "ttl": "Show or set how long versions live.",
    "expire": "Delete the versions whose time has passed.",
    "prune-versions": "Delete the versions of a collection but for the last few.",
    "gc": "Free what no version needs.",
    "fsck": "Check all that is stored.",
    "du": "Show how much space is used.",
    "runs": "List the runs, the newest first.",
    "lineage": "Show what a version came from, and what came of it.",
    "remote": "Name the places elsewhere where the project is too.",
    "push": "Bring versions, and all that is said of them, to the upstream.",
    "fetch": "See what the upstream has: its log and metadata, no data.",
    "pull": "Bring versions from the upstream, data and all, so that they can be read without it.",
    "clone": "Make a repository from a project elsewhere, which becomes its upstream.",
    "prune": "Drop local data that the upstream holds.",
    "git-hooks": "Let Git keep pinned paths up to date.",
    "demo": "Try objstore on a small dataset in a new folder.",
    "completion": "Print the script that switches tab completion on.",
}
"""Every command with the first line of its help, so that `objstore --help` needn't import them."""


class App(click.Group):
    """The root command. Finds commands by name, imports only the one that runs, and turns how it ends into an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click passes it
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"objstore.cli.commands.{cmd_name.replace('-', '_')}").command
        command.name = cmd_name
        interrupting.work()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click passes it
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Never returns: exits with the code of failing.py, or what the command returned."""
        extra["standalone_mode"] = False
        try:
            code = super().main(args, *rest, **extra)
            sys.stdout.flush()
        except BrokenPipeError as error:
            code = interrupted(error)
        except Exception as error:
            code = failed(error)
        sys.exit(code or 0)

    def _main_shell_completion(self, *rest: Any, **extra: Any) -> None:
        if COMPLETION_VARIABLE in os.environ:
            from objstore.cli import shells

            shells.register()
        super()._main_shell_completion(*rest, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except (KeyboardInterrupt, BrokenPipeError) as error:  # click would end these its own way
            code = interrupted(error)
        interrupting.finish(code or 0)
        return code


@click.group(cls=App, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("-C", "--repo", "start", metavar="DIR", default=".", help="Use the repository at or above DIR, or the project at a URL.")
@click.version_option(__version__, message="objstore %(version)s")
@click.pass_context
def app(ctx: click.Context, start: str) -> None:
    """Versions of datasets, models and results, on your own disk or in your own bucket.

    A repository is the nearest .objstore/ folder at or above the current one. A version is named COLLECTION:vN or
    COLLECTION:ALIAS (COLLECTION alone is its latest version), or COLLECTION@DIGEST.

    Exit codes: 0 all is well, 1 there is a difference or a check failed, 2 wrong usage, 3 not found, 4 conflict,
    5 damaged data, 6 remote unreachable, 130 interrupted.

    \b
    Example:
      objstore init
      objstore add images/
      objstore log images
    """
    ctx.obj = start
    if "NO_COLOR" in os.environ:
        ctx.color = False
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
