"""`objstore clone`: makes a repository from one elsewhere."""

from pathlib import Path

import click

from objstore.blobs.address import Address
from objstore.cli.opening import Folder, start_folder, tell_waiting
from objstore.cli.output import print_line
from objstore.cli.progress import progress
from objstore.cli.sizes import counted, size
from objstore.cli.storage import parsed_options, shown, storage_options
from objstore.repository.cloning import make_clone
from objstore.repository.pulling import everything, pull


@click.command()
@click.argument("url", metavar="PROJECT_URL")
@click.argument("folder", metavar="[DIR]", required=False, type=Folder())
@storage_options
@click.option("--no-data", is_flag=True, help="Only the log and metadata; data comes when it is read or pulled.")
def command(url: str, folder: Path | None, options: tuple[str, ...], no_data: bool) -> None:
    """Make a repository from a project elsewhere, which becomes its upstream.

    PROJECT_URL is a folder, or a URL like s3://bucket/team/vision. DIR is made; its name is that of the project unless given.

    \b
    Example:
      objstore clone s3://bucket/team/vision
      objstore clone /mnt/share/vision here --no-data
    """
    address = Address.parse(url)
    tree = start_folder() / (folder or Path(address.path).name)
    with make_clone(address, tree, parsed_options(options)) as project, progress() as watched:
        done = pull(project, watched, lambda state: [] if no_data else everything(state), waiting=tell_waiting)
        versions = sum(1 for item in project.state.collections.values() for _ in item.live())
        print_line(f"cloned {shown(address)} into {tree}: {counted(versions, 'version')}, {size(done.bytes)} of data")
