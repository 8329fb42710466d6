"""Arriving: how often something outside triggered which DAG."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from statistics import fmean, pstdev

from windtunnel.calibration.fitting.laws import Lengths, stats
from windtunnel.calibration.fitting.lengths import fitted
from windtunnel.calibration.past import Past, PastRun
from windtunnel.model import Arrivals, Fleet, TriggerDagRun

ENOUGH = 10
"""Runs that say how often they come."""
REGULAR = 0.6
"""Gaps that vary less, beside their mean, are no Poisson process, whose gaps vary by 1."""
DAYS = 7
SURE = 1e-4
HOUR_S, HOURS = 3600.0, 24


def arrivals_of(past: Past, fleet: Fleet | None) -> tuple[Arrivals, ...]:
    """The arrivals of each DAG that people or programs outside triggered often enough; those of
    TriggerDagRunOperator come from the fleet itself."""
    inside = set() if fleet is None else _triggered_inside(fleet)
    of_dag: dict[str, list[datetime]] = {}
    for run in past.runs:
        if _is_from_outside(run) and run.began is not None and run.dag_id not in inside:
            of_dag.setdefault(run.dag_id, []).append(run.began)
    since, until = past.since, past.until
    if since is None or until is None or until <= since:
        return ()
    hours = (until - since).total_seconds() / HOUR_S
    often = {dag_id: sorted(at) for dag_id, at in of_dag.items() if len(at) >= ENOUGH}
    return tuple(_arrivals(dag_id, at, hours) for dag_id, at in sorted(often.items()))


def _is_from_outside(run: PastRun) -> bool:
    by_operator = run.run_type == "operator_triggered" or run.triggered_by == "operator"
    return run.run_type == "manual" and not by_operator


def _triggered_inside(fleet: Fleet) -> set[str]:
    kinds = (task.kind for dag in fleet.dags for task in dag.tasks)
    return {kind.trigger_dag_id for kind in kinds if isinstance(kind, TriggerDagRun)}


def _arrivals(dag_id: str, at: list[datetime], hours: float) -> Arrivals:
    gaps = tuple((later - sooner).total_seconds() for sooner, later in pairwise(at))
    if pstdev(gaps) < REGULAR * fmean(gaps):
        every = fitted(Lengths(exact=gaps))
        assert every is not None
        return Arrivals(dag_id=dag_id, every_s=every.given)
    by_hour = [sum(one.hour == hour for one in at) for hour in range(HOURS)]
    if hours >= DAYS * HOURS and float(stats().chisquare(by_hour).pvalue) < SURE:
        rates = tuple(round(count / (hours / HOURS), 3) for count in by_hour)
        return Arrivals(dag_id=dag_id, per_hour=rates)
    return Arrivals(dag_id=dag_id, per_hour=round(len(at) / hours, 3))
