"""Branch, short circuit and latest-only: what they follow, what they skip, and what is remembered.

From Airflow: ``sdk/bases/branch.py`` and ``ti_skip_downstream`` of the execution API (3.x),
``models/skipmixin.py`` (2.x), and the standard provider's ``operators/latest_only.py``.
"""

from __future__ import annotations

from collections.abc import Iterable

from windtunnel.engine.tries.plans import Plan
from windtunnel.engine.world import FAILED, RUNNING, SKIPPED, SUCCESS, Run, World
from windtunnel.model import LatestOnly, ShortCircuit


def decide(world: World, ti: int, plan: Plan) -> bool:
    """A skip-capable task instance succeeds: skip what it does not follow, and remember.

    Returns whether it decided anything: a short circuit that is true does not.
    """
    run = world.runs[world.ti_run[ti]]
    task = world.ti_task[ti]
    dag, kind = run.dag, run.dag.kind[task]
    direct = set(dag.downstream[task])
    if isinstance(kind, ShortCircuit):
        if plan.condition:
            return False
        below = dag.below(task) if kind.ignore_downstream_trigger_rules else direct
        skipped = {d for d in below if not dag.tasks[d].is_teardown}
    else:
        skipped = direct - followed(world, run, task, plan)
    run.decisions[ti] = frozenset(direct - skipped)
    if world.ti_map[ti] < 0:
        _skip(world, run, sorted(skipped), everywhere=isinstance(kind, ShortCircuit))
    return True


def followed(world: World, run: Run, task: int, plan: Plan) -> set[int]:
    """The tasks that a branch follows, and all that lies behind them."""
    dag = run.dag
    if isinstance(dag.kind[task], LatestOnly):
        return set(dag.downstream[task]) if _is_latest(world, run) else set()
    if plan.follow == "all":
        return set(dag.downstream[task])
    found: set[int] = set()
    for name in plan.follow or ():
        for root in dag.roots_of(name):
            found |= {root, *dag.below(root)}
    return found


def _skip(world: World, run: Run, tasks: Iterable[int], *, everywhere: bool) -> None:
    """3.x spares what runs or has ended, and reaches no expanded instance; 2.x spares nothing, and
    a short circuit (``everywhere``) reaches all."""
    overwrites = world.profile.skip_overwrites_any_state
    spared = () if overwrites else (RUNNING, SUCCESS, FAILED)
    for task in tasks:
        for ti in run.tis(task):
            reached = world.ti_map[ti] < 0 or (everywhere and overwrites)
            if reached and world.state[ti] not in spared:
                world.move(ti, SKIPPED)


def _is_latest(world: World, run: Run) -> bool:
    """Whether now lies after this run's interval began (2.x: ended) and not after the next one's
    end. Manual runs, and runs without a next one, count as the latest."""
    if run.kind == "manual" or run.interval is None:
        return True
    following = run.dag.timetable.following(run.interval)
    if following is None:
        return True
    left = run.interval[0] if world.profile.latest_only_from_own_start else following[0]
    return left < world.datetime_at(world.now) <= following[1]
