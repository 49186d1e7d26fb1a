"""`objstore ttl`: how long versions live."""

import click

from objstore.cli import completing, naming
from objstore.cli.duration import lifetime, shown
from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import as_json, print_json, print_line, print_warning
from objstore.cli.sizes import counted
from objstore.cli.versions import life_as_dict, life_of
from objstore.errors import InvalidInputError
from objstore.history import facts
from objstore.history.expiry import plan_expiry
from objstore.history.state import State
from objstore.host import clock
from objstore.repository.labelling import change
from objstore.repository.project import Project


@click.command()
@click.argument("name", metavar="[NAME:V]", required=False, shell_complete=completing.versions)
@click.argument("ttl", metavar="[AGE|never|default]", required=False)
@as_json
@with_project
def command(project: Project, name: str | None, ttl: str | None, as_json: bool) -> None:
    """Show or set how long versions live.

    Without a version it is about the project's default, which counts for all versions that have no other. An age (90m, 24h, 7d, 4w)
    counts from a version's creation. When it has passed, `objstore expire` and gc delete the version, whatever aliases are on it.

    \b
    Example:
      objstore ttl 30d
      objstore ttl images:v3 never
      objstore ttl images:v3
    """
    if ttl is None and name is not None and not any(mark in name for mark in ":@"):
        name, ttl = None, name
    if name is None:
        _of_project(project, ttl, as_json)
    else:
        _of_version(project, name, ttl, as_json)


def _of_project(project: Project, ttl: str | None, as_json: bool) -> None:
    if ttl is not None:
        seconds = _parsed(ttl, "; of one version, name it as NAME:V")
        if seconds == 0:
            raise InvalidInputError("this sets the default itself: write 90m, 24h, 7d or never")
        before = set(_overdue(project.state))
        change(project, lambda state: facts.set_default_ttl(state, seconds), tell_waiting)
        passed = [name for name in _overdue(project.state) if name not in before]
        if passed:
            print_warning(
                f"{counted(len(passed), 'version')} {'are' if len(passed) > 1 else 'is'} older than that, and the next `objstore expire` "
                "or gc deletes them; `objstore expire --dry-run` names them"
            )
    default = project.state.default_ttl
    if as_json:
        print_json({"ttl": default})
    else:
        print_line(f"default  {shown(default)}")


def _of_version(project: Project, name: str, ttl: str | None, as_json: bool) -> None:
    found = naming.exact_version(project, name)
    if ttl is not None:
        seconds = _parsed(ttl)
        collection, ref = found.collection.name, found.version.name
        change(project, lambda state: facts.set_ttl(state, collection, ref, seconds), tell_waiting)
        found = naming.version(project, str(found))
    if as_json:
        print_json({"name": str(found)} | life_as_dict(project.state, *found))
    else:
        print_line(f"{found}  {life_of(project.state, *found)}")


def _parsed(ttl: str, hint: str = "") -> int | None:
    try:
        return lifetime(ttl)
    except click.BadParameter as error:
        raise InvalidInputError(error.message + hint) from error


def _overdue(state: State) -> list[str]:
    return list(map(str, plan_expiry(state, clock.now(), trust_clock=True).overdue))
