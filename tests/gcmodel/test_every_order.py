"""Every order in which a few writers, collectors and readers can take their steps, and with more of them every one with few switches."""

import pytest

from tests.gcmodel.conftest import Apart
from tests.gcmodel.programs import collect, let_live, one_after_the_other, read, restore
from tests.gcmodel.scenarios import Scenario, abandoned, again, at_the_log, at_the_place, everywhere, other, short_lived
from tests.gcmodel.world import modelled

pytestmark = pytest.mark.slow

ALL = {
    "a writer, a collector": Scenario([again, collect], everywhere),
    "a writer that stores, a collector": Scenario([other, collect], at_the_log),
    "two collectors": Scenario([collect, collect], at_the_log),
    "a restorer, a collector": Scenario([restore("gone"), collect], at_the_place),
}
# At most so often somebody waits who could go on. `python -m tests.gcmodel` knows no such bound.
FEW_SWITCHES = {
    "a writer, a collector, a fault": Scenario([again, collect], at_the_place, faults=1, switches=2),
    "a writer that stores, a collector, a fault": Scenario([other, collect], at_the_place, faults=1, switches=1),
    "two collectors, a fault": Scenario([collect, collect], at_the_place, faults=1, switches=1),
    "a reader, a collector, a fault": Scenario([read, collect], everywhere, faults=1, switches=2),
    "two writers, a collector": Scenario([abandoned, other, collect], at_the_log, switches=2),
    "a writer, a collector of what expires": Scenario([again, one_after_the_other(short_lived, collect)], at_the_place, switches=2),
    "who lets live on, who restores, a collector of what expires": Scenario(
        [let_live("kept", None), restore("kept"), one_after_the_other(short_lived, collect)], at_the_log, switches=2
    ),
    "two writers, two collectors": Scenario([again, other, collect, collect], at_the_log, switches=1),
}


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_lost_in_any_order(apart: Apart, name: str) -> None:
    assert apart(ends_of, name) > 1


@pytest.mark.parametrize("name", FEW_SWITCHES)
def test_nothing_is_lost_in_any_order_with_few_switches(apart: Apart, name: str) -> None:
    assert apart(ends_of, name) > 1


def test_nothing_is_lost_where_packs_are_merged(apart: Apart) -> None:
    assert apart(ends_of, "two writers, two collectors", 1e6) > 1


def ends_of(name: str, small: float = 0.0) -> int:
    with modelled(small=small):
        return (ALL | FEW_SWITCHES)[name].explore().ends
