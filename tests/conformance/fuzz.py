"""Runs random cases through real Airflow and through windtunnel until they differ.

fuzz.py --airflow PYTHON --minutes M: PYTHON is the interpreter of an environment that has
apache-airflow and time-machine. A difference is shrunk to a minimal case, which is written to
``--keep`` with its recorded trace. Exits 0 only if no difference was found.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from score import Job, compare, profile_for

from strategies import cases

HERE = Path(__file__).parent
Json = dict[str, Any]


class TimeIsUp(KeyboardInterrupt):
    """Ends a search at once; Hypothesis lets only such exceptions through without a second look."""


class Airflow:
    """A recorder in a process of its own, which answers cases with traces."""

    def __init__(self, python: str) -> None:
        self.process = subprocess.Popen(
            [python, str(HERE / "record" / "record.py"), "--serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.recorded = self.refused = 0
        self.slowest_s = 0.0
        self.refusals: dict[str, int] = {}

    def trace(self, case: Json) -> Json | None:
        """The recorded trace; None if this release does not accept the case."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        began = time.monotonic()
        self.process.stdin.write(json.dumps(case) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        if not line:
            raise RuntimeError("the recorder died; run it by hand to see why")
        answer: Json = json.loads(line)
        if "error" in answer:
            self.refused += 1
            why = answer["error"].splitlines()[0][:120]
            self.refusals[why] = self.refusals.get(why, 0) + 1
            return None
        self.recorded += 1
        return answer

    def stop(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


class Hunt:
    """Looks for a case that the two decide differently."""

    def __init__(self, airflow: Airflow, release: int, ends: float) -> None:
        self.airflow, self.release, self.ends = airflow, release, ends
        self.found: tuple[Json, Json, str] | None = None

    def over(self) -> bool:
        """Whether the time is used up."""
        return time.monotonic() > self.ends

    def once(self, number: int, examples: int = 100) -> tuple[Json, Json, str] | None:
        """Try some cases; the minimal case, its trace and the difference, if there is one."""
        self.found = None
        try:
            self._search(number, examples)
        except AssertionError:
            return self.found
        except TimeIsUp:
            return None
        return None

    def _search(self, number: int, examples: int) -> None:
        @seed(number)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            print_blob=False,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(cases(self.release))
        def same(case: Json) -> None:
            if self.found is None and self.over():
                raise TimeIsUp
            self._check(case)

        same()

    def _check(self, case: Json) -> None:
        recorded = self.airflow.trace(case)
        assume(recorded is not None)
        assert recorded is not None
        result = compare(Job(case=case, expected=recorded, profile=profile_for(recorded)))
        if result.problem is not None:
            self.found = case, recorded, result.problem
            raise AssertionError(result.problem)


def keep(case: Json, trace: Json, folder: Path, name: str) -> Path:
    """Write a case and what Airflow did with it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps({**case, "id": name}, indent=1) + "\n", encoding="utf-8")
    text = json.dumps({**trace, "case_id": name})
    path.with_suffix(".trace.json").write_text(text + "\n", encoding="utf-8")
    return path


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--airflow", required=True, metavar="PYTHON", help="Airflow's interpreter")
    parser.add_argument("--release", type=int, choices=(2, 3), default=3, help="which one it has")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-found"), help="folder for cases")
    return parser.parse_args()


def main() -> int:
    """Hunt until the time is over."""
    options = parse()
    airflow = Airflow(options.airflow)
    hunt = Hunt(airflow, options.release, time.monotonic() + options.minutes * 60)
    number, differences = options.seed, 0
    while not hunt.over():
        found = hunt.once(number)
        if found is not None:
            case, trace, problem = found
            differences += 1
            path = keep(case, trace, options.keep, f"fuzz_{options.release}_{number}")
            print(f"{path}: {problem}", flush=True)
        number += 1
    airflow.stop()
    for why, count in sorted(airflow.refusals.items(), key=lambda item: -item[1]):
        print(f"refused {count} x {why}")
    print(
        f"{airflow.recorded} recorded (slowest {airflow.slowest_s:.0f} s), "
        f"{airflow.refused} refused, {differences} differences"
    )
    return int(differences > 0)


if __name__ == "__main__":
    sys.exit(main())
