"""Behavior: what tasks do when they run. DAG files don't say it; people, or history, do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, JsonValue, model_validator

from windtunnel.model.base import Seconds, Value
from windtunnel.model.dag import Dag, Fleet, Task
from windtunnel.model.durations import Amount, Distribution, History, OneOf
from windtunnel.model.pattern import TaskPattern, instead, is_name, matches, nearest
from windtunnel.model.steps import Step

Outcome = Literal["success", "fail", "fail_no_retry", "skip"]
"""How a try ends: ``fail`` may be retried; ``fail_no_retry`` is AirflowFailException, ``skip``
AirflowSkipException."""


class When(Value):
    """Which tries a rule is for; what is not given matches all."""

    run_id: str | None = None
    """Only this run."""
    asset_run: int | None = None
    """Only this one of the runs of its DAG that assets started; the first is 1."""
    logical_date: AwareDatetime | None = None
    """Only the run of this logical date."""
    map_index: int | None = None
    """Only this instance of a mapped task."""
    try_number: int | None = None
    """Only this try; the first is 1."""


Share = Annotated[float, Field(ge=0, le=1)]


class Odds(Value):
    """How likely each end of a try is; what is left of 1 is success."""

    success: Share | None = None
    """What is left, if it isn't given."""
    fail: Share = 0.0
    """A failure that may be retried."""
    fail_no_retry: Share = 0.0
    """A failure that is not retried: AirflowFailException."""
    skip: Share = 0.0
    """Skipped: AirflowSkipException."""

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        others = self.fail + self.fail_no_retry + self.skip
        total = others if self.success is None else others + self.success
        if total > 1 + 1e-9 or (self.success is not None and total < 1 - 1e-9):
            raise ValueError(f"together they are {total:g}, and not 1")
        return self


class _OfTasks(Value):
    """Something that is said of some tasks."""

    tasks: TaskPattern = "*"
    """Glob over ``dag_id.task_id``, or such as ``tag:nightly``; see `windtunnel.model.pattern`."""

    def is_for(self, dag: Dag, task: Task) -> bool:
        """Whether it speaks of a task."""
        return matches(self.tasks, dag, task)


class Rule(_OfTasks):
    """What the matching tries of the matching tasks do. The first rule that matches a try is
    used."""

    when: When = When()
    """Which tries of these tasks it is for; without it, all."""
    duration_s: Seconds | Distribution | History | tuple[Seconds | Distribution, ...] | None = None
    """Time on the worker; of one poke, if a sensor; until it defers, if deferrable. Several: of the
    first try, the second, and so on; the last one is for all that follow. ``None``: the behavior's
    history of the task, else its default."""
    outcome: Outcome | tuple[Outcome, ...] = "success"
    """How its tries end; several: as for ``duration_s``."""
    outcomes: Odds | tuple[Odds, ...] | None = None
    """How likely each end is, drawn for each try by itself, in the place of ``outcome``; several:
    as for ``duration_s``."""
    fail_share: Share = 0.0
    """Share of its tries that end with ``fail`` instead, each drawn for itself."""
    fails_after_s: Seconds | Distribution | None = None
    """Time on the worker of a try that ends with ``fail`` or ``fail_no_retry``. ``None``: as of the
    others."""
    memory_mb: Amount | None = None
    """Memory that a try holds on its worker from start to end. ``None``: what executor_config asks
    for, else none that counts."""
    cpus: Amount | None = None
    """Processors that a try keeps busy while it works. ``None``: what executor_config asks for,
    else none that counts."""
    needs: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    """Resources that a try takes at its start, one after the other, and holds until it leaves its
    worker: name and how many."""
    steps: tuple[Step, ...] | None = None
    """What a try does, one thing after the other, in the place of ``duration_s``."""
    follow: tuple[str, ...] | Literal["all"] | None = "all"
    """branch: ids of the tasks or groups that it follows; ``None``: nothing."""
    follow_shares: dict[str, Share] = Field(default_factory=dict)
    """branch: in the place of ``follow``, how likely it follows each, drawn for each run; several
    at once are one key, with commas. What is left of 1: nothing."""
    condition: bool = True
    """short circuit: whether downstream tasks may run."""
    condition_share: Share | None = None
    """short circuit: in the place of ``condition``, how likely it is true, drawn for each run."""
    length: Annotated[int, Field(ge=0)] | OneOf = 1
    """Number of items in the result, when something is mapped over it; or drawn, for each run."""
    true_at_s: float | None = 0.0
    """sensor: instant (seconds since the scenario's start) from which on its condition holds;
    ``None``: never."""
    true_after_s: Seconds | Distribution | None = None
    """sensor: in the place of ``true_at_s``, for each run by itself: so long after ``true_since``;
    drawn once for each task instance, not for each try."""
    true_since: Literal["run_after", "logical_date", "run_start"] = "run_after"
    """What ``true_after_s`` counts from: when the run was due (of a scheduled one, the end of its
    data interval), its logical date, or when it started."""
    fire_at_s: float | None = None
    """deferrable: instant at which its trigger fires."""
    fire_after_s: Seconds | Distribution | None = 0.0
    """deferrable: seconds between deferring and the trigger's event, unless ``fire_at_s`` is given;
    ``None``: it never fires."""
    resume_duration_s: Seconds | Distribution = 0.0
    """deferrable: time on the worker after the trigger fired."""
    result_bytes: Annotated[int, Field(ge=0)] = 0
    """Size of what a modelled try hands over by XCom at its end: more than the cluster's database
    takes fails it then."""
    result: JsonValue = None
    """``--execute``: what these tasks return, in the place of running what they run. ``None``: a
    Python callable runs, and what other tasks return is unknown."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.steps is not None and self.duration_s is not None:
            raise ValueError("steps say how long it takes: leave duration out")
        if self.outcomes is not None and self.outcome != "success":
            raise ValueError("outcomes stand in the place of outcome: leave one of them out")
        if self.follow_shares and self.follow != "all":
            raise ValueError("follow_shares stand in the place of follow: leave one of them out")
        if sum(self.follow_shares.values()) > 1 + 1e-9:
            raise ValueError(f"follow_shares are {sum(self.follow_shares.values()):g}, more than 1")
        for name in ("duration_s", "outcome", "outcomes"):
            if getattr(self, name) == ():
                raise ValueError(f"{name.removesuffix('_s')} is an empty list")
        return self

    @property
    def follows(self) -> tuple[tuple[str, ...], ...] | None:
        """All that a branch may follow, one way each; ``None``: every direct downstream task."""
        if self.follow_shares:
            ways = [tuple(names_in(key)) for key in self.follow_shares]
            sure = sum(self.follow_shares.values()) > 1 - 1e-9
            return (*ways, *(() if sure else ((),)))
        return None if self.follow == "all" else (self.follow or (),)


def names_in(key: str) -> list[str]:
    """The tasks in a key of ``follow_shares``."""
    return [name.strip() for name in key.split(",") if name.strip()]


class Slowdown(_OfTasks):
    """Something that makes many tries slow together: a busy warehouse, a bad network."""

    factor: Amount
    """How many times as long everything takes that they do; drawn once for each stretch."""
    per: Literal["run", "hour", "day", "window"] = "day"
    """What shares one draw: tries of one dag run, those that begin within one hour or day (UTC), or
    all of them."""
    probability: Share = 1.0
    """Share of these stretches in which anything is slow."""


class Behavior(Value):
    """Rules, first match wins. A task without a rule takes ``default_duration_s`` and succeeds;
    its sensor condition is true from the start, its trigger fires after ``default_duration_s``,
    its branch follows every direct downstream task."""

    rules: tuple[Rule, ...] = ()
    """What tries of some tasks do; the first that matches is used."""
    slowdowns: tuple[Slowdown, ...] = ()
    """What makes many tries slow together."""
    history: History | None = None
    """Durations of tasks of which no rule says how long they take."""
    default_duration_s: Seconds = 60.0
    """How long a try takes of which nothing else is said."""
    default_poke_s: Seconds = 1.0
    """Time on the worker of one poke of a sensor, or of TriggerDagRunOperator creating its run."""

    def idle(self, fleet: Fleet) -> list[tuple[str, str, str]]:
        """What speaks of nothing in a fleet: where it stands, what stands there, what to say."""
        tasks = [(dag, task) for dag in fleet.dags for task in dag.tasks]
        names = {f"{dag.dag_id}.{task.task_id}" for dag, task in tasks}
        said: list[tuple[str, _OfTasks]] = [(f"rules[{n}]", r) for n, r in enumerate(self.rules)]
        said += [(f"slowdowns[{n}]", slow) for n, slow in enumerate(self.slowdowns)]
        found = [
            (f"{where}.tasks", each.tasks, f"no task matches; {instead(each.tasks, fleet)}")
            for where, each in said
            if each.tasks not in names and not any(each.is_for(*pair) for pair in tasks)
        ]
        known = sorted(dag.dag_id for dag in fleet.dags)
        triggers = (
            (f"rules[{n}].steps[{m}].trigger", step.trigger)
            for n, rule in enumerate(self.rules)
            for m, step in enumerate(rule.steps or ())
        )
        found.extend(
            (where, dag_id, f"no such DAG; {nearest(dag_id, known)}")
            for where, dag_id in triggers
            if dag_id is not None and dag_id not in known
        )
        return [*found, *self._idle_pulls(tasks)]

    def _idle_pulls(self, tasks: list[tuple[Dag, Task]]) -> Iterator[tuple[str, str, str]]:
        """Steps that pull from tasks which no DAG of the rule's tasks has."""
        for n, rule in enumerate(self.rules):
            pulls = [(m, s.pull) for m, s in enumerate(rule.steps or ()) if s.pull is not None]
            dags = {d.dag_id: d for d, task in tasks if pulls and rule.is_for(d, task)}
            known = sorted({task.task_id for dag in dags.values() for task in dag.tasks})
            for m, task_id in pulls:
                if known and task_id not in known:
                    said = f"no such task in {', '.join(dags)}; {nearest(task_id, known)}"
                    yield f"rules[{n}].steps[{m}].pull", task_id, said


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
