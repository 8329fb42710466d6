"""Runs: examined, timed out and ended.

From Airflow: ``jobs/scheduler_job_runner.py: _schedule_dag_run`` and ``models/dagrun.py:
update_state``.
"""

from __future__ import annotations

from windtunnel.engine.scheduler.dependencies import Pass, is_runnable
from windtunnel.engine.world import (
    FAILED,
    FINISHED,
    NONE,
    REMOVED,
    SKIPPED,
    SUCCESS,
    UPSTREAM_FAILED,
    Run,
    World,
)
from windtunnel.trace.states import RunState


def timed_out(world: World, run: Run) -> bool:
    """End a running run that is older than ``dagrun_timeout``; strict comparison, as in Airflow."""
    timeout = run.dag.timeout_us
    if timeout is None or run.started_us + timeout >= world.now:
        return False
    world.set_run_state(run, RunState.FAILED, "timed_out")
    for task in range(run.dag.size):
        for ti in run.tis(task):
            state = world.state[ti]
            if state in FINISHED:
                continue
            if state != NONE or world.profile.timeout_skips_never_scheduled:
                world.move(ti, SKIPPED)
    return True


def examine(world: World, run: Run) -> list[int]:
    """One turn of a running run: evaluate it, end it if it is over; return what becomes
    scheduled."""
    run.fresh = False
    if run.logical_us > world.now + world.ahead_us:
        return []
    evaluation = Pass(world, run)
    evaluation.evaluate()
    if not run.unfinished:
        _end(world, run)
    elif not evaluation.ready and not evaluation.changed and _verdict_applies(run):
        _check_deadlock(world, run)
    return evaluation.ready


def _verdict_applies(run: Run) -> bool:
    """Airflow's deadlock verdict is off while something is deferred, or has depends_on_past or a
    limit of its own. While something is on its way the verdict can only be no, unless a branch
    decides against a task that already runs."""
    if run.exempt or run.deferred:
        return False
    return not run.busy or run.dag.may_skip_running


def _check_deadlock(world: World, run: Run) -> None:
    """Airflow counts the unfinished again only if a dependency told that it changed one: a running
    task that a branch decided against is skipped silently, and the run is called deadlocked."""
    runnable, told = is_runnable(world, run)
    if runnable:
        return
    if told and not run.unfinished:
        _end(world, run)
    else:
        world.set_run_state(run, RunState.FAILED, "all_tasks_deadlocked")


def _end(world: World, run: Run) -> None:
    """No task instance is unfinished: the leaves decide (``_tis_for_dagrun_state``)."""
    state, first = world.state, run.ti0
    if run.instances:
        states = {state[ti] for task in run.dag.leaves for ti in run.tis(task)}
    else:
        states = {state[first + task] for task in run.dag.leaves}
    states.discard(REMOVED)
    if states & {FAILED, UPSTREAM_FAILED}:
        world.set_run_state(run, RunState.FAILED, "task_failure")
        if run.dag.most_failures:
            _pause_if_failing(world, run)
    elif states <= {SUCCESS, SKIPPED}:
        world.set_run_state(run, RunState.SUCCESS, "success")


def _pause_if_failing(world: World, run: Run) -> None:
    """The DAG is paused if its last runs, of whatever type, have all failed
    (``models/dagrun.py: _check_last_n_dagruns_failed``). A timeout or a deadlock alone doesn't ask.
    """
    dag, by_date = run.dag, world.profile.start_order == "logical_date"

    def place(other: Run) -> tuple[int, int]:
        return (other.logical_us if by_date else other.run_after_us, other.index)

    last = sorted(world.runs_of[dag.number], key=place)[-dag.most_failures :]
    if len(last) == dag.most_failures and all(r.state == RunState.FAILED for r in last):
        world.pause(dag.number, paused=True)
        count = "last run" if len(last) == 1 else f"last {len(last)} runs"
        world.trace.refused.append((world.now, f"more runs of {dag.dag_id}: its {count} failed"))


__all__ = ["examine", "timed_out"]
