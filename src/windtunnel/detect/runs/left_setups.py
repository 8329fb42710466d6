"""Setups whose teardown never ran: what they made is still there when the run is over (WT302).

A teardown runs whatever becomes of the work, as long as its run goes on. One that `dagrun_timeout`
fails does not: the scheduler sets all that is unfinished to skipped, teardowns with it
(``jobs/scheduler_job_runner.py: _schedule_dag_run``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from windtunnel.detect.attempts import Attempts
from windtunnel.detect.finding import Finding
from windtunnel.model import Scenario, Task
from windtunnel.trace import RunState, TaskState, Trace

CODE = "WT302"
NEVER_RAN = frozenset(
    {TaskState.NONE, TaskState.SKIPPED, TaskState.UPSTREAM_FAILED, TaskState.REMOVED}
)


@dataclass(slots=True)
class _Left:
    """A teardown that did not run, the first time, and its setup, that did."""

    teardown: int
    setup: int
    over_us: int
    """When their run was over."""
    times: int = 0


def find_left_setups(scenario: Scenario, trace: Trace) -> list[Finding]:
    """One finding for each teardown that did not run though its setup had succeeded."""
    if not any(task.is_teardown for dag in scenario.fleet.dags for task in dag.tasks):
        return []
    attempts = Attempts(scenario, trace)
    states, over = _ends(trace)
    by_run: dict[int, dict[str, list[int]]] = {}
    for ti, run in enumerate(trace.ti_run):
        if run in over:
            by_run.setdefault(run, {}).setdefault(attempts.task_id(ti), []).append(ti)
    found: dict[tuple[int, int], _Left] = {}
    for run, tasks in by_run.items():
        for left in _left(attempts, tasks, states, over[run]):
            known = found.setdefault(attempts.key(left.teardown), left)
            known.times += 1
    return [_finding(trace, attempts, left) for left in found.values()]


def _ends(trace: Trace) -> tuple[dict[int, int], dict[int, int]]:
    """The last state of each task instance, and when each run that is over ended."""
    states: dict[int, int] = {}
    over: dict[int, int] = {}
    for at, who, state in trace.history:
        if who >= 0:
            states[who] = state
        elif state in (RunState.SUCCESS, RunState.FAILED):
            over[~who] = at
        else:
            over.pop(~who, None)
    return states, over


def _left(
    attempts: Attempts, tasks: dict[str, list[int]], states: dict[int, int], over_us: int
) -> Iterator[_Left]:
    """What one run left, teardown by teardown."""
    for instances in tasks.values():
        task = attempts.task(instances[0])
        if task is None or not task.is_teardown or not _never_ran(instances, states):
            continue
        made = [
            ti
            for setup_id in task.upstream
            for ti in tasks.get(setup_id, ())
            if states.get(ti) == TaskState.SUCCESS and _is_setup(attempts.task(ti))
        ]
        if made:
            yield _Left(instances[0], made[0], over_us)


def _is_setup(task: Task | None) -> bool:
    return task is not None and task.is_setup


def _never_ran(instances: list[int], states: dict[int, int]) -> bool:
    return all(states.get(ti, TaskState.NONE) in NEVER_RAN for ti in instances)


def _finding(trace: Trace, attempts: Attempts, left: _Left) -> Finding:
    teardown, setup = left.teardown, left.setup
    file, line = attempts.place(teardown)
    dag = attempts.dag(teardown)
    limit = None if dag is None else dag.dagrun_timeout_s
    began = trace.runs[attempts.run_index(teardown)].created_us
    timed_out = limit is not None and left.over_us - began >= limit * 1e6
    why = "it was skipped when dagrun_timeout failed the run" if timed_out else "it did not run"
    return Finding(
        code=CODE,
        title="Setup without its teardown",
        summary=f"{attempts.name(setup)} succeeded in {attempts.run(setup)}, and "
        f"{attempts.name(teardown)} never took down what it made: {why}.",
        dag_id=attempts.dag_id(teardown),
        file=file,
        line=line,
        since=trace.at(left.over_us),
        ended_by="somebody removes it by hand",
        holding=(attempts.party(setup, "made what is left", left.over_us),),
        notes=tuple(_notes(left, timed_out=timed_out)),
    )


def _notes(left: _Left, *, timed_out: bool) -> Iterator[str]:
    if timed_out:
        yield (
            "dagrun_timeout skips teardowns, too. An execution_timeout of the tasks between them, "
            "shorter than that of the run, ends the work and not the run."
        )
    if left.times > 1:
        yield f"It happens in {left.times} runs of this simulation."
