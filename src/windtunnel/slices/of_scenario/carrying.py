"""One DAG of a scenario as a DAG of a slice: no less can be stuck in it than in the simulation."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from windtunnel.model import (
    Branch,
    Dag,
    Empty,
    LatestOnly,
    Scenario,
    ShortCircuit,
    TaskFails,
    TriggerRule,
)
from windtunnel.model import Task as ModelTask
from windtunnel.model.faults import LateData, TaskIsSlow
from windtunnel.model.resources import resource_named
from windtunnel.slices import fleet
from windtunnel.slices.fleet import UNLIMITED, Acquire, Fault, Release, Step
from windtunnel.slices.of_scenario.bodies import (
    WORK,
    Bodies,
    Body,
    created_on_the_way,
    is_in_mapped_group,
    is_mapped,
)
from windtunnel.slices.of_scenario.calendar import Calendar
from windtunnel.slices.of_scenario.places import Places, UncoveredError, may_be_killed

MOST_MAPPED = 50
NO_POOL = "(no pool)"
"""Where tasks are that the scheduler itself ends."""
HARMLESS = (TaskIsSlow, LateData)
"""Faults that change nothing but how long something takes."""


@dataclass
class Carried:
    """A DAG, and what is not known of its tasks."""

    dag: fleet.Dag
    ends: set[str] = field(default_factory=set)
    starts: set[str] = field(default_factory=set)
    passes: set[str] = field(default_factory=set)
    why: str = ""
    """Why no more is known of it than that nothing in it waits for others: it can be stuck only
    where a limit can be full. Its runs, and their order, are not carried over."""


class Carrier:
    """Carries DAGs of one scenario."""

    def __init__(self, scenario: Scenario, calendar: Calendar) -> None:
        self.scenario = scenario
        self.calendar = calendar
        self.places = Places(scenario.cluster)
        self.bodies = Bodies(scenario, calendar)
        self.created = created_on_the_way(scenario)
        self._anything_fails = may_be_killed(scenario.cluster) or any(
            isinstance(fault, TaskFails) for fault in scenario.faults
        )

    def refusal(self) -> str | None:
        """Why nothing of the scenario is covered."""
        for fault in self.scenario.faults:
            if not isinstance(fault, (*HARMLESS, TaskFails)):
                return f"what the fault {fault.type} does is not covered"
        return None

    def carry(self, dag: Dag) -> Carried:
        """A DAG.

        Raises:
            UncoveredError: something of it can't be carried over.
        """
        self._check(dag)
        found = Carried(fleet.Dag(dag.dag_id, ()))
        tasks: list[fleet.Task] = []
        skips = any(not self.bodies.follows_all(dag, task) for task in dag.tasks)
        instances = {task.task_id: self._instances(dag, task) for task in dag.tasks}
        for task in dag.tasks:
            try:
                body = self.bodies.of(dag, task)
                carried = self._task(task, body, instances)
            except UncoveredError as error:
                raise UncoveredError(f"{dag.dag_id}.{task.task_id} {error}") from error
            body.ends |= skips or self._anything_fails
            early = task.trigger_rule not in (TriggerRule.ALL_SUCCESS, TriggerRule.ALL_DONE)
            for name in instances[task.task_id]:
                found.ends |= {name} if body.ends or early else set()
                found.starts |= {name} if early else set()
                found.passes |= {name} if body.passes else set()
            tasks += carried
        fails = bool(found.ends) or self.scenario.faults_up_to > 0
        if fails and (dag.fail_fast or any(t.on_failure_fail_dagrun for t in dag.tasks)):
            found.ends |= {task.name for task in tasks}
        self._check_failures(dag, fails)
        found.dag = self._dag(dag, tasks)
        return found

    def idle(self, dag: Dag, why: str) -> Carried | None:
        """A DAG that can't be carried over, if nothing in it waits for others."""
        cluster = self.scenario.cluster
        limits = self.runs_at_once(dag) and self.tasks_at_once(dag)
        if dag.is_paused or not limits:
            return None
        tasks = []
        for task in dag.tasks:
            limited = 0 in (task.max_active_tis_per_dag, task.max_active_tis_per_dagrun)
            if limited or cluster.pool(task.pool) is None or not self.bodies.is_idle(dag, task):
                return None
            try:
                queue = self.places.queue_of(task)
            except UncoveredError:
                return None
            tasks.append(
                fleet.Task(
                    task.task_id, (WORK,), (WORK,), task.pool, slots=task.pool_slots, queue=queue
                )
            )
        return Carried(fleet.Dag(dag.dag_id, tuple(tasks)), why=why)

    # -- what is not covered ----------------------------------------------------------------------

    def _check(self, dag: Dag) -> None:
        name = dag.dag_id
        if name in self.calendar.refused:
            raise UncoveredError(self.calendar.refused[name])
        if not dag.tasks:
            raise UncoveredError(f"{name} has no tasks")
        by_hand = name in self.created or name in self.calendar.unordered
        if dag.is_paused and by_hand:
            raise UncoveredError(f"runs of {name} are triggered, and it is paused")
        if self.runs_at_once(dag) == 0:
            raise UncoveredError(f"{name} has max_active_runs = 0")
        if any(task.is_setup or task.is_teardown for task in dag.tasks):
            raise UncoveredError(f"{name} has setup or teardown tasks")
        if any(task.start_date or task.end_date for task in dag.tasks):
            raise UncoveredError(f"tasks of {name} have dates of their own")

    def has_unknown_past(self, dag: Dag) -> bool:
        """Whether the run before, for depends_on_past, is not the same in all schedules."""
        name = dag.dag_id
        return name in self.created or name in self.calendar.unordered or self._may_skip_runs(dag)

    def _may_skip_runs(self, dag: Dag) -> bool:
        return not self.catchup(dag) and self.runs(dag) > self.runs_at_once(dag)

    def _check_failures(self, dag: Dag, fails: bool) -> None:
        cluster = self.scenario.cluster
        most = dag.max_consecutive_failed_dag_runs
        if most is None:
            most = cluster.max_consecutive_failed_dag_runs_per_dag
        if fails and most:
            raise UncoveredError(f"{dag.dag_id} is paused after {most} failed runs")

    # -- settings ---------------------------------------------------------------------------------

    def runs(self, dag: Dag) -> int:
        """Runs that come by themselves or by hand."""
        return len(self.calendar.dates.get(dag.dag_id, ()))

    def runs_at_once(self, dag: Dag) -> int:
        """max_active_runs."""
        own = dag.max_active_runs
        return self.scenario.cluster.max_active_runs_per_dag if own is None else own

    def tasks_at_once(self, dag: Dag) -> int:
        """max_active_tasks."""
        own = dag.max_active_tasks
        return self.scenario.cluster.max_active_tasks_per_dag if own is None else own

    def catchup(self, dag: Dag) -> bool:
        """Whether it catches up."""
        default = self.scenario.cluster.catchup_by_default
        if default is None:
            default = self.scenario.cluster.airflow.catchup_default
        return default if dag.catchup is None else dag.catchup

    def _dag(self, dag: Dag, tasks: list[fleet.Task]) -> fleet.Dag:
        window = self.scenario.duration_s
        timeout = dag.dagrun_timeout_s
        # Runs that wait for each other's start have no order that is known.
        mixed = dag.dag_id in self.calendar.unordered
        return fleet.Dag(
            name=dag.dag_id,
            tasks=tuple(sorted(tasks, key=lambda task: task.name)),
            at=tuple(range(self.runs(dag))),
            jitter=(0, self.runs(dag)) if mixed else (0, 0),
            max_active_runs=self.runs_at_once(dag),
            max_active_tasks=self.tasks_at_once(dag),
            catchup=self.catchup(dag),
            dagrun_timeout=1 if timeout is not None and timeout < window else None,
        )

    # -- tasks ------------------------------------------------------------------------------------

    def _instances(self, dag: Dag, task: ModelTask) -> list[str]:
        """Names of its task instances in one run."""
        if not is_mapped(dag, task):
            return [task.task_id]
        if is_in_mapped_group(dag, task):
            raise UncoveredError(f"{dag.dag_id}.{task.task_id} is in a mapped task group")
        if task.max_active_tis_per_dag is not None or task.max_active_tis_per_dagrun is not None:
            raise UncoveredError(f"{dag.dag_id}.{task.task_id} is mapped with a limit of its own")
        factors = task.expand or ()
        length = math.prod(
            one if isinstance(one, int) else self.bodies.length_of(dag, dag.task(one))
            for one in factors
        )
        if not 1 <= length <= MOST_MAPPED:
            raise UncoveredError(f"{dag.dag_id}.{task.task_id} is mapped over {length} items")
        return [f"{task.task_id}[{number}]" for number in range(length)]

    def _task(
        self, task: ModelTask, body: Body, instances: dict[str, list[str]]
    ) -> list[fleet.Task]:
        cluster = self.scenario.cluster
        is_empty = isinstance(task.kind, Empty) and not task.inlets and not task.outlets
        if cluster.pool(task.pool) is None:
            raise UncoveredError(f"is in pool {task.pool}, which there isn't")
        if task.max_active_tis_per_dagrun == 0:
            raise UncoveredError("has max_active_tis_per_dagrun = 0")
        if isinstance(task.kind, Branch | ShortCircuit | LatestOnly):
            is_empty = False
        queue = self.places.queue_of(task)
        most = task.max_active_tis_per_dag
        steps = tuple(body.steps)
        after = [name for other in task.upstream for name in instances[other]]
        return [
            fleet.Task(
                name=name,
                steps=steps,
                retry_steps=steps,
                pool=NO_POOL if is_empty else task.pool,
                mode=body.mode,
                slots=task.pool_slots,
                after=tuple(after),
                all_done=task.trigger_rule is not TriggerRule.ALL_SUCCESS,
                retries=task.retries,
                depends_on_past=task.depends_on_past,
                wait_for_downstream=task.wait_for_downstream,
                max_active_tis=UNLIMITED if most is None else most,
                queue=queue,
                faults=self._faults(steps),
            )
            for name in instances[task.task_id]
        ]

    def _faults(self, steps: tuple[Step, ...]) -> tuple[tuple[Fault, int], ...]:
        if not self.scenario.faults_up_to:
            return ()
        kinds: tuple[Fault, ...] = ("fail", "crash")
        return tuple((kind, at) for at in range(len(steps) + 1) for kind in kinds)


def locks_of(scenario: Scenario, dags: list[Carried]) -> dict[str, fleet.Lock]:
    """The locks that these DAGs take.

    Raises:
        UncoveredError: one of them may not be given back in a way that is not covered.
    """
    names = {
        step.lock
        for one in dags
        for task in one.dag.tasks
        for step in task.steps
        if isinstance(step, Acquire | Release)
    }
    found: dict[str, fleet.Lock] = {}
    for name in sorted(names):
        resource = resource_named(name, scenario.resources)
        assert resource is not None
        if resource.leaks_when and any(one.ends or one.dag.dagrun_timeout for one in dags):
            raise UncoveredError(f"{name} is not given back by tries that end badly")
        if set(resource.leaks_when) - {"lost"} and scenario.faults_up_to:
            raise UncoveredError(f"{name} is not given back by tries that fail")
        found[name] = fleet.Lock(resource.slots or 1, leaks="lost" in resource.leaks_when)
    return found
