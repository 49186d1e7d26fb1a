"""Which versions are beyond the last few, and may go."""

import pytest

from objstore.errors import ConflictError, InvalidInputError, InvalidTypeError, NotFoundError
from objstore.history.facts import set_aliases
from objstore.history.retention import Retention, plan_retention
from objstore.history.state import State
from objstore.history.versions import delete_version, log_version
from objstore.values.digest import Digest, plain

ROOTS = [plain(str(number).encode()) for number in range(5)]


@pytest.fixture
def state() -> State:
    """A collection of five versions."""
    state = State()
    for root in ROOTS:
        state.apply(state.position + 1, log_version(state, "ds", "dataset", root=root, files=1, bytes=2))
    return state


def put(state: State, alias: str, ref: str) -> None:
    state.apply(state.position + 1, set_aliases(state, "ds", ref, [alias]))


def plan(state: State, keep_last: int, *, keep_aliased: bool = False, pinned: tuple[Digest, ...] = ()) -> Retention:
    return plan_retention(state, "ds", keep_last, keep_aliased=keep_aliased, pinned=pinned)


def surplus(found: Retention) -> list[str]:
    return [version.name for version in found.surplus]


def spared(found: Retention) -> list[tuple[str, str]]:
    return [(version.name, why) for version, why in found.spared]


def test_the_last_few_stay(state: State) -> None:
    found = plan(state, 2)
    assert (surplus(found), spared(found)) == (["v0", "v1", "v2"], [])
    state.apply(state.position + 1, found.records)
    assert [version.name for version in state.collection("ds").live()] == ["v3", "v4"]


def test_deleted_versions_do_not_count(state: State) -> None:
    state.apply(state.position + 1, delete_version(state, "ds", "v4", delete_aliases=True))
    assert surplus(plan(state, 2)) == ["v0", "v1"]


def test_where_there_are_no_more_nothing_goes(state: State) -> None:
    assert plan(state, 5).records == plan(state, 50).records == []


def test_a_version_with_an_alias_of_somebody_s_choice_stops_it(state: State) -> None:
    put(state, "prod", "v1")
    with pytest.raises(ConflictError, match=r"nothing was deleted.*ds:v1.*--keep-aliased"):
        plan(state, 2)
    assert surplus(plan(state, 4)) == ["v0"]


def test_or_stays_if_so_wished(state: State) -> None:
    put(state, "prod", "v1")
    put(state, "best", "v1")
    found = plan(state, 2, keep_aliased=True)
    assert (surplus(found), spared(found)) == (["v0", "v2"], [("v1", "best, prod")])


def test_latest_always_stays(state: State) -> None:
    put(state, "latest", "v0")
    found = plan(state, 1)
    assert (surplus(found), spared(found)) == (["v1", "v2", "v3"], [("v0", "latest")])


def test_what_is_pinned_stays(state: State) -> None:
    found = plan(state, 2, pinned=(ROOTS[1], ROOTS[4]))
    assert (surplus(found), spared(found)) == (["v0", "v2"], [("v1", "pinned here")])


def test_none_at_all_can_t_be_asked_for(state: State) -> None:
    for number in (0, -1):
        with pytest.raises(InvalidInputError, match="at least one"):
            plan(state, number)
    for wrong in (True, 1.5, "3"):
        with pytest.raises(InvalidTypeError):
            plan(state, wrong)  # type: ignore[arg-type]


def test_a_collection_that_isn_t_there_is_not_found(state: State) -> None:
    with pytest.raises(NotFoundError):
        plan_retention(state, "other", 3, keep_aliased=False)
