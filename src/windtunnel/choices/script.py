"""Answers that are written down, and given again.

An answer is kept under what it is about and how often that was asked before, not under its number
in the simulation: so it still finds its question when something else is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from windtunnel.choices.choices import Actor, Choices


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is not the calm one."""

    kind: str
    actor: Actor
    """For a tie, the first of the candidates: who would have come first."""
    nth: int
    """How often this was asked before in the simulation."""
    value: int


class Recorder:
    """Passes questions on, and keeps the answers that are not calm."""

    def __init__(self, inner: Choices) -> None:
        self._inner = inner
        self._asked: Counter[tuple[str, Actor]] = Counter()
        self.answers: list[Answer] = []

    def _keep(self, kind: str, actor: Actor, value: int) -> int:
        nth = self._asked[kind, actor]
        self._asked[kind, actor] += 1
        if value:
            self.answers.append(Answer(kind, actor, nth, value))
        return value

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        """As the one inside answers."""
        return self._keep(kind, actors[0], self._inner.among(kind, actors))

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        """As the one inside answers."""
        return self._keep(kind, actor, self._inner.within(kind, actor, ways, at, step))

    def strikes(self, kind: str, actor: Actor, ways: int, chance: float) -> int:
        """As the one inside answers."""
        return self._keep(kind, actor, self._inner.strikes(kind, actor, ways, chance))


class Replayed:
    """Gives kept answers again, and the calm one where none was kept."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self._answers = {(a.kind, a.actor, a.nth): a.value for a in answers}
        self._asked: Counter[tuple[str, Actor]] = Counter()
        self.unused = set(self._answers)
        """Answers whose question was not asked (yet): what has drifted."""

    def _answer(self, kind: str, actor: Actor, ways: int) -> int:
        key = (kind, actor, self._asked[kind, actor])
        self._asked[kind, actor] += 1
        value = self._answers.get(key, 0)
        if value >= ways:
            return 0
        self.unused.discard(key)
        return value

    def among(self, kind: str, actors: Sequence[Actor]) -> int:
        """The kept answer."""
        return self._answer(kind, actors[0], len(actors))

    def within(self, kind: str, actor: Actor, ways: int, at: float, step: float) -> int:
        """The kept answer."""
        return self._answer(kind, actor, ways)

    def strikes(self, kind: str, actor: Actor, ways: int, chance: float) -> int:
        """The kept answer."""
        return self._answer(kind, actor, ways)
