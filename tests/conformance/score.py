"""Scores the engine against recorded traces: score.py CASES_DIR TRACES_DIR.

Every decision is compared, in order, with its time. Prints ``equal N of M`` and then, for each case
that is unequal, its id and the first decision that differs. Exits 0 only if all are equal.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from case import load_case
from corpus import cases_in, traces_in
from neutral import described, difference, to_neutral

from windtunnel.model.cluster import ProfileName

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """One case to be compared."""

    case: Json
    expected: Json
    profile: ProfileName
    show: bool = False
    emit: Path | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How one case compared; ``problem`` is None if every decision is equal."""

    case_id: str
    problem: str | None
    details: tuple[str, ...] = ()


def profile_for(trace: Json) -> ProfileName:
    """The version profile that stands for the release which a trace was recorded with."""
    return (
        "airflow-2.11" if str(trace.get("airflow_version", "3")).startswith("2.") else "airflow-3.3"
    )


def simulated(case: Json, profile: ProfileName) -> Json:
    """What the engine decides for a case, as a neutral trace."""
    from windtunnel.engine import simulate  # noqa: PLC0415 - reported per case while it can't be imported

    scenario = load_case(case, profile=profile)
    return to_neutral(simulate(scenario), scenario)


def compare(job: Job) -> Result:
    """Simulate one case and compare it with its recorded trace."""
    case_id = job.case["id"]
    try:
        actual = simulated(job.case, job.profile)
    except Exception as error:  # one broken case must not hide the others
        first_line = (str(error).splitlines() or [""])[0]
        return Result(case_id, f"{type(error).__name__}: {first_line}")
    if job.emit is not None:
        (job.emit / f"{case_id}.json").write_text(json.dumps(actual) + "\n", encoding="utf-8")
    found = difference(job.expected, actual)
    if found is None:
        return Result(case_id, None)
    details: tuple[str, ...] = ()
    if job.show:
        details = tuple(_shown(job.expected, actual, found.at_us, found.details))
    return Result(case_id, str(found), details)


def _shown(expected: Json, actual: Json, at_us: int | None, differ: Iterable[str]) -> Iterator[str]:
    yield from (f"    {line}" for line in differ)
    if at_us is None:
        return
    for title, trace in (("Airflow", expected), ("windtunnel", actual)):
        yield f"    {title} at this instant:"
        yield from (f"      {line}" for line in described(trace, at_us))


def jobs_of(arguments: argparse.Namespace) -> tuple[list[Job], int]:
    """The cases that have a trace, and how many have none."""
    cases, traces = cases_in(arguments.cases), traces_in(arguments.traces)
    if arguments.only:
        cases = {name: case for name, case in cases.items() if fnmatchcase(name, arguments.only)}
    jobs = [
        Job(
            case=case,
            expected=traces[name],
            profile=arguments.profile or profile_for(traces[name]),
            show=arguments.show,
            emit=arguments.emit,
        )
        for name, case in sorted(cases.items())
        if name in traces
    ]
    return jobs, len(cases) - len(jobs)


def results_of(jobs: list[Job], processes: int) -> list[Result]:
    """All comparisons, in the order of the jobs."""
    if processes <= 1:
        return [compare(job) for job in jobs]
    with ProcessPoolExecutor(processes) as pool:
        return list(pool.map(compare, jobs, chunksize=8))


def report(results: list[Result], without_trace: int) -> Iterator[str]:
    """The lines to print."""
    unequal = [result for result in results if result.problem is not None]
    yield f"equal {len(results) - len(unequal)} of {len(results)}"
    if without_trace:
        yield f"no trace: {without_trace}"
    for result in unequal:
        yield f"{result.case_id}: {result.problem}"
        yield from result.details


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cases", type=Path, help="folder with cases, searched recursively")
    parser.add_argument("traces", type=Path, help="folder with the recorded traces of one release")
    parser.add_argument(
        "--profile",
        choices=("airflow-3.3", "airflow-2.11"),
        help="release to simulate (default: the one that each trace was recorded with)",
    )
    parser.add_argument("--emit", type=Path, metavar="DIR", help="write the engine's traces there")
    parser.add_argument("--only", metavar="GLOB", help="only cases whose id matches")
    parser.add_argument("--show", action="store_true", help="print the differing instant in full")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (0: all cores)")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the comparison; the exit code is 0 only if at least one case ran and all are equal."""
    options = parse(arguments)
    if options.emit is not None:
        options.emit.mkdir(parents=True, exist_ok=True)
    jobs, without_trace = jobs_of(options)
    results = results_of(jobs, options.jobs or os.cpu_count() or 1)
    print("\n".join(report(results, without_trace)))
    return 0 if results and all(result.problem is None for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
