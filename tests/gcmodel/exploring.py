"""Going through every order of steps."""

import gc
import itertools
import os
import pickle
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.gcmodel.world import Program, World

FAULTS = ("crash before", "crash after", "lost")


class Objection(AssertionError):
    """Something went wrong: what, and after which steps."""


@dataclass
class Explorer:
    """Goes on from a state in every way there is, by forking; states that were met before are left out, since what comes of them is known.

    `check` looks at what comes of it in the end.
    """

    check: Callable[[World], None]
    faults: int = 0
    """How many there may be in one run."""
    limit: int = 10**9
    """Of states."""
    states: set[bytes] = field(default_factory=set)
    ends: int = 0
    """How many runs came to their end."""
    _new: list[bytes] = field(default_factory=list)
    _trail: list[str] = field(default_factory=list)

    def explore(self, world: World) -> None:
        """Objection when a run ends badly. The world is used up."""
        gc.collect()
        gc.freeze()  # else each fork would copy what a collection touches
        gc.disable()
        try:
            self._explore(world)
        finally:
            gc.enable()
            gc.unfreeze()

    def _explore(self, world: World) -> None:
        faults = self.faults
        while options := list(_options(world, faults)):
            state = world.state() + bytes([faults])
            if state in self.states or len(self.states) >= self.limit:
                return
            self.states.add(state)
            self._new.append(state)
            *others, last = options
            for program, fault in others:
                self._explore_apart(world, program, fault, faults - bool(fault))
            faults -= bool(last[1])
            self._go_on(world, *last)
        self.ends += 1
        try:
            self.check(world)
        except BaseException as error:
            raise Objection("\n".join(["", *self._trail, *traceback.format_exception(error)[-4:]])) from error

    def _go_on(self, world: World, at: int, fault: str) -> None:
        program = world.programs[at]
        self._trail.append(f"{program.name}: {' '.join(program.waits_for or ())[:60]} {fault}".rstrip())
        world.go_on(program, fault)

    def _explore_apart(self, world: World, at: int, fault: str, faults: int) -> None:
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            code = self._in_child(world, at, fault, faults, writing)
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
            raise Objection(objection)

    def _in_child(self, world: World, at: int, fault: str, faults: int, writing: int) -> int:
        self._new, self.ends, self.faults, objection = [], 0, faults, ""
        try:
            self._go_on(world, at, fault)
            self._explore(world)
        except BaseException as error:
            objection = str(error) if isinstance(error, Objection) else "".join(traceback.format_exception(error))
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(pickle.dumps((self._new, self.ends, objection)))
        return 0


def _options(world: World, faults: int) -> Iterator[tuple[int, str]]:
    for at, program in enumerate(world.programs):
        if program.waits_for is not None:
            yield from ((at, fault) for fault in itertools.chain([""], _possible(program) if faults else ()))


def _possible(program: Program) -> tuple[str, ...]:
    assert program.waits_for is not None
    what, name = program.waits_for
    if what == "create" and name.startswith("log/"):
        return FAULTS
    return FAULTS[:1] if what in ("create", "delete") else ()
