"""Every order in which a few writers, collectors and readers can take their steps, and with more of them every one with few switches."""

import pytest

from tests.gcmodel.programs import Work, collect, read, restore
from tests.gcmodel.scenarios import Scenario, abandoned, again, at_the_log, at_the_place, everywhere, other
from tests.gcmodel.world import Noticed, modelled

pytestmark = pytest.mark.slow

SMALL: dict[str, tuple[list[Work], Noticed, int]] = {
    "a writer, a collector": ([again, collect], everywhere, 0),
    "a writer, a collector, a fault": ([again, collect], at_the_log, 1),
    "a writer that stores, a collector": ([other, collect], at_the_log, 0),
    "two collectors": ([collect, collect], at_the_log, 0),
    "two collectors, a fault": ([collect, collect], at_the_log, 1),
    "a reader, a collector, a fault": ([read, collect], everywhere, 1),
    "a restorer, a collector": ([restore("gone"), collect], at_the_place, 0),
}


@pytest.mark.parametrize("name", SMALL)
def test_nothing_is_lost_in_any_order(name: str) -> None:
    works, noticed, faults = SMALL[name]
    with modelled():
        assert Scenario(works, noticed, faults).explore().ends > 1


BOUNDED: dict[str, tuple[list[Work], float, int]] = {
    "two writers, a collector": ([abandoned, other, collect], 0.0, 2),
    "two writers, two collectors": ([again, other, collect, collect], 0.0, 1),
    "two writers, two collectors, packs are merged": ([again, other, collect, collect], 1e6, 1),
}


@pytest.mark.parametrize("name", BOUNDED)
def test_nothing_is_lost_in_any_order_with_few_switches(name: str) -> None:
    """In every order in which at most so often somebody waits who could go on; `python -m tests.gcmodel` knows no such bound."""
    works, small, switches = BOUNDED[name]
    with modelled(small=small):
        assert Scenario(works, at_the_log, switches=switches).explore().ends > 1
