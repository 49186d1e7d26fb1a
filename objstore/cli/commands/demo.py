"""`objstore demo`: the newcomer's first command."""

import contextlib
import shlex
from pathlib import Path

import click
from click.core import ParameterSource

from objstore.cli import sample
from objstore.cli.output import print_line
from objstore.cli.sizes import size
from objstore.errors import ConflictError, NotFoundError
from objstore.repository import places
from objstore.repository.project import open_project
from objstore.repository.usage import usage

_NEXT = """\
Now try, in {folder}:
  objstore get weather:v0 before       the first version, in a folder of its own
  objstore diff before ./data          any folder can be compared
  objstore alias weather:v1 prod       a name that you choose, for a version
  objstore cat weather:prod stations/bergen.csv
  objstore --help"""


@click.command()
@click.argument("folder", metavar="[DIR]", default="objstore-demo", type=click.Path(path_type=Path))
@click.pass_context
def command(ctx: click.Context, folder: Path) -> None:
    """Try objstore on a small dataset in a new folder.

    Makes some 13 MB of tables in DIR (objstore-demo unless given), adds them, edits them, adds them again, and shows what
    the second version cost. Each command is shown as you would type it. Remove the folder when you have seen enough.

    \b
    Example:
      objstore demo
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConflictError(f"{folder} exists and isn't an empty folder; give another: objstore demo DIR")
    if ctx.get_parameter_source("folder") is ParameterSource.DEFAULT:
        _check_outside()
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(folder):
        _play(ctx.find_root().command, folder)
    print_line("")
    for line in _NEXT.format(folder=folder).splitlines():
        print_line(line)


def _check_outside() -> None:
    """ConflictError inside a repository: one in it that nobody has asked for would puzzle."""
    with contextlib.suppress(NotFoundError):
        there = places.find(Path())
        raise ConflictError(f"{there.tree or Path.cwd()} is a repository; go elsewhere, or say where in it: objstore demo DIR")


def _play(app: click.Command, folder: Path) -> None:
    print_line("# A repository, and beside it a dataset of 301 tables")
    print_line(f"$ mkdir {shlex.quote(str(folder))} && cd {shlex.quote(str(folder))}")
    _type(app, "init")
    data = Path("data")
    sample.make(data)
    _type(app, "add", "data", "-n", "weather", "-m", "as measured")
    first = _stored()
    print_line("")
    print_line("# Five rows of the largest table corrected, forty inserted in its middle; a table added, another renamed")
    sample.edit(data)
    _type(app, "diff", "weather", "./data")
    _type(app, "add", "data", "-n", "weather", "-m", "corrected")
    _type(app, "log", "weather")
    second = _stored() - first
    content = sum(path.stat().st_size for path in data.rglob("*.csv"))
    print_line("")
    print_line(f"# Each version holds {size(content)}. On the disk the first takes {size(first)}, and the second {size(second)} more.")


def _type(app: click.Command, *words: str) -> None:
    """Shows a command as it would be typed, and runs it."""
    print_line(f"$ {shlex.join(('objstore', *words))}")
    with app.make_context("objstore", list(words)) as ctx:
        app.invoke(ctx)


def _stored() -> int:
    with open_project(Path()) as project:
        return usage(project, []).store_bytes
