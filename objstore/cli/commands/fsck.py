"""`objstore fsck`: checks all that is stored."""

import click

from objstore.cli.failing import DIFFERENT
from objstore.cli.opening import opened_project, start, start_folder, tell_setting_up, tell_waiting
from objstore.cli.output import as_json, print_json, print_line
from objstore.cli.progress import progress
from objstore.cli.sizes import counted
from objstore.host.progress import Progress
from objstore.repository.checking import Problem, Report, check
from objstore.repository.founding import located
from objstore.repository.remotes import UPSTREAM

_SHOWN = 20


@click.command()
@click.option("--repair", is_flag=True, help="Rebuild the index and the cache; send the upstream again what it lacks.")
@click.option("--remote", is_flag=False, flag_value=UPSTREAM, metavar="[NAME]", help="Check a remote, the upstream unless named.")
@as_json
def command(repair: bool, remote: str | None, as_json: bool) -> int:
    """Check all that is stored.

    That is every pack, record, index segment, manifest and log, and all references between them. Names the versions and
    paths that each problem affects. The exit code is 1 when something is wrong (and wasn't repaired).

    With --remote it reads all that is stored there; --repair then sends again what is missing or damaged in the upstream, and is here.

    \b
    Example:
      objstore fsck
      objstore fsck --repair
      objstore fsck --remote
      objstore fsck --remote --repair
    """
    with progress() as shown:
        report = _checked(shown, repair) if remote is None else _checked_there(shown, remote, repair)
    if as_json:
        print_json({"sound": report.is_sound, **_as_dict(report)})
    else:
        _print(report)
    return 0 if report.is_sound else DIFFERENT


def _checked(shown: Progress, repair: bool) -> Report:
    if "://" not in start():
        return check(located(start_folder(), tell_setting_up).project, shown, repair=repair)
    with opened_project() as project:
        return check(project.folder, shown, repair=repair, blobs=project.blobs if project.bucket else None)


def _checked_there(shown: Progress, name: str, repair: bool) -> Report:
    from objstore.repository.verifying import check_remote

    with opened_project() as project:
        return check_remote(project, name, shown, repair=repair, waiting=tell_waiting)


def _as_dict(report: Report) -> dict[str, object]:
    return {"packs": report.packs, "objects": report.objects, "versions": report.versions, "problems": report.problems}


def _print(report: Report) -> None:
    for problem in report.problems:
        _print_problem(problem)
    checked = [counted(report.packs, "pack"), counted(report.objects, "object"), counted(report.versions, "version")]
    print_line(f"checked {', '.join(checked)}: {counted(len(report.problems), 'problem') if report.problems else 'no problems'}")


def _print_problem(problem: Problem) -> None:
    print_line(f"{problem.where}: {problem.what}" + "  (repaired)" * problem.repaired)
    for affected in problem.affected[:_SHOWN]:
        print_line(f"    affects {affected}")
    if len(problem.affected) > _SHOWN:
        print_line(f"    and {len(problem.affected) - _SHOWN:,} more; --json lists them all")
