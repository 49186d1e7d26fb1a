"""Going through every order of steps."""

import gc
import itertools
import os
import pickle
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.gcmodel.world import Program, World

_MOST_STEPS = 300
FAULTS = ("crash before", "crash after", "lost")


class ObjectionError(AssertionError):
    """Something went wrong: what, and after which steps."""


@dataclass
class Explorer:
    """Goes on from a state in every way there is, by forking; states that were met before are left out, since what comes of them is known.

    `check` looks at what comes of it in the end.
    """

    check: Callable[[World], None]
    faults: int = 0
    """How many there may be in one run."""
    switches: int | None = None
    """How often in one run one that could go on may have to wait for another one; None for as often as there are steps."""
    states: set[bytes] = field(default_factory=set)
    ends: int = 0
    """How many runs came to their end."""
    _new: list[bytes] = field(default_factory=list)
    _trail: list[str] = field(default_factory=list)
    _last: int | None = None

    def explore(self, world: World) -> None:
        """ObjectionError when a run ends badly. The world is used up."""
        gc.collect()
        gc.freeze()  # else each fork would copy what a collection touches
        gc.disable()
        try:
            self._explore(world)
        finally:
            gc.enable()
            gc.unfreeze()

    def _explore(self, world: World) -> None:
        while options := list(self._options(world)):
            bounds = (self.faults, self.switches, None if self.switches is None else self._last)
            state = world.state() + repr(bounds).encode()
            if state in self.states:
                return
            self.states.add(state)
            self._new.append(state)
            *others, last = options
            for program, fault in others:
                self._explore_apart(world, program, fault)
            self._go_on(world, *last)
        self.ends += 1
        try:
            self.check(world)
        except BaseException as error:
            raise ObjectionError("\n".join(["", *self._trail, *traceback.format_exception(error)[-4:]])) from error

    def _go_on(self, world: World, at: int, fault: str) -> None:
        program = world.programs[at]
        self.faults -= bool(fault)
        if self.switches is not None:
            self.switches -= self._switches(world, at)
        self._last = at
        if len(self._trail) == _MOST_STEPS:
            raise ObjectionError("\n".join(["this never ends:", *self._trail]))
        self._trail.append(f"{program.name}: {' '.join(program.waits_for or ())[:60]} {fault}".rstrip())
        world.go_on(program, fault)

    def _switches(self, world: World, at: int) -> bool:
        """Whether it is given up to go on with the program that went on last."""
        return self._last not in (at, None) and world.programs[self._last].waits_for is not None

    def _options(self, world: World) -> Iterator[tuple[int, str]]:
        for at, program in enumerate(world.programs):
            may_go_on = self.switches is None or self._switches(world, at) <= self.switches
            if program.waits_for is not None and may_go_on:
                yield from ((at, fault) for fault in itertools.chain([""], possible(program) if self.faults else ()))

    def _explore_apart(self, world: World, at: int, fault: str) -> None:
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            code = self._in_child(world, at, fault, writing)
            os._exit(code)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            answer = pipe.read()
        os.waitpid(child, 0)
        new, ends, objection = pickle.loads(answer)
        self.states.update(new)
        self._new += new
        self.ends += ends
        if objection:
            raise ObjectionError(objection)

    def _in_child(self, world: World, at: int, fault: str, writing: int) -> int:
        self._new, self.ends, objection = [], 0, ""
        try:
            self._go_on(world, at, fault)
            self._explore(world)
        except BaseException as error:
            objection = str(error) if isinstance(error, ObjectionError) else "".join(traceback.format_exception(error))
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(pickle.dumps((self._new, self.ends, objection)))
        return 0


def possible(program: Program) -> tuple[str, ...]:
    """What may befall a program at the step that it is about to take."""
    assert program.waits_for is not None
    what, name = program.waits_for
    if what == "create" and name.startswith("log/"):
        return FAULTS
    return FAULTS[:1] if what in ("create", "delete") else ()
