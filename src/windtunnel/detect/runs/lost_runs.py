"""Runs that never came to be: intervals that a schedule went past (WT220), asset events that had
to share a run (WT221), triggers that found a run there already (WT222).

All of it is what Airflow is meant to do, and often what is wanted. It is told of the DAGs of which
the scenario says that every run matters (``every_run_matters``).
"""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatchcase

from windtunnel.detect.attempts import Attempts
from windtunnel.detect.finding import Finding, Limit, Party
from windtunnel.model import Dag, Scenario
from windtunnel.model.schedule import assets_in
from windtunnel.trace import LostRun, RunState, Trace

SKIPPED, MERGED, REFUSED = "WT220", "WT221", "WT222"
NAMED = 5
"""Runs that a sentence names; it counts the rest."""


def find_lost_runs(scenario: Scenario, trace: Trace) -> list[Finding]:
    """One finding for each DAG and way in which its runs get lost."""
    watched = {
        number: dag
        for number, dag_id in enumerate(trace.dag_ids)
        if any(fnmatchcase(dag_id, glob) for glob in scenario.every_run_matters)
        and (dag := _dag(scenario, dag_id)) is not None
    }
    if not watched:
        return []
    attempts = Attempts(scenario, trace)
    return [
        finding
        for number, dag in watched.items()
        for finding in (
            *_skipped(scenario, trace, number, dag),
            *_merged(trace, attempts, number, dag),
            *_refused(trace, attempts, number, dag),
        )
    ]


def _dag(scenario: Scenario, dag_id: str) -> Dag | None:
    return next((dag for dag in scenario.fleet.dags if dag.dag_id == dag_id), None)


def _party(trace: Trace, run: int, does: str) -> Party:
    """A run that takes part."""
    record = trace.runs[run]
    dag_id = trace.dag_ids[record.dag]
    return Party(
        name=dag_id,
        dag_id=dag_id,
        run=record.name,
        operator="dag run",
        state="",
        does=does,
        since=trace.at(record.created_us),
    )


# -- intervals -------------------------------------------------------------------------------------


def _skipped(scenario: Scenario, trace: Trace, number: int, dag: Dag) -> list[Finding]:
    lost = [one for one in trace.lost_runs if one.dag == number and one.due is not None]
    if not lost:
        return []
    most = dag.max_active_runs
    if most is None:
        most = scenario.cluster.max_active_runs_per_dag
    busy = _active(trace, number, lost[0])
    full = 0 < most <= len(busy)
    dates = [f"{one.due:%Y-%m-%d %H:%M:%S}" for one in lost if one.due is not None]
    made = trace.runs[lost[0].run].name
    why = "the DAG was paused, or no scheduler looked"
    if full:
        names = ", ".join(trace.runs[run].name for run in busy[:NAMED])
        why = f"max_active_runs={most} was reached by {names}"
    return [
        Finding(
            code=SKIPPED,
            title="Intervals without a run",
            summary=f"{_runs(len(lost), dag)} never made: due at {_some(dates)}. "
            f"When {made} was made, the schedule went past what was due before it (catchup is "
            f"off); until then {why}.",
            dag_id=dag.dag_id,
            file=dag.file,
            line=dag.line,
            since=lost[0].due,
            until=trace.at(lost[0].at_us),
            ended_by=f"{made} is made",
            holding=tuple(_party(trace, run, "was active") for run in busy) if full else (),
            limits=(Limit(kind="max_active_runs", subject=dag.dag_id),) if full else (),
            notes=(
                "catchup=True makes each of them, one after the other; so does a larger "
                "max_active_runs, if runs may overlap.",
            ),
        )
    ]


def _active(trace: Trace, dag: int, lost: LostRun) -> list[int]:
    """Runs of a DAG that were not over when the lost one was due."""
    assert lost.due is not None
    due = round((lost.due - trace.start).total_seconds() * 1e6)
    there: dict[int, None] = {}
    for at, who, state in trace.history:
        if at > due:
            break
        if who < 0 and trace.runs[~who].dag == dag:
            if state >= RunState.SUCCESS:
                there.pop(~who, None)
            else:
                there[~who] = None
    return list(there)


# -- asset events ----------------------------------------------------------------------------------


def _merged(trace: Trace, attempts: Attempts, number: int, dag: Dag) -> list[Finding]:
    """A run is due for each event; of a DAG that waits for several assets together, for each event
    of one and the same."""
    runs = {run: taken for run, taken in trace.consumed.items() if trace.runs[run].dag == number}
    shared = {run: taken for run, taken in runs.items() if _are_many(trace, dag, taken)}
    left = _left(trace, dag, runs)
    if not shared and not left:
        return []
    run = next(iter(shared), next(reversed(runs)))
    together = shared.get(run, left)
    updates = [trace.asset_events[event] for event in together]
    record = trace.runs[run]
    parts = []
    if shared:
        assets = _some(list(dict.fromkeys(one.asset for one in updates)))
        parts.append(
            f"{len(together)} updates of {assets} made one run of {dag.dag_id}, {record.name}: an "
            "update that comes while another one waits for its run makes none of its own"
        )
    if left:
        parts.append(
            f"{_updates(len(left))} made no run of {dag.dag_id} at all: the next update would take "
            "them along, and none came"
        )
    return [
        Finding(
            code=MERGED,
            title="Asset events without a run of their own",
            summary=". ".join(parts) + ".",
            dag_id=dag.dag_id,
            file=dag.file,
            line=dag.line,
            since=trace.at(updates[-1].at_us),
            ended_by="somebody makes the missing runs",
            holding=(
                _party(trace, run, f"gets {len(runs[run])} of {len(trace.asset_events)} updates"),
                *(
                    attempts.party(one.ti, f"updates {one.asset}", one.at_us)
                    for one in updates
                    if one.ti is not None
                ),
            ),
            notes=(
                "Work off all of triggering_asset_events in each run, or trigger a run for each "
                "with TriggerDagRunOperator; a larger max_active_runs of the consumer helps where "
                "its runs are longer than the time between updates.",
            ),
        )
    ]


def _left(trace: Trace, dag: Dag, runs: dict[int, tuple[int, ...]]) -> tuple[int, ...]:
    """Events that nothing waits for any more: they came before the last run was made, which took
    none of them. Whatever is still waited for came later."""
    if not runs or _waits_for_all(dag):
        return ()
    made = max(trace.runs[run].created_us for run in runs)
    taken = {event for events in runs.values() for event in events}
    awaited = set(assets_in(dag.awaited))
    return tuple(
        number
        for number, event in enumerate(trace.asset_events)
        if event.asset in awaited and event.at_us < made and number not in taken
    )


def _are_many(trace: Trace, dag: Dag, taken: tuple[int, ...]) -> bool:
    together = _waits_for_all(dag)
    times = Counter(trace.asset_events[event].asset if together else "" for event in taken)
    return max(times.values(), default=0) > 1


def _waits_for_all(dag: Dag) -> bool:
    """Whether one update alone may be too little for a run."""
    condition = dag.asset_condition
    several = len(set(assets_in(condition))) > 1
    return several and not isinstance(condition, str | None) and condition.type != "any"


# -- triggers --------------------------------------------------------------------------------------


def _refused(trace: Trace, attempts: Attempts, number: int, dag: Dag) -> list[Finding]:
    """One finding for each task whose trigger came to nothing; not where its own earlier try had
    made the run."""
    first: dict[tuple[int, int], LostRun] = {}
    for lost in trace.lost_runs:
        own = trace.triggered_by.get(lost.run) == lost.ti
        if lost.dag == number and lost.ti is not None and not own:
            first.setdefault(attempts.key(lost.ti), lost)
    return [_refusal(trace, attempts, dag, lost) for lost in first.values()]


def _refusal(trace: Trace, attempts: Attempts, dag: Dag, lost: LostRun) -> Finding:
    assert lost.ti is not None
    file, line = attempts.place(lost.ti)
    there, name = trace.runs[lost.run], attempts.name(lost.ti)
    return Finding(
        code=REFUSED,
        title="Trigger that made no run",
        summary=f"{name} ({attempts.run(lost.ti)}) triggers a run of {dag.dag_id}, and there is "
        f"one already: {there.run_id}. What it asks for is not done, unless that run does it.",
        dag_id=dag.dag_id,
        file=file,
        line=line,
        since=trace.at(lost.at_us),
        ended_by=f"that run of {dag.dag_id} is deleted",
        holding=(
            attempts.party(lost.ti, f"triggers {dag.dag_id} in vain", lost.at_us),
            _party(trace, lost.run, "is there already"),
        ),
        notes=(
            "Give each trigger a trigger_run_id (and a logical_date) of its own, or leave both "
            "out; reset_dag_run=True runs the one that is there once more.",
        ),
    )


def _updates(count: int) -> str:
    return "1 update" if count == 1 else f"{count} updates"


def _runs(count: int, dag: Dag) -> str:
    return f"1 run of {dag.dag_id} was" if count == 1 else f"{count} runs of {dag.dag_id} were"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
