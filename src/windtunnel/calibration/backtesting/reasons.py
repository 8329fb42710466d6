"""Reasons: what may explain where a prediction misses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from windtunnel.calibration.backtesting.before import change_of_all, changes, unmeasured
from windtunnel.calibration.backtesting.deployment import Deployment
from windtunnel.calibration.backtesting.span import Span, due_of
from windtunnel.calibration.backtesting.values import DagBacktest
from windtunnel.calibration.deployed import Platform
from windtunnel.calibration.past import Past
from windtunnel.model import Cluster
from windtunnel.units import clock, count

NAMED = 5


def notes_of(span: Span, made: Deployment, cluster: Cluster, platform: Platform) -> Iterator[str]:
    """Where the simulation is another one than the past was; *cluster*: what was simulated."""
    said = cluster.executor is not None or cluster.workers is not None
    if not said and platform.parallelism is None:
        yield (
            f"how many tasks may run at once was neither said nor learned ({platform.most} were "
            "queued or running at most, and nothing shows that another one waited for them): name "
            "the executor and its size with --cluster"
        )
    used = {task.pool for dag in made.dags for task in dag.tasks}
    pools = sorted((n, p.slots) for n, p in cluster.pools.items() if p.assumed and n in used)
    if pools:
        named = ", ".join(_pool(*one) for one in pools[:NAMED])
        more = f" and {len(pools) - NAMED} more" if len(pools) > NAMED else ""
        yield (
            f"neither --cluster nor the source says how large these pools are, so their size is "
            f"assumed: {named}{more}"
        )
    if span.running:
        yield (
            f"{count(span.running, 'dag run')} already running at {clock(span.begin)} UTC, where "
            "the simulation begins, left out"
        )
    yield from made.notes()


def _pool(name: str, slots: int) -> str:
    return f"{name} ({'unlimited' if slots < 0 else count(slots, 'slot')})"


def reasons_of(past: Past, known: Past, span: Span, rows: Sequence[DagBacktest]) -> Iterator[str]:
    """What happened in the window that nothing before it tells of."""
    window = window_of(past, span)
    if known is not past:
        if new := unmeasured(known, window):
            rest = f" and {len(new) - NAMED} more" if len(new) > NAMED else ""
            yield f"never measured before the window: {', '.join(new[:NAMED])}{rest}"
        if change := change_of_all(known, window):
            yield change
        yield from changes(known, window)
    cleared = [run for run in window.runs if run.cleared]
    if cleared:
        yield f"{count(len(cleared), 'run')} that somebody cleared: what they did before is gone"
    lost = sum(row.not_simulated for row in rows)
    if lost:
        yield f"{count(lost, 'run')} that the simulation did not have, or not end"
    invented = sum(row.invented for row in rows)
    if invented >= 1:
        yield (
            f"{count(round(invented), 'run')} due by schedule that never came: was the deployment "
            "down, or a DAG paused?"
        )
    unended = sum(row.unended for row in rows)
    if unended:
        yield f"{count(unended, 'run')} that had not ended when the past ends: not compared"


def window_of(past: Past, span: Span) -> Past:
    """The runs that were due in the window, and their tries."""
    runs = tuple(run for run in past.runs if span.holds(due_of(run)))
    names = {run.key for run in runs}
    tries = tuple(one for one in past.tries if one.run in names)
    return Past(past.source, past.release, runs, tries)
