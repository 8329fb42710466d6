"""Slice: what of a fleet decides who waits for whom, small enough to be looked at exhaustively.

Time is in whole ticks. DAGs and tasks are numbered in the order of their names; a dag run is
``dag * RUNS + k``, a task instance ``run * width + task``, so the order of these numbers is that of
(DAG, run, task), and all that is known of them beforehand is found by index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

RUNS = 64
"""The most runs of one DAG."""
UNLIMITED = 10**6

Fault = Literal["fail", "crash", "part"]
"""``fail``: the try fails; ``crash``: its process is gone, and nobody is told; ``part``: it is cut
off from the scheduler, and goes on."""


class Work(NamedTuple):
    """Takes between *low* and *high* ticks, and touches something all that time."""

    low: int
    high: int
    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    uses: tuple[tuple[str, int], ...] = ()


class Acquire(NamedTuple):
    """Waits until the lock has so many free, and takes them."""

    lock: str
    units: int
    by_run: bool = False
    """The dag run holds it, not the try."""


class Release(NamedTuple):
    """Gives so many back."""

    lock: str
    units: int
    by_run: bool = False


OVER_BEFORE = -1


class Wait(NamedTuple):
    """Waits for the success of a run, or of one of its tasks."""

    dag: str
    task: str | None = None
    offset: int = 0
    run: int | None = None
    """This run; else the one of the same number, plus *offset*."""
    runs: tuple[int | None, ...] = ()
    """Given: for each run of the own DAG the one that it waits for; None: one that never comes, as
    for runs beyond; `OVER_BEFORE`: one that was over before anything began."""


class Trigger(NamedTuple):
    """Creates a run."""

    dag: str
    dedupe: bool = False
    """None, if one is active already."""


class WaitChild(NamedTuple):
    """Waits for the success of the run that was triggered last."""


class Effect(NamedTuple):
    """A side effect is committed that must not happen twice."""


Step = Work | Acquire | Release | Wait | Trigger | WaitChild | Effect
Mode = Literal["poke", "reschedule", "defer"]


@dataclass(frozen=True, slots=True)
class Task:
    """What a task instance needs, and what its tries do."""

    name: str
    steps: tuple[Step, ...]
    retry_steps: tuple[Step, ...]
    """What tries after the first do."""
    pool: str
    mode: Mode = "poke"
    slots: int = 1
    priority: int = 1
    after: tuple[str, ...] = ()
    all_done: bool = False
    """Its trigger rule: all_done, else all_success."""
    retries: int = 0
    retry_delay: int = 1
    poke_interval: int = 1
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    uses: tuple[tuple[str, int], ...] = ()
    depends_on_past: bool = False
    wait_for_downstream: bool = False
    max_active_tis: int = UNLIMITED
    queue: str = "default"
    faults: tuple[tuple[Fault, int], ...] = ()
    """What may strike a fresh try when it comes to which step."""
    updates: tuple[str, ...] = ()
    """Assets that its success updates."""

    def steps_of(self, try_number: int) -> tuple[Step, ...]:
        """What this try does."""
        return self.steps if try_number <= 1 else self.retry_steps


@dataclass(frozen=True, slots=True)
class Dag:
    """When its runs come, and how many may run."""

    name: str
    tasks: tuple[Task, ...]
    """In the order of their names."""
    at: tuple[int, ...] = ()
    """When scheduled runs arrive, and their logical dates."""
    jitter: tuple[int, int] = (0, 0)
    max_active_runs: int = 16
    max_active_tasks: int = UNLIMITED
    catchup: bool = True
    on_assets: tuple[str, ...] = ()
    asset_delay: int = 1
    dagrun_timeout: int | None = None
    kill_lag: int = 1
    """How long processes of a run that timed out live on."""
    every_run_matters: bool = False
    clear_after: int | None = None
    """An operator may clear a failed run after so many ticks."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Something outside of Airflow that so many may hold at once."""

    capacity: int = 1
    leaks: bool = False
    """A process that dies takes it along."""


class Place(NamedTuple):
    """A task in its DAG."""

    dag: int
    number: int
    dag_of: Dag
    task: Task


@dataclass(frozen=True)
class Slice:
    """A small fleet with its settings, and what may happen to it."""

    dags: tuple[Dag, ...]
    """In the order of their names."""
    pools: Mapping[str, int]
    counts_deferred: frozenset[str] = frozenset()
    """Pools with include_deferred."""
    parallelism: int = UNLIMITED
    worker_slots: Mapping[str, int] | None = None
    """By queue; None: there are always workers."""
    locks: Mapping[str, Lock] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    """Limits outside of Airflow that nobody enforces."""
    tasks_limited_by: Literal["run", "dag"] = "run"
    """What max_active_tasks counts in: 3.x a dag run, 2.x a DAG."""
    max_faults: int = 0
    """How many faults and clears may happen."""
    fault_chance: float = 0.1
    zombie_timeout: int = 2
    """Ticks until the scheduler gives up a try that it hears nothing of."""
    clears_always: bool = False
    bypass_bound: int | None = None
    """Admissions that may overtake a ready task before it counts as starved."""
    max_runs: int = 12
    """Runs of a DAG that count as runaway."""

    @cached_property
    def width(self) -> int:
        """Tasks that a dag run has room for."""
        return max((len(dag.tasks) for dag in self.dags), default=1) or 1

    @cached_property
    def dag_number(self) -> dict[str, int]:
        """Name of a DAG -> its number."""
        return {dag.name: number for number, dag in enumerate(self.dags)}

    @cached_property
    def task_number(self) -> list[dict[str, int]]:
        """For each DAG: name of a task -> its number."""
        return [{task.name: n for n, task in enumerate(dag.tasks)} for dag in self.dags]

    @cached_property
    def tasks(self) -> list[Task]:
        """For each task instance that there can be: its task; others share the DAG's last."""
        found: list[Task] = []
        for dag in self.dags:
            padded = [*dag.tasks, *([dag.tasks[-1]] * (self.width - len(dag.tasks)))]
            found.extend(padded * RUNS)
        return found

    def run_id(self, dag: str, k: int) -> int | None:
        """The run's number, if its DAG is in the slice and it can have one."""
        number = self.dag_number.get(dag)
        return None if number is None or not 0 <= k < RUNS else number * RUNS + k

    def instances(self, run: int) -> range:
        """The task instances of a run."""
        first = run * self.width
        return range(first, first + len(self.dags[run // RUNS].tasks))

    def dag_of(self, run: int) -> Dag:
        """The DAG of a run."""
        return self.dags[run // RUNS]

    def group_of(self, ti: int) -> int:
        """What max_active_tasks counts in: a number for its dag run, or for its DAG."""
        run = ti // self.width
        return run if self.tasks_limited_by == "run" else run // RUNS

    def class_of(self, ti: int) -> int:
        """A number for the task, in whichever run."""
        run, number = divmod(ti, self.width)
        return run // RUNS * self.width + number

    def name_of(self, ti: int) -> str:
        """``dag.task``."""
        run, number = divmod(ti, self.width)
        dag = self.dags[run // RUNS]
        return f"{dag.name}.{dag.tasks[number].name}"

    @cached_property
    def actors(self) -> dict[int, tuple[str, int, str]]:
        """Task instance -> ``(dag, k, task)``; for people, and for those who choose."""
        return _Actors(self)

    @cached_property
    def upstream(self) -> list[list[tuple[int, ...]]]:
        """For each DAG and task: numbers of the tasks before it."""
        return [
            [tuple(names[name] for name in task.after) for task in dag.tasks]
            for dag, names in zip(self.dags, self.task_number, strict=True)
        ]

    @cached_property
    def downstream(self) -> list[list[tuple[int, ...]]]:
        """For each DAG and task: numbers of the tasks directly after it."""
        return [
            [
                tuple(n for n, other in enumerate(dag.tasks) if task.name in other.after)
                for task in dag.tasks
            ]
            for dag in self.dags
        ]

    @cached_property
    def creates(self) -> list[frozenset[int]]:
        """For each DAG: those of which its tasks create runs, by triggers and assets."""
        found: list[frozenset[int]] = []
        for dag in self.dags:
            steps = (s for task in dag.tasks for s in (*task.steps, *task.retry_steps))
            triggered = {self.dag_number[s.dag] for s in steps if isinstance(s, Trigger)}
            updated = {asset for task in dag.tasks for asset in task.updates}
            listening = {n for n, other in enumerate(self.dags) if updated & set(other.on_assets)}
            found.append(frozenset(triggered | listening))
        return found

    @cached_property
    def created_on_the_way(self) -> frozenset[int]:
        """DAGs of which runs are created by triggers and assets."""
        return frozenset().union(*self.creates)

    @cached_property
    def watches_access(self) -> bool:
        """Whether anything is read, written or used."""
        return bool(self.limits) or any(
            task.reads
            or task.writes
            or any(
                isinstance(s, Work) and (s.reads or s.writes)
                for s in (*task.steps, *task.retry_steps)
            )
            for dag in self.dags
            for task in dag.tasks
        )


def _touches(step: Step) -> bool:
    return isinstance(step, Work) and bool(step.reads or step.writes)


class _Actors(dict[int, tuple[str, int, str]]):
    """Filled as it is asked."""

    def __init__(self, of: Slice) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, ti: int) -> tuple[str, int, str]:
        run, number = divmod(ti, self._of.width)
        dag = self._of.dags[run // RUNS]
        actor = self[ti] = (dag.name, run % RUNS, dag.tasks[number].name)
        return actor


def ordered(dags: Sequence[Dag]) -> tuple[Dag, ...]:
    """DAGs as a slice wants them."""
    return tuple(sorted(dags, key=lambda dag: dag.name))
