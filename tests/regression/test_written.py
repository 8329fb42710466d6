"""Tests that are written of findings: they fail today, pass once it is mended, and read well."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

BOTH = """\
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.sensors.external_task import ExternalTaskSensor

with DAG("etl", schedule="@hourly", start_date=datetime(2026, 1, 1), catchup=False):
    BashOperator(task_id="load", bash_command="true")
with DAG("mart", schedule="@hourly", start_date=datetime(2026, 1, 1), catchup=False):
    ExternalTaskSensor(task_id="wait", external_dag_id="etl")
"""
PARENTS = """\
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.trigger_dagrun import TriggerDagRunOperator

for region in ("eu", "us"):
    with DAG(f"load_{region}", schedule="@hourly", start_date=datetime(2026, 1, 1)):
        TriggerDagRunOperator(task_id="call", trigger_dag_id="child", wait_for_completion=True)

with DAG("child", schedule=None):
    BashOperator(task_id="run", bash_command="true")
"""
QUIET = """\
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("quiet", schedule="@daily", start_date=datetime(2026, 1, 1)):
    BashOperator(task_id="run", bash_command="true")
"""


@pytest.fixture
def repository(pytester: pytest.Pytester) -> Path:
    """Two files with DAGs, of which one has nothing to do with it."""
    (pytester.path / "dags").mkdir()
    (pytester.path / "dags" / "quiet.py").write_text(QUIET)
    (pytester.path / "cluster.toml").write_text("default_pool_slots = 1\n")
    return pytester.path


def written(repository: Path) -> Path:
    (file,) = (repository / "tests").glob("test_*.py")
    return file


def formatted(file: Path) -> bool:
    ruff = [sys.executable, "-m", "ruff", "format", "--isolated", "--check", str(file)]
    done = subprocess.run(ruff, capture_output=True, text=True, check=False)
    if "No module named ruff" in done.stderr:
        pytest.skip("ruff is not installed")
    return done.returncode == 0


def test_a_deadlock_that_always_comes_is_told_in_plain_words(checked, pytester, repository):
    (repository / "dags" / "parents.py").write_text(PARENTS)
    (repository / "cluster.toml").write_text("default_pool_slots = 2\n")
    said = checked("dags", "--cluster", "cluster.toml", "--for", "3h")
    assert "Wrote tests/test_wt101_pool_default_pool.py: fails until WT101 Pool deadlock" in said
    file = written(repository)
    assert file.read_text() == ALWAYS
    assert formatted(file)

    before = pytester.runpytest_subprocess("tests")
    before.assert_outcomes(failed=1)
    before.stdout.fnmatch_lines(
        [
            "E*assert not <1 finding: WT101 Pool deadlock (parents.py:8  dag=load_eu)>",
            "*- windtunnel findings -*",
            "WT101 Pool deadlock *parents.py:8  dag=load_eu",
        ]
    )

    (repository / "cluster.toml").write_text("default_pool_slots = 3\n")
    pytester.runpytest_subprocess("tests").assert_outcomes(passed=1)


ALWAYS = '''\
"""WT101 Pool deadlock of DAG load_eu (parents.py).

Written by `windtunnel check dags`; yours to change. It fails as long as this is
found.
What it means: windtunnel explain WT101
"""

from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def test_pool_deadlock_of_load_eu_and_load_us(windtunnel):
    """2 tasks hold all of pool default_pool (2/2) while waiting for work that needs the
    same; 7 more tasks cannot go on (also of DAGs child, quiet).
    No progress after 2026-01-01 00:00:01 (virtual time, UTC) for ever: nothing ends
    it.
    2 TriggerDagRunOperator tasks, each holding 1 of pool default_pool (2/2):
      load_eu.call  since 00:00:00  waits for its run of child to end
      load_us.call  since 00:00:00  waits for its run of child to end
    7 tasks scheduled, waiting for pool default_pool (2/2):
      quiet.run, child.run (2 runs), load_eu.call (2 runs), load_us.call (2 runs)
    cycle: load_eu.call -> child.run -> pool default_pool -> load_eu.call
    """
    run = windtunnel.simulate(
        REPOSITORY / "dags/parents.py",
        start="2026-01-01",
        window="1h",
        cluster=REPOSITORY / "cluster.toml",
    )

    assert not run.findings
'''


def test_one_that_takes_bad_luck_is_replayed_from_a_file_beside_the_test(
    checked, pytester, repository
):
    (repository / "dags" / "both.py").write_text(BOTH)
    checked("dags", "--cluster", "cluster.toml", "--for", "3h", profile="dev")
    file = written(repository)
    text = file.read_text()
    (name,) = re.findall(r'Path\(__file__\)\.parent / "windtunnel/(wt1-\w+)\.json"', text)
    kept = (repository / "tests" / "windtunnel" / f"{name}.json").read_text()
    assert len(kept.splitlines()) < 250
    assert "needed: mart.wait is queued before etl.load, its equal" in text
    assert formatted(file)

    pytester.runpytest_subprocess("tests").assert_outcomes(failed=1)
    (patch,) = (repository / ".windtunnel" / "patches").glob("*-mode.patch")
    subprocess.run(["git", "apply", patch], cwd=repository, check=True)
    pytester.runpytest_subprocess("tests").assert_outcomes(passed=1)


def test_what_somebody_has_changed_is_kept_and_said(checked, repository):
    (repository / "dags" / "both.py").write_text(BOTH)
    arguments = ("dags", "--cluster", "cluster.toml", "--for", "3h")
    checked(*arguments)
    file = written(repository)
    assert f"Already there: tests/{file.name}" in checked(*arguments)
    file.write_text(file.read_text().replace("def test_", "def test_our_"))
    assert f"Kept tests/{file.name}: it says something else" in checked(*arguments)
    assert "def test_our_" in file.read_text()


SCENARIO = """\
dags = "dags"
start = 2026-03-01T00:00:00Z
duration = "3h"
faults = ["task fails: quiet.run"]

[cluster]
default_pool_slots = 2
"""
VAIN = """\
from datetime import datetime
from airflow import DAG
from airflow.sensors.external_task import ExternalTaskSensor

with DAG("early", schedule="30 1 * * *", start_date=datetime(2026, 1, 1), catchup=False):
    ExternalTaskSensor(task_id="wait", external_dag_id="quiet", mode="reschedule")
"""


def test_a_scenario_file_is_named_and_says_the_rest_itself(checked, pytester, repository):
    (repository / "dags" / "parents.py").write_text(PARENTS)
    (repository / "scenario.toml").write_text(SCENARIO)
    checked("scenario.toml")
    (call,) = re.findall(
        r"windtunnel\.simulate\((.*?)\n    \)", written(repository).read_text(), re.S
    )
    assert call.split(",")[0].strip() == 'REPOSITORY / "scenario.toml"'
    assert "cluster" not in call
    pytester.runpytest_subprocess("tests").assert_outcomes(failed=1)


def test_each_finding_has_its_own_test_that_looks_at_no_other(checked, pytester, repository):
    (repository / "dags" / "parents.py").write_text(PARENTS)
    (repository / "dags" / "vain.py").write_text(VAIN)
    (repository / "cluster.toml").write_text("default_pool_slots = 2\n")
    said = checked("dags", "--cluster", "cluster.toml", "--for", "3h", "--format", "json")
    assert said.count("Wrote tests/") == 2
    deadlock, vain = sorted((repository / "tests").glob("test_*.py"))
    assert deadlock.name == "test_wt101_pool_default_pool.py"
    assert vain.name == "test_wt113_early_wait.py"
    assert formatted(vain)
    mended = VAIN.replace('"30 1 * * *"', '"@daily"')
    (repository / "dags" / "vain.py").write_text(mended)
    pytester.runpytest_subprocess("tests").assert_outcomes(failed=1, passed=1)


UNKNOWN = """\
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("NAME", schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False):
    BashOperator(task_id="load", bash_command="true", pool="gone")
"""


@pytest.mark.parametrize("files", [("all.py", "all.py"), ("one.py", "two.py")])
def test_of_two_findings_with_one_code_each_can_be_mended_alone(
    checked, pytester, repository, files
):
    for name, file in zip(("one", "two"), files, strict=True):
        with (repository / "dags" / file).open("a") as opened:
            opened.write(UNKNOWN.replace("NAME", name))
    checked("dags", "--cluster", "cluster.toml", "--for", "1d")
    assert all(map(formatted, (repository / "tests").glob("test_*.py")))
    pytester.runpytest_subprocess("tests").assert_outcomes(failed=2)
    mended = repository / "dags" / files[1]
    head, pool, tail = mended.read_text().rpartition(', pool="gone"')
    assert pool
    mended.write_text(head + tail)
    pytester.runpytest_subprocess("tests").assert_outcomes(failed=1, passed=1)


def test_from_outside_of_the_repository_paths_are_told_from_its_root(
    checked, repository, monkeypatch
):
    checkout = repository / "checked out"
    (checkout / ".git").mkdir(parents=True)
    (repository / "dags").rename(checkout / "dags")
    (checkout / "dags" / "parents.py").write_text(PARENTS)
    elsewhere = repository / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "pyproject.toml").write_text("")
    (checkout / "pyproject.toml").write_text((repository / "pyproject.toml").read_text())
    monkeypatch.chdir(elsewhere)
    cluster = ("--cluster", "../cluster.toml", "--for", "3h")
    checked("../checked out/dags", *cluster, tests="../checked out/tests")
    text = written(checkout).read_text()
    assert "Written by `windtunnel check '../checked out/dags'`" in text
    assert "REPOSITORY = Path(__file__).parents[1]\n" in text
    assert '        REPOSITORY / "dags/parents.py",\n' in text


def test_words_of_the_command_line_are_those_of_the_test(checked, repository):
    (repository / "dags" / "parents.py").write_text(PARENTS)
    (repository / "cluster.toml").write_text("default_pool_slots = 2\n")
    checked(
        "dags", "--cluster", "cluster.toml", "--for", "3h", "--trigger", "quiet", "--seed", "4",
        "--fault", "task fails: quiet.run", "--profile", "airflow-2.11", "--airflow", "stand-in",
    )  # fmt: skip
    text = written(repository).read_text()
    assert (
        '\n@pytest.mark.windtunnel(profile="airflow-2.11", airflow="stand-in")\ndef test_' in text
    )
    for said in ('runs=["quiet"]', 'faults=["task fails: quiet.run"]', "seed=4"):
        assert f"        {said},\n" in text
    assert formatted(written(repository))


def test_from_below_the_root_paths_are_told_from_what_both_share(
    checked, pytester, repository, monkeypatch
):
    (repository / "dags" / "parents.py").write_text(PARENTS)
    (repository / "cluster.toml").write_text("default_pool_slots = 2\n")
    monkeypatch.chdir(repository / "dags")
    checked(".", "--cluster", "../cluster.toml", "--for", "3h", tests="../tests")
    text = written(repository).read_text()
    assert "REPOSITORY = Path(__file__).parents[1]\n" in text
    assert '        REPOSITORY / "dags/parents.py",\n' in text
    assert '        cluster=REPOSITORY / "cluster.toml",\n' in text


def test_a_test_that_can_not_be_written_does_not_cost_what_was_found(checked, repository):
    (repository / "dags" / "parents.py").write_text(PARENTS)
    (repository / "cluster.toml").write_text("default_pool_slots = 2\n")
    (repository / "taken").write_text("")
    arguments = ("dags", "--cluster", "cluster.toml", "--for", "3h", "--report", "junit=wt.xml")
    said = checked(*arguments, tests="taken/tests")
    assert "WT101 Pool deadlock" in said
    assert "--write-test: taken/tests/test_wt101_pool_default_pool.py: can't be" in said
    assert "WT101" in (repository / "wt.xml").read_text()


def test_a_file_in_the_place_of_the_folder_is_told(checked, repository):
    (repository / "dags" / "parents.py").write_text(PARENTS)
    (repository / "tests").write_text("")
    assert "--write-test tests: is a file; name a folder of tests" in checked("dags")
