"""Runs that dagrun_timeout has failed while their work went on (WT223), of DAGs of which every run
matters.

Airflow fails the run and sets what is unfinished to skipped, at once. The process of a task hears
of it with its next heartbeat; until then it goes on, and may come to its end: the run is red, and
its data are there.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from windtunnel.detect.attempts import Attempts
from windtunnel.detect.finding import Finding
from windtunnel.model import Scenario
from windtunnel.trace import Access, Stray, Trace, told_accesses

CODE = "WT223"
DEED = {"write": "wrote", "append": "added to"}
CAUSE = "dagrun_timeout"


def find_given_up_runs(scenario: Scenario, trace: Trace) -> list[Finding]:
    """One finding for each task that came to its end after its run had failed."""
    if not scenario.every_run_matters or not trace.touches:
        return []
    attempts = Attempts(scenario, trace)
    strays = {
        (stray.ti, stray.try_number): stray
        for stray in trace.strays
        if stray.why == CAUSE
        and any(fnmatchcase(attempts.dag_id(stray.ti), one) for one in scenario.every_run_matters)
    }
    first: dict[tuple[int, int], tuple[Stray, Access]] = {}
    for access in told_accesses(trace) if strays else ():
        stray = strays.get((access.ti, access.try_number))
        done = access.done and access.verb in DEED
        if stray is not None and done and access.to_us > stray.since_us:
            first.setdefault(attempts.key(access.ti), (stray, access))
    return [_finding(trace, attempts, stray, access) for stray, access in first.values()]


def _finding(trace: Trace, attempts: Attempts, stray: Stray, access: Access) -> Finding:
    name, run = attempts.name(stray.ti), attempts.run(stray.ti)
    file, line = attempts.place(stray.ti)
    seconds = (access.to_us - stray.since_us) / 1e6
    did = f"{DEED[access.verb]} {access.dataset}"
    return Finding(
        code=CODE,
        title="Failed run whose work was done",
        summary=f"{attempts.dag_id(stray.ti)} {run} was failed by dagrun_timeout, and {name} {did} "
        f"{seconds:g} s later: its process hears of the timeout with its next heartbeat. Whoever "
        "looks at the run takes its data for missing.",
        dag_id=attempts.dag_id(stray.ti),
        file=file,
        line=line,
        since=trace.at(stray.since_us),
        until=None if stray.until_us is None else trace.at(stray.until_us),
        ended_by="its process is over",
        holding=(attempts.party(stray.ti, f"{did} after its run had failed", stray.since_us),),
        notes=(
            "An execution_timeout of the task, shorter than the run's, ends the work itself; so "
            "does a look at the run's state before what can't be taken back.",
        ),
    )
