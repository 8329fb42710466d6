"""A backtest as text, 80 columns wide, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from windtunnel.calibration import Backtest, Compared, DagBacktest
from windtunnel.report.json_form import dump
from windtunnel.report.table import table
from windtunnel.report.wrap import wrap
from windtunnel.units import clock, count, duration

HEADER = ("", "runs", "was", "predicted", "error", "each run", "by chance", "default")
FROM = {
    "calibrated": "from what was known before it",
    "replayed": "with the durations that were measured in it",
}
Quantity = Callable[[DagBacktest], tuple[Compared | None, Compared | None]]


def backtest_text(found: Backtest, *, width: int = 80) -> str:
    """What was predicted and what happened, how far to trust it, and what may explain the rest."""
    blocks = [
        wrap(_title(found), width=width),
        _compared("Landing", found, _landing, width),
        _compared("Makespan", found, _makespan, width),
        _queued(found, width),
        wrap(found.trust, width=width),
        _list("Learned of the deployment:", found.platform.said(), width),
        _list("Where the simulation is another one than the past:", found.notes, width),
        _list("What nothing before the window tells of:", found.reasons, width),
        wrap(EXPLAINED, width=width),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


EXPLAINED = (
    "Landing: from due to end; makespan: from start to end; in queue: of a try, on average. "
    "was, predicted: medians. error: of the predicted median. each run: the median of how far each "
    "run's own prediction is off. by chance: how far it would be off if every assumption held. "
    "default: the error without calibration."
)


def backtest_json(found: Backtest) -> str:
    """All of it, for programs; times in seconds, errors as shares."""
    span = {name: _instant(value) for name, value in asdict(found.span).items()}
    return dump(
        kind="backtest",
        source=found.source,
        learned_from=found.learned_from,
        mode=found.mode,
        trials=found.trials,
        span=span,
        trust=found.trust,
        landing_error=found.landing_error,
        makespan_error=found.makespan_error,
        uncalibrated_landing_error=found.uncalibrated_landing_error,
        uncalibrated_makespan_error=found.uncalibrated_makespan_error,
        platform=asdict(found.platform),
        dags=[_dag(one) for one in found.dags],
        notes=list(found.notes),
        reasons=list(found.reasons),
    )


def _title(found: Backtest) -> str:
    span = found.span
    until = clock(span.until, beside=span.since)
    basis = FROM[found.mode]
    if found.learned_from is not None and found.mode == "calibrated":
        basis = f"from {found.learned_from}"
    return (
        f"{clock(span.since)} to {until} UTC of {found.source}, predicted {basis}: "
        f"{count(found.trials, 'simulation')}."
    )


def _compared(title: str, found: Backtest, of: Quantity, width: int) -> list[str]:
    rows = [_row(one, *of(one)) for one in found.dags]
    known = [(ours, plain) for ours, plain in map(of, found.dags) if ours is not None]
    if len(known) > 1:
        ours = _middle([abs(one.error) for one, _ in known])
        plain = _middle([abs(one.error) for _, one in known if one is not None])
        off = _middle([one.off for one, _ in known])
        chance = _middle([one.by_chance for one, _ in known])
        rows.append(("median", "", "", "", *map(_share, (ours, off, chance, plain))))
    return table((title, *HEADER[1:]), rows, width=width)


def _row(dag: DagBacktest, ours: Compared | None, plain: Compared | None) -> tuple[str, ...]:
    default = "" if plain is None else _signed(plain.error)
    if ours is None:
        return (dag.dag_id, str(dag.runs), "", "", "", "", "", default)
    return (
        dag.dag_id,
        str(ours.runs),
        duration(round(ours.actual_s, 1)),
        duration(round(ours.predicted_s, 1)),
        _signed(ours.error),
        _share(ours.off),
        _share(ours.by_chance),
        default,
    )


def _landing(dag: DagBacktest) -> tuple[Compared | None, Compared | None]:
    return dag.landing, dag.uncalibrated_landing


def _makespan(dag: DagBacktest) -> tuple[Compared | None, Compared | None]:
    return dag.makespan, dag.uncalibrated_makespan


def _queued(found: Backtest, width: int) -> list[str]:
    rows = [
        (
            one.dag_id,
            _seconds(one.queued.actual_s),
            _seconds(one.queued.predicted_s),
            _seconds(one.queued.uncalibrated_s),
        )
        for one in found.dags
        if one.queued is not None
    ]
    if not rows:
        return []
    return table(("In queue", "was", "predicted", "default"), rows, width=width)


def _list(title: str, said: Sequence[str], width: int) -> list[str]:
    if not said:
        return []
    return [title, *(line for one in said for line in wrap(one, first="  - ", width=width))]


def _dag(one: DagBacktest) -> dict[str, Any]:
    made = {name: value for name, value in asdict(one).items() if not isinstance(value, dict)}
    for name in ("landing", "makespan", "uncalibrated_landing", "uncalibrated_makespan"):
        known: Compared | None = getattr(one, name)
        made[name] = None if known is None else dict(_figures(known))
    made["queued"] = None if one.queued is None else asdict(one.queued)
    made["failed"] = {"actual": one.failed[0], "predicted": one.failed[1]}
    return made


def _figures(known: Compared) -> Iterator[tuple[str, Any]]:
    yield from asdict(known).items()
    yield "error", known.error
    yield "error_p95", known.error_p95


def _instant(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}s"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _signed(value: float) -> str:
    return f"{value:+.0%}"


def _middle(values: Sequence[float]) -> float | None:
    ordered = sorted(values)
    if not ordered:
        return None
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
