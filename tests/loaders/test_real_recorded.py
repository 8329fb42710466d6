"""What real Airflows made of DAG files, recorded, against what the stand-in makes of the same."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent / "recorded"))

from real_score import compare
from record import DAGS, recording

from windtunnel.loaders import load
from windtunnel.loaders.real.load import loaded_from
from windtunnel.model import Branch, Every, ExternalTaskSensor

RELEASES = ("2.11", "3.0", "3.3")


def real(release):
    return loaded_from(recording(release), DAGS)


def dag(release, dag_id):
    return real(release).fleet.dag(dag_id)


@pytest.mark.parametrize("release", RELEASES)
def test_the_stand_in_and_the_real_airflow_make_the_same_fleet(release):
    found = real(release)
    stand_in = load(DAGS, airflow="stand-in", profile=found.profile, cache=None)
    only, by_field = compare(found, stand_in)
    assert only == ["only the stand-in loads broken"]
    assert by_field == {}


@pytest.mark.parametrize("release", RELEASES)
def test_a_file_that_airflow_can_not_import_is_a_problem_with_its_line_and_what_to_do(release):
    problem, *others = real(release).fleet.problems
    assert others == []
    assert (problem.file, problem.cause) == ("broken.py", "import")
    line = (DAGS / "broken.py").read_text().splitlines()[problem.line - 1]
    assert line == "import a_package_that_nobody_has"
    assert "No module named 'a_package_that_nobody_has'" in problem.message
    assert "stand-in" in problem.message


@pytest.mark.parametrize("release", RELEASES)
def test_a_limit_that_no_dag_file_says_is_left_to_the_cluster(release):
    silent, said = dag(release, "nothing_said"), dag(release, "all_said")
    assert (silent.max_active_runs, silent.max_active_tasks, silent.catchup) == (None, None, None)
    # 16 is also what Airflow would take: written in the file, it holds whatever the cluster says.
    assert (said.max_active_runs, said.max_active_tasks, said.catchup) == (16, 7, True)
    assert dag(release, "said_later").max_active_tasks == 5


@pytest.mark.parametrize("release", RELEASES)
def test_what_serialization_leaves_out_comes_from_the_operators(release):
    waits = dag(release, "waits")
    hour, dates = waits.task("hour").kind, waits.task("dates").kind
    assert isinstance(hour, ExternalTaskSensor)
    assert (hour.execution_delta_s, hour.poke_interval_s, hour.timeout_s) == (3600, 120, 3600)
    assert hour.allowed_states == ("success", "skipped")
    assert (dates.execution_date_fn, dates.execution_delta_s) == (True, 3 * 3600)
    assert waits.task("branch").kind == Branch()


def test_a_dag_without_a_schedule_runs_daily_in_airflow_2_and_never_in_airflow_3():
    assert dag("2.11", "schedule_omitted").schedule == Every(seconds=86400)
    assert dag("3.3", "schedule_omitted").schedule is None


def test_each_file_tells_what_came_of_it_and_what_loaded_it():
    by_name = {file.file: file for file in real("3.3").files}
    assert by_name["waits.py"].dag_ids == ("waits", "upstream")
    assert by_name["waits.py"].loaded_with.startswith("Airflow 3.3.")
    assert [p.cause for p in by_name["broken.py"].problems] == ["import"]


def test_it_is_said_when_another_release_decides_than_the_one_that_loaded():
    assumed = loaded_from(recording("2.11"), DAGS, profile="airflow-3.3").fleet.assumptions
    assert "the simulation decides as airflow-3.3" in assumed[-1].assumed
    assert not any("decides as" in a.assumed for a in real("2.11").fleet.assumptions)
