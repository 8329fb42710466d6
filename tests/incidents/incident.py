"""Incident: something that happened to somebody, as small as it can be made, with what cures it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from windtunnel import api
from windtunnel.model import (
    AssetUpdate,
    Backfill,
    Behavior,
    Cluster,
    Cron,
    Dag,
    ExternalTaskSensor,
    Fault,
    Fleet,
    ManualRun,
    Resource,
    Rule,
    Scenario,
    Task,
    TriggerDagRun,
)
from windtunnel.trace import DagRun, TaskInstance, Touch, Waits

START = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
NEVER_S = 1e7
"""A timeout that might as well not be there."""


@dataclass(frozen=True)
class Flight:
    """An incident's scenario, simulated. Tasks are named ``dag_id.task_id``, a DAG's runs are
    counted from 0, times are seconds since the start."""

    result: api.Result

    @cached_property
    def instances(self) -> list[TaskInstance]:
        return self.result.trace.task_instances()

    @cached_property
    def codes(self) -> set[str]:
        """Codes of all findings."""
        return {finding.code for finding in self.result.findings}

    def runs(self, dag_id: str) -> list[DagRun]:
        return self.result.dag_runs(dag_id)

    def run_states(self, dag_id: str) -> list[str]:
        return [run.state for run in self.runs(dag_id)]

    def all(self, pattern: str) -> list[TaskInstance]:
        """Task instances whose name (without map index) matches a glob."""
        found = [ti for ti in self.instances if fnmatchcase(f"{ti.dag_id}.{ti.task_id}", pattern)]
        assert found, f"no {pattern}; there are {sorted({ti.name for ti in self.instances})}"
        return found

    def states(self, pattern: str) -> list[str]:
        return [ti.state for ti in self.all(pattern)]

    def state(self, name: str, run: int = 0) -> str:
        return self.all(name)[run].state

    def began(self, name: str, run: int = 0) -> float | None:
        """When its last try began."""
        return _seconds(self.all(name)[run].started_us)

    def ended(self, name: str, run: int = 0) -> float | None:
        """When its last try ended."""
        return _seconds(self.all(name)[run].ended_us)

    def moments(self, pattern: str, state: str) -> list[float]:
        """When any task instance of these came into a state."""
        return [
            event.at_us / 1e6
            for event in self.result.trace.events()
            if event.state == state
            and event.task_id is not None
            and fnmatchcase(f"{event.dag_id}.{event.task_id}", pattern)
        ]

    def waited(self, name: str, limit: str, run: int = 0) -> float:
        """Seconds for which a limit kept it waiting."""
        found = Waits(self.result.trace).of(self.all(name)[run].index)
        return sum(wait.seconds for wait in found if wait.limit == limit)

    def longest_wait(self, pattern: str, limit: str) -> float:
        """Seconds for which a limit kept any of these waiting, at most."""
        waits = Waits(self.result.trace)
        return max(
            sum(wait.seconds for wait in waits.of(ti.index) if wait.limit == limit)
            for ti in self.all(pattern)
        )

    def lengths(self, pattern: str) -> list[float]:
        """Seconds that the last try of each of these took."""
        return [
            (ti.ended_us - ti.started_us) / 1e6
            for ti in self.all(pattern)
            if ti.started_us is not None and ti.ended_us is not None
        ]

    def reasons(self, pattern: str) -> list[str]:
        """Why tries of these ended as they did, as far as that is told."""
        return [
            event.reason
            for event in self.result.trace.events()
            if event.reason
            and event.task_id is not None
            and fnmatchcase(f"{event.dag_id}.{event.task_id}", pattern)
        ]

    def rows(self, dataset: str) -> list[str]:
        """What a data set holds in the end: the name of who wrote it last, and of those that added
        to it since."""
        found: list[str] = []
        for _, ti, _, what, name in self.result.trace.touches:
            if name == dataset and what is Touch.WRITE_ENDS:
                found = [self.instances[ti].name]
            elif name == dataset and what is Touch.APPEND_ENDS:
                found.append(self.instances[ti].name)
        return found

    def writers(self, dataset: str) -> int:
        """How many tries have written a data set to its end."""
        touches = self.result.trace.touches
        return sum(name == dataset and what is Touch.WRITE_ENDS for *_, what, name in touches)

    def peak(self, pattern: str, *states: str) -> int:
        """How many of these were in one of these states at once; changes of one instant count
        together."""
        now: set[tuple[str, str, str, int]] = set()
        most, at = 0, -1
        for event in self.result.trace.events():
            if event.at_us != at:
                most, at = max(most, len(now)), event.at_us
            if event.task_id is None:
                continue
            if not fnmatchcase(f"{event.dag_id}.{event.task_id}", pattern):
                continue
            who = (event.dag_id, event.run, event.task_id, event.map_index)
            (now.add if event.state in states else now.discard)(who)
        return max(most, len(now))

    def events_of(self, dag_id: str) -> list[tuple[int, ...]]:
        """Numbers of the asset events that each run of a DAG got."""
        consumed = self.result.trace.consumed
        return [consumed.get(run.index, ()) for run in self.runs(dag_id)]


def _seconds(us: int | None) -> float | None:
    return None if us is None else us / 1e6


Symptom = Callable[[Flight], bool]


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One incident: the symptom is there in ``broken`` and in none of ``mended``."""

    id: str
    title: str
    source: str
    """``owner/repo#N``, or the title of a page."""
    broken: Scenario
    mended: Mapping[str, Scenario]
    """Fix, in words -> the scenario with it."""
    symptom: Symptom
    leaves_out: str = ""
    """What of the report this does not show; empty: nothing that matters."""
    says: tuple[str, ...] = ()
    """Codes of findings that windtunnel makes of it, beside states, times and waits."""


def fly(scenario: Scenario) -> Flight:
    """Simulate once, as Airflow would usually decide."""
    return Flight(api.simulate(scenario))


def scenario(
    *dags: Dag,
    seconds: Mapping[str, Any] | None = None,
    rules: Iterable[Rule] = (),
    runs: Iterable[str | ManualRun] | None = None,
    faults: Iterable[Fault] = (),
    updates: Iterable[AssetUpdate] = (),
    backfills: Iterable[Backfill] = (),
    resources: Mapping[str, Resource] | None = None,
    until: float = DAY,
    every_run_matters: Iterable[str] = (),
    start: datetime = START,
    **cluster: Any,
) -> Scenario:
    """A scenario; ``seconds`` are durations by glob. DAGs without a schedule get one run at the
    start unless ``runs`` says otherwise."""
    unscheduled = [d.dag_id for d in dags if d.schedule is None and d.asset_condition is None]
    wanted = unscheduled if runs is None else runs
    timed = [Rule(tasks=name, duration_s=length) for name, length in (seconds or {}).items()]
    return Scenario(
        fleet=Fleet(dags=dags),
        cluster=Cluster(**cluster),
        behavior=Behavior(rules=(*rules, *timed)),
        start=start,
        duration_s=until,
        manual_runs=tuple(ManualRun(dag_id=r) if isinstance(r, str) else r for r in wanted),
        asset_updates=tuple(updates),
        backfills=tuple(backfills),
        faults=tuple(faults),
        resources=dict(resources or {}),
        every_run_matters=tuple(every_run_matters),
        backlog="replayed",
    )


def on(scenario: Scenario, **settings: Any) -> Scenario:
    """The same on a cluster with other settings."""
    cluster = scenario.cluster.model_copy(update=settings)
    return scenario.model_copy(update={"cluster": cluster})


def without_faults(scenario: Scenario) -> Scenario:
    return scenario.model_copy(update={"faults": ()})


def chain(*tasks: Task) -> tuple[Task, ...]:
    """Tasks one after the other."""
    before = (None, *tasks)
    return tuple(
        task if up is None else task.model_copy(update={"upstream": (up.task_id,)})
        for up, task in zip(before, tasks, strict=False)
    )


def cron(dag_id: str, expression: str, *tasks: Task, **options: Any) -> Dag:
    """A DAG on a schedule, from the start on."""
    given = {"start_date": START, "schedule": Cron(expression=expression), **options}
    return Dag(dag_id=dag_id, tasks=tasks, **given)


Kind = Mapping[str, Any] | None


def wait_for(dag_id: str, *, task_id: str = "wait", kind: Kind = None, **options: Any) -> Task:
    """A task that senses the run of another DAG; ``kind``: further arguments of the sensor."""
    sensor = ExternalTaskSensor(external_dag_id=dag_id, **(kind or {}))
    return Task(task_id=task_id, operator="ExternalTaskSensor", kind=sensor, **options)


def call(dag_id: str, *, task_id: str = "call", kind: Kind = None, **options: Any) -> Task:
    """A task that triggers a run of another DAG and waits for its end, unless ``kind``, the further
    arguments of the operator, says otherwise."""
    trigger = TriggerDagRun(trigger_dag_id=dag_id, **{"wait_for_completion": True, **(kind or {})})
    return Task(task_id=task_id, operator="TriggerDagRunOperator", kind=trigger, **options)
