"""Records what the installed Airflow decides for cases: record.py CASE.json ... -o DIR.

Needs apache-airflow (2.11 or 3.3) and time-machine, nothing of windtunnel. The release is that of
the Python that runs it. Keep many cases in one call: starting Airflow takes longer than a case.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from caseformat import read_case
from corpus import store_traces, traces_in
from environment import Environment, prepared


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cases", nargs="*", type=Path, help="case files")
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("-o", "--out", type=Path, help="folder for the traces, a file each")
    target.add_argument("--into", type=Path, help="folder of the carried traces, to add them to")
    target.add_argument(
        "--serve",
        action="store_true",
        help="read a case per line from standard input, answer with a trace per line",
    )
    return parser.parse_args()


def deployment(environment: Environment) -> Any:
    """The deployment for the installed release; importing it imports Airflow."""
    if environment.major >= 3:
        from airflow3 import Airflow3  # noqa: PLC0415 - only one of the two can be imported

        return Airflow3(environment)
    from airflow2 import Airflow2  # noqa: PLC0415 - only one of the two can be imported

    return Airflow2(environment)


class Recorder:
    """Records case after case on one deployment."""

    def __init__(self, environment: Environment) -> None:
        self.airflow = deployment(environment)
        gc.disable()  # a collection per case is enough, and quicker

    def trace(self, case: Any) -> dict[str, Any]:
        """The trace of a case (a path or parsed JSON)."""
        from recording import Recording  # noqa: PLC0415 - imports Airflow, after its settings

        try:
            return Recording(read_case(case), self.airflow).trace()
        finally:
            gc.collect()


def recorded(recorder: Recorder, paths: list[Path]) -> Iterator[tuple[Path, dict[str, Any] | None]]:
    """Each case with its trace; None, and a message, if it can't be recorded."""
    for path in paths:
        began = time.perf_counter()
        try:
            trace = recorder.trace(path)
        except Exception as error:  # one bad case must not stop the others
            print(f"{path}: {type(error).__name__}: {error}", file=sys.stderr)
            yield path, None
        else:
            print(f"{path}: {time.perf_counter() - began:.1f} s", file=sys.stderr)
            yield path, trace


def serve(recorder: Recorder) -> None:
    """Answer each case on standard input with its trace, or with what went wrong."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what Airflow prints is no answer
    for line in sys.stdin:
        try:
            answer = recorder.trace(json.loads(line))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


def add(into: Path, path: Path, trace: dict[str, Any]) -> None:
    """Put a trace into the carried ones of its release, among the cases of the same folder."""
    target = into / f"airflow-{trace['airflow_version']}" / f"{path.parent.name}.jsonl.gz"
    carried = traces_in(target) if target.exists() else {}
    store_traces([*{**carried, trace["case_id"]: trace}.values()], target)


def main() -> int:
    """Record what was asked for; the exit code is the number of cases that failed, at most 1."""
    environment = prepared()
    options = parse()
    recorder = Recorder(environment)
    if options.serve:
        serve(recorder)
        return 0
    failed = False
    for path, trace in recorded(recorder, options.cases):
        if trace is None:
            failed = True
        elif options.into is not None:
            add(options.into, path, trace)
        else:
            options.out.mkdir(parents=True, exist_ok=True)
            text = json.dumps(trace, indent=1)
            (options.out / path.name).write_text(text + "\n", encoding="utf-8")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
