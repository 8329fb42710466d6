"""Scenario and cluster files: the human form comes to the model, and every mistake is named."""

import json
import tomllib
from datetime import UTC, datetime

import pytest

from windtunnel.errors import InvalidInput
from windtunnel.loaders import (
    DEFAULT_START,
    cluster_toml_schema,
    parse_duration,
    read_cluster,
    read_json,
    read_scenario,
    scenario_schema,
    scenario_toml_schema,
    write_json,
)
from windtunnel.model import Cluster, Pool, Scenario, Uniform, WorkerGroup

DAG_FILE = "from airflow import DAG\nd = DAG('d')\n"
SCENARIO = """
format = "windtunnel.scenario/1"
name = "nested"
dags = "dags"
cluster = "cluster.toml"
start = 2026-03-01T00:00:00Z
duration = "1d"
seed = 7

[[manual_runs]]
dag_id = "d"
at = "10m"

[behavior]
default_duration = "2m"

[[behavior.rules]]
tasks = "etl.*"
duration = { low = "1m", high = 540 }
outcome = "fail"
true_at = "never"
when = { try_number = 1 }
"""
CLUSTER = """
profile = "airflow-2.11"
parallelism = 8
task_queued_timeout = "5m"

[pools.db]
slots = 3

[[workers]]
name = "big"
count = 2
slots = 4
queues = ["default", "big"]
"""


@pytest.fixture
def folder(tmp_path):
    """A scenario folder with its DAGs, scenario and cluster files."""
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "d.py").write_text(DAG_FILE)
    (tmp_path / "scenario.toml").write_text(SCENARIO)
    (tmp_path / "cluster.toml").write_text(CLUSTER)
    return tmp_path


def test_a_scenario_file_in_human_words_becomes_a_scenario(folder):
    read = read_scenario(folder / "scenario.toml")
    scenario = read.scenario
    assert (scenario.name, scenario.seed, scenario.duration_s) == ("nested", 7, 86400)
    assert scenario.start == datetime(2026, 3, 1, tzinfo=UTC)
    assert (scenario.manual_runs[0].dag_id, scenario.manual_runs[0].at_s) == ("d", 600)
    assert scenario.behavior.default_duration_s == 120
    (rule,) = scenario.behavior.rules
    assert rule.duration_s == Uniform(low=60, high=540)
    assert (rule.outcome, rule.true_at_s, rule.when.try_number) == ("fail", None, 1)
    assert scenario.cluster == Cluster(
        profile="airflow-2.11",
        parallelism=8,
        task_queued_timeout_s=300,
        pools={"db": Pool(slots=3)},
        workers=(WorkerGroup(name="big", count=2, slots=4, queues=("default", "big")),),
    )
    # The fleet is loaded under the cluster's release: a schedule left out is daily in Airflow 2.
    assert scenario.fleet.dag("d").schedule is not None
    assert read.file == folder / "scenario.toml"


def test_a_folder_with_a_scenario_file_is_that_scenario(folder):
    assert read_scenario(folder).scenario == read_scenario(folder / "scenario.toml").scenario


def test_a_cluster_can_be_written_into_the_scenario(folder):
    text = SCENARIO.replace('cluster = "cluster.toml"\n', "") + "\n[cluster]\nparallelism = 5\n"
    (folder / "scenario.toml").write_text(text)
    assert read_scenario(folder).scenario.cluster.parallelism == 5


POOLED = """
from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("d"):
    BashOperator(task_id="t", bash_command="x", pool="db", queue="big")
"""


def test_a_scenario_that_says_nothing_of_a_cluster_has_the_pools_that_tasks_name(tmp_path):
    (tmp_path / "d.py").write_text(POOLED)
    file = tmp_path / "scenario.toml"
    file.write_text('format = "windtunnel.scenario/1"\n')

    scenario = read_scenario(file).scenario

    assert scenario.cluster.pools["db"].assumed
    assert any("pool db" in one.subject for one in scenario.fleet.assumptions)
    file.write_text('format = "windtunnel.scenario/1"\n[cluster]\nparallelism = 8\n')
    assert not read_scenario(file).scenario.cluster.pools


def test_plain_dags_are_a_scenario_with_a_fixed_start(folder):
    for path in (folder / "dags", folder / "dags" / "d.py"):
        read = read_scenario(path)
        assert read.scenario.start == DEFAULT_START == datetime(2026, 1, 1, tzinfo=UTC)
        assert [d.dag_id for d in read.scenario.fleet.dags] == ["d"]
        assert read.file is None


def test_a_cluster_and_start_given_by_the_caller_win(folder):
    start = datetime(2027, 1, 1, tzinfo=UTC)
    scenario = read_scenario(folder, cluster=Cluster(parallelism=1), start=start).scenario
    assert (scenario.cluster.parallelism, scenario.start) == (1, start)
    assert scenario.fleet.dag("d").schedule is None


def test_now_in_dag_files_is_the_start_of_the_scenario(folder):
    (folder / "dags" / "d.py").write_text(
        "from airflow import DAG\nfrom airflow.utils.dates import days_ago\n"
        "d = DAG('d', start_date=days_ago(1))\n"
    )
    fleet = read_scenario(folder).scenario.fleet
    assert fleet.dag("d").start_date == datetime(2026, 2, 28, tzinfo=UTC)


def test_what_is_wrong_with_a_file_as_a_whole_is_said_behind_its_name(folder):
    needs = "\n[[behavior.rules]]\ntasks = '*'\nneeds = { nope = 1 }\n"
    (folder / "scenario.toml").write_text(SCENARIO + needs)
    with pytest.raises(InvalidInput, match=r"scenario\.toml: behavior\.rules\[\d\] \(tasks"):
        read_scenario(folder)


def test_a_mistake_is_told_once_where_several_shapes_are_allowed(folder):
    odds = "outcomes = { fail = 0.9, skip = 0.5 }"
    (folder / "scenario.toml").write_text(SCENARIO.replace('outcome = "fail"', odds))
    with pytest.raises(InvalidInput) as caught:
        read_scenario(folder)
    assert str(caught.value).endswith("outcomes: together they are 1.4, and not 1")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("default_duration =", "default_duratoin =", "did you mean 'default_duration'?"),
        ("tasks =", "taks =", "behavior.rules[0].taks"),
        ("duration = {", "duration_s = {", "did you mean 'duration'?"),
        ('"1d"', '"one day"', 'duration = "one day": must be a duration'),
        ('"10m"', "-5", "manual_runs[0].at = -5"),
        ('low = "1m"', 'low = "x"', "behavior.rules[0].duration.low"),
        ('"fail"', '"failed"', "behavior.rules[0].outcome"),
        ("try_number = 1", 'try_number = "1"', "behavior.rules[0].when.try_number"),
        ("seed = 7", "seed = true", "seed = true"),
        ('dag_id = "d"\n', "", "manual_runs[0].dag_id: is missing"),
        ('dags = "dags"', 'dags = "dag"', "there is no"),
        ('"cluster.toml"', '"claster.toml"', "there is no"),
        ("scenario/1", "scenario/9", "windtunnel.scenario/1"),
        ("2026-03-01T00:00:00Z", '"soon"', 'start = "soon"'),
        (
            "2026-03-01T00:00:00Z",
            '"2026-03-01"',
            'start = "2026-03-01": must be a date or time without quotes, such as 2026-03-01',
        ),
        (
            'outcome = "fail"',
            'memory_mb = "lots"',
            'behavior.rules[0].memory_mb = "lots": must be a valid number or a table',
        ),
        ("when = { try_number = 1 }", "when = 1", "when = 1: must be a table"),
        ('[[manual_runs]]\ndag_id = "d"\nat = "10m"', "manual_runs = 3", "must be a list in ["),
        ("seed = 7", "seed = ", "not valid TOML"),
        ("[behavior]\n", "[behaviour]\n", "did you mean 'behavior'?"),
    ],
)
def test_a_mistake_is_named_with_file_path_value_and_what_would_be_right(folder, old, new, said):
    assert old in SCENARIO
    (folder / "scenario.toml").write_text(SCENARIO.replace(old, new))
    with pytest.raises(InvalidInput) as caught:
        read_scenario(folder)
    assert "scenario.toml: " in str(caught.value)
    assert said in str(caught.value)


def test_all_mistakes_of_a_file_are_told_together(folder):
    text = SCENARIO.replace("seed = 7", 'seed = "x"\nnmae = 1').replace('"10m"', '"soon"')
    (folder / "scenario.toml").write_text(text)
    with pytest.raises(InvalidInput) as caught:
        read_scenario(folder)
    message = str(caught.value)
    assert "3 mistakes" in message
    assert all(part in message for part in ("seed", "did you mean 'name'?", "manual_runs[0].at"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("parallelism = 8", "parallelism = 0", "parallelism = 0: must be greater than"),
        ("parallelism = 8", 'parallelism = "8"', "must be a valid integer"),
        ("slots = 3", "slots = -2", "pools.db.slots = -2"),
        ("count = 2", "cout = 2", "workers[0].cout = 2: unknown key; did you mean 'count'?"),
        ('"airflow-2.11"', '"airflow-2.12"', "'airflow-3.3' or 'airflow-2.11'"),
        ("[pools.db]\nslots = 3", "[pools]\ndb = 3", "pools.db = 3: must be a table"),
    ],
)
def test_a_mistake_in_a_cluster_file_is_named(folder, old, new, said):
    assert old in CLUSTER
    (folder / "cluster.toml").write_text(CLUSTER.replace(old, new))
    with pytest.raises(InvalidInput) as caught:
        read_cluster(folder / "cluster.toml")
    assert said in str(caught.value)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    for read in (read_cluster, read_scenario, read_json):
        with pytest.raises(InvalidInput, match="no such file"):
            read(tmp_path / "x.toml")


def test_a_folder_in_the_place_of_a_file_is_said_to_be_one(folder):
    for name in ("scenario.toml", "cluster.toml"):
        (folder / name).unlink()
        (folder / name).mkdir()
        with pytest.raises(InvalidInput, match=rf"{name}: is a folder"):
            (read_scenario if name == "scenario.toml" else read_cluster)(folder / name)


def test_what_speaks_of_no_dag_or_task_is_a_problem_and_the_rest_is_kept(folder):
    text = SCENARIO.replace('dag_id = "d"', 'dag_id = "e"').replace('"etl.*"', '"*.no_such_task"')
    (folder / "scenario.toml").write_text(text)
    scenario = read_scenario(folder).scenario
    told = [str(problem) for problem in scenario.fleet.problems]
    assert told == [
        'scenario.toml: manual_runs[0].dag_id = "e": no such DAG; there are: d',
        'scenario.toml: behavior.rules[0].tasks = "*.no_such_task": no task matches; it is a '
        "pattern over dag_id.task_id, such as 'etl.*' or '*.load'",
    ]
    assert scenario.manual_runs == ()
    assert [dag.dag_id for dag in scenario.fleet.dags] == ["d"]


def test_the_json_form_gives_back_the_same_scenario(folder, tmp_path):
    scenario = read_scenario(folder).scenario
    write_json(scenario, tmp_path / "s.json")
    assert read_json(tmp_path / "s.json") == scenario


def test_a_mistake_in_the_json_form_is_named_by_its_path(folder, tmp_path):
    file = tmp_path / "s.json"
    write_json(read_scenario(folder).scenario, file)
    data = json.loads(file.read_text())
    data["manual_runs"][0]["at_s"] = "soon"
    data["fleet"]["dags"][0]["dagid"] = "x"
    del data["start"]
    file.write_text(json.dumps(data))
    with pytest.raises(InvalidInput) as caught:
        read_json(file)
    message = str(caught.value)
    assert 'manual_runs[0].at_s = "soon"' in message
    assert "fleet.dags[0].dagid" in message
    assert "start: is missing" in message
    file.write_text("{")
    with pytest.raises(InvalidInput, match="not valid JSON"):
        read_json(file)


def test_the_schema_for_editors_speaks_the_words_of_the_toml_form():
    schema = scenario_toml_schema()
    assert set(tomllib.loads(SCENARIO)) <= set(schema["properties"])
    assert "fleet" not in schema["properties"]
    assert "required" not in schema or "start" not in schema["required"]
    assert "duration" in schema["$defs"]["Rule"]["properties"]
    assert "duration_s" not in schema["$defs"]["Rule"]["properties"]
    assert set(tomllib.loads(CLUSTER)) <= set(cluster_toml_schema()["properties"])
    assert set(scenario_schema()["properties"]) == set(Scenario.model_fields)


def test_a_scenario_file_may_say_what_it_is_about(tmp_path):
    (tmp_path / "dags").mkdir()
    file = tmp_path / "scenario.toml"
    file.write_text('dags = "dags"\n[about]\ntitle = "Mondays"\nanything = [1]\n')

    assert read_scenario(file).scenario.duration_s == Scenario.model_fields["duration_s"].default

    file.write_text('about = "Mondays"\ndags = "dags"\n')
    with pytest.raises(InvalidInput, match=r"about = .*must be a table"):
        read_scenario(file)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("1.5h", 5400),
        ("1h30m", 5400),
        ("2d", 172800),
        (7, 7),
        ("250ms", 0.25),
    ],
)
def test_a_duration_is_read_in_seconds(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "m", "-5m", "5 minutes", -1, float("nan"), float("inf"), True]
)
def test_what_is_no_duration_is_refused_with_examples(text):
    with pytest.raises(InvalidInput, match="1h30m"):
        parse_duration(text)
