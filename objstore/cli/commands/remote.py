"""`objstore remote`: the places elsewhere where the project is too."""

import click

from objstore.blobs.address import Address
from objstore.cli.opening import with_project
from objstore.cli.output import as_json, print_columns, print_json, print_line
from objstore.cli.pins import print_to_commit
from objstore.cli.storage import parsed_options, shown, storage_options
from objstore.repository import gitfiles, remotes
from objstore.repository.introducing import examine, introduce
from objstore.repository.project import Project
from objstore.repository.remotes import UPSTREAM


@click.group(subcommand_metavar="add|list|remove|check")
def command() -> None:
    """Name the places elsewhere where the project is too.

    `origin` is the upstream: push, fetch and pull mean it, and it decides how versions are numbered. Others are copies of it. A
    place is a folder, or a URL like s3://bucket/team/vision; it needn't exist yet. Nothing that could be secret is part of a URL: the
    environment variables and files of the cloud's own tools are used, or storage options, which are kept in .objstore/ only.

    To move the upstream, make a mirror of it (`remote add new URL`, `push --remote new`), then name that origin, in each clone
    (`remote remove origin`, `remote add origin URL`).

    \b
    Example:
      objstore remote add origin s3://bucket/team/vision
      objstore remote add origin s3://bucket/team/vision -o endpoint_url=https://minio.example.com
      objstore remote check
    """


@command.command()
@click.argument("name")
@click.argument("url", metavar="PROJECT_URL")
@storage_options
@click.option("--no-check", is_flag=True, help="Don't look at the place; for one that you may only read.")
@with_project
def add(project: Project, name: str, url: str, options: tuple[str, ...], no_check: bool) -> None:
    """Add a remote, after a check that the place can hold a project safely.

    The check writes and deletes a few small objects: of two writers of one name only the first may win. A store that can't
    promise that is refused, since pushes could overwrite each other there.

    \b
    Example:
      objstore remote add origin /mnt/share/vision
      objstore remote add backup gs://bucket/vision
    """
    remote = introduce(project, name, Address.parse(url), parsed_options(options), checked=not no_check)
    print_line(f"{name}  {shown(remote.address)}")
    if name == UPSTREAM and project.tree is not None:
        print_to_commit(gitfiles.name_upstream(project, project.tree, remote))


@command.command("list")
@as_json
@with_project
def list_(project: Project, as_json: bool) -> None:
    """List the remotes.

    \b
    Example:
      objstore remote list
    """
    known = remotes.read(project.remotes_file)
    if as_json:
        print_json([{"name": remote.name, "url": remote.address.url, "options": sorted(remote.options)} for remote in known.values()])
    elif known:
        print_columns([(remote.name, shown(remote.address), " ".join(sorted(remote.options))) for remote in known.values()])


@command.command()
@click.argument("name")
@with_project
def remove(project: Project, name: str) -> None:
    """Forget a remote. What is there stays. `origin` goes from objstore.toml, too.

    \b
    Example:
      objstore remote remove backup
    """
    remotes.remove(project.remotes_file, name)
    if name == UPSTREAM and project.tree is not None:
        print_to_commit(gitfiles.name_upstream(project, project.tree, None))


@command.command()
@click.argument("name", required=False)
@with_project
def check(project: Project, name: str | None) -> None:
    """Check that a remote (the upstream unless named) can be reached, written to, and is safe to push to.

    An upstream that was pushed to or pulled from before must still be there.

    \b
    Example:
      objstore remote check
    """
    connection = project.connect(name)
    if project.clone is not None and connection.remote.name == UPSTREAM:
        connection.check_still_there()  # before anything is made there
    is_there = examine(connection)
    print_line(f"{connection.remote.name}  {shown(connection.remote.address)}  {'ready' if is_there else 'ready for a first push'}")
