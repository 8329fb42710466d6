"""Comparing: what simulations gave beside what happened, DAG by DAG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from windtunnel.calibration.backtesting.deployment import Key
from windtunnel.calibration.backtesting.figures import compared
from windtunnel.calibration.backtesting.span import Span, due_of
from windtunnel.calibration.backtesting.trial import MARK, Answer
from windtunnel.calibration.backtesting.values import DagBacktest, Queued
from windtunnel.calibration.past import Past, PastRun

Pairs = list[tuple[float, list[float]]]
"""What a run took, and what it took in each simulation."""


def dags_of(
    past: Past,
    keys: Mapping[Key, PastRun],
    span: Span,
    predicted: Sequence[Answer],
    uncalibrated: Sequence[Answer],
) -> list[DagBacktest]:
    """Each DAG that had runs due in the window."""
    by_dag: dict[str, list[tuple[str, PastRun]]] = {}
    for key, run in keys.items():
        if span.holds(due_of(run)):
            by_dag.setdefault(run.dag_id, []).append((MARK.join(key), run))
    waits = _waits(past, {run.key for runs in by_dag.values() for _, run in runs})
    return [
        _OfDag(dag_id, runs, span).compare(predicted, uncalibrated, waits.get(dag_id))
        for dag_id, runs in sorted(by_dag.items())
    ]


@dataclass(frozen=True, slots=True)
class _OfDag:
    """The runs of one DAG that were due in the window, with their names in the simulation."""

    dag_id: str
    runs: Sequence[tuple[str, PastRun]]
    span: Span

    def compare(
        self, predicted: Sequence[Answer], uncalibrated: Sequence[Answer], waited: float | None
    ) -> DagBacktest:
        landing = compared(self._landings(predicted))
        ended = [run for _, run in self.runs if run.end is not None]
        inside = [self._inside(one) for one in predicted]
        names = {name for name, _ in self.runs}
        queued = None
        if waited is not None:
            queued = Queued(waited, self._queued(predicted), self._queued(uncalibrated))
        return DagBacktest(
            dag_id=self.dag_id,
            runs=len(self.runs),
            unended=len(self.runs) - len(ended),
            not_simulated=len(ended) - (landing.runs if landing else 0),
            invented=sum(len(one.keys() - names) for one in inside) / max(1, len(inside)),
            landing=landing,
            makespan=compared(self._makespans(predicted)),
            queued=queued,
            uncalibrated_landing=compared(self._landings(uncalibrated)),
            uncalibrated_makespan=compared(self._makespans(uncalibrated)),
            failed=(
                _share(run.state == "failed" for run in ended),
                _share(row[3] == "failed" for one in inside for row in one.values() if row[2]),
            ),
        )

    def _landings(self, answers: Sequence[Answer]) -> Pairs:
        pairs: Pairs = []
        for name, run in self.runs:
            due = due_of(run)
            if run.end is None or due is None:
                continue
            # One that follows assets is due when they were updated, in the simulation, too.
            by_assets = name.split(MARK)[1] == "assets"
            since = (due - self.span.begin).total_seconds()
            rows = _ended(name, answers)
            landed = [row[2] - (row[0] if by_assets else since) for row in rows]
            pairs.append(((run.end - due).total_seconds(), landed))
        return pairs

    def _makespans(self, answers: Sequence[Answer]) -> Pairs:
        return [
            (
                (run.end - run.start).total_seconds(),
                [row[2] - row[1] for row in _ended(name, answers) if row[1] is not None],
            )
            for name, run in self.runs
            if run.end is not None and run.start is not None
        ]

    def _inside(self, answer: Answer) -> dict[str, list[Any]]:
        """Its runs in one simulation that are due in the window."""
        ends = (self.span.since, self.span.until)
        since, until = ((at - self.span.begin).total_seconds() for at in ends)
        return {
            name: row
            for name, row in answer["runs"].items()
            if name.split(MARK)[0] == self.dag_id and since <= row[0] < until
        }

    def _queued(self, answers: Sequence[Answer]) -> float | None:
        some = [one["waits"][self.dag_id] for one in answers if self.dag_id in one["waits"]]
        tries = sum(one[0] for one in some)
        return sum(one[1] for one in some) / tries if tries else None


def _ended(name: str, answers: Sequence[Answer]) -> list[list[Any]]:
    """What simulations gave of one run, where it ended."""
    rows = (one["runs"].get(name) for one in answers)
    return [row for row in rows if row is not None and row[2] is not None]


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
