"""Runs: what somebody triggers, or updates, beside the schedules."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from hypothesis import strategies as st

from windtunnel.model import AssetUpdate, Backfill, Cron, Dag, Every, Fleet, ManualRun
from windtunnel.model.schedule import assets_in
from windtunnel.strategies.drawing import HOUR_S, START, Draw, instants, many, one_of, pick


def manual_runs(
    fleet: Fleet, *, window_s: float = HOUR_S, most: int = 3, least: int = 0
) -> st.SearchStrategy[tuple[ManualRun, ...]]:
    """Runs that somebody triggers within a window; shrinks to the first DAG's, at the start.

    No two runs of a DAG are triggered at the same second, nor with a scheduled one: Airflow has one
    run for each logical date.

    Args:
        fleet: Whose DAGs they are of.
        window_s: They are triggered so early, in seconds after the start.
        most: Runs at most.
        least: Runs at least.
    """
    ids = [dag.dag_id for dag in fleet.dags]
    if not ids or not most:
        return st.just(())
    scheduled = {dag.dag_id for dag in fleet.dags if dag.schedule is not None}
    asked = many(st.tuples(one_of(ids), instants(window_s)), most, least)
    return asked.map(lambda found: _apart(found, scheduled))


def _apart(asked: tuple[tuple[str, float], ...], scheduled: set[str]) -> tuple[ManualRun, ...]:
    """Each with an id, and the second in which it is alone."""
    before: Counter[str] = Counter()
    runs = []
    for number, (dag_id, at_s) in enumerate(asked):
        later_s = before[dag_id] + (dag_id in scheduled)
        before[dag_id] += 1
        runs.append(ManualRun(dag_id=dag_id, run_id=f"manual{number}", at_s=at_s + later_s))
    return tuple(runs)


def asset_updates(
    fleet: Fleet, *, window_s: float = HOUR_S, most: int = 2
) -> st.SearchStrategy[tuple[AssetUpdate, ...]]:
    """Updates, from outside, of assets for which DAGs of the fleet wait."""
    awaited = dict.fromkeys(a for dag in fleet.dags for a in assets_in(dag.awaited))
    if not awaited:
        return st.just(())
    update = st.builds(AssetUpdate, asset=one_of(list(awaited)), at_s=instants(window_s))
    return many(update, most)


def backfills(
    fleet: Fleet, *, start: datetime = START, window_s: float = HOUR_S, most: int = 1
) -> st.SearchStrategy[tuple[Backfill, ...]]:
    """Backfills of a few hours before the start, of DAGs whose schedule has ticks.

    Args:
        fleet: Whose DAGs they are of.
        start: Of the scenario.
        window_s: They are asked for so early, in seconds after the start.
        most: Backfills at most.
    """
    able = [dag for dag in fleet.dags if isinstance(dag.schedule, Cron | Every)]
    if not able or not most:
        return st.just(())
    return many(one_of(able).flatmap(lambda dag: _backfills(dag, start, window_s)), most)


@st.composite
def _backfills(draw: Draw, dag: Dag, start: datetime, window_s: float) -> Backfill:
    hours = draw(st.integers(0, 3))
    # Airflow wants runs in their order, and all of them, where tasks look at the run before.
    has_past = any(task.depends_on_past for task in dag.tasks)
    return Backfill(
        dag_id=dag.dag_id,
        from_date=start - timedelta(hours=1 + hours),
        to_date=start - timedelta(hours=1),
        at_s=draw(instants(window_s)),
        max_active_runs=draw(st.integers(1, 4)),
        run_backwards=not has_past and draw(st.booleans()),
        reprocess_behavior="completed" if has_past else pick(draw, ("none", "failed")),
    )
