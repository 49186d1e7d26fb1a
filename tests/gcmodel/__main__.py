"""Every order in which two writers and two collectors can take their steps, however often they give way. It takes long.

python -m tests.gcmodel
"""

import time

from tests.gcmodel.programs import collect
from tests.gcmodel.scenarios import Scenario, again, at_the_log, other
from tests.gcmodel.world import modelled


def main() -> None:
    begun = time.monotonic()
    with modelled():
        explored = Scenario([again, other, collect, collect], at_the_log).explore()
    print(f"{len(explored.states):,} states, {explored.ends:,} ends, {time.monotonic() - begun:,.0f} s: nothing is lost")


if __name__ == "__main__":
    main()
