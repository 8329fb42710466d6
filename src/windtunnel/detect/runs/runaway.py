"""Runs that make runs without end: DAGs that trigger each other, or update what starts them
(WT230).

Each run has its causes: the task that triggered it, or the tasks whose updates started it, and so
the arrivals from outside that it goes back to. A chain of runs that comes back to its DAG three
times while nothing new arrives, and that the end of the window alone cuts off, goes on for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from windtunnel.detect.attempts import Attempts
from windtunnel.detect.finding import Finding
from windtunnel.model import (
    Branch,
    LatestOnly,
    RuleBook,
    Scenario,
    Sensor,
    ShortCircuit,
)
from windtunnel.trace import Trace

CODE = "WT230"
ROUNDS = 3
"""How often a chain must come back to a DAG before it is taken for one without end."""


@dataclass(slots=True)
class Link:
    """A run in a chain of causes."""

    roots: int
    """Stands for the arrivals that it goes back to; another number where one more joins them."""
    times: dict[int, int] = field(default_factory=dict)
    """By DAG: how many runs of it there are in the chain, from where its last arrival came in."""
    before: int | None = None
    """The run that made it, if nothing arrived from outside in between."""
    by: int | None = None
    """The task instance that did."""


def find_runaways(scenario: Scenario, trace: Trace) -> list[Finding]:
    """One finding for each circle of DAGs."""
    if trace.complete or not (trace.triggered_by or trace.consumed):
        return []
    links = _links(trace)
    attempts, book = Attempts(scenario, trace), RuleBook(scenario.behavior.rules)
    found: dict[frozenset[int], Finding | None] = {}
    for run in range(len(links) - 1, -1, -1):
        if links[run].times.get(trace.runs[run].dag, 0) <= ROUNDS:
            continue
        circle = _circle(trace, links, run)
        dags = frozenset(trace.runs[one].dag for one in circle)
        if dags not in found:  # the last run of each circle tells whether it goes on
            goes_on = _goes_on(trace, links, run)
            found[dags] = _finding(trace, attempts, book, links, circle) if goes_on else None
    return [finding for finding in found.values() if finding is not None]


def _links(trace: Trace) -> list[Link]:
    """All runs; causes come before what they make."""
    links: list[Link] = []
    arrivals = 0
    for run, record in enumerate(trace.runs):
        makers = _makers(trace, run)
        known = [ti for ti in makers if ti is not None]
        of_makers = {links[trace.ti_run[ti]].roots for ti in known}
        if len(known) < len(makers) or len(of_makers) != 1:
            arrivals += 1
            of_makers = {arrivals}
        (roots,) = of_makers
        link = Link(roots)
        for ti in known:
            maker = links[trace.ti_run[ti]]
            if maker.roots == roots and maker.times.get(record.dag, 0) >= link.times.get(
                record.dag, -1
            ):
                link.times, link.before, link.by = dict(maker.times), trace.ti_run[ti], ti
        link.times[record.dag] = link.times.get(record.dag, 0) + 1
        links.append(link)
    return links


def _makers(trace: Trace, run: int) -> list[int | None]:
    """The task instances that made a run; None for something outside of the fleet."""
    if run in trace.triggered_by:
        return [trace.triggered_by[run]]
    return [trace.asset_events[event].ti for event in trace.consumed.get(run, ())]


def _circle(trace: Trace, links: list[Link], run: int) -> list[int]:
    """The runs from one of a DAG to the next one of it, the latest first."""
    circle, before = [run], links[run].before
    while before is not None and trace.runs[before].dag != trace.runs[run].dag:
        circle.append(before)
        before = links[before].before
    return circle


def _goes_on(trace: Trace, links: list[Link], run: int) -> bool:
    """Whether the end of the window cuts the chain off: the next run of the DAG is not overdue,
    measured by the longest round that there was."""
    made = []
    at: int | None = run
    while at is not None:
        made.append(trace.runs[at].created_us)
        at = links[_circle(trace, links, at)[-1]].before
    longest = max(later - earlier for later, earlier in pairwise(made))
    return trace.end_us - made[0] <= longest


def _finding(
    trace: Trace, attempts: Attempts, book: RuleBook, links: list[Link], circle: list[int]
) -> Finding:
    last = circle[0]
    steps = [(links[run].by, run) for run in reversed(circle)]
    makers = [(ti, run) for ti, run in steps if ti is not None]
    names = [trace.dag_ids[trace.runs[run].dag] for run in reversed(circle)]
    circular = " -> ".join([names[-1], *names])
    earlier = links[circle[-1]].before
    seconds = 0.0
    if earlier is not None:
        seconds = (trace.runs[last].created_us - trace.runs[earlier].created_us) / 1e6
    doubts = sorted({doubt for ti, _ in makers for doubt in _doubts(attempts, book, ti)})
    first = makers[0][0]
    file, line = attempts.place(first)
    return Finding(
        code=CODE,
        title="Runs that make runs without end",
        summary=f"Each run of {names[-1]} leads to another one of it, with nothing new from "
        f"outside: {circular}. At the end of the window {links[last].times[trace.runs[last].dag]} "
        f"of its runs go back to the same arrival, and the last round took {seconds:g} s.",
        certain=not doubts,
        dag_id=attempts.dag_id(first),
        file=file,
        line=line,
        since=trace.at(trace.runs[last].created_us),
        cycle=(names[-1], *names),
        holding=tuple(
            attempts.party(ti, _how(attempts, trace, ti, run), trace.runs[run].created_us)
            for ti, run in makers
        ),
        notes=(
            *(f"It ends if {doubt}, of which nothing is said here." for doubt in doubts),
            "Take out one of these steps, or let a condition end it; max_active_runs only slows "
            "it down.",
        ),
    )


def _how(attempts: Attempts, trace: Trace, ti: int, run: int) -> str:
    dag_id = trace.dag_ids[trace.runs[run].dag]
    if run in trace.triggered_by:
        return f"triggers {dag_id}"
    task = attempts.task(ti)
    updated = ", ".join(task.outlets) if task is not None else "an asset"
    return f"updates {updated}, which starts {dag_id}"


def _doubts(attempts: Attempts, book: RuleBook, ti: int) -> list[str]:
    """What may keep a task from making the next run, and what it does is assumed."""
    dag = attempts.dag(ti)
    if dag is None:
        return []
    found, left = [], [attempts.task_id(ti)]
    seen = set(left)
    while left:
        task = dag.find(left.pop())
        if task is None:
            continue
        name = f"{dag.dag_id}.{task.task_id}"
        if isinstance(task.kind, Branch | ShortCircuit) and not book.of(dag, task):
            found.append(f"{name} decides otherwise")
        elif isinstance(task.kind, LatestOnly):
            found.append(f"{name} skips")
        elif isinstance(task.kind, Sensor) and not book.of(dag, task):
            found.append(f"{name} waits for something that doesn't come")
        new = [up for up in task.upstream if up not in seen]
        seen.update(new)
        left.extend(new)
    return found
