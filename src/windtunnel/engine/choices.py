"""Choices: wherever two things could go either way, the engine asks here.

The engine holds no other source of luck but the keyed one. A run is therefore a function of its
scenario, and the answers given here, in order, are enough to repeat it. 0 is always what Airflow
would usually do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from windtunnel.engine.luck import draw
from windtunnel.errors import ReplayDrifted


class Choices(Protocol):
    """Whoever answers the engine's questions."""

    def pick(self, question: str, ways: int) -> int:
        """Return a number from 0 up to, and not including, ``ways``."""
        ...


class Seeded:
    """Answers drawn from a seed, one after the other."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._step = 0

    def pick(self, question: str, ways: int) -> int:
        """An even draw, keyed by the question and its number."""
        self._step += 1
        return draw(self._seed, question, self._step) % ways


class Scripted:
    """Answers written down earlier, given again in the same order; 0 after the last."""

    def __init__(self, answers: Sequence[int]) -> None:
        self._answers = tuple(answers)
        self._step = 0

    def pick(self, question: str, ways: int) -> int:
        """The next answer.

        Raises:
            ReplayDrifted: the answer is not possible here, so the scenario or the engine changed.
        """
        if self._step >= len(self._answers):
            return 0
        answer = self._answers[self._step]
        if answer >= ways:
            raise ReplayDrifted(
                f"answer {self._step} of the stored choices is {answer}, but the question "
                f"{question!r} has only {ways} ways: the scenario or windtunnel changed since"
            )
        self._step += 1
        return answer
