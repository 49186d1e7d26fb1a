"""What a run says of itself when it begins."""

import random
from typing import Any, Self

import msgspec
from msgspec.structs import replace

from objstore.errors import ConflictError, InvalidInputError, NotFoundError
from objstore.history.names import check_run_id
from objstore.history.records import RunInitRecord
from objstore.history.runs import RunFacts

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_RESUME = ("allow", "never", "must")


class RunInfo(msgspec.Struct, frozen=True):
    """Its id, and what may be said of it beside configuration and summary."""

    id: str
    name: str = ""
    job_type: str = ""
    group: str = ""
    sweep: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""
    resumed: bool = False

    def record(self) -> RunInitRecord:
        return RunInitRecord(
            run=self.id, name=self.name, job_type=self.job_type, group=self.group, sweep=self.sweep, tags=self.tags, notes=self.notes
        )

    def changed(self, **facts: Any) -> Self:
        return replace(self, **facts)

    def after(self, before: RunFacts | None) -> Self:
        """The same for a run that goes on with one that is there: what isn't said anew stays."""
        if before is None:
            return self if self.name else self.changed(name=self.id)
        return self.changed(
            name=self.name or before.name,
            job_type=self.job_type or before.job_type,
            group=self.group or before.group,
            sweep=self.sweep or before.sweep,
            tags=self.tags or before.tags,
            notes=self.notes or before.notes,
            resumed=True,
        )


def new_run_id() -> str:
    """Eight letters and digits, at random."""
    return "".join(random.SystemRandom().choices(_ALPHABET, k=8))  # as `secrets` does it, which loads OpenSSL for something else


def check_resume(resume: str | bool | None, id_: str | None) -> str:
    """`allow`, `never` or `must`; InvalidInputError for anything else, and where `must` has no id."""
    rule = {None: "allow", True: "allow", False: "never", "auto": "allow"}.get(resume, resume)
    if rule not in _RESUME:
        raise InvalidInputError(f"resume is 'allow', 'never' or 'must', not {resume!r}")
    if rule == "must" and id_ is None:
        raise InvalidInputError("resume='must' needs the id of the run to go on with")
    if id_ is not None:
        check_run_id(id_)
    return str(rule)


def check_may_begin(id_: str, before: RunFacts | None, resume: str) -> None:
    """NotFoundError or ConflictError when that isn't what `resume` says."""
    if before is None and resume == "must":
        raise NotFoundError(f"there is no run {id_!r} to resume; `objstore runs` lists those there are")
    if before is not None and resume == "never":
        raise ConflictError(f"there is a run {id_!r} already, and resume='never'; choose another id, or resume='allow'")
