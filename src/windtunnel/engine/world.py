"""World: the state of all runs and task instances, in columns, and the one way to change it.

A task instance is a number; a (run, task) pair has a slot number under which the counts of its
finished upstreams are kept. A state change is written to the trace at once, but it is counted for
the trigger rules only when the next pass over its run begins: Airflow's pass works on the list of
finished task instances that it read at its start (``models/dagrun.py: _get_ready_tis``).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Container, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from windtunnel.engine.luck import Luck
from windtunnel.engine.program import DagProgram, Program
from windtunnel.model import Dag, Scenario, Task
from windtunnel.trace.states import RunState
from windtunnel.trace.trace import RunRecord, Trace

NONE, SCHEDULED, QUEUED, RUNNING = 0, 1, 2, 3
SUCCESS, FAILED, SKIPPED, UPSTREAM_FAILED, REMOVED = 4, 5, 6, 7, 8
UP_FOR_RETRY, UP_FOR_RESCHEDULE, DEFERRED, RESTARTING = 9, 10, 11, 12

SCHEDULEABLE = frozenset({NONE, UP_FOR_RETRY, UP_FOR_RESCHEDULE})
HOLDS_POOL = frozenset({QUEUED, RUNNING})
AUTOMATIC = frozenset({"scheduled", "backfill"})
"""Types of runs that a timetable makes."""
FINISHED = frozenset({SUCCESS, FAILED, SKIPPED, UPSTREAM_FAILED, REMOVED})


class Run:
    """One dag run."""

    __slots__ = (
        "active",
        "backfill",
        "before",
        "begun_us",
        "busy",
        "created",
        "dag",
        "decisions",
        "deferred",
        "exempt",
        "fresh",
        "index",
        "instances",
        "interval",
        "kind",
        "lanes",
        "logical",
        "logical_us",
        "name",
        "ordinal",
        "parked",
        "pending",
        "record",
        "run_after_us",
        "slot0",
        "started_us",
        "state",
        "task_active",
        "ti0",
        "todo",
        "unfinished",
        "waiting",
    )

    def __init__(self, index: int, dag: DagProgram, record: RunRecord) -> None:
        self.index = index
        self.dag = dag
        self.record = record
        self.name = record.name
        self.kind = record.run_type
        self.logical = record.logical_date
        self.logical_us = -1
        self.run_after_us = 0
        self.interval = record.data_interval
        self.backfill: int | None = None
        """Number of the backfill that it belongs to."""
        self.ordinal = 0
        """Its place in that backfill, from 1; 0 without one."""
        self.state: int = RunState.QUEUED
        self.begun_us = self.started_us = -1
        """When it began to run, and when that was by the schedulers' clock as it goes now."""
        self.slot0 = 0
        self.ti0 = 0
        self.instances: dict[int, list[int]] = {}
        """Task instances of mapped tasks, and [] for tasks that this run doesn't have."""
        self.unfinished = 0
        self.busy = 0
        """Task instances scheduled, queued, running, or waiting for a retry or reschedule."""
        self.active = 0
        """Task instances queued or running."""
        self.waiting = 0
        """Task instances in state scheduled."""
        self.deferred = 0
        self.exempt = 0
        """Unfinished task instances that switch Airflow's deadlock verdict off."""
        self.task_active: dict[int, int] = {}
        """Active task instances of each task that has a limit of its own."""
        self.pending: list[tuple[int, int, int]] = []
        """(task instance, old state, new state) not yet counted for the trigger rules."""
        self.before: dict[int, int] = {}
        """What the state of each of those was: what the current pass still sees."""
        self.todo: list[int] = []
        """Task instances to evaluate in the next pass."""
        self.decisions: dict[int, frozenset[int] | None] = {}
        """What skip-capable task instances decided: the tasks of their downstream they follow."""
        self.fresh = True
        """Not examined yet."""
        self.lanes: dict[tuple[int, int], int] = {}
        self.parked: list[int] = []

    def tis(self, task: int) -> list[int]:
        """The task instances of a task, in order of their map index."""
        found = self.instances.get(task)
        return [self.ti0 + task] if found is None else found


class World:
    """Everything that changes while a scenario runs."""

    def __init__(self, scenario: Scenario, program: Program) -> None:  # noqa: PLR0915 - columns
        self.scenario = scenario
        self.cluster = scenario.cluster
        self.profile = scenario.cluster.airflow
        self.program = program
        self.now = 0
        self.luck = Luck(scenario.seed)
        """Who decides what can go either way."""
        self.start = scenario.start
        self.trace = Trace(
            start=scenario.start,
            dag_ids=program.dag_ids,
            task_ids=program.task_ids,
            pools=program.pool_names,
            past=tuple(dag.past for dag in program.dags),
        )
        self.ti_run, self.ti_task, self.ti_map = (
            self.trace.ti_run,
            self.trace.ti_task,
            self.trace.ti_map,
        )
        self._who, self._states = self.trace.history.who.append, self.trace.history.states.append
        self.state = bytearray()
        self.tries = array("H")
        self.up_left: list[int] = []
        """Direct upstream task instances that did not succeed (yet)."""
        self.up_expected = array("i")
        self.up_skipped, self.up_failed = array("i"), array("i")
        self.up_upstream_failed, self.up_removed = array("i"), array("i")
        self.runs: list[Run] = []
        self.runs_of: list[list[Run]] = [[] for _ in program.dags]
        self.dates: list[list[tuple[int, int]]] = [[] for _ in program.dags]
        """(logical date, index) of each DAG's runs that have one, sorted."""
        self.latest_automatic: list[Run | None] = [None for _ in program.dags]
        """The scheduled run of the latest logical date, by DAG."""
        self.active_runs = [0] * len(program.dags)
        """Runs queued or running, by DAG."""
        self.running_runs = [0] * len(program.dags)
        self.backfilling: dict[int, int] = {}
        """Of the running ones, those of each backfill."""
        self.active_backfills = [0] * len(program.dags)
        self.running_backfills = [0] * len(program.dags)
        """Of the active and of the running ones, those of backfills, by DAG."""
        self.paused = [dag.dag.is_paused for dag in program.dags]
        self.limitless: set[int] = set()
        """DAGs whose max_active_runs is not looked at."""
        self.restarts: Callable[[Run], None] | None = None
        """Told of runs that were over and start anew, if DAGs change meanwhile."""
        self.cleared_tries: dict[int, int] = {}
        """Tries that a task instance had had when it was last cleared: retries count from there."""
        self.dirty: dict[int, Run] = {}
        """Running runs that the next scheduler pass must examine."""
        self.dag_active = [0] * len(program.dags)
        self.dag_waiting = [0] * len(program.dags)
        self.full: dict[int, Run] = {}
        """Runs (2.x: one run for each DAG) at their max_active_tasks with more scheduled, by index
        of the run (2.x: number of the DAG)."""
        self.full_pools: dict[int, None] = {}
        """Pools without a free slot and with more scheduled."""
        self.toggled: dict[tuple[str, int], None] = {}
        """Entries of these two that came or went since it was last noted."""
        self.dag_task_active: list[dict[int, int]] = [{} for _ in program.dags]
        self.ahead_us = 0
        """How far the schedulers' clock is ahead of the true time."""
        self.due: dict[int, int] = {}
        """When a retry or a reschedule is due."""
        self.lengths: dict[int, int] = {}
        """Length of the result of task instances that something is mapped over."""
        # dag_run.conf by index of the run; by ~task instance that of a run that it will trigger.
        self.confs: dict[int, Mapping[str, Any]] = {}
        self.occupied = 0
        """Task instances queued or running."""
        self.uncounted = 0
        """Of these, what the executor does not count against parallelism; less what it counts
        though it is not there."""
        self.waiting = 0
        """Task instances in state scheduled."""
        self.waiting_in: dict[int, int] = {}
        """Of these, by pool."""
        self.pool_used = [0] * len(program.pools)
        self.open_slots = program.all_slots
        """Free slots of all pools that any task names."""
        self.pool_slots = program.pool_slots[:]
        """Size of each pool: -1 unlimited, None if there is no such pool."""
        self.pool_counts_deferred = program.pool_counts_deferred
        self.logical_dates: list[set[datetime]] = [set() for _ in program.dags]
        self.run_ids: list[dict[str, Run]] = [{} for _ in program.dags]
        """The runs of each DAG by their run_id."""
        self.same_names: dict[tuple[int, str], int] = {}
        """The last number that was needed to tell triggered runs of one instant apart."""
        self.freed_pools: dict[int, None] = {}
        """Pools that got room since then."""
        self.freed_runs: list[Run] = []
        """Runs that got room under max_active_tasks since the last critical section."""
        self.unhanded: list[tuple[int, int, int]] = []
        """(task instance, old, new): changes that the executor has not been told of yet."""
        self.called_back: Container[int] = ()
        """Task instances that go on where they deferred once a worker takes them."""
        self.ended: list[int] = []
        """Task instances, and runs as ``~run``, that finished: what cross-DAG waits look at."""

    # -- time ---------------------------------------------------------------------------------

    def datetime_at(self, us: int) -> datetime:
        """The instant as a datetime."""
        return self.start + timedelta(microseconds=us)

    def us_at(self, instant: datetime) -> int:
        """The instant as microseconds since the start."""
        return (instant - self.start) // timedelta(microseconds=1)

    # -- runs ---------------------------------------------------------------------------------

    def add_run(
        self, dag: DagProgram, record: RunRecord, backfill: tuple[int, int] | None = None
    ) -> Run:
        """Create a queued run with its task instances; ``backfill``: which one, and its ordinal."""
        run = Run(len(self.runs), dag, record)
        if backfill is not None:
            run.backfill, run.ordinal = backfill
            self.active_backfills[dag.number] += 1
        if run.logical is not None:
            run.logical_us = self.us_at(run.logical)
            self.logical_dates[dag.number].add(run.logical)
            insort(self.dates[dag.number], (run.logical_us, run.index))
        if run.kind in AUTOMATIC:
            latest = self.latest_automatic[dag.number]
            if latest is None or run.logical_us > latest.logical_us:
                self.latest_automatic[dag.number] = run
        run.run_after_us = self.us_at(record.run_after)
        self.run_ids[dag.number][record.run_id] = run
        self.runs.append(run)
        self.runs_of[dag.number].append(run)
        self.trace.runs.append(record)
        self.active_runs[dag.number] += 1
        self._add_slots(run)
        self._add_instances(run)
        self.log_run(run, RunState.QUEUED)
        return run

    def _add_slots(self, run: Run) -> None:
        dag = run.dag
        run.slot0 = len(self.up_left)
        self.up_left += dag.need
        self.up_expected += dag.columns.need
        zeros = dag.columns.zeros
        self.up_skipped += zeros
        self.up_failed += zeros
        self.up_upstream_failed += zeros
        self.up_removed += zeros

    def _add_instances(self, run: Run) -> None:
        dag = run.dag
        run.ti0 = len(self.state)
        if not dag.has_mapped and not dag.has_dates and _is_active(run, None):
            self._append_all(run)
            run.unfinished = dag.size
            run.exempt = dag.exempt_count
            return
        for task in range(dag.size):
            if not _is_active(run, task):
                run.instances[task] = []
                continue
            first = len(self.state)
            count = literal_length(dag, task)
            if count:
                for index in range(count):
                    self._append(run, task, index)
                self._expect_more(run, task, count - 1)
            else:
                self._append(run, task)
            run.instances[task] = list(range(first, len(self.state)))
            run.unfinished += len(run.instances[task])
            run.exempt += len(run.instances[task]) * dag.exempt[task]

    def _append_all(self, run: Run) -> None:
        """One task instance of each task."""
        columns, count = run.dag.columns, run.dag.size
        self.ti_run += array("i", (run.index,)) * count
        self.ti_task += columns.tasks
        self.ti_map += columns.unmapped
        self.trace.ti_weight += columns.weight
        self.state += bytes(count)
        self.tries += array("H", bytes(2 * count))

    def _append(self, run: Run, task: int, map_index: int = -1) -> None:
        self.ti_run.append(run.index)
        self.ti_task.append(task)
        self.ti_map.append(map_index)
        self.trace.ti_weight.append(run.dag.weight[task])
        self.state.append(NONE)
        self.tries.append(0)

    def _expect_more(self, run: Run, task: int, more: int) -> None:
        """A mapped task has ``more`` instances than were counted: its downstreams wait for them."""
        for down in run.dag.downstream[task]:
            self.up_expected[run.slot0 + down] += more
            self.up_left[run.slot0 + down] += more

    def add_task(self, run: Run, task: int) -> None:
        """A run gets the instances of a task that its DAG has got since it was created."""
        if not _is_active(run, task):
            return
        first = len(self.state)
        for index in range(literal_length(run.dag, task) or 1):
            self._append(run, task, index if literal_length(run.dag, task) else -1)
            self.log(len(self.state) - 1, NONE)
        run.instances[task] = list(range(first, len(self.state)))
        run.unfinished += len(run.instances[task])

    def lengthen(self, run: Run, task: int, length: int) -> None:
        """A mapped task of a run gets more instances than it had, up to ``length``."""
        first, before = len(self.state), run.tis(task)
        for index in range(len(before), length):
            self._append(run, task, index)
            self.log(len(self.state) - 1, NONE)
        new = list(range(first, len(self.state)))
        run.instances[task] = [*before, *new]
        run.unfinished += len(new)

    def expand(self, ti: int, length: int) -> list[int]:
        """Expand the unexpanded instance into ``length`` >= 1 instances; return the new ones."""
        run = self.runs[self.ti_run[ti]]
        task = self.ti_task[ti]
        self.ti_map[ti] = 0
        first = len(self.state)
        for index in range(1, length):
            self._append(run, task, index)
            self.log(first + index - 1, NONE)
        new = list(range(first, len(self.state)))
        run.instances[task] = [ti, *new]
        run.unfinished += len(new)
        run.exempt += len(new) * run.dag.exempt[task]
        self._expect_more(run, task, len(new))
        return new

    def set_run_state(self, run: Run, state: RunState, reason: str) -> None:
        """Move a run on: started, or over."""
        assert run.state < min(state, RunState.SUCCESS), "a run starts once and ends once"
        was_running = run.state == RunState.RUNNING
        run.state = state
        if run.backfill is not None:
            self._count_backfill(run, state, was_running=was_running)
        if state is RunState.RUNNING:
            run.started_us = run.begun_us = self.now
            self.running_runs[run.dag.number] += 1
            self.mark(run)
        else:
            self.running_runs[run.dag.number] -= was_running
            self.active_runs[run.dag.number] -= 1
            self.dirty.pop(run.index, None)
            self.ended.append(~run.index)
        self.trace.reasons[len(self.trace.history)] = reason
        self.log_run(run, state)

    def correct_run_state(self, run: Run, state: RunState, reason: str) -> None:
        """Somebody gives a run that is over the other state of those that are over."""
        assert run.state >= RunState.SUCCESS, "such a run is over"
        if run.state != state:
            run.state = state
            self.ended.append(~run.index)
            self.trace.reasons[len(self.trace.history)] = reason
            self.log_run(run, state)

    def is_at_max_active_runs(self, dag: DagProgram) -> bool:
        """Whether the scheduler makes no more runs of a DAG for now; where backfills have a limit
        of their own, theirs don't count."""
        active = self.active_runs[dag.number]
        if self.profile.backfills_in_scheduler:
            active -= self.active_backfills[dag.number]
        return active >= dag.max_active_runs and dag.number not in self.limitless

    def _count_backfill(self, run: Run, state: RunState, *, was_running: bool) -> None:
        assert run.backfill is not None
        change = (state is RunState.RUNNING) - was_running
        self.backfilling[run.backfill] = self.backfilling.get(run.backfill, 0) + change
        self.running_backfills[run.dag.number] += change
        if state is not RunState.RUNNING:
            self.active_backfills[run.dag.number] -= 1

    def mark(self, run: Run) -> None:
        """The run has something to look at in the next pass."""
        if run.state == RunState.RUNNING:
            self.dirty[run.index] = run

    def requeue(self, run: Run) -> bool:
        """Some of a run's task instances were cleared: a run that was over is queued again
        (``models/taskinstance.py: clear_task_instances``). Returns whether it was."""
        if run.state < RunState.SUCCESS:
            self.mark(run)
            return False
        run.state = RunState.QUEUED
        run.fresh = True
        self.active_runs[run.dag.number] += 1
        self.active_backfills[run.dag.number] += run.backfill is not None
        self.log_run(run, RunState.QUEUED)
        if self.restarts is not None:
            self.restarts(run)
        return True

    def pause(self, dag: int, *, paused: bool) -> None:
        """A DAG is paused or unpaused: its runs are not started, nor examined, nor their scheduled
        task instances queued (``DagModel.is_paused``)."""
        self.paused[dag] = paused
        if not paused:
            running = [run for run in self.runs_of[dag] if run.state == RunState.RUNNING]
            for run in running:
                self.mark(run)
            self.freed_runs.extend(running)

    # -- task instances -----------------------------------------------------------------------

    def log(self, ti: int, state: int) -> None:
        """Write a state to the trace."""
        self._who(ti)
        self._states(state)

    def log_run(self, run: Run, state: RunState) -> None:
        """Write a run's state to the trace."""
        self._who(~run.index)
        self._states(state)

    def move(self, ti: int, new: int) -> bool:
        """Change the state of a task instance and all that follows for limits and counts.

        Returns whether it changed at all.
        """
        old = self.state[ti]
        if old == new:
            return False
        self.state[ti] = new
        self.log(ti, new)
        run = self.runs[self.ti_run[ti]]
        if (old in HOLDS_POOL) != (new in HOLDS_POOL):
            self._account(ti, run, 1 if new in HOLDS_POOL else -1)
        if DEFERRED in (old, new):
            self._account_deferred(ti, run, 1 if new == DEFERRED else -1)
        if SCHEDULED in (old, new):
            self._account_waiting(ti, run, 1 if new == SCHEDULED else -1)
        was_busy = old in _BUSY
        if was_busy != (new in _BUSY):
            run.busy += -1 if was_busy else 1
        if new in FINISHED:
            if old not in FINISHED:
                run.unfinished -= 1
                run.exempt -= run.dag.exempt[self.ti_task[ti]]
            run.pending.append((ti, old, new))
            run.before.setdefault(ti, old)
            self.ended.append(ti)
            self.mark(run)
            if run.dag.has_past:
                self._look_at_other_runs(run, self.ti_task[ti])
        if (
            (old in HOLDS_POOL and new != RUNNING)
            or (old in _AWAY and new != SCHEDULED)
            or (old == SCHEDULED and new != QUEUED and ti in self.called_back)
        ):
            self.unhanded.append((ti, old, new))
        return True

    def _look_at_other_runs(self, run: Run, task: int) -> None:
        """depends_on_past: the same task, and those that wait for it downstream, in the runs that
        look back at this one."""
        dag = run.dag
        concerned = [t for t in {task, *dag.upstream[task]} if dag.tasks[t].depends_on_past]
        if not concerned:
            return
        for other in self._looking_back_at(run):
            if other.state == RunState.RUNNING:
                for t in concerned:
                    other.todo.extend(other.tis(t))
                self.mark(other)

    def _looking_back_at(self, run: Run) -> Iterator[Run]:
        """Runs whose previous run this is: with catchup, manual runs are nobody's previous run
        (``models/dagrun.py: get_previous_dagrun, get_previous_scheduled_dagrun``)."""
        counts_all = not run.dag.catchup
        if run.logical is None or not (counts_all or run.kind != "manual"):
            return
        dates = self.dates[run.dag.number]
        for at in range(bisect_right(dates, (run.logical_us, run.index)), len(dates)):
            other = self.runs[dates[at][1]]
            yield other
            if counts_all or other.kind != "manual":
                return

    def queue(self, ti: int) -> None:
        """A scheduled task instance becomes queued: the most frequent `move`, without questions."""
        self.state[ti] = QUEUED
        self._who(ti)
        self._states(QUEUED)
        run = self.runs[self.ti_run[ti]]
        self._account_waiting(ti, run, -1)
        self._account(ti, run, 1)

    def begin(self, ti: int) -> None:
        """A queued task instance begins to run."""
        self.state[ti] = RUNNING
        self._who(ti)
        self._states(RUNNING)

    def clear(self, ti: int) -> None:
        """A task instance loses its state, as if it had never run; its retries count anew."""
        run, old = self.runs[self.ti_run[ti]], self.state[ti]
        self.cleared_tries[ti] = self.tries[ti]
        run.decisions.pop(ti, None)
        self.reset(ti)
        if old in FINISHED:
            run.unfinished += 1
            run.exempt += run.dag.exempt[self.ti_task[ti]]
            run.pending.append((ti, old, NONE))
            run.before.setdefault(ti, old)

    def reset(self, ti: int) -> None:
        """A task instance loses its state, and is looked at in the next pass."""
        run = self.runs[self.ti_run[ti]]
        self.due.pop(ti, None)
        self.move(ti, NONE)
        run.todo.append(ti)
        self.mark(run)

    def _account_waiting(self, ti: int, run: Run, sign: int) -> None:
        self.waiting += sign
        run.waiting += sign
        dag = run.dag.number
        self.dag_waiting[dag] += sign
        self.note_full(run)
        pool = run.dag.pools[self.ti_task[ti]]
        self.waiting_in[pool] = self.waiting_in.get(pool, 0) + sign
        self.note_pool(pool)

    def _account(self, ti: int, run: Run, sign: int) -> None:
        task, dag = self.ti_task[ti], run.dag
        self.occupied += sign
        pool = dag.pools[task]
        self.use_pool(pool, sign * dag.tasks[task].pool_slots)
        run.active += sign
        self.dag_active[dag.number] += sign
        self.note_full(run)
        if dag.exempt[task]:
            self._account_task(run, task, sign)
        if sign < 0:
            self.freed_runs.append(run)

    def note_full(self, run: Run) -> None:
        """Keep account of who is at max_active_tasks while more of it is scheduled."""
        dag = run.dag
        if self.profile.max_active_tasks_per == "run":
            key, is_full = run.index, run.waiting > 0 and run.active >= dag.max_active_tasks
        else:
            key = dag.number
            is_full = self.dag_waiting[key] > 0 and self.dag_active[key] >= dag.max_active_tasks
        if is_full:
            if key not in self.full:
                self.toggled["run", key] = None
            self.full[key] = run
        elif key in self.full:
            del self.full[key]
            self.toggled["run", key] = None

    def note_pool(self, pool: int) -> None:
        """Keep account of the pools without room for what is scheduled in them."""
        is_full = False
        if self.waiting_in.get(pool):
            opened = self.pool_open(pool)
            is_full = opened is not None and opened <= 0
        if is_full != (pool in self.full_pools):
            self.toggled["pool", pool] = None
            if is_full:
                self.full_pools[pool] = None
            else:
                del self.full_pools[pool]

    def _account_deferred(self, ti: int, run: Run, sign: int) -> None:
        task, dag = self.ti_task[ti], run.dag
        run.deferred += sign
        pool = dag.pools[task]
        if self.pool_counts_deferred[pool]:
            self.use_pool(pool, sign * dag.tasks[task].pool_slots)
        if dag.exempt[task] and self.profile.deferred_counts_for_task_limits:
            self._account_task(run, task, sign)

    def _account_task(self, run: Run, task: int, sign: int) -> None:
        run.task_active[task] = run.task_active.get(task, 0) + sign
        whole = self.dag_task_active[run.dag.number]
        whole[task] = whole.get(task, 0) + sign

    def resize_pool(self, pool: int, slots: int | None) -> None:
        """Somebody gives a pool another number of slots; what is used stays used."""
        before = max(0, self.pool_open(pool) or 0) if self._is_finite(pool) else 0
        self.pool_slots[pool] = slots
        after = max(0, self.pool_open(pool) or 0) if self._is_finite(pool) else 0
        self.open_slots += after - before
        self.freed_pools[pool] = None
        self.note_pool(pool)

    def _is_finite(self, pool: int) -> bool:
        slots = self.pool_slots[pool]
        return slots is not None and slots >= 0

    def use_pool(self, pool: int, slots: int) -> None:
        """Slots of a pool are taken (or, if negative, given back)."""
        total, used = self.pool_slots[pool], self.pool_used[pool]
        self.pool_used[pool] = used + slots
        if total is not None and total >= 0:
            self.open_slots += max(0, total - used - slots) - max(0, total - used)
        if slots < 0:
            self.freed_pools[pool] = None
        self.note_pool(pool)

    def pool_open(self, pool: int) -> int | None:
        """Free slots of a pool; None if it is unlimited."""
        slots = self.pool_slots[pool]
        if slots is None:
            return 0
        return None if slots < 0 else slots - self.pool_used[pool]

    def run_at(self, dag: int, logical_us: int) -> Run | None:
        """The first created run of a DAG with this logical date."""
        dates = self.dates[dag]
        at = bisect_left(dates, (logical_us, -1))
        if at < len(dates) and dates[at][0] == logical_us:
            return self.runs[dates[at][1]]
        return None

    def runs_before(self, dag: int, logical_us: int) -> Iterator[Run]:
        """Runs of a DAG with a smaller logical date, the nearest first."""
        dates = self.dates[dag]
        for at in range(bisect_left(dates, (logical_us, -1)) - 1, -1, -1):
            yield self.runs[dates[at][1]]

    def name_of(self, ti: int) -> tuple[str, str, str, int]:
        """(dag_id, run name, task_id, map_index), the key of everything that is drawn for it."""
        run = self.runs[self.ti_run[ti]]
        return run.dag.dag_id, run.name, run.dag.ids[self.ti_task[ti]], self.ti_map[ti]


_AWAY = frozenset({DEFERRED, RESTARTING})
"""States in which something outside still belongs to a task instance: a trigger, a process."""
_BUSY = frozenset({SCHEDULED, QUEUED, RUNNING, UP_FOR_RETRY, UP_FOR_RESCHEDULE, RESTARTING})


def literal_length(dag: DagProgram, task: int) -> int | None:
    """Number of instances known when the run is created; None if a result decides it."""
    factors = dag.factors[task]
    if factors is None or any(isinstance(f, str) for f in factors):
        return None
    length = 1
    for factor in factors:
        assert isinstance(factor, int)
        length *= factor
    return length


def _is_active(run: Run, task: int | None) -> bool:
    """Whether the DAG's dates, and those of a task, cover the run
    (``models/dagrun.py: verify_integrity``)."""
    if task in run.dag.absent:
        return False
    if run.logical is None or run.kind == "backfill":
        return True
    both: tuple[Dag | Task, ...] = (run.dag.dag,)
    if task is not None:
        both += (run.dag.tasks[task],)
    return not any(
        (dates.start_date is not None and run.logical < dates.start_date)
        or (dates.end_date is not None and run.logical > dates.end_date)
        for dates in both
    )
