"""Whether a slice can deadlock, by walking all of its states; nothing is shared with the proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from windtunnel.choices import Actor
from windtunnel.slices import Simulation, Slice, State
from windtunnel.slices.fleet import RUNS
from windtunnel.slices.state import FAILED, LOST, OVER, SUCCESS


class _OpenError(Exception):
    """A question that nobody has answered yet."""

    def __init__(self, ways: int) -> None:
        self.ways = ways


class _Given:
    """Answers as given, then asks back."""

    def __init__(self, answers: tuple[int, ...]) -> None:
        self._answers = list(answers)

    def _answer(self, ways: int) -> int:
        if not self._answers:
            raise _OpenError(ways)
        return self._answers.pop(0)

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        return self._answer(len(actors))

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        return self._answer(ways)

    def strikes(self, kind: str, actor: Actor, ways: int, chance: float) -> int:
        return self._answer(ways)


class TooManyError(Exception):
    """There are more states than were asked for."""


class Walk:
    """All states of a slice, until one is found in which something is stuck for ever."""

    def __init__(self, of: Slice, untimed: bool, most: int) -> None:
        self._of = of
        self._untimed = untimed
        self._simulation = Simulation(of, untimed)
        self._most = most
        self._seen: set[object] = set()
        self._todo: list[State] = []
        self.deadlock: State | None = None
        self.complete = True

    def go(self) -> Walk:
        """Walks them."""
        try:
            self._reach(self._simulation.start)
            while self._todo and self.deadlock is None:
                self._leave(self._todo.pop())
        except TooManyError:
            self.complete = False
        return self

    def _leave(self, state: State) -> None:
        if any(run % RUNS >= self._of.max_runs - 1 for run in state.runs):
            return
        if state.due() is None:
            if self._is_stuck(state):
                self.deadlock = state
            return

        def advanced(choices: _Given) -> State:
            made = state.copy()
            self._simulation.advance(made, choices)
            return made

        self._reach(advanced)

    def _reach(self, reach: Callable[[_Given], State]) -> None:
        open_: list[tuple[int, ...]] = [()]
        tries = 0
        while open_ and self.deadlock is None:
            answers = open_.pop()
            tries += 1
            if tries > 50 * self._most:
                raise TooManyError
            try:
                state = reach(_Given(answers))
            except _OpenError as question:
                open_ += [(*answers, way) for way in range(question.ways)]
                continue
            key = state.key(not self._untimed)
            if key not in self._seen:
                if len(self._seen) >= self._most:
                    raise TooManyError
                self._seen.add(key)
                self._todo.append(state)

    def _is_stuck(self, state: State) -> bool:
        for run, one in state.runs.items():
            if one.state in (LOST, SUCCESS, FAILED):
                continue
            for ti in self._of.instances(run):
                instance = state.instances.get(ti)
                if instance is None or instance.state not in OVER:
                    return True
        return False
