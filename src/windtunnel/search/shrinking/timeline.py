"""Timeline: a counterexample in a few lines, with what had to go another way than usual."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from windtunnel.detect.case import Moment
from windtunnel.detect.finding import Finding
from windtunnel.engine.steered import DIES
from windtunnel.loaders import said_fault
from windtunnel.loaders.durations import in_words
from windtunnel.model import LateData, Scenario
from windtunnel.trace import Decision, Trace

LINES = 12
NAMED = 3
"""Tasks that a line names; it counts the others."""
VERBS = {
    "running": "starts",
    "success": "succeeds",
    "failed": "fails",
    "skipped": "is skipped",
    "up_for_retry": "fails, and will be retried",
    "up_for_reschedule": "has to look again",
    "deferred": "defers",
    "upstream_failed": "can't run: what was before it failed",
    "restarting": "is restarting",
}
SEVERAL = {
    "starts": "start",
    "succeeds": "succeed",
    "fails": "fail",
    "is skipped": "are skipped",
    "fails, and will be retried": "fail, and will be retried",
    "has to look again": "have to look again",
    "defers": "defer",
    "is restarting": "are restarting",
}
RUN, RUN_OF_EACH = "has a run", "have a run each"
NEEDED, PARTIES, RUNS, OTHERS = 0, 1, 2, 3
FAULT = 0
CHOICE = 2
"""Within one instant: after what ends, before what starts."""
END = "from here on nothing goes on"


@dataclass(frozen=True, slots=True)
class _Line:
    at_us: int
    order: int
    """Within one instant."""
    weight: int
    """What is left out first has the largest."""
    who: tuple[str, ...]
    verb: str

    @property
    def what(self) -> str:
        if not self.who:
            return self.verb
        verb, number = self.verb, len(self.who)
        if number > 1 and len(set(self.who)) == 1:
            if RUN in verb:
                return f"{self.who[0]} {verb.replace(RUN, f'has {number} runs')}"
            return f"{self.who[0]} {verb} in {number} runs"
        if number > 1:
            verb = SEVERAL.get(verb, verb).replace(RUN, RUN_OF_EACH)
        often = Counter(self.who)
        who = [name if n == 1 else f"{name} ({n} times)" for name, n in often.items()]
        named = who if len(who) <= NAMED + 1 else who[:NAMED]
        more = f" and {len(who) - NAMED} more" if named != who else ""
        return f"{', '.join(named)}{more} {verb}"


def timeline(scenario: Scenario, trace: Trace, finding: Finding) -> tuple[Moment, ...]:
    """At most so many lines, up to when what was found began; what is needed is never left out
    before the rest is."""
    since = finding.since
    end_us = trace.end_us
    if since is not None:
        end_us = round((since - scenario.start).total_seconds() * 1e6)
    lines = [*_needed(scenario, trace), *_struck(scenario, trace, end_us)]
    lines += _merged(line for line in _happened(trace, finding) if line.at_us <= end_us)
    if finding.holding:
        last = finding.holding[-1]
        ends = f"{last.name} {last.does}" if last.does else END
        lines.append(_Line(end_us, 9, NEEDED, (), ends))
    kept = sorted(sorted(lines, key=_worth)[:LINES], key=_when)
    return tuple(
        Moment(at=trace.at(line.at_us), what=line.what, needed=line.order == CHOICE)
        for line in kept
    )


def _worth(line: _Line) -> tuple[int, int]:
    """What is kept first. Of runs the last ones: they are nearest to what was found."""
    return line.weight, -line.at_us if line.weight == RUNS else line.at_us


def _when(line: _Line) -> tuple[int, int]:
    return line.at_us, line.order


def _happened(trace: Trace, finding: Finding) -> Iterator[_Line]:
    parties = {(p.name, p.run) for p in (*finding.holding, *finding.waiting)}
    for record in trace.runs:
        dag_id = trace.dag_ids[record.dag]
        yield _Line(record.created_us, 0, RUNS, (dag_id,), f"{RUN} ({record.run_type})")
    for event in trace.events():
        if event.task_id is None or event.state not in VERBS:
            continue
        index = f"[{event.map_index}]" if event.map_index >= 0 else ""
        name = f"{event.dag_id}.{event.task_id}{index}"
        weight = PARTIES if (name, event.run) in parties or not parties else OTHERS
        order = 3 if event.state == "running" else 1
        yield _Line(event.at_us, order, weight, (name,), VERBS[event.state])


def _merged(lines: Iterable[_Line]) -> list[_Line]:
    """What several do at one instant is one line."""
    found: dict[tuple[int, int, int, str], _Line] = {}
    for line in lines:
        key = (line.at_us, line.order, line.weight, line.verb)
        known = found.get(key)
        found[key] = line if known is None else replace(known, who=(*known.who, *line.who))
    return list(found.values())


# -- what is needed ---------------------------------------------------------------------------


def _needed(scenario: Scenario, trace: Trace) -> Iterator[_Line]:
    for decision in trace.decisions:
        yield _Line(decision.at_us, CHOICE, NEEDED, (), _said(scenario, decision))


def _struck(scenario: Scenario, trace: Trace, end_us: int) -> Iterator[_Line]:
    """When the faults of the scenario begin, of those that struck anything by then. What lasts from
    the start on shows by what it does."""
    for number, fault in enumerate(scenario.faults):
        begins_s = 0.0 if isinstance(fault, LateData) else fault.begins_s(scenario.start)
        at_us = round(begins_s * 1e6)
        if 0 < at_us <= end_us and trace.struck[number]:
            yield _Line(at_us, FAULT, NEEDED, (), said_fault(fault))


def _said(scenario: Scenario, one: Decision) -> str:
    who, kind = _name(one.actor), one.kind
    word, _, number = kind.partition(" ")
    if kind == "tie":
        return f"{_name(one.instead)} is queued before {who}, its equal"
    if kind == "mishap":
        return f"the process of {who} dies" if one.value == DIES else f"a try of {who} fails"
    if kind == "jitter":
        return f"the run of {who} comes {_length(one)} late"
    if word == "fault":
        return f"{said_fault(scenario.faults[int(number)])}: strikes {who}"
    if word == "slowdown":
        return f"{who} is slowed down (behavior.slowdowns[{number}])"
    if kind == "outcome":
        return f"{who} does not succeed"
    if kind == "true":
        return f"what {who} waits for comes after {_length(one)}"
    if one.us:
        part = {"duration": "", "mishap at": " until then"}.get(kind, f" in its {kind}")
        return f"{who} takes {_length(one)}{part}{_extreme(one)}"
    if word == "step":
        return f"{kind} of {who} fails"
    return f"{who} needs more {kind}"


def _length(one: Decision) -> str:
    return in_words(round(one.us / 1e6) if one.us >= 10_000_000 else one.us / 1e6)


def _extreme(one: Decision) -> str:
    return ", its longest" if one.value == one.ways - 1 and one.kind != "mishap at" else ""


def _name(actor: tuple[object, ...]) -> str:
    """``dag_id.task_id[2]``, or as much of it as there is."""
    if len(actor) < 4:  # of a DAG, a run, a day, or of all
        named = actor and isinstance(actor[0], str) and actor[0] != "any"
        return str(actor[0]) if named else "everything"
    index = f"[{actor[3]}]" if isinstance(actor[3], int) and actor[3] >= 0 else ""
    return f"{actor[0]}.{actor[2]}{index}"
