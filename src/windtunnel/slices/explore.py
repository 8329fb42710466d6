"""All futures of a slice: every state that any choices lead to, and what is true of each.

Time is kept relative, so a situation that comes up again later is the same state; there are no
other reductions than those of the simulation itself (no tie is asked where it makes no
difference). With *untimed*, whatever is due may happen in any order and together: more than any
lengths and arrivals allow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from windtunnel.choices import Actor, Answer, Recorder
from windtunnel.slices.fleet import Slice
from windtunnel.slices.involved import involved
from windtunnel.slices.seen import Watch
from windtunnel.slices.simulation import Simulation
from windtunnel.slices.state import FAILED, LOST, OVER, SUCCESS, State

MOST_STATES = 200_000


@dataclass(frozen=True, slots=True)
class Fork:
    """A question in an instant, and where each answer leads: to another, or to a state."""

    ways: tuple[Fork | int, ...]
    chances: tuple[float, ...]
    """How probable each is in plain random search."""


_Path = tuple[int, tuple[int, ...]]
"""(the state before, the answers from there on)."""


class _OpenError(Exception):
    """A question that nobody has answered yet."""

    def __init__(self, chances: tuple[float, ...]) -> None:
        self.chances = chances


class _Prefix:
    """Gives the first answers, and stops at the next question."""

    def __init__(self, answers: tuple[int, ...]) -> None:
        self._answers = answers
        self._next = 0

    def _answer(self, chances: Callable[[], tuple[float, ...]]) -> int:
        if self._next == len(self._answers):
            raise _OpenError(chances())
        self._next += 1
        return self._answers[self._next - 1]

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        return self._answer(lambda: (1 / len(actors),) * len(actors))

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        return self._answer(lambda: (1 / ways,) * ways)

    def strikes(self, kind: str, actor: Actor, ways: int, chance: float) -> int:
        others = ways - 1
        return self._answer(lambda: (1 - chance, *((chance / others,) * others)))


class Exploration:
    """The graph of all states.

    Attributes:
        complete: Whether there is no other state. If not, nothing that was not found is excluded.
        states: In order of their first path from the start.
        verdicts: For each state, what is wrong in it: verdict -> who takes part.
    """

    def __init__(
        self,
        of: Slice,
        untimed: bool = False,
        most: int = MOST_STATES,
        start: State | None = None,
    ) -> None:
        """
        Args:
            of: The slice.
            untimed: As for `Simulation`.
            most: States after which to stop.
            start: The state to start from; None: that of the slice.
        """
        self.of = of
        self.simulation = Simulation(of, untimed)
        self.complete = True
        self.states: list[State] = []
        self._untimed = untimed
        self._numbers: dict[tuple[object, ...], int] = {}
        self._watch = Watch(of)
        self.verdicts: list[dict[str, frozenset[str]]] = []
        self.forks: list[Fork | int | None] = []
        """Where each state leads; None: nowhere."""
        if start is None:
            self.root: Fork | int = self._walk(self.simulation.start)
        else:
            self.root = self._number(start.copy())
        while len(self.forks) < len(self.states):
            if len(self.states) > most:
                self.complete = False
                break
            number = len(self.forks)
            self.forks.append(self._from(number))
        self.forks.extend([None] * (len(self.states) - len(self.forks)))
        self._judge()

    def _from(self, number: int) -> Fork | int | None:
        state = self.states[number]
        if "runaway" in self.verdicts[number] or state.due() is None:
            return None

        def advanced(choices: _Prefix) -> State:
            made = state.copy()
            self.simulation.advance(made, choices)
            return made

        return self._walk(advanced)

    def _walk(self, reach: Callable[[_Prefix], State], answers: tuple[int, ...] = ()) -> Fork | int:
        try:
            return self._number(reach(_Prefix(answers)))
        except _OpenError as question:
            chances = question.chances
        ways = tuple(self._walk(reach, (*answers, way)) for way in range(len(chances)))
        return Fork(ways, chances)

    def _number(self, state: State) -> int:
        key = state.key(not self._untimed)
        if key not in self._numbers:
            self._numbers[key] = len(self.states)
            self.states.append(state)
            self.verdicts.append(self._watch.look(state))
        return self._numbers[key]

    # -- who never ends ---------------------------------------------------------------------------

    def _judge(self) -> None:
        """Deadlock: some task never ends, and all falls silent; livelock: it never does."""
        self.next = [sorted(set(leaves(fork))) for fork in self.forks]
        before: list[list[int]] = [[] for _ in self.states]
        for number, following in enumerate(self.next):
            for other in following:
                before[other].append(number)
        bits: dict[int, int] = {}
        ended, open_ = [], []
        for number, state in enumerate(self.states):
            over = going = 0
            for run, one in state.runs.items():
                for ti in self.of.instances(run):
                    bit = 1 << bits.setdefault(ti, len(bits))
                    instance = state.instances.get(ti)
                    if one.state == LOST or (instance is not None and instance.state in OVER):
                        over |= bit
                    elif one.state not in (SUCCESS, FAILED):
                        going |= bit
            cut = self.forks[number] is None and (
                "runaway" in self.verdicts[number] or not self._is_silent(number)
            )
            ended.append(over | going if cut else over)
            open_.append(going)
        can_end = _backwards(ended, self.next, before)
        silent = _backwards(
            [int(self._is_silent(n)) for n in range(len(self.states))], self.next, before
        )
        self._bits = bits
        self.doomed = [going & ~ends for going, ends in zip(open_, can_end, strict=True)]
        for number, doomed in enumerate(self.doomed):
            if doomed:
                verdict = "deadlock" if silent[number] else "livelock"
                self.verdicts[number] = {**self.verdicts[number], verdict: frozenset()}

    def _is_silent(self, number: int) -> bool:
        """Whether nothing is due in this state any more."""
        return self.forks[number] is None and self.states[number].due() is None

    def doomed_in(self, number: int) -> set[int]:
        """The task instances that never end from this state on."""
        return {ti for ti, bit in self._bits.items() if self.doomed[number] >> bit & 1}

    @property
    def found(self) -> frozenset[str]:
        """The verdicts of all states."""
        return frozenset(verdict for verdicts in self.verdicts for verdict in verdicts)

    def names(self, number: int, verdict: str) -> frozenset[str]:
        """Who takes part in what is wrong in a state: ``dag.task``."""
        if verdict not in ("deadlock", "livelock"):
            return self.verdicts[number][verdict]
        seen: set[int] = set()
        while self.next[number] and number not in seen:
            seen.add(number)
            number = min(self.next[number], key=lambda n: (-self.doomed[n].bit_count(), n))
        doomed = self.doomed_in(number)
        if verdict == "deadlock":
            doomed = involved(self.simulation, self.states[number], doomed)
        return frozenset(map(self.of.name_of, doomed))

    # -- how probable, how short -------------------------------------------------------------------

    def chance(self, verdicts: frozenset[str] | None = None) -> float:
        """How probable it is that one plain random simulation shows any of these verdicts (None:
        any at all)."""
        wanted = self.found if verdicts is None else verdicts
        chances = [1.0 if wanted & found.keys() else 0.0 for found in self.verdicts]

        def of(fork: Fork | int) -> float:
            if isinstance(fork, int):
                return chances[fork]
            return sum(p * of(way) for p, way in zip(fork.chances, fork.ways, strict=True))

        for _ in range(2000):
            change = 0.0
            for number in range(len(chances) - 1, -1, -1):
                fork = self.forks[number]
                if fork is not None and not wanted & self.verdicts[number].keys():
                    value = of(fork)
                    change = max(change, abs(value - chances[number]))
                    chances[number] = value
            if change < 1e-13:
                break
        return of(self.root)

    def shortest(self, verdict: str) -> tuple[Answer, ...] | None:
        """Answers that lead to this verdict in the fewest instants; None if nothing does."""
        paths: dict[int, _Path] = {}
        todo: deque[int] = deque()

        def reach(fork: Fork | int, since: int) -> None:
            for answers, number in _routes(fork):
                if number not in paths:
                    paths[number] = (since, answers)
                    todo.append(number)

        reach(self.root, -1)
        while todo:
            number = todo.popleft()
            if verdict in self.verdicts[number]:
                return self._told(number, paths)
            fork = self.forks[number]
            if fork is not None:
                reach(fork, number)
        return None

    def _told(
        self, number: int, paths: dict[int, tuple[int, tuple[int, ...]]]
    ) -> tuple[Answer, ...]:
        """The answers on the way to a state, under what they are about."""
        way: list[tuple[int, ...]] = []
        while number >= 0:
            number, answers = paths[number]
            way.append(answers)
        way.reverse()
        recorder = Recorder(_Prefix(tuple(answer for answers in way for answer in answers)))
        state = self.simulation.start(recorder)
        for _ in way[1:]:
            self.simulation.advance(state, recorder)
        return tuple(recorder.answers)


def leaves(fork: Fork | int | None) -> Iterator[int]:
    """The states to which a fork leads."""
    if isinstance(fork, int):
        yield fork
    elif fork is not None:
        for way in fork.ways:
            yield from leaves(way)


def _routes(
    fork: Fork | int, answers: tuple[int, ...] = ()
) -> Iterator[tuple[tuple[int, ...], int]]:
    if isinstance(fork, int):
        yield answers, fork
        return
    for number, way in enumerate(fork.ways):
        yield from _routes(way, (*answers, number))


def _backwards(start: list[int], following: list[list[int]], before: list[list[int]]) -> list[int]:
    """For each state: what is so in it, or in any state that it leads to (bits)."""
    found = start.copy()
    todo = deque(range(len(found) - 1, -1, -1))
    waiting = [True] * len(found)
    while todo:
        number = todo.popleft()
        waiting[number] = False
        value = found[number]
        for other in following[number]:
            value |= found[other]
        if value != found[number]:
            found[number] = value
            for other in before[number]:
                if not waiting[other]:
                    waiting[other] = True
                    todo.append(other)
    return found
