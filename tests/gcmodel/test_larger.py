"""More programs, doing more, in orders that Hypothesis picks."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gcmodel.exploring import possible
from tests.gcmodel.programs import Work, collect, delete, let_live, one_after_the_other, read, restore
from tests.gcmodel.scenarios import Scenario, abandoned, again, everywhere, fleeting, other, short_lived
from tests.gcmodel.world import modelled

WORKS: dict[str, Work] = {
    "again": again,
    "other": other,
    "fleeting": fleeting,
    "abandoned": abandoned,
    "restore": restore("gone"),
    "delete": delete("kept"),
    "short-lived": short_lived,
    "let live": let_live("kept", None),
    "read": read,
    "collect": collect,
}


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    scripts=st.lists(st.lists(st.sampled_from(sorted(WORKS)), min_size=1, max_size=3), min_size=2, max_size=5),
    collectors=st.integers(1, 3),
    small=st.sampled_from([0.0, 1e6]),
    data=st.data(),
)
def test_nothing_is_lost(scripts: list[list[str]], collectors: int, small: float, data: st.DataObject) -> None:
    works = [one_after_the_other(*map(WORKS.__getitem__, script)) for script in scripts]
    scenario = Scenario(works + [collect] * collectors, everywhere)
    with modelled(small=small), scenario.begin() as world:
        random = data.draw(st.randoms(use_true_random=False))
        faults = data.draw(st.integers(0, 3))
        while waiting := [program for program in world.programs if program.waits_for is not None]:
            program = random.choice(waiting)
            fault = random.choice(["", *possible(program)]) if faults and not random.randrange(8) else ""
            faults -= bool(fault)
            for _ in range(random.choice([1, 1, 5, 50])):
                world.go_on(program, fault)
                fault = ""
                if program.waits_for is None:
                    break
        scenario.check(world)
