"""What a run is called, and what is said of it: the same of one that is under way and of one that is read."""

from collections.abc import Sequence

from objstore.history.runs import RunFacts
from objstore.sdk.session import Session


class DescribedRun:
    """A run of a project."""

    def __init__(self, session: Session, facts: RunFacts) -> None:
        self._session = session
        self._facts = facts

    @property
    def id(self) -> str:
        return self._facts.id

    @property
    def name(self) -> str:
        """What people call it; the id unless `init` was told."""
        return self._facts.name

    @property
    def display_name(self) -> str:
        """The name again; so W&B calls it on runs that are read."""
        return self._facts.name

    @property
    def project(self) -> str:
        return self._session.name

    @property
    def entity(self) -> str:
        return self._session.entity

    @property
    def group(self) -> str:
        return self._facts.group

    @property
    def job_type(self) -> str:
        return self._facts.job_type

    @property
    def sweep_id(self) -> str | None:
        return self._facts.sweep or None

    @property
    def tags(self) -> Sequence[str]:
        return self._facts.tags

    @property
    def notes(self) -> str:
        return self._facts.notes
