"""Small fleets flown in one line, and short questions to ask of what happened; all in seconds."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from windtunnel import api, loaders
from windtunnel.engine import Choices, Simulation
from windtunnel.model import Behavior, Cluster, Dag, Fleet, ManualRun, Rule, Scenario, Task
from windtunnel.trace import TaskInstance, Trace, Waits

START = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Flight:
    """A simulated scenario. Tasks are named ``dag_id.task_id``, runs are counted from 0."""

    scenario: Scenario
    trace: Trace

    @cached_property
    def instances(self) -> list[TaskInstance]:
        return self.trace.task_instances()

    def task(self, name: str, run: int = 0) -> TaskInstance:
        """The task instance of this name in the DAG's run of this number."""
        return self.all_of(name)[run]

    def all_of(self, name: str) -> list[TaskInstance]:
        found = [ti for ti in self.instances if name in (ti.name, f"{ti.dag_id}.{ti.task_id}")]
        assert found, f"no {name}; there are {sorted({ti.name for ti in self.instances})}"
        return found

    def span(self, name: str, run: int = 0) -> tuple[float | None, float | None]:
        """Begin and end of the last try."""
        ti = self.task(name, run)
        return tuple(None if us is None else us / 1e6 for us in (ti.started_us, ti.ended_us))

    def spans(self, name: str) -> list[tuple[float | None, float | None]]:
        return [self.span(name, run) for run in range(len(self.all_of(name)))]

    def history(self, name: str, run: int = 0) -> list[tuple[float, str]]:
        """Every state it went through, with the time."""
        ti = self.task(name, run)
        return [
            (event.at_us / 1e6, event.state)
            for event in self.trace.events()
            if (event.dag_id, event.run, event.task_id, event.map_index)
            == (ti.dag_id, ti.run, ti.task_id, ti.map_index)
        ]

    def times(self, name: str, state: str, run: int = 0) -> list[float]:
        """When it came into this state."""
        return [at for at, new in self.history(name, run) if new == state]

    def state(self, name: str, run: int = 0) -> str:
        return self.task(name, run).state

    def waits(self, name: str, run: int = 0) -> list[tuple[str, float, float]]:
        found = Waits(self.trace).of(self.task(name, run).index)
        return [(wait.limit, wait.from_us / 1e6, wait.to_us / 1e6) for wait in found]

    def reasons(self, name: str, run: int = 0) -> list[str]:
        """Why its states changed, as far as the trace says so."""
        ti = self.task(name, run)
        return [
            event.reason
            for event in self.trace.events()
            if (event.dag_id, event.run, event.task_id, event.map_index)
            == (ti.dag_id, ti.run, ti.task_id, ti.map_index)
            and event.reason
        ]

    def run_states(self, dag_id: str) -> list[str]:
        return [run.state for run in self.trace.dag_runs() if run.dag_id == dag_id]

    def run_ids(self, dag_id: str) -> list[str]:
        return [run.run_id for run in self.trace.dag_runs() if run.dag_id == dag_id]


def scenario_of(
    dags: Iterable[Dag],
    *,
    seconds: Mapping[str, Any] | None = None,
    rules: Iterable[Rule] = (),
    runs: Iterable[str | ManualRun] | None = None,
    until: float = 86400,
    seed: int = 0,
    backlog: str = "done",
    **cluster: Any,
) -> Scenario:
    dags = tuple(dags)
    timed = [Rule(tasks=name, duration_s=length) for name, length in (seconds or {}).items()]
    wanted = [dag.dag_id for dag in dags] if runs is None else runs
    return Scenario(
        fleet=Fleet(dags=dags),
        cluster=Cluster(**cluster),
        behavior=Behavior(rules=(*rules, *timed)),
        start=START,
        duration_s=until,
        manual_runs=tuple(ManualRun(dag_id=r) if isinstance(r, str) else r for r in wanted),
        seed=seed,
        backlog=backlog,
    )


@pytest.fixture
def scenario() -> Callable[..., Scenario]:
    """``scenario(dags, seconds={"etl.load": 30}, rules=…, runs=…, until=…, **cluster)``.

    Every DAG gets one manual run at the start unless ``runs`` says otherwise.
    """
    return scenario_of


@pytest.fixture
def fly() -> Callable[..., Flight]:
    """Simulates; the arguments are those of ``scenario``."""

    def fly(*dags: Dag, choices: Choices | None = None, **options: Any) -> Flight:
        one = scenario_of(dags, **options)
        return Flight(one, Simulation(one, choices).run())

    return fly


@pytest.fixture
def one_task() -> Callable[..., Dag]:
    """A DAG of one task: ``one_task("etl", "load", kind=…, pool=…)``."""

    def one_task(dag_id: str, task_id: str = "t", **options: Any) -> Dag:
        return Dag(dag_id=dag_id, tasks=(Task(task_id=task_id, **options),))

    return one_task


@pytest.fixture
def execute(tmp_path: Path) -> Callable[..., Flight]:
    """Simulates a DAG file with its real callables; each of its DAGs is run once at the start."""

    def execute(
        text: str,
        *,
        until: float = 86400,
        supplied: loaders.Supplied | None = None,
        rules: Iterable[Rule] = (),
        runs: Iterable[ManualRun] | None = None,
        **cluster: Any,
    ) -> Flight:
        (tmp_path / "dags.py").write_text(textwrap.dedent(text), encoding="utf-8")
        profile = cluster.get("profile", "airflow-3.3")
        loaded = loaders.load(tmp_path, airflow="stand-in", profile=profile, supplied=supplied)
        assert [str(problem) for problem in loaded.fleet.problems] == []
        every = tuple(ManualRun(dag_id=dag.dag_id) for dag in loaded.fleet.dags)
        scenario = Scenario(
            fleet=loaded.fleet,
            cluster=Cluster(**cluster),
            behavior=Behavior(rules=tuple(rules)),
            start=START,
            duration_s=until,
            manual_runs=every if runs is None else tuple(runs),
        )
        return Flight(scenario, api.simulate(scenario, execute=loaded).trace)

    return execute
