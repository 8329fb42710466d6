"""Backtest: simulate a window of the past from what was known before it, and compare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from windtunnel.calibration.backtest.before import changes, known_before, unmeasured
from windtunnel.calibration.backtest.deployment import Deployment, Key, deployment_of, keys_of
from windtunnel.calibration.backtest.figures import compared
from windtunnel.calibration.backtest.platform import platform_of
from windtunnel.calibration.backtest.repeated import repeated
from windtunnel.calibration.backtest.span import Span, due_of, span_of
from windtunnel.calibration.backtest.timeouts import with_measured_timeouts
from windtunnel.calibration.backtest.trial import MARK, Answer, Trials, trial
from windtunnel.calibration.backtest.values import Backtest, DagBacktest, Queued
from windtunnel.calibration.past import Past, PastRun
from windtunnel.errors import InvalidInput
from windtunnel.model import Behavior, Cluster, Fleet, Scenario
from windtunnel.sweep import Progress, sweep
from windtunnel.units import clock, count

Mode = Literal["calibrated", "replayed"]
Fit = Callable[[Past, Fleet, datetime], Behavior]
"""The behavior that fits a past, for a scenario that begins then."""
TRIALS = 40
NAMED = 5


def backtest(
    past: Past,
    fleet: Fleet,
    cluster: Cluster,
    fit: Fit,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    mode: Mode = "calibrated",
    trials: int = TRIALS,
    seed: int = 0,
    tell: Progress | None = None,
) -> Backtest:
    """Simulate a window of the past and compare it with what happened.

    Args:
        past: all that is known, of the window and before it.
        fleet: the DAGs.
        cluster: the deployment, as far as it is known; what is learned of its scheduler and
            executor is put in.
        fit: makes the behavior.
        since: where the window begins; by default the last third of what is known, seven days at
            most.
        until: where it ends.
        mode: ``replayed`` takes the durations that were measured in the window itself.
        trials: how many simulations.
        seed: of the first simulation; the others have the next ones.
        tell: told how far it is.

    Raises:
        InvalidInput: the window is empty, nothing of it is in the fleet, or nothing was known
            before it.
    """
    span = span_of(past, since, until)
    known = _known(past, span, mode)
    inside = _inside(past, span)
    platform = platform_of(known, cluster)
    learned = platform.on(cluster)
    made = deployment_of(past, fleet, learned, span)
    made.dags = with_measured_timeouts(made.dags, past.tries)
    if not set(inside) & {dag.dag_id for dag in made.dags}:
        raise InvalidInput(
            f"none of the DAGs that ran from {clock(span.since)} to {clock(span.until)} UTC is in "
            f"TARGET: {', '.join(sorted(inside)[:NAMED])}"
        )
    keys = keys_of((r for r in past.runs if _is_simulated(r, span)), made.manual)
    source = past if mode == "replayed" else known
    again = repeated(source, Fleet(dags=tuple(made.dags)), keys, span.begin)
    behavior = fit(known, Fleet(dags=tuple(made.dags)), span.begin)
    behavior = behavior.model_copy(update={"rules": (*again, *behavior.rules)})
    scenario = _scenario(made, behavior, learned, span)
    predicted = _simulated(scenario, span, range(seed, seed + trials), tell)
    plain = scenario.model_copy(update={"behavior": Behavior(), "cluster": cluster})
    uncalibrated = _simulated(plain, span, [seed], None)
    rows = _rows(past, keys, span, predicted, uncalibrated)
    return Backtest(
        source=past.source,
        span=span,
        mode=mode,
        trials=trials,
        dags=tuple(rows),
        platform=platform,
        notes=tuple(_notes(span, made)),
        reasons=tuple(_reasons(past, known, span, rows)),
    )


def _known(past: Past, span: Span, mode: Mode) -> Past:
    """What may be learned from."""
    known = past if mode == "replayed" else known_before(past, span.since)
    if not any(one.end is not None and one.start is not None for one in known.tries):
        raise InvalidInput(
            f"nothing had ended before {clock(span.since)} UTC, so there is nothing to predict "
            "from; give a later --since, or --replayed to take the durations of the window itself"
        )
    return known


def _is_simulated(run: PastRun, span: Span) -> bool:
    return run.began is not None and span.begin <= run.began < span.end


def _inside(past: Past, span: Span) -> set[str]:
    return {run.dag_id for run in past.runs if span.holds(due_of(run))}


def _scenario(made: Deployment, behavior: Behavior, cluster: Cluster, span: Span) -> Scenario:
    return Scenario(
        name="backtest",
        fleet=Fleet(dags=tuple(made.dags)),
        cluster=cluster,
        behavior=behavior,
        start=span.begin,
        duration_s=(span.end - span.begin).total_seconds(),
        manual_runs=tuple(made.manual),
    )


def _simulated(
    scenario: Scenario, span: Span, seeds: Sequence[int], tell: Progress | None
) -> list[Answer]:
    since, until = ((at - span.begin).total_seconds() for at in (span.since, span.until))
    return list(sweep(trial, Trials(scenario, since, until), seeds, tell=tell))


@dataclass(slots=True)
class _Pairs:
    """Of the runs of one DAG: what happened, each with what simulations gave."""

    landing: list[tuple[float, list[float]]]
    makespan: list[tuple[float, list[float]]]


def _rows(
    past: Past,
    keys: Mapping[Key, PastRun],
    span: Span,
    predicted: Sequence[Answer],
    uncalibrated: Sequence[Answer],
) -> list[DagBacktest]:
    by_dag: dict[str, list[tuple[str, PastRun]]] = {}
    for key, run in keys.items():
        if span.holds(due_of(run)):
            by_dag.setdefault(run.dag_id, []).append((MARK.join(key), run))
    waits = _waits(past, {run.key for runs in by_dag.values() for _, run in runs})
    return [
        _row(dag_id, runs, predicted, uncalibrated, waits.get(dag_id), span)
        for dag_id, runs in sorted(by_dag.items())
    ]


def _row(
    dag_id: str,
    runs: Sequence[tuple[str, PastRun]],
    predicted: Sequence[Answer],
    uncalibrated: Sequence[Answer],
    waited: float | None,
    span: Span,
) -> DagBacktest:
    ours, plain = (_pairs(runs, some, span.begin) for some in (predicted, uncalibrated))
    landing = compared(ours.landing)
    ended = [run for _, run in runs if run.end is not None]
    names = {name for name, _ in runs}
    since, until = ((at - span.begin).total_seconds() for at in (span.since, span.until))
    inside = [
        {name: row for name, row in _of(one, dag_id).items() if since <= row[0] < until}
        for one in predicted
    ]
    drawn = [row for one in inside for row in one.values()]
    invented = sum(len(one.keys() - names) for one in inside)
    queued = None
    if waited is not None:
        queued = Queued(waited, _queued(predicted, dag_id), _queued(uncalibrated, dag_id))
    return DagBacktest(
        dag_id=dag_id,
        runs=len(runs),
        unended=len(runs) - len(ended),
        not_simulated=len(ended) - (landing.runs if landing else 0),
        invented=invented / max(1, len(predicted)),
        landing=landing,
        makespan=compared(ours.makespan),
        queued=queued,
        uncalibrated_landing=compared(plain.landing),
        uncalibrated_makespan=compared(plain.makespan),
        failed=(
            _share(run.state == "failed" for run in ended),
            _share(row[3] == "failed" for row in drawn if row[2] is not None),
        ),
    )


def _pairs(
    runs: Sequence[tuple[str, PastRun]], answers: Sequence[Answer], begin: datetime
) -> _Pairs:
    made = _Pairs([], [])
    for name, run in runs:
        due = due_of(run)
        if run.end is None or due is None:
            continue
        rows = [one["runs"][name] for one in answers if name in one["runs"]]
        rows = [row for row in rows if row[2] is not None]
        since = (due - begin).total_seconds()
        # One that follows assets is due when they were updated, in the simulation, too.
        by_assets = name.split(MARK)[1] == "assets"
        landed = [row[2] - (row[0] if by_assets else since) for row in rows]
        made.landing.append(((run.end - due).total_seconds(), landed))
        if run.start is not None:
            took = (run.end - run.start).total_seconds()
            made.makespan.append((took, [row[2] - row[1] for row in rows if row[1] is not None]))
    return made


def _of(answer: Answer, dag_id: str) -> dict[str, list[float]]:
    return {name: row for name, row in answer["runs"].items() if name.split(MARK)[0] == dag_id}


def _queued(answers: Sequence[Answer], dag_id: str) -> float | None:
    some = [one["waits"][dag_id] for one in answers if dag_id in one["waits"]]
    tries = sum(one[0] for one in some)
    return sum(one[1] for one in some) / tries if tries else None


def _waits(past: Past, runs: set[tuple[str, str]]) -> dict[str, float]:
    """By DAG, how long tries of some runs were queued on average; those that came back to the queue
    don't tell."""
    found: dict[str, list[float]] = {}
    for one in past.tries:
        if one.run in runs and one.queued and one.start and one.queued <= one.start:
            found.setdefault(one.dag_id, []).append((one.start - one.queued).total_seconds())
    return {dag_id: sum(values) / len(values) for dag_id, values in found.items()}


def _share(values: Iterable[bool]) -> float:
    known = list(values)
    return sum(known) / len(known) if known else 0.0


def _notes(span: Span, made: Deployment) -> Iterator[str]:
    if span.running:
        yield (
            f"{count(span.running, 'dag run')} already running at {clock(span.begin)} UTC, where "
            "the simulation begins, left out"
        )
    yield from made.notes()


def _reasons(past: Past, known: Past, span: Span, rows: Sequence[DagBacktest]) -> Iterator[str]:
    """What may explain where the prediction misses."""
    window = _of_window(past, span)
    if known is not past:
        if new := unmeasured(known, window):
            rest = f" and {len(new) - NAMED} more" if len(new) > NAMED else ""
            yield f"never measured before the window: {', '.join(new[:NAMED])}{rest}"
        yield from changes(known, window)
    cleared = [run for run in window.runs if run.cleared]
    if cleared:
        yield f"{count(len(cleared), 'run')} cleared by somebody: what their tasks did before is gone"
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


def _of_window(past: Past, span: Span) -> Past:
    """The runs that were due in the window, and their tries."""
    runs = tuple(run for run in past.runs if span.holds(due_of(run)))
    names = {run.key for run in runs}
    tries = tuple(one for one in past.tries if one.run in names)
    return Past(past.source, past.release, runs, tries)
