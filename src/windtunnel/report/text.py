"""A simulation or a check as text for a terminal, 80 columns wide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from windtunnel.capacity import every_limit
from windtunnel.detect import Accepted, Finding
from windtunnel.loaders import said_faults
from windtunnel.model import Assumption, Cluster, Problem, Scenario
from windtunnel.model.question import Deadline
from windtunnel.report.finding_text import finding_text
from windtunnel.report.landing_text import landing_lines
from windtunnel.report.proof_text import proof_lines
from windtunnel.report.rechecked_text import rechecked_text
from windtunnel.report.summary import (
    DagSummary,
    LimitSummary,
    TaskSummary,
    in_words,
    summarize,
)
from windtunnel.report.table import table
from windtunnel.report.unreached_text import unreached_text
from windtunnel.report.varied_text import varied_text
from windtunnel.report.wrap import wrap
from windtunnel.result import Failure, Report, Result
from windtunnel.trace import Trace
from windtunnel.units import clock, count, duration
from windtunnel.window import Idle

ROWS = 40
"""Tasks shown one by one; the JSON form has all."""
NAMED = 12
FAILURES = 5
"""Tracebacks shown; the JSON form has all."""


def run_text(result: Result, *, deadlines: Sequence[Deadline] = (), width: int = 80) -> str:
    """What one simulation showed: runs, tasks, waits, then problems, assumptions and findings.

    Args:
        result: The simulation.
        deadlines: What has to be on time, if somebody said so.
        width: Columns of the terminal.
    """
    summary = summarize(result.trace)
    blocks = [
        _loaded(result.scenario, width),
        _dag_runs(summary.dags, result.never_ran, width),
        _never_ran(result, width),
        _tasks(summary.tasks, width),
        _failures(result.failures, width),
        _waits(summary.limits, width),
        _occupancy(result, width),
        _executor(result.trace, width),
        *landing_lines(result, deadlines, width=width),
        _problems(result.problems, width),
        _assumptions(result.assumptions, width),
        _findings(result.findings, width),
        _possible(result.possible, width),
        _accepted(result.accepted, width),
        _more(result),
        wrap(verdict_text(result, result, 1), width=width),
    ]
    return _join(blocks)


def check_text(report: Report, *, width: int = 80) -> str:
    """What a check found, what it covered, and what it had to assume."""
    blocks = [
        [*_loaded(report.scenario, width), *_ran(report.result, width)],
        _never_ran(report.result, width),
        _problems(report.problems, width),
        _assumptions(report.assumptions, width),
        rechecked_text(report.rechecked, width=width),
        _findings(report.findings, width),
        _possible(report.possible, width),
        _accepted(report.accepted, width),
        _more(report),
        wrap(f"Not kept: {report.not_kept}", then="  ", width=width) if report.not_kept else [],
        varied_text(report.varied, width=width),
        unreached_text(report.unreached, width=width),
        proof_lines(report.proof, {one.dag_id for one in report.never_ran}, width=width),
        _covered(report, width),
        wrap(verdict_text(report, report.result, report.simulations), width=width),
    ]
    return _join(blocks)


def _covered(report: Report, width: int) -> list[str]:
    if not report.covered:
        return []
    by = f" (profile {report.profile})" if report.profile else ""
    return wrap(report.covered, first=f"Covered{by}: ", then="  ", width=width)


def problems_text(problems: Sequence[Problem], *, width: int = 80) -> str:
    """What could not be used, and why."""
    return _join([_problems(problems, width)])


def loaded_text(scenario: Scenario, *, width: int = 80) -> list[str]:
    """What is simulated: DAGs, cluster, window and faults."""
    return _loaded(scenario, width)


def assumptions_text(assumptions: Sequence[Assumption], *, width: int = 80) -> str:
    """What the input did not say, and what was taken instead."""
    return _join([_assumptions(assumptions, width)])


def _join(blocks: Sequence[Sequence[str]]) -> str:
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _loaded(scenario: Scenario, width: int) -> list[str]:
    fleet = scenario.fleet
    files = {dag.file for dag in fleet.dags if dag.file}
    tasks = sum(len(dag.tasks) for dag in fleet.dags)
    what = f"{count(len(fleet.dags), 'DAG')} with {count(tasks, 'task')}"
    if files:
        what += f" from {count(len(files), 'file')}"
    window = f"{clock(scenario.start)} UTC, {duration(scenario.duration_s)}, seed {scenario.seed}"
    faults = said_faults(scenario.faults)
    return [
        *wrap(what, first="Loaded   ", width=width),
        *wrap(cluster_text(scenario.cluster), first="Cluster  ", width=width),
        *wrap(window, first="Window   ", width=width),
        *(wrap(faults, first="Faults   ", width=width) if faults else ()),
    ]


def cluster_text(cluster: Cluster) -> str:
    """A cluster in a few words."""
    parts = [cluster.profile, f"parallelism {cluster.parallelism}"]
    if cluster.schedulers > 1:
        parts.append(f"{cluster.schedulers} schedulers with that parallelism each")
    if cluster.loop is not None:
        least, sleep = duration(cluster.loop.duration_s), duration(cluster.loop.idle_sleep_s)
        parts.append(f"scheduler loops of {least} or more, idle sleep {sleep}")
    if cluster.executor is not None:
        parts.append(" and ".join(cluster.executor_names))
    if cluster.workers is None:
        parts += [] if cluster.executor else ["workers without a limit"]
    elif not cluster.workers:
        parts.append("no workers")
    for group in cluster.workers or ():
        served = f"queues {', '.join(group.queues)}" if group.queues else "of no queue"
        queues = "" if group.queues == ("default",) else f" ({served})"
        each = " each" if group.count > 1 else ""
        parts.append(
            f"{count(group.count, 'worker')} with {count(group.slots, 'slot')}{each}{queues}"
        )
    parts += [f"pool {name} {pool.slots}" for name, pool in sorted(cluster.pools.items())]
    return ", ".join(parts)


def _ran(result: Result, width: int) -> list[str]:
    runs = [run for run in result.trace.dag_runs() if run.started_us is not None]
    instances = sum(ti.started_us is not None for ti in result.trace.task_instances())
    what = f"{count(len(runs), 'dag run')} and {count(instances, 'task instance')}"
    dags = f"of {count(len({run.dag_id for run in runs}), 'DAG')}"
    return wrap(f"{what}, {dags} (first simulation)", first="Ran      ", width=width)


def _never_ran(result: Result, width: int) -> list[str]:
    """DAGs of which nothing was simulated, told once for all that have the same reason."""
    by_reason: dict[str, list[Idle]] = {}
    for one in result.never_ran:
        by_reason.setdefault(one.why, []).append(one)
    if not by_reason:
        return []
    all_dags = count(len(result.scenario.fleet.dags), "DAG")
    lines = [f"Never ran ({len(result.never_ran)} of {all_dags}):"]
    for why, alike in by_reason.items():
        names = ", ".join(one.dag_id for one in alike[:NAMED])
        more = f" and {len(alike) - NAMED} more" if len(alike) > NAMED else ""
        lines += wrap(f"{names}{more}: {why}", first="  ", then="    ", width=width)
    return lines


def _failures(failures: Sequence[Failure], width: int) -> list[str]:
    """What real callables raised, told once for all tries that raised the same."""
    alike: dict[tuple[str, str, str], list[Failure]] = {}
    for one in failures:
        alike.setdefault((one.dag_id, one.task_id, one.traceback), []).append(one)
    if not alike:
        return []
    lines = [f"Exceptions in real callables ({len(failures)}):"]
    for same in list(alike.values())[:FAILURES]:
        first = same[0]
        where = f"{first.name}, try {first.try_number} of {first.run} at {clock(first.at)}"
        more = f" (and {count(len(same) - 1, 'more try', 'more tries')})" if same[1:] else ""
        lines += wrap(f"{where}: {first.state}{more}", first="  ", then="    ", width=width)
        lines += [f"    {line}".rstrip() for line in first.traceback.splitlines()]
    if len(alike) > FAILURES:
        lines.append(f"  ... and {len(alike) - FAILURES} more (--format json lists all)")
    return lines


def _dag_runs(dags: Sequence[DagSummary], idle: Sequence[Idle], width: int) -> list[str]:
    if not dags and any(one.was_due for one in idle):
        return ["Dag runs: none. Those that were due were not made."]
    if not dags:
        return ["Dag runs: none. Nothing was due in this window, and nothing was triggered."]
    rows = [
        (
            dag.dag_id,
            str(dag.states.total()),
            _seconds(dag.usual_s),
            _seconds(dag.worst_s),
            clock(dag.last_landed) if dag.last_landed else "-",
            in_words(dag.states),
        )
        for dag in dags
    ]
    header = ("Dag runs", "runs", "lands after", "worst", "last landed (UTC)", "states")
    return table(header, rows, left=frozenset({0, 5}), width=width)


def _tasks(tasks: Sequence[TaskSummary], width: int) -> list[str]:
    if not tasks:
        return []
    rows = [
        (
            task.name,
            str(task.states.total()),
            _seconds(max(task.took_s, default=None)),
            duration(task.waited_s),
            in_words(task.states),
        )
        for task in _most_telling(tasks)
    ]
    header = ("Tasks", "instances", "longest", "waited", "states")
    lines = table(header, rows, left=frozenset({0, 4}), width=width)
    if len(tasks) > ROWS:
        lines.append(f"  ... and {len(tasks) - ROWS} more (--format json lists all)")
    return lines


def _most_telling(tasks: Sequence[TaskSummary]) -> list[TaskSummary]:
    """At most ``ROWS`` of them, those with something to say first chosen, order kept."""
    ranked = sorted(tasks, key=lambda task: (not task.eventful, -task.waited_s, task.name))
    chosen = {task.name for task in ranked[:ROWS]}
    return [task for task in tasks if task.name in chosen]


def _waits(limits: Sequence[LimitSummary], width: int) -> list[str]:
    rows = [
        (
            limit.limit,
            duration(limit.total_s),
            str(limit.instances),
            duration(limit.longest_s),
            limit.longest_by,
        )
        for limit in limits
    ]
    header = ("Waits, by limit", "total", "instances", "longest", "of")
    return table(header, rows, left=frozenset({0, 4}), width=width) if rows else []


def _occupancy(result: Result, width: int) -> list[str]:
    rows = [
        (
            use.limit,
            "-" if use.size is None else str(use.size),
            str(use.peak),
            f"{use.mean:.1f}",
        )
        for use in every_limit(result.scenario, result.trace)
        if use.peak
    ]
    header = ("Slots in use", "of", "at most", "on average")
    return table(header, rows, left=frozenset({0}), width=width) if rows else []


def _executor(trace: Trace, width: int) -> list[str]:
    """What became of messages and pods, beside the states of their tasks."""
    found = Counter(what for _, _, what in trace.executor_events)
    rows = [(what, str(times)) for what, times in sorted(found.items())]
    header = ("Messages and pods", "times")
    return table(header, rows, left=frozenset({0}), width=width) if rows else []


def _problems(problems: Sequence[Problem], width: int) -> list[str]:
    if not problems:
        return []
    refused = [problem for problem in problems if problem.cause == "refused"]
    unused = [problem for problem in problems if problem.cause != "refused"]
    blocks = (
        (f"Not used ({count(len(unused), 'problem')}), while everything else was:", unused),
        (f"Refused by the installed Airflow ({count(len(refused), 'problem')}):", refused),
    )
    return [line for header, some in blocks if some for line in _listed(header, some, width)]


def _listed(header: str, problems: Sequence[Problem], width: int) -> list[str]:
    lines = [header]
    for problem in problems:
        first, *more = str(problem).splitlines() or [problem.cause]
        lines += wrap(first, first="  ", width=width)
        lines += [f"    {line}" for line in more]
    return lines


def _assumptions(assumptions: Sequence[Assumption], width: int) -> list[str]:
    if not assumptions:
        return []
    lines = ["Assumed:"]
    for one in assumptions:
        lines += wrap(f"{one.subject}: {one.assumed}", first="  ", then="    ", width=width)
    return lines


def _findings(findings: Sequence[Finding], width: int) -> list[str]:
    alike: dict[tuple[str, ...], list[Finding]] = {}
    for one in findings:
        alike.setdefault(one.identity, []).append(one)
    told = [_once(same, width) for same in alike.values()]
    return ["\n\n".join(told)] if told else []


def findings_text(findings: Sequence[Finding], *, width: int = 80) -> str:
    """Several findings, as a check prints them; those that differ in nothing but when, once."""
    return "\n".join(_findings(findings, width))


def _possible(findings: Sequence[Finding], width: int) -> list[str]:
    told = _findings(findings, width)
    head = "Could happen, though no simulation has shown it (the exit code doesn't count it):"
    return [*wrap(head, width=width), "", *told] if told else []


def _more(outcome: Result | Report) -> list[str]:
    """Where to read on."""
    codes = _codes([*outcome.findings, *outcome.possible])
    first = codes.partition(",")[0]
    return [f"What it means and what cures it: windtunnel explain {first}"] if codes else []


def _accepted(accepted: Sequence[Accepted], width: int) -> list[str]:
    """All of them in one line: how many, which, and why."""
    if not accepted:
        return []
    alike: dict[tuple[str, str, str], int] = {}
    for one in accepted:
        key = (one.finding.code, " and ".join(one.by), one.reason)
        alike[key] = alike.get(key, 0) + 1
    said = [
        f"{f'{times} x ' if times > 1 else ''}{code} of {by}{f' ({reason})' if reason else ''}"
        for (code, by, reason), times in alike.items()
    ]
    first = f"Accepted {count(len(accepted), 'finding')}: "
    return wrap("; ".join(said) + ".", first=first, then="  ", width=width)


def _once(same: Sequence[Finding], width: int) -> str:
    """The first of findings that differ in nothing but when, and how often it comes again."""
    first, *others = same
    said = finding_text(first, width=width)
    if not others:
        return said
    last = others[-1].since
    when = "" if last is None else f", the last time from {clock(last)}"
    again = f"The same comes {count(len(others), 'time')} more{when}."
    return "\n".join([said, *wrap(again, first="  ", width=width)])


def verdict_text(outcome: Result | Report, result: Result, simulations: int) -> str:
    """What it came to, in a few sentences; *result* is that of the first of so many simulations."""
    simulated = count(simulations, "simulation")
    if not result.ran:
        return f"Nothing was tried: no dag run started in {simulated}."
    findings = outcome.findings
    found = f"{count(len(findings), 'finding')} ({_codes(findings)})" if findings else "No finding"
    said = f"{found} in {simulated}."
    if outcome.possible:
        said += f" Could happen: {_codes(outcome.possible)}."
    if outcome.accepted:
        said += f" {len(outcome.accepted)} accepted."
    if result.never_ran:
        dags = count(len(result.scenario.fleet.dags), "DAG")
        said += f" {len(result.never_ran)} of {dags} never ran."
    if result.failures:
        said += f" {count(len(result.failures), 'try', 'tries')} of real callables failed."
    return said


def _codes(findings: Sequence[Finding]) -> str:
    return ", ".join(sorted({finding.code for finding in findings}))


def _seconds(value: float | None) -> str:
    return "-" if value is None else duration(value)
