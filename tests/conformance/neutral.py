"""The neutral trace format: the engine's traces in it, and where two first differ."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from windtunnel.model import Scenario
    from windtunnel.trace import Event, Trace

Json = dict[str, Any]
Entity = tuple[str, ...]
Verdict = Literal["complete", "stuck", "horizon"]

NOT_A_DECISION = frozenset({"scheduled", "queued", "none", None})
"""States of a task instance whose order within an instant means nothing."""


def to_neutral(trace: Trace, scenario: Scenario) -> Json:
    """An engine trace in the format of the recorded ones."""
    return {
        "format": 1,
        "case_id": scenario.name,
        "simulated": scenario.cluster.profile,
        "events": [_event(event) for event in trace.events()],
        "final": {"runs": _final_runs(trace), "tasks": _final_tasks(trace)},
        "verdict": verdict_of(trace),
    }


def verdict_of(trace: Trace) -> Verdict:
    """How it ended: the window cut it, or it came to rest with or without unfinished runs."""
    if not trace.complete:
        return "horizon"
    finished = all(run.state in ("success", "failed") for run in trace.dag_runs())
    return "complete" if finished else "stuck"


def seconds(us: int) -> int | float:
    """Microseconds as seconds, whole ones without a point, as the recorded traces have them."""
    return us // 1_000_000 if us % 1_000_000 == 0 else us / 1_000_000


def _event(event: Event) -> Json:
    where = {"t": seconds(event.at_us), "dag_id": event.dag_id, "run": event.run}
    if event.task_id is None:
        reason = {} if event.reason is None else {"reason": event.reason}
        return {**where, "kind": "run", "state": event.state, **reason}
    return {
        **where,
        "kind": "task",
        "task_id": event.task_id,
        "map_index": event.map_index,
        "try_number": event.try_number,
        "state": _state(event.state),
    }


def _state(label: str) -> str | None:
    return None if label == "none" else label


def _final_runs(trace: Trace) -> list[Json]:
    return [
        {
            "dag_id": run.dag_id,
            "run": run.run,
            "run_id": run.run_id,
            "run_type": run.run_type,
            "logical_date": run.logical_date.isoformat() if run.logical_date else None,
            "state": run.state,
            **_consumed(trace, run.index),
        }
        for run in trace.dag_runs()
    ]


def _consumed(trace: Trace, run: int) -> Json:
    """How many events of each asset a run got that assets started."""
    if run not in trace.consumed:
        return {}
    return {"consumed": Counter(trace.asset_events[event].asset for event in trace.consumed[run])}


def _final_tasks(trace: Trace) -> list[Json]:
    return [
        {
            "dag_id": ti.dag_id,
            "run": ti.run,
            "task_id": ti.task_id,
            "map_index": ti.map_index,
            "try_number": ti.try_number,
            "state": _state(ti.state),
            "priority_weight": trace.ti_weight[ti.index],
        }
        for ti in sorted(
            trace.task_instances(), key=lambda ti: (ti.dag_id, ti.run, ti.task_id, ti.map_index)
        )
    ]


@dataclass(slots=True)
class Instant:
    """The decisions of one instant: each entity's states, and the order of the starts."""

    states: dict[Entity, list[str]] = field(default_factory=lambda: defaultdict(list))
    starts: list[Entity] = field(default_factory=list)


def instants(trace: Json) -> dict[int, Instant]:
    """The decisions of a trace by instant, in microseconds."""
    found: dict[int, Instant] = defaultdict(Instant)
    for event in trace["events"]:
        if event["kind"] == "task" and event["state"] in NOT_A_DECISION:
            continue
        entity, state = _decision(event)
        now = found[round(event["t"] * 1_000_000)]
        now.states[entity].append(state)
        if event["state"] == "running" and event["kind"] == "task":
            now.starts.append(entity)
    return dict(found)


def _decision(event: Json) -> tuple[Entity, str]:
    if event["kind"] == "run":
        return (event["dag_id"], event["run"]), event["state"]
    entity = (event["dag_id"], event["run"], event["task_id"], str(event["map_index"]))
    return entity, f"{event['state']}#{event['try_number']}"


@dataclass(frozen=True, slots=True)
class Difference:
    """The first instant at which two traces differ, or that they end differently."""

    at_us: int | None
    """``None``: all decisions are equal, the verdicts are not."""
    details: tuple[str, ...]

    def __str__(self) -> str:
        more = f" (and {len(self.details) - 1} more)" if len(self.details) > 1 else ""
        return f"{self.when}: {self.details[0]}{more}"

    @property
    def when(self) -> str:
        """The instant, for people."""
        return "at the end" if self.at_us is None else f"t = {seconds(self.at_us)}"


def difference(expected: Json, actual: Json) -> Difference | None:
    """The first decision, in order of time, that differs; ``None`` if all are equal."""
    want, have = instants(expected), instants(actual)
    for moment in sorted(want.keys() | have.keys()):
        details = tuple(_unequal(want.get(moment) or Instant(), have.get(moment) or Instant()))
        if details:
            return Difference(moment, details)
    unequal = tuple(_unequally_consumed(expected, actual))
    if unequal:
        return Difference(None, unequal)
    if expected["verdict"] != actual["verdict"]:
        verdicts = f"verdict: expected {expected['verdict']}, got {actual['verdict']}"
        return Difference(None, (verdicts,))
    return None


def _unequally_consumed(expected: Json, actual: Json) -> Iterator[str]:
    """Runs that got other asset events, where the recorded trace tells which they got."""
    taken = {(r["dag_id"], r["run"]): r.get("consumed") for r in _final_runs_of(actual)}
    for run in _final_runs_of(expected):
        name, wanted = (run["dag_id"], run["run"]), run.get("consumed")
        if wanted is not None and wanted != taken.get(name):
            yield f"{_name(name)}: expected events {wanted}, got {taken.get(name)}"


def _final_runs_of(trace: Json) -> list[Json]:
    runs: list[Json] = trace.get("final", {}).get("runs", [])
    return runs


def first_difference(expected: Json, actual: Json) -> str | None:
    """The first decision that differs, on one line; ``None`` if all are equal."""
    found = difference(expected, actual)
    return None if found is None else str(found)


def _unequal(want: Instant, have: Instant) -> Iterator[str]:
    for entity in sorted(want.states.keys() | have.states.keys()):
        expected, got = want.states.get(entity, []), have.states.get(entity, [])
        if expected != got:
            yield f"{_name(entity)}: expected {_listed(expected)}, got {_listed(got)}"
    if want.states == have.states and want.starts != have.starts:
        expected_order, order = ([_name(e) for e in i.starts] for i in (want, have))
        yield f"start order: expected {_listed(expected_order)}, got {_listed(order)}"


def _name(entity: Entity) -> str:
    return " ".join(entity[:2]) if len(entity) == 2 else f"{' '.join(entity[:3])}[{entity[3]}]"


def _listed(words: list[str]) -> str:
    return ", ".join(words) or "nothing"


def described(trace: Json, at_us: int) -> list[str]:
    """Every event of one instant, the undecided ones too, one line each."""
    lines = []
    for event in trace["events"]:
        if round(event["t"] * 1_000_000) != at_us:
            continue
        entity, state = _decision(event)
        reason = f"  ({event['reason']})" if event.get("reason") else ""
        lines.append(f"{_name(entity)}  {state}{reason}")
    return lines
