"""The trial of a newcomer: one ini line over DAG files, without and with a real Airflow.

    trial.py --without PYTHON --with PYTHON [DIR ...]

Both interpreters have windtunnel, as a wheel, and pytest; the second one has Airflow, too. Each DIR
is a folder of DAG files, by default the examples of that Airflow. It is copied beside a
``requirements.txt`` that names the release, ``windtunnel_dags = dags`` is written, and pytest is
run without a test or an option. Exits with 0 if both sessions come to the same tests with the same
outcomes and texts, and the one without Airflow takes at most 10 s of CPU for 50 DAGs.

`tox -e newcomer-3,newcomer-2` runs it with the wheel and Airflow 3.3.2 and 2.11.2.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

INI = "[pytest]\nwindtunnel_dags = dags\n"
SECONDS_FOR_50_DAGS = 10.0
SHOWN = 12
EXAMPLES = "import importlib.util as u, pathlib as p; print(p.Path(u.find_spec('airflow').origin)"
EXAMPLES += ".parent / 'example_dags')"
RELEASE = "from importlib.metadata import version; print(version('apache-airflow'))"
CODES = (0, 1, 5)
"""How pytest exits: nothing found, something found, no tests."""


@dataclass(frozen=True)
class Session:
    """What one pytest session came to."""

    outcomes: dict[str, str]
    """Test -> its outcome and text."""
    seconds: float
    """CPU time of the whole session."""
    output: str

    @property
    def dags(self) -> int:
        """How many DAGs have tests."""
        names = (test.rpartition("[")[0] for test in self.outcomes)
        return len({name for name in names if not name.endswith("::")})


def session(python: str, dags: Path, version: str) -> Session:
    """Run pytest in a folder of its own: a copy of the DAG files, the release that they are written
    for, and one ini line."""
    with tempfile.TemporaryDirectory(prefix="newcomer-") as home:
        place = Path(home)
        shutil.copytree(dags, place / "dags", ignore=shutil.ignore_patterns("__pycache__"))
        (place / "pytest.ini").write_text(INI)
        (place / "requirements.txt").write_text(f"apache-airflow=={version}\n")
        # The repository's own tests, of whose packages nothing is known, are no part of it.
        others = ["-o", "python_files=no_test_of_the_repository.py"]
        command = [python, "-m", "pytest", "--junitxml=junit.xml", *others]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        environment["WINDTUNNEL_CACHE"] = "off"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            command, cwd=place, env=environment, capture_output=True, text=True, check=False
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in CODES:
            raise SystemExit(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Session(outcomes_in(place / "junit.xml"), seconds, done.stdout)


def outcomes_in(junit: Path) -> dict[str, str]:
    """Test -> outcome and text, of a JUnit file; paths from its folder."""
    here = f"{junit.parent}{os.sep}"
    found = {}
    for case in ET.parse(junit).iter("testcase"):
        told = [one for one in case if one.tag in ("failure", "error", "skipped")]
        text = "\n".join(f"{one.tag}: {one.text or one.get('message')}" for one in told)
        found[f"{case.get('classname')}::{case.get('name')}"] = text.replace(here, "") or "passed"
    return found


def differences(one: Session, other: Session) -> list[str]:
    """Every test that only one of them has, or that ends otherwise."""
    mine, theirs = one.outcomes, other.outcomes
    found = [f"only without Airflow: {test}" for test in mine if test not in theirs]
    found += [f"only with Airflow: {test}" for test in theirs if test not in mine]
    for test in mine:
        if test in theirs and mine[test] != theirs[test]:
            found.append(f"{test}\n    without: {mine[test]}\n    with: {theirs[test]}")
    return found


def asked(python: str, code: str) -> str:
    """What an interpreter prints."""
    done = subprocess.run(
        [python, "-W", "ignore", "-c", code], check=True, capture_output=True, text=True
    )
    return done.stdout.strip().splitlines()[-1]


def main() -> int:
    """Try each folder; 0 if all is the same, and quick."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without", required=True, help="Python with the wheel and pytest")
    parser.add_argument("--with", required=True, dest="airflow", help="Python with Airflow, too")
    parser.add_argument("folders", nargs="*", type=Path)
    given = parser.parse_args()
    version = asked(given.airflow, RELEASE)
    bad = 0
    for folder in given.folders or [Path(asked(given.airflow, EXAMPLES))]:
        without = session(given.without, folder, version)
        with_it = session(given.airflow, folder, version)
        found = differences(without, with_it)
        most = SECONDS_FOR_50_DAGS * max(1.0, without.dags / 50)
        failed = [test for test, text in without.outcomes.items() if text.startswith("failure")]
        print(
            f"{folder}: {without.dags} DAGs, {len(failed)} tests fail; {without.seconds:.1f} s "
            f"without Airflow, {with_it.seconds:.1f} s with {version}; {len(found)} differences"
        )
        print(*failed, *found[:SHOWN], sep="\n")
        bad += bool(found) or without.seconds > most
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
