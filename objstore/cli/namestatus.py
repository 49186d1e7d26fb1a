"""`objstore diff --name-status`."""

from objstore.cli.differences import warn_of_similar
from objstore.cli.output import print_text
from objstore.cli.views import Asked, View
from objstore.comparison.files.namestatus import name_status
from objstore.repository.comparing import Comparison


def _show(comparison: Comparison, prefix: str) -> None:
    for line in name_status(comparison.files, prefix):
        print_text(line + "\n")
    warn_of_similar(comparison.files)


def view(_: Asked) -> View:
    return View(_show, is_for_programs=True)
