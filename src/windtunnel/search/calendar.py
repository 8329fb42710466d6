"""Calendar of a scenario: the dag runs that its schedules and people make in its window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from windtunnel.engine.dag_runs.timetable import NextRun, Timetable
from windtunnel.model import Dag, OtherSchedule, Scenario
from windtunnel.slices.of_scenario import Calendar, sensors_of

MOST_RUNS = 1000
"""Runs of one DAG in the window, beyond which none is looked at."""
SOON = timedelta(seconds=60)
"""Schedules denser than this may go past a run while the scheduler is busy."""


class _Almanac:
    """The schedules of a scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.start = scenario.start.astimezone(UTC)
        self.end = self.start + timedelta(seconds=scenario.duration_s)
        cluster = scenario.cluster
        default = cluster.airflow.catchup_default
        if cluster.catchup_by_default is not None:
            default = cluster.catchup_by_default
        self.catchup = {
            dag.dag_id: default if dag.catchup is None else dag.catchup
            for dag in scenario.fleet.dags
        }
        self.timetables = {
            dag.dag_id: Timetable(dag, cluster.airflow, self.catchup[dag.dag_id])
            for dag in scenario.fleet.dags
        }

    def scheduled(self, dag: Dag) -> Iterator[NextRun]:
        """Its runs by the timetable from the window's first on, without end, each in its time."""
        timetable = self.timetables[dag.dag_id]
        last = None
        if self.scenario.backlog == "done":
            last = timetable.last_due_before(self.start)
        now = self.start
        while run := timetable.next_run(last, now):
            yield run
            last, now = (run.start, run.end), max(now, run.run_after.astimezone(UTC))

    def was_done(self, dag: Dag, logical: datetime) -> bool:
        """Whether the run of this date was over, with success, before the window."""
        if self.scenario.backlog == "replayed" or dag.is_paused:
            return False
        at = logical.astimezone(UTC)
        return self.timetables[dag.dag_id].was_due(at, self.start)


def calendar_of(scenario: Scenario) -> Calendar:
    """The dag runs that come in its window, as far as that is known beforehand."""
    almanac = _Almanac(scenario)
    dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
    refused: dict[str, str] = {}
    dates: dict[str, list[datetime]] = {}
    dateless: dict[str, set[int]] = {}
    for name, dag in dags.items():
        dates[name], dateless[name] = [], set()
        why = _unknown(scenario, dag) or _enter(almanac, dag, dates[name], dateless[name])
        if why:
            refused[name] = why
    inside = {name: len(found) for name, found in dates.items()}
    _extend(almanac, dates, inside, refused)
    by_hand = {run.dag_id for run in scenario.manual_runs}
    return Calendar(
        dates={name: tuple(found) for name, found in dates.items()},
        dateless={name: frozenset(found) for name, found in dateless.items()},
        inside=inside,
        unordered=frozenset(by_hand & dags.keys()),
        was_done=lambda name, at: almanac.was_done(dags[name], at),
        refused=refused,
    )


def _unknown(scenario: Scenario, dag: Dag) -> str:
    """Why it is not known which runs come."""
    name = dag.dag_id
    if dag.awaited is not None or dag.asset_condition is not None:
        return f"runs of {name} come with updates of assets"
    if isinstance(dag.schedule, OtherSchedule):
        return f"the timetable of {name} is not simulated"
    if any(one.dag_id == name for one in scenario.arrivals):
        return f"runs of {name} arrive from outside"
    if any(one.dag_id == name for one in scenario.backfills):
        return f"{name} is backfilled"
    return ""


def _enter(almanac: _Almanac, dag: Dag, dates: list[datetime], dateless: set[int]) -> str:
    scenario = almanac.scenario
    runs: list[tuple[datetime, datetime, bool]] = []
    """When due, logical date, whether a sensor can find it."""
    if not dag.is_paused:
        for run in almanac.scheduled(dag):
            if run.run_after >= almanac.end:
                break
            if len(runs) == MOST_RUNS:
                return f"{dag.dag_id} has more than {MOST_RUNS} runs in the window"
            runs.append((run.run_after.astimezone(UTC), run.start.astimezone(UTC), True))
    dense = any(after - before < SOON for (before, *_), (after, *_) in pairwise(runs))
    if not almanac.catchup[dag.dag_id] and (dense or scenario.backlog == "replayed"):
        return f"which runs of {dag.dag_id} are skipped (catchup=False) is not known"
    scheduled = {logical for _, logical, _ in runs}
    by_hand: list[tuple[datetime, datetime, bool]] = []
    for manual in scenario.manual_runs:
        at = almanac.start + timedelta(seconds=manual.at_s)
        if manual.dag_id == dag.dag_id and at < almanac.end:
            given = manual.logical_date
            logical = given.astimezone(UTC) if isinstance(given, datetime) else at
            by_hand.append((at, logical, given is not None))
    dated = Counter(logical for _, logical, has_date in by_hand if has_date)
    if scheduled & dated.keys():
        return f"a run of {dag.dag_id} by hand has the logical date of a scheduled one"
    # Which of several with one date is found, nobody knows.
    runs += [(at, logical, has and dated[logical] == 1) for at, logical, has in by_hand]
    runs.sort(key=lambda run: run[:2])
    for number, (_, logical, has_date) in enumerate(runs):
        dates.append(logical)
        if not has_date:
            dateless.add(number)
    return ""


def _extend(
    almanac: _Almanac,
    dates: dict[str, list[datetime]],
    inside: dict[str, int],
    refused: dict[str, str],
) -> None:
    """Add runs that are due after the window, up to the last one that a sensor looks for."""
    dags = {dag.dag_id: dag for dag in almanac.scenario.fleet.dags}
    latest: dict[str, datetime] = {}
    for dag, kind in sensors_of(almanac.scenario):
        target = kind.external_dag_id
        if target not in dags or kind.execution_date_fn:
            continue
        for at in dates[dag.dag_id][: inside[dag.dag_id]]:
            for delta in (kind.execution_delta_s, *kind.other_deltas_s):
                wanted = at - timedelta(seconds=delta)
                latest[target] = max(wanted, latest.get(target, wanted))
    for name, wanted in latest.items():
        dag = dags[name]
        if name in refused or dag.is_paused:
            continue
        for run in almanac.scheduled(dag):
            logical = run.start.astimezone(UTC)
            if logical > wanted or len(dates[name]) > MOST_RUNS:
                break
            if run.run_after >= almanac.end and logical not in dates[name]:
                dates[name].append(logical)
