"""Steered: all that can go either way is asked of `Choices`, and what was not calm is written down.

A search decides so; and a stored counterexample, whose answers are given again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from windtunnel.choices import Actor, Choices, Recorder
from windtunnel.engine.luck import ENDS, Luck
from windtunnel.engine.tries.quantiles import amounts, lengths_us
from windtunnel.model import Amount, Distribution, Odds
from windtunnel.trace import Decision, Trace

FAILS, DIES = 1, 2
"""What may go wrong with a try: it fails at its end; its process is gone before."""
PARTS = 8
MISHAP = 0.05
"""How probable that is, for those who ask; nobody knows."""


class Steered(Luck):
    """By somebody who chooses."""

    def __init__(
        self, seed: int, choices: Choices, trace: Trace, now: Callable[[], int], mishaps: int
    ) -> None:
        super().__init__(seed)
        self._asked = Recorder(choices)
        self._trace = trace
        self._now = now
        self._mishaps_left = mishaps
        self._lengths: dict[int, tuple[Distribution, tuple[int, ...]]] = {}
        """By id, with what it is the id of."""

    def length_us(
        self,
        given: float | Distribution | None,
        purpose: str,
        about: tuple[object, ...],
        since: int | None = None,
    ) -> int:
        """One of the quantiles."""
        if given is None or isinstance(given, float | int):
            return super().length_us(given, purpose, about)
        known = self._lengths.get(id(given))
        if known is None:
            known = self._lengths[id(given)] = (given, lengths_us(given))
        lengths = known[1]
        ways = len(lengths)
        if ways == 1:
            return lengths[0]
        at = (self._now() if since is None else since) + lengths[0]
        step = (lengths[-1] - lengths[0]) / (ways - 1)
        value = self._asked.within(purpose, about, ways, at / 1e6, step / 1e6)
        self._trace.asked["lengths"] += 1
        self._note(value, ways, lengths[value])
        return lengths[value]

    def amount(self, given: Amount, about: tuple[object, ...], *purpose: object) -> float:
        """One of the quantiles."""
        options = amounts(given)
        if len(options) == 1:
            return options[0]
        ways = len(options)
        value = self._asked.within(_kind(purpose), about, ways, self._now() / 1e6, 0.0)
        self._trace.asked["amounts"] += 1
        self._note(value, ways)
        return options[value]

    def happens(self, chance: float, about: tuple[object, ...], *purpose: object) -> bool:
        """Only what may happen, or not, is asked."""
        if chance <= 0 or chance >= 1:
            return chance >= 1
        return bool(self._strikes(_kind(purpose), about, 2, chance))

    def ending(self, odds: Odds, about: tuple[object, ...]) -> str:
        """A success is calm; where none is possible, the first of the others."""
        shares = [(end, getattr(odds, end)) for end in ENDS]
        rest = 1 - sum(share for _, share in shares)
        options = [(end, share) for end, share in [("success", rest), *shares] if share > 1e-9]
        if len(options) == 1:
            return options[0][0]
        value = self._strikes("outcome", about, len(options), 1 - options[0][1])
        return options[value][0]

    def first(self, about: Sequence[Actor]) -> int:
        """Who of these equals comes first."""
        value = self._asked.among("tie", about)
        self._trace.asked["ties"] += 1
        self._note(value, len(about), actor=about[value])
        return value

    def mishap(self, about: tuple[object, ...]) -> int:
        """What goes wrong with a try, beside the scenario's faults; 0: nothing."""
        if not self._mishaps_left:
            return 0
        value = self._strikes("mishap", about, 1 + DIES, MISHAP)
        self._mishaps_left -= bool(value)
        return value

    def part_us(self, length: int, about: tuple[object, ...]) -> int:
        """How far in so many microseconds of work a mishap comes: one of a few ninths."""
        step = length / (1 + PARTS)
        at = self._now() + step
        value = self._asked.within("mishap at", about, PARTS, at / 1e6, step / 1e6)
        self._trace.asked["lengths"] += 1
        us = round(step * (1 + value))
        self._note(value, PARTS, us)
        return us

    def _strikes(self, kind: str, about: Actor, ways: int, chance: float) -> int:
        value = self._asked.strikes(kind, about, ways, chance)
        self._trace.asked["chances"] += 1
        self._note(value, ways)
        return value

    def _note(self, value: int, ways: int, us: int = 0, actor: Actor = ()) -> None:
        """Write down what was answered just now, if it was not the calm answer."""
        if value:
            one = self._asked.answers[-1]
            self._trace.decisions.append(
                Decision(self._now(), one.kind, one.actor, one.nth, value, ways, us, actor)
            )


def _kind(purpose: tuple[object, ...]) -> str:
    return " ".join(str(part) for part in purpose)
