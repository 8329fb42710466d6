"""Predicting: simulate a window of the past from what was known before it, and compare."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from windtunnel.calibration.backtesting.before import known_before
from windtunnel.calibration.backtesting.comparing import dags_of
from windtunnel.calibration.backtesting.deployment import Deployment, deployment_of, keys_of
from windtunnel.calibration.backtesting.measured import with_measured
from windtunnel.calibration.backtesting.reasons import notes_of, reasons_of, window_of
from windtunnel.calibration.backtesting.repeated import repeated
from windtunnel.calibration.backtesting.span import Span, due_of, span_of, without_backlog
from windtunnel.calibration.backtesting.trial import Answer, Trials, trial
from windtunnel.calibration.backtesting.values import Backtest
from windtunnel.calibration.deployed import platform_of
from windtunnel.calibration.fitting import calibrate
from windtunnel.calibration.past import Past, PastRun
from windtunnel.errors import InvalidInput
from windtunnel.model import Behavior, Cluster, Fleet, Scenario
from windtunnel.sweep import HERE, Backend, Kept, Progress, sweep
from windtunnel.units import clock

Mode = Literal["calibrated", "replayed"]
TRIALS, FEWEST = 40, 5
"""Simulations by default, of a small and of a large window."""
INSTANCES = 150_000
"""Task instances that all of them together have by default, about."""
LONGER, HOUR_S = 4, 3600.0
NAMED = 5


def backtest(
    past: Past,
    fleet: Fleet,
    cluster: Cluster,
    *,
    learn_from: Past | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    mode: Mode = "calibrated",
    trials: int | None = None,
    seed: int = 0,
    tell: Progress | None = None,
    on: Backend = HERE,
    kept: Kept | None = None,
) -> Backtest:
    """Simulate a window of the past and compare it with what happened.

    Args:
        past: all that is known, of the window and before it.
        fleet: the DAGs.
        cluster: the deployment, as far as it is known; what is learned of its scheduler and
            executor is put in.
        learn_from: another past, all of which may be learned from; of one's own that is what was
            known before the window.
        since: where the window begins; by default the last half of what is known, seven days at
            most; with another past to learn from, all of it.
        until: where it ends.
        mode: ``replayed`` takes the durations that were measured in the window itself.
        trials: how many simulations; by default 40, fewer of a large window.
        seed: of the first simulation; the others have the next ones.
        tell: told how far it is.
        on: where it is simulated; what comes out is the same.
        kept: where what was simulated is kept until everything is done.

    Raises:
        InvalidInput: the window is empty, nothing of it is in the fleet, or nothing was known
            before it.
    """
    past = without_backlog(past)
    if learn_from is not None and since is None:
        since = past.since  # all of it may be predicted
    span = span_of(past, since, until)
    known = _known(past, span, mode, learn_from)
    inside = _inside(past, span)
    window = window_of(past, span)
    if mode == "replayed":
        # What the deployment took is measured in the window, too, as far as it can be; its limits
        # show best in all that is known.
        whole = platform_of(known, cluster, fleet)
        platform = platform_of(window, whole.with_limits(cluster), fleet).completed(whole)
    else:
        platform = platform_of(known, cluster, fleet, slots_differ=learn_from is not None)
        if learn_from is not None and cluster.executor is None and cluster.workers is None:
            # What it takes is learned from another past; how much it allows is its own.
            platform = platform.limited_as(platform_of(past, cluster, fleet))
    learned = platform.on(cluster)
    made = deployment_of(past, fleet, learned, span)
    made.dags = with_measured(made.dags, past)
    there = {dag.dag_id for dag in made.dags}
    if not inside & there:
        raise InvalidInput(
            f"none of the DAGs that ran from {clock(span.since)} to {clock(span.until)} UTC is in "
            f"TARGET: {', '.join(sorted(inside)[:NAMED])}"
        )
    runs = (run for run in past.runs if run.dag_id in there and _is_simulated(run, span))
    keys = keys_of(runs, made.manual)
    # What had begun before the window is there as it was when the window begins.
    source = past if mode == "replayed" else known_before(past, span.since)
    again = repeated(source, Fleet(dags=tuple(made.dags)), keys, span.begin)
    behavior = calibrate(known, Fleet(dags=tuple(made.dags))).behavior
    behavior = behavior.model_copy(update={"rules": (*again, *behavior.rules)})
    scenario = _scenario(made, behavior, learned, span)
    trials = trials or _trials(past, span)
    seeds = range(seed, seed + trials)
    predicted = _simulated(scenario, span, seeds, tell=tell, on=on, kept=kept)
    uncalibrated = _simulated(_uncalibrated(scenario, cluster, span), span, [seed])
    rows = dags_of(past, keys, span, predicted, uncalibrated)
    return Backtest(
        source=past.source,
        learned_from=None if learn_from is None else learn_from.source,
        span=span,
        mode=mode,
        trials=trials,
        dags=tuple(rows),
        platform=platform,
        notes=tuple(notes_of(span, made, learned, platform)),
        reasons=(
            *platform.changes(platform_of(window, cluster, fleet)),
            *reasons_of(past, known, span, rows),
        ),
    )


def _trials(past: Past, span: Span) -> int:
    began = {run.key for run in past.runs if _is_simulated(run, span)}
    instances = sum(one.last and one.run in began for one in past.tries)
    return max(FEWEST, min(TRIALS, INSTANCES // max(1, instances)))


def _known(past: Past, span: Span, mode: Mode, other: Past | None) -> Past:
    """What may be learned from."""
    if mode == "replayed":
        return past
    known = known_before(past, span.since) if other is None else other
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


def _uncalibrated(scenario: Scenario, cluster: Cluster, span: Span) -> Scenario:
    """The same with the default durations, and without what was learned. Runs may take much longer
    than they did: they have time to, and no new ones come."""
    dags = (
        dag
        if dag.schedule is None or dag.asset_condition is not None
        else dag.model_copy(update={"end_date": min(dag.end_date or span.end, span.end)})
        for dag in scenario.fleet.dags
    )
    return scenario.model_copy(
        update={
            "fleet": scenario.fleet.model_copy(update={"dags": tuple(dags)}),
            "behavior": Behavior(),
            "cluster": cluster,
            "duration_s": LONGER * scenario.duration_s + HOUR_S,
        }
    )


def _simulated(scenario: Scenario, span: Span, seeds: Sequence[int], **how: Any) -> list[Answer]:
    """*how*: as for `windtunnel.sweep.sweep`."""
    since, until = ((at - span.begin).total_seconds() for at in (span.since, span.until))
    return list(sweep(trial, Trials(scenario, since, until), seeds, **how))
