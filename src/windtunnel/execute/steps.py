"""Steps: a callable under way goes from sleep to sleep, wherever it runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from windtunnel.engine.tries.plans import Plan
from windtunnel.execute.answers import Answers
from windtunnel.execute.facts import TryFacts

Name = tuple[str, str]
"""A task: (dag_id, task_id)."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a callable did until it slept or ended."""

    text: str
    """What it wrote."""
    ahead_us: int = 0
    """Time that passed meanwhile: it waited for threads of its own that slept."""
    asleep_us: int | None = None
    """How long it sleeps, if it does."""
    plan: Plan | None = None
    """What the try comes to, if it is over."""


@dataclass(frozen=True, slots=True)
class Runs:
    """What is known of a task's body before it runs."""

    kind: str
    """As of `windtunnel.model.body.Body`."""
    pushes: bool
    """Whether what it returns is an XCom (``do_xcom_push``)."""


class Place(Protocol):
    """Where callables run."""

    def bodies(self) -> dict[Name, Runs]:
        """The tasks that have a body."""
        ...

    def begin(self, answers: Answers, start: datetime) -> None:
        """The simulation begins."""
        ...

    def start(self, facts: TryFacts, now: datetime, seed: str) -> Step:
        """Begin a try and let it run until it sleeps or ends."""
        ...

    def go_on(self, ti: int, now: datetime, *, timed_out: bool) -> Step:
        """Its sleep is over, or ``execution_timeout`` cuts it short."""
        ...

    def drop(self, ti: int, now: datetime) -> str:
        """End a try where it sleeps; gives what it wrote then."""
        ...

    def end(self) -> None:
        """The simulation is over; nothing of it stays behind."""
        ...
