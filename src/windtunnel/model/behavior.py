"""Behavior: what tasks do when they run. DAG files don't say it; people, or history, do."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, JsonValue

from windtunnel.model.base import Value
from windtunnel.model.dag import Seconds

Outcome = Literal["success", "fail", "fail_no_retry", "skip"]
"""How a try ends: ``fail`` may be retried; ``fail_no_retry`` is AirflowFailException, ``skip``
AirflowSkipException."""


class Uniform(Value):
    """A duration drawn evenly between two bounds, in seconds."""

    low: Seconds
    high: Seconds


class When(Value):
    """Which tries a rule is for; what is not given matches all."""

    run_id: str | None = None
    logical_date: AwareDatetime | None = None
    map_index: int | None = None
    try_number: int | None = None


class Rule(Value):
    """What the matching tries of the matching tasks do. The first rule that matches a try is
    used."""

    tasks: str = "*"
    """Glob over ``dag_id.task_id``."""
    when: When = When()
    duration_s: Seconds | Uniform | None = None
    """Time on the worker; of one poke, if a sensor; until it defers, if deferrable. ``None``: the
    behavior's default."""
    outcome: Outcome = "success"
    follow: tuple[str, ...] | Literal["all"] | None = "all"
    """branch: ids of the tasks or groups that it follows; ``None``: nothing."""
    condition: bool = True
    """short circuit: whether downstream tasks may run."""
    length: Annotated[int, Field(ge=0)] = 1
    """Number of items in the result, when something is mapped over it."""
    true_at_s: float | None = 0.0
    """sensor: instant (seconds since the scenario's start) from which on its condition holds;
    ``None``: never."""
    fire_at_s: float | None = None
    """deferrable: instant at which its trigger fires."""
    fire_after_s: Seconds | None = 0.0
    """deferrable: seconds between deferring and the trigger's event, unless ``fire_at_s`` is given;
    ``None``: it never fires."""
    resume_duration_s: Seconds = 0.0
    """deferrable: time on the worker after the trigger fired."""
    result: JsonValue = None
    """``--execute``: what these tasks return, in the place of running what they run. ``None``: a
    Python callable runs, and what other tasks return is unknown."""

    def is_for(self, name: str) -> bool:
        """Whether this rule speaks of the task ``dag_id.task_id``."""
        return self.tasks in ("*", name) or fnmatchcase(name, self.tasks)


class Behavior(Value):
    """Rules, first match wins. A task without a rule takes ``default_duration_s`` and succeeds;
    its sensor condition is true from the start, its trigger fires after ``default_duration_s``,
    its branch follows every direct downstream task."""

    rules: tuple[Rule, ...] = ()
    default_duration_s: Seconds = 60.0
    default_poke_s: Seconds = 1.0
    """Time on the worker of one poke of a sensor, or of TriggerDagRunOperator creating its run."""
