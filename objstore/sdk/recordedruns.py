"""Many runs, of which each is read when it is looked at."""

from collections.abc import Iterator, Sequence
from typing import overload

from objstore.errors import InvalidInputError
from objstore.sdk.lists import table_of_runs
from objstore.sdk.recorded import RecordedRun
from objstore.sdk.session import Session
from objstore.sdk.workspace import Workspace


class RecordedRuns(Sequence[RecordedRun]):
    """Runs, each read when it is looked at."""

    def __init__(self, workspace: Workspace, session: Session, ids: Sequence[str]) -> None:
        self._workspace = workspace
        self._session = session
        self._ids = ids

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, at: int) -> RecordedRun: ...

    @overload
    def __getitem__(self, at: slice) -> "RecordedRuns": ...

    def __getitem__(self, at: int | slice) -> "RecordedRun | RecordedRuns":
        if isinstance(at, slice):
            return RecordedRuns(self._workspace, self._session, self._ids[at])
        with self._session.runs(fresh=False) as runs:
            return RecordedRun(self._workspace, self._session, runs.run(self._ids[at]))

    def __iter__(self) -> Iterator[RecordedRun]:
        return (self[at] for at in range(len(self)))

    def _repr_html_(self) -> str:
        return table_of_runs(self, self._ids)

    def __repr__(self) -> str:
        return f"<Runs: {len(self)}>"


class Sweep:
    """The runs that were begun with one `sweep=`."""

    def __init__(self, id_: str, runs: RecordedRuns) -> None:
        self.id = id_
        self.runs = runs

    def best_run(self, metric: str | None = None, order: str = "minimize") -> RecordedRun | None:
        """The run whose summary has the least value of a metric, with `order="maximize"` the greatest; None when none has any."""
        if metric is None:
            raise InvalidInputError("name the metric: best_run('loss'), or best_run('accuracy', order='maximize')")
        if order not in ("minimize", "maximize"):
            raise InvalidInputError(f"order is 'minimize' or 'maximize', not {order!r}")
        measured = [(run.summary[metric], run) for run in self.runs if isinstance(run.summary.get(metric), int | float)]
        choose = min if order == "minimize" else max
        return choose(measured, key=lambda pair: float(pair[0]))[1] if measured else None

    def __repr__(self) -> str:
        return f"<Sweep {self.id}: {len(self.runs)} runs>"
