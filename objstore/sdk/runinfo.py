"""What a run says of itself when it begins."""

import random

from msgspec.structs import replace

from objstore.errors import ConflictError, InvalidInputError, NotFoundError
from objstore.history.names import check_run_id
from objstore.history.records import RunInitRecord
from objstore.history.runs import RunFacts

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_RESUME = ("allow", "never", "must")
SAID = ("name", "job_type", "group", "sweep", "tags", "notes")
"""What `init` is told, but for the configuration."""


def init_record(facts: RunFacts) -> RunInitRecord:
    """The record that says anew what is known of a run, but for its configuration and summary."""
    said = {field: getattr(facts, field) for field in SAID}
    return RunInitRecord(run=facts.id, **said)


def resumed(said: RunFacts, before: RunFacts | None) -> RunFacts:
    """What is known of a run once it has begun: of one that goes on with what is there, what isn't said anew stays."""
    if before is None:
        return said if said.name else replace(said, name=said.id)
    return replace(before, **{field: getattr(said, field) or getattr(before, field) for field in SAID})


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
