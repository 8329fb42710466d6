"""Repeated: rules of a behavior that let tries do again what was measured of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import floor

from windtunnel.calibration.backtesting.deployment import Key
from windtunnel.calibration.past import Past, PastRun, PastTry, Poke
from windtunnel.model import (
    Branch,
    Dag,
    Deferrable,
    ExternalTaskSensor,
    Fleet,
    Rule,
    Sensor,
    ShortCircuit,
    Task,
    TriggerDagRun,
)
from windtunnel.model.behavior import Outcome

OUTCOMES: Mapping[str, Outcome] = {"success": "success", "skipped": "skip"}
GLANCE_S = 0.5
"""One poke takes about so long where nobody measured it."""
NOTICE_S = 0.5
"""From a trigger's event until the scheduler queues its task again, about."""


def repeated(past: Past, fleet: Fleet, keys: Mapping[Key, PastRun], begin: datetime) -> list[Rule]:
    """A rule for each try of these runs that began and ended.

    Args:
        past: what was measured.
        fleet: the DAGs whose tasks are known; others have no rules.
        keys: the runs, by their names in the simulation.
        begin: where simulated time begins.
    """
    tasks = {(dag.dag_id, task.task_id): (dag, task) for dag in fleet.dags for task in dag.tasks}
    whens = {run.key: _when(key) for key, run in keys.items()}
    of_run: dict[tuple[str, str], list[PastTry]] = {}
    for one in past.tries:
        if one.run in whens:
            of_run.setdefault(one.run, []).append(one)
    pokes: dict[tuple[str, str, str, int], list[Poke]] = {}
    for poke in past.pokes:
        pokes.setdefault(poke.key, []).append(poke)
    found: list[Rule] = []
    for run, tries in sorted(of_run.items()):
        outcome = _Outcome(tries)
        for one in tries:
            if one.start is None or one.end is None or one.task not in tasks:
                continue
            case = _Case(one, *tasks[one.task], outcome, pokes.get(one.key, ()), begin)
            when = {**whens[run], "map_index": one.map_index, "try_number": one.try_number}
            said = {"tasks": f"{one.dag_id}.{one.task_id}", "when": when, **_how(case)}
            found.append(Rule.model_validate(said))
    return found


def _when(key: Key) -> dict[str, object]:
    _, kind, name = key
    if kind == "assets":
        return {"asset_run": int(name)}
    return {"run_id": name} if kind == "manual" else {"logical_date": datetime.fromisoformat(name)}


class _Outcome:
    """What became of the tasks of one run: whom a branch followed, how long a list was."""

    def __init__(self, tries: Iterable[PastTry]) -> None:
        self._state: dict[str, str | None] = {}
        self._mapped: dict[str, int] = {}
        for one in tries:
            if one.last:
                self._state[one.task_id] = one.state
            if one.map_index >= 0:
                known = self._mapped.get(one.task_id, 0)
                self._mapped[one.task_id] = max(known, one.map_index + 1)

    def followed(self, dag: Dag, task: Task) -> tuple[str, ...]:
        """Direct downstream tasks that were not skipped."""
        return tuple(t for t in _below(dag, task) if self._state.get(t) != "skipped")

    def length(self, dag: Dag, task: Task) -> int | None:
        """How many instances of another task were mapped over its result, if any were."""
        over = [t.task_id for t in dag.tasks if task.task_id in (t.expand or ())]
        groups = [g.group_id for g in dag.groups if task.task_id in (g.expand or ())]
        over += [t.task_id for t in dag.tasks if t.group in groups]
        known = [self._mapped[t] for t in over if t in self._mapped]
        return max(known, default=0 if over else None)


def _below(dag: Dag, task: Task) -> Iterator[str]:
    return (one.task_id for one in dag.tasks if task.task_id in one.upstream)


@dataclass(frozen=True, slots=True)
class _Case:
    """One try, and all that says what it did."""

    one: PastTry
    dag: Dag
    task: Task
    outcome: _Outcome
    pokes: Sequence[Poke]
    begin: datetime

    @property
    def seconds(self) -> float:
        return self.one.seconds or 0.0

    def since(self, at: datetime | None) -> float:
        """Seconds of simulated time."""
        return 0.0 if at is None else max(0.0, (at - self.begin).total_seconds())


def _how(case: _Case) -> dict[str, object]:
    """What a rule says of a try."""
    one, task, kind = case.one, case.task, case.task.kind
    said: dict[str, object] = {"outcome": OUTCOMES.get(one.state or "", "fail")}
    if said["outcome"] == "fail" and one.last and one.try_number <= task.retries:
        said["outcome"] = "fail_no_retry"
    if isinstance(kind, ExternalTaskSensor | TriggerDagRun):
        # What they wait for is simulated.
        return said | {"duration_s": min(case.seconds, GLANCE_S)}
    if _came_back(one) and (isinstance(kind, Deferrable) or getattr(kind, "deferrable", False)):
        return said | _deferring(case)
    if isinstance(kind, Sensor) and not kind.deferrable:
        return said | (_rescheduling(case, kind) if case.pokes else _poking(case, kind))
    said["duration_s"] = case.seconds
    if isinstance(kind, Branch) and one.state == "success":
        said["follow"] = case.outcome.followed(case.dag, task)
    if isinstance(kind, ShortCircuit) and one.state == "success":
        said["condition"] = bool(case.outcome.followed(case.dag, task))
    if one.state == "success" and (length := case.outcome.length(case.dag, task)) is not None:
        said["length"] = length
    return said


def _came_back(one: PastTry) -> bool:
    """Whether it was queued once more after its start."""
    return one.queued is not None and one.start is not None and one.queued > one.start


def _deferring(case: _Case) -> dict[str, object]:
    """When its trigger fired, and how long it ran before and after that."""
    one = case.one
    assert one.queued is not None
    assert one.start is not None
    assert one.end is not None
    away, rest = one.queued - one.start, one.end - one.queued
    before = min(GLANCE_S, away.total_seconds() / 2)
    said: dict[str, object] = {"duration_s": before}
    said["resume_duration_s"] = max(0.0, rest.total_seconds())
    if isinstance(case.task.kind, Sensor):
        return said | {"true_at_s": max(0.0, case.since(one.queued) - NOTICE_S)}
    return said | {"fire_after_s": max(0.0, away.total_seconds() - before - NOTICE_S)}


def _rescheduling(case: _Case, kind: Sensor) -> dict[str, object]:
    """When the condition of a sensor that looked several times came true."""
    assert case.one.end is not None
    last = (case.one.end - max(poke.end for poke in case.pokes)).total_seconds()
    took = max(0.0, min(GLANCE_S, case.seconds, last))
    # It looked in vain before: true between that look and this one.
    true = case.since(case.one.end) - took - kind.poke_interval_s / 2
    return {"true_at_s": max(0.0, true), "duration_s": took}


def _poking(case: _Case, kind: Sensor) -> dict[str, object]:
    """When the condition of a sensor came true, and how long one poke takes, so that it ends when
    it did."""
    every = kind.poke_interval_s
    # Poke, sleep, poke, sleep, poke: the sleeps are known.
    sleeps = floor(case.seconds / every) if every > 0 and kind.mode == "poke" else 0
    took = (case.seconds - sleeps * every) / (sleeps + 1)
    true = case.since(case.one.end) - took - every / 2 if sleeps else 0.0
    return {"true_at_s": max(0.0, true), "duration_s": took}
