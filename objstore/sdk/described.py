"""What a run is called, and what is said of it: the same of one that is under way and of one that is read."""

from collections.abc import Sequence
from typing import Protocol

from objstore.sdk.session import Session


class Said(Protocol):
    """What is known of a run, beside its configuration and summary."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def job_type(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def sweep(self) -> str: ...
    @property
    def tags(self) -> tuple[str, ...]: ...
    @property
    def notes(self) -> str: ...


class DescribedRun:
    """A run of a project."""

    def __init__(self, session: Session, said: Said) -> None:
        self._session = session
        self._said = said

    @property
    def id(self) -> str:
        return self._said.id

    @property
    def name(self) -> str:
        """What people call it; the id unless `init` was told."""
        return self._said.name

    @property
    def display_name(self) -> str:
        """The name again; so W&B calls it on runs that are read."""
        return self._said.name

    @property
    def project(self) -> str:
        return self._session.name

    @property
    def entity(self) -> str:
        return self._session.entity

    @property
    def group(self) -> str:
        return self._said.group

    @property
    def job_type(self) -> str:
        return self._said.job_type

    @property
    def sweep_id(self) -> str | None:
        return self._said.sweep or None

    @property
    def tags(self) -> Sequence[str]:
        return self._said.tags

    @property
    def notes(self) -> str:
        return self._said.notes
