"""Lists that a notebook shows as tables. To everybody else they are lists."""

from collections.abc import Iterable, Sized
from typing import TYPE_CHECKING

from objstore.values import html

if TYPE_CHECKING:
    from objstore.repository.blaming import Blame
    from objstore.sdk.artifact import Artifact
    from objstore.sdk.recorded import RecordedRun

_OF_VERSIONS = ("version", "type", "aliases", "tags", "created", "files", "size", "description")
_OF_BLAMES = ("version", "change", "created", "run", "path")
_OF_RUNS = ("run", "id", "state", "job type", "group", "created", "tags")


class Artifacts(list["Artifact"]):
    """Versions."""

    def _repr_html_(self) -> str:
        return html.table(_OF_VERSIONS, (artifact._row() for artifact in self), html.first(self, "version"))


class Blames(list["Blame"]):
    """In which versions files last changed."""

    def _repr_html_(self) -> str:
        return html.table(_OF_BLAMES, (blame.row() for blame in self), html.first(self, "file"))


class RunList(list["RecordedRun"]):
    """Runs."""

    def _repr_html_(self) -> str:
        return table_of_runs(self, self)


def table_of_runs(runs: "Iterable[RecordedRun]", counted: Sized) -> str:
    """Reads only those runs that it shows."""
    return html.table(_OF_RUNS, (run._row() for run in runs), html.first(counted, "run"))
