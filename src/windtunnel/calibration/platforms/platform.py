"""Platform: what a workflow system and its machines add to what the tasks themselves take, and how
long an execution takes on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from windtunnel.engine import Simulation, compiled
from windtunnel.engine.program import Program, micros
from windtunnel.loaders.execution import Execution
from windtunnel.model import Cluster, Scenario, SchedulerLoop
from windtunnel.model.base import Seconds, Value
from windtunnel.sweep import prepared

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY_S = 86400.0


class Platform(Value):
    """Figures that no trace states. Start-up and transfers hold a slot."""

    slots: int | None = None
    """Task slots of a machine (``worker_concurrency``), as far as it has cores; ``None``: one for
    each core."""
    start_s: Seconds = 0.0
    """What a task needs beside its own run: submission, start, clean-up (`WorkerGroup.start_s`)."""
    seconds_per_gb: Seconds = 0.0
    """What each GB costs that a task reads or writes: staging and transfers."""

    dispatch_s: Seconds = 0.0
    """What the scheduler needs for each task, one after the other (`SchedulerLoop.per_task_s`)."""

    def slots_of(self, execution: Execution) -> int:
        """Tasks at once on all machines of an execution."""
        return sum(n if self.slots is None else min(n, self.slots) for n in execution.cores)


Setting = tuple[int, int | None, float, float, float]
"""Number of an execution, and the figures of a platform: small enough to send around."""


def simulated(executions: Sequence[Execution], setting: Setting) -> float:
    """The makespan of one of *executions* on a platform, in seconds.

    Tasks take as long as they took, and what the platform adds; they run on any machine, in the
    order of their priority weights. It is the work of a sweep.
    """
    number, slots, start_s, per_gb, dispatch_s = setting
    execution = executions[number]
    programs = prepared(executions, _none_yet)
    key = number, Platform(slots=slots).slots_of(execution), dispatch_s
    if key not in programs:
        scenario = on_slots(execution, key[1], dispatch_s)
        programs[key] = scenario, compiled(scenario)
    scenario, program = programs[key]
    took = zip(execution.runtimes_s, execution.gigabytes, strict=True)
    durations = [micros(run_s + start_s + per_gb * size) for run_s, size in took]
    return _makespan(scenario, program, durations)


def uncalibrated(execution: Execution) -> float:
    """The makespan on the machines as they are listed: a slot for each core, and nothing between
    tasks."""
    cluster = execution.loaded.cluster
    assert cluster is not None
    scenario = _scenario(execution, cluster)
    return _makespan(scenario, compiled(scenario), None)


def on_slots(execution: Execution, slots: int, dispatch_s: float = 0.0) -> Scenario:
    """An execution on so many slots, wherever they are."""
    loop = SchedulerLoop(
        duration_s=0, per_run_s=0, per_task_s=dispatch_s, idle_sleep_s=0, hand_over_s=0
    )
    cluster = Cluster(
        parallelism=slots,
        default_pool_slots=-1,
        loop=loop if dispatch_s else None,
        max_tis_per_query=1 if dispatch_s else 0,
    )
    return _scenario(execution, cluster)


def _scenario(execution: Execution, cluster: Cluster) -> Scenario:
    loaded = execution.loaded
    assert loaded.behavior is not None
    return Scenario(
        name=execution.file,
        fleet=loaded.fleet,
        cluster=cluster,
        behavior=loaded.behavior,
        start=START,
        # Far behind everything: nothing is simulated after the last task.
        duration_s=10_000 * DAY_S,
        manual_runs=loaded.manual_runs,
    )


def _makespan(scenario: Scenario, program: Program, durations: Sequence[int] | None) -> float:
    trace = Simulation(scenario, program=program, durations=durations).run()
    ended = trace.dag_runs()[0].ended_us
    return (trace.end_us if ended is None else ended) / 1e6


def _none_yet(_: Sequence[Execution]) -> dict[tuple[int, int, float], tuple[Scenario, Program]]:
    return {}
