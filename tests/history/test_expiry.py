"""Which versions have expired, by clocks that are right and by others."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from objstore.history.expiry import expires_at, may_expire, plan_expiry
from objstore.history.facts import set_default_ttl, set_ttl
from objstore.history.parts import add_part, finish_parts
from objstore.history.records import Record
from objstore.history.state import State
from objstore.history.versions import delete_version, log_version, restore_version
from objstore.host.clock import text_of, time_of
from objstore.values.digest import plain

DAY = 86_400
START = datetime(2026, 5, 1, 12, tzinfo=UTC)
A, B, C = (plain(name) for name in (b"a", b"b", b"c"))


def after(days: float) -> datetime:
    return START + timedelta(days=days)


class Project:
    """A state whose records are of a time of one's own choice."""

    def __init__(self) -> None:
        self.state = State()

    def do(self, records: list[Record], time: datetime = START) -> None:
        if records:
            self.state.apply(self.state.position + 1, [replace(record, time=text_of(time)) for record in records])

    def log(self, root: bytes, time: datetime = START, **options: object) -> None:
        self.do(log_version(self.state, "ds", "dataset", root=root, files=1, bytes=2, **options), time)

    def expired(self, now: datetime, **options: object) -> list[str]:
        return plan_expiry(self.state, now, **options).deleted

    def expires_at(self, ref: str, now: datetime = START) -> datetime | None:
        collection = self.state.collection("ds")
        return expires_at(self.state, collection, self.state.version(collection, ref, deleted=True), now)


@pytest.fixture
def project() -> Project:
    return Project()


def test_a_ttl_counts_from_creation_and_the_default_for_those_without(project: Project) -> None:
    for root in (A, B, C):
        project.log(root)
    project.do(set_ttl(project.state, "ds", "v0", 60))
    project.do(set_ttl(project.state, "ds", "v1", None))
    project.do(set_default_ttl(project.state, 3600))
    assert project.expired(START + timedelta(seconds=59)) == []
    assert project.expired(START + timedelta(seconds=60)) == ["ds:v0"]
    assert project.expired(START + timedelta(seconds=3600)) == ["ds:v0", "ds:v2"]
    assert [project.expires_at(ref) for ref in ("v0", "v1", "v2")] == [
        START + timedelta(seconds=60),
        None,
        START + timedelta(hours=1),
    ]


def test_what_expires_goes_with_its_aliases_and_by_the_clock_that_said_so(project: Project) -> None:
    project.log(A, aliases=["prod"], ttl=DAY)
    plan = plan_expiry(project.state, after(2))
    (item,) = plan.overdue
    assert (item.aliases, item.since) == (("latest", "prod"), after(1))
    project.state.apply(project.state.position + 1, plan.records)
    assert project.state.collection("ds").aliases == {}
    assert project.state.collection("ds").versions[0].deleted_at == text_of(after(2))
    assert project.expired(after(3)) == []


def test_a_version_that_is_deleted_does_not_expire(project: Project) -> None:
    project.log(A, ttl=DAY)
    project.do(delete_version(project.state, "ds", "v0", delete_aliases=True))
    assert project.expired(after(2)) == []


def test_without_a_ttl_nothing_may_expire(project: Project) -> None:
    project.log(A)
    assert not may_expire(project.state)
    project.do(set_ttl(project.state, "ds", "v0", DAY))
    assert may_expire(project.state)


def test_a_slow_clock_expires_nothing(project: Project) -> None:
    project.log(A, ttl=60)
    assert project.expired(datetime(1970, 1, 2, tzinfo=UTC)) == []


def test_a_version_is_no_older_than_those_logged_before_it(project: Project) -> None:
    project.log(A)
    project.log(B, datetime(1970, 1, 1, tzinfo=UTC), ttl=30 * DAY)  # by a machine that had lost the time
    assert project.expired(after(29)) == []
    assert project.expired(after(30)) == ["ds:v1"]


def test_a_version_from_the_future_keeps_no_others(project: Project) -> None:
    project.log(A, datetime(2099, 1, 1, tzinfo=UTC), ttl=DAY)
    project.log(B, ttl=DAY)
    assert project.expired(after(2)) == ["ds:v1"]


def test_a_clock_that_is_years_ahead_is_not_believed(project: Project) -> None:
    project.log(A, ttl=DAY)
    wrong = after(400)
    plan = plan_expiry(project.state, wrong)
    assert (plan.deleted, plan.records, [str(item) for item in plan.overdue]) == ([], [], ["ds:v0"])
    assert "nothing was logged for more than a year" in plan.doubt and text_of(START) in plan.doubt
    assert project.expired(wrong, trust_clock=True) == ["ds:v0"]


def test_nor_if_it_has_just_dated_a_version_itself(project: Project) -> None:
    project.log(A, ttl=DAY)
    wrong = after(400)
    project.log(B, wrong - timedelta(minutes=1))
    assert project.expired(wrong) == []


def test_a_project_that_is_in_use_again_is_believed_after_a_day(project: Project) -> None:
    project.log(A, ttl=DAY)
    project.log(B, after(400))
    assert project.expired(after(402)) == ["ds:v0"]


def test_a_clock_is_not_doubted_where_nothing_has_expired(project: Project) -> None:
    project.log(A)
    assert plan_expiry(project.state, after(4000)).doubt == ""


@pytest.mark.parametrize("created", ["2026-02-31T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_what_no_calendar_has_never_expires(project: Project, created: str) -> None:
    records = log_version(project.state, "ds", "dataset", root=A, files=1, bytes=2, ttl=DAY)
    project.state.apply(1, [replace(record, time=created) for record in records])
    assert project.expires_at("v0", after(2)) is None
    assert project.expired(after(2)) == []


def test_a_ttl_beyond_all_calendars_never_passes(project: Project) -> None:
    project.log(A, ttl=10**15)
    assert project.expires_at("v0") is None
    assert project.expired(after(365)) == []


def test_what_has_expired_and_is_restored_never_does_so_again(project: Project) -> None:
    project.log(A, ttl=DAY)
    project.do(list(plan_expiry(project.state, after(2)).records), after(2))
    project.do(restore_version(project.state, "ds", "v0", after(3)), after(3))
    assert project.state.version("ds", "v0").ttl is None
    assert project.expired(after(300)) == []


def test_what_was_restored_in_time_keeps_its_ttl(project: Project) -> None:
    project.log(A, ttl=5 * DAY)
    project.do(delete_version(project.state, "ds", "v0", delete_aliases=True))
    project.do(restore_version(project.state, "ds", "v0", after(3)), after(3))
    assert project.expires_at("v0") == after(5)


def test_content_that_is_logged_again_when_it_has_expired_lives_as_long_as_if_it_were_new(project: Project) -> None:
    project.do(set_default_ttl(project.state, 2 * DAY))
    project.log(A)
    project.log(A, after(1), now=after(1))
    assert project.expires_at("v0") == after(2)
    project.log(A, after(3), now=after(3))
    assert project.expires_at("v0") == after(5)
    assert len(project.state.collection("ds").versions) == 1
    project.log(A, after(6), now=after(6), ttl=10 * DAY)
    assert project.expires_at("v0") == after(16)
    project.log(A, after(17), now=after(17), ttl=None)
    assert project.expires_at("v0") is None


def test_times_are_read_as_they_are_written() -> None:
    assert time_of(text_of(START)) == START


def add(project: Project, writer: str, time: datetime, root: bytes = A) -> None:
    project.do(add_part(project.state, "ds/g", "ds", "dataset", writer=writer, root=root, files=1, bytes=2), time)


def given_up(project: Project, now: datetime, **options: object) -> list[str]:
    return plan_expiry(project.state, now, **options).given_up


def test_parts_are_given_up_a_week_after_the_last_was_added(project: Project) -> None:
    assert not may_expire(project.state)
    add(project, "a", after(0))
    add(project, "b", after(5))
    assert may_expire(project.state)
    assert given_up(project, after(11.9)) == []
    assert given_up(project, after(12)) == ["ds/g (2 writers)"]
    project.do(plan_expiry(project.state, after(12)).records, after(12))
    assert project.state.pendings == {}
    assert given_up(project, after(30)) == []


def test_finished_parts_are_not_given_up(project: Project) -> None:
    add(project, "a", after(0))
    logging = log_version(project.state, "ds", "dataset", root=A, files=1, bytes=2)
    project.do(finish_parts(project.state, "ds/g", A, logging))
    assert plan_expiry(project.state, after(30)).records == []


def test_a_part_by_a_clock_that_starts_in_1970_counts_from_what_was_logged_before_it(project: Project) -> None:
    project.log(B, after(0))
    add(project, "a", datetime(1970, 1, 1, tzinfo=UTC))
    assert given_up(project, after(6)) == []
    assert given_up(project, after(7)) == ["ds/g (1 writer)"]
    assert State.decode(project.state.encode()).pendings == project.state.pendings


def test_a_time_that_is_still_to_come_keeps_no_part_after_it(project: Project) -> None:
    project.log(B, after(30_000))
    add(project, "a", after(0))
    assert given_up(project, after(7)) == ["ds/g (1 writer)"]


def test_parts_are_not_given_up_by_a_clock_that_is_years_ahead(project: Project) -> None:
    add(project, "a", after(0))
    planned = plan_expiry(project.state, after(400))
    assert planned.doubt and planned.stale
    assert (planned.records, planned.given_up) == ([], [])
    assert given_up(project, after(400), trust_clock=True) == ["ds/g (1 writer)"]
