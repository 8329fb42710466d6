"""Behavior: what tasks do when they run. DAG files don't say it; people, or history, do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, JsonValue, model_validator

from windtunnel.model.base import Value
from windtunnel.model.dag import Dag, Fleet, Seconds, Task
from windtunnel.model.pattern import TaskPattern, instead, is_name, matches

Outcome = Literal["success", "fail", "fail_no_retry", "skip"]
"""How a try ends: ``fail`` may be retried; ``fail_no_retry`` is AirflowFailException, ``skip``
AirflowSkipException."""


class Uniform(Value):
    """A duration drawn evenly between two bounds, in seconds."""

    low: Seconds
    high: Seconds

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        return self


class Triangular(Value):
    """A duration between two bounds, most often near ``mode``, in seconds."""

    low: Seconds
    mode: Seconds
    high: Seconds

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low <= self.mode <= self.high:
            raise ValueError(f"low {self.low}, mode {self.mode}, high {self.high}: not in order")
        return self


class LogNormal(Value):
    """A duration whose logarithm is normally distributed: what most tasks' histories look like."""

    median_s: Seconds
    sigma: Annotated[float, Field(gt=0)]
    """Standard deviation of the logarithm; 0.5 is ordinary, 1 is wild."""


class Gamma(Value):
    """A gamma distributed duration."""

    mean_s: Seconds
    shape: Annotated[float, Field(gt=0)]


class Weibull(Value):
    """A Weibull distributed duration."""

    scale_s: Seconds
    shape: Annotated[float, Field(gt=0)]


class Sample(Value):
    """A duration out of a list of measured ones, each as likely as the others."""

    values_s: Annotated[tuple[Seconds, ...], Field(min_length=1)]


Distribution = Uniform | Triangular | LogNormal | Gamma | Weibull | Sample


class When(Value):
    """Which tries a rule is for; what is not given matches all."""

    run_id: str | None = None
    logical_date: AwareDatetime | None = None
    map_index: int | None = None
    try_number: int | None = None


class Rule(Value):
    """What the matching tries of the matching tasks do. The first rule that matches a try is
    used."""

    tasks: TaskPattern = "*"
    """Glob over ``dag_id.task_id``, or such as ``tag:nightly``; see `windtunnel.model.pattern`."""
    when: When = When()
    duration_s: Seconds | Distribution | None = None
    """Time on the worker; of one poke, if a sensor; until it defers, if deferrable. ``None``: the
    behavior's default."""
    outcome: Outcome = "success"
    fail_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of its tries that end with ``fail`` instead, each drawn for itself."""
    memory_mb: Annotated[float, Field(ge=0)] = 0.0
    """Memory that a try holds on its worker from start to end."""
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
    result_bytes: Annotated[int, Field(ge=0)] = 0
    """Size of what a modelled try hands over by XCom at its end: more than the cluster's database
    takes fails it then."""
    result: JsonValue = None
    """``--execute``: what these tasks return, in the place of running what they run. ``None``: a
    Python callable runs, and what other tasks return is unknown."""

    def is_for(self, dag: Dag, task: Task) -> bool:
        """Whether this rule speaks of a task."""
        return matches(self.tasks, dag, task)


class Behavior(Value):
    """Rules, first match wins. A task without a rule takes ``default_duration_s`` and succeeds;
    its sensor condition is true from the start, its trigger fires after ``default_duration_s``,
    its branch follows every direct downstream task."""

    rules: tuple[Rule, ...] = ()
    default_duration_s: Seconds = 60.0
    default_poke_s: Seconds = 1.0
    """Time on the worker of one poke of a sensor, or of TriggerDagRunOperator creating its run."""

    def idle_rules(self, fleet: Fleet) -> list[tuple[int, str]]:
        """Rules that no task of a fleet matches: number, and what to say."""
        tasks = [(dag, task) for dag in fleet.dags for task in dag.tasks]
        names = {f"{dag.dag_id}.{task.task_id}" for dag, task in tasks}
        return [
            (number, f"no task matches; {instead(rule.tasks, fleet)}")
            for number, rule in enumerate(self.rules)
            if rule.tasks not in names and not any(rule.is_for(*pair) for pair in tasks)
        ]


class RuleBook:
    """The rules of a behavior, to be looked up by task."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        # A trace has a rule for each of thousands of tasks, and none of them is a pattern.
        self._named: dict[str, list[tuple[int, Rule]]] = {}
        self._patterns: list[tuple[int, Rule]] = []
        for numbered in enumerate(rules):
            named = is_name(numbered[1].tasks)
            page = self._named.setdefault(numbered[1].tasks, []) if named else self._patterns
            page.append(numbered)

    def of(self, dag: Dag, task: Task) -> tuple[Rule, ...]:
        """The rules that speak of a task, in their order."""
        named = self._named.get(f"{dag.dag_id}.{task.task_id}", [])
        found = [numbered for numbered in self._patterns if numbered[1].is_for(dag, task)]
        both = sorted([*named, *found], key=lambda numbered: numbered[0])
        return tuple(rule for _, rule in both)
