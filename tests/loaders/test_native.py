"""A fleet in windtunnel's own form, in TOML."""

import json

import pytest

import windtunnel as wt
from windtunnel.errors import InvalidInput
from windtunnel.loaders import load, read_scenario
from windtunnel.loaders.native import fleet_toml_schema
from windtunnel.model import Cron, Empty, Every, ExternalTaskSensor, Once, Task

GOOD = """
format = "windtunnel.fleet/1"

[[dags]]
dag_id = "etl"
schedule = "0 2 * * *"
start_date = 2026-01-01
max_active_runs = 1
dagrun_timeout = "3h"

[[dags.tasks]]
task_id = "wait"

[dags.tasks.kind]
type = "external_task_sensor"
external_dag_id = "up"
mode = "reschedule"
poke_interval = "5m"
execution_delta = "-6d"
other_deltas = ["1h", 60]

[[dags.tasks]]
task_id = "load"
upstream = ["wait"]
pool = "db"
retries = 2
retry_delay = "10m"
expand = [3, "wait"]

[[dags]]
dag_id = "up"
schedule = { type = "every", seconds = "1h" }

[[dags.tasks]]
task_id = "a"
kind = "empty"

[[dags]]
dag_id = "single"
schedule = "@once"
"""


@pytest.fixture
def written(tmp_path):
    def write(text, name="fleet.toml"):
        place = tmp_path / name
        place.write_text(text)
        return place

    return write


def test_a_fleet_says_in_a_file_what_the_model_says_in_python(written):
    found = load(written(GOOD)).fleet
    wait = ExternalTaskSensor(
        external_dag_id="up",
        mode="reschedule",
        poke_interval_s=300,
        execution_delta_s=-6 * 86400,
        other_deltas_s=(3600, 60),
    )
    etl = found.dag("etl")
    assert etl.schedule == Cron(expression="0 2 * * *")
    assert (etl.max_active_runs, etl.dagrun_timeout_s) == (1, 3 * 3600)
    assert etl.tasks == (
        Task(task_id="wait", kind=wait),
        Task(
            task_id="load",
            upstream=("wait",),
            pool="db",
            retries=2,
            retry_delay_s=600,
            expand=(3, "wait"),
        ),
    )
    assert found.dag("up").schedule == Every(seconds=3600)
    assert found.dag("up").task("a").kind == Empty()
    assert found.dag("single").schedule == Once()


def test_a_fleet_file_is_simulated_like_a_folder_of_dag_files(written):
    place = written(GOOD.replace("2026-01-01", "2025-12-01"))
    result = wt.simulate(read_scenario(place).scenario, window="1d")
    assert result.dag_runs("up")


def test_a_scenario_names_a_fleet_file_in_the_place_of_dag_files(written):
    written(GOOD)
    place = written(
        'format = "windtunnel.scenario/1"\ndags = "fleet.toml"\nstart = 2026-03-01T00:00:00Z\n',
        "scenario.toml",
    )
    fleet = read_scenario(place).scenario.fleet
    assert fleet.dags == load(place.parent / "fleet.toml").fleet.dags
    assert [one.subject for one in fleet.assumptions] == ["pool db (named by 1 task, size unknown)"]


def test_every_mistake_is_named_with_its_place_and_what_would_be_right(written):
    place = written(
        """
        format = "windtunnel.fleet/1"
        nonsense = 1
        [[dags]]
        dag_id = "one"
        schedul = "0 2 * * *"
        [[dags.tasks]]
        task_id = "a"
        kind = { type = "sensr" }
        retry_delay = "soon"
        [[dags]]
        dag_id = "two"
        schedule = { type = "cron" }
        [[dags.tasks]]
        task_id = "a"
        upstream = ["zz"]
        [[dags]]
        dag_id = "three"
        [[dags.tasks]]
        task_id = "a"
        pool_slots = 0
        kind = { type = "sensor", mod = "poke" }
        [[dags]]
        dag_id = "one"
        """
    )
    with pytest.raises(InvalidInput) as caught:
        load(place)
    first, *mistakes = str(caught.value).splitlines()
    assert first == f"{place}: {len(mistakes)} mistakes"
    said = "\n".join(mistakes)
    for part in (
        "nonsense = 1: unknown key; allowed here: dags, format",
        "dags[0].schedul = \"0 2 * * *\": unknown key; did you mean 'schedule'?",
        'dags[0].tasks[0].kind.type = "sensr": must be one of branch, deferrable, empty',
        'dags[0].tasks[0].retry_delay = "soon": must be a duration',
        "dags[1].schedule.expression: is missing",
        "dags[2].tasks[0].pool_slots = 0: must be greater than or equal to 1",
        "dags[2].tasks[0].kind.mod = \"poke\": unknown key; did you mean 'mode'?",
        'dags = "one": this dag_id is used twice',
    ):
        assert part in said


def test_what_is_wrong_with_a_dag_as_a_whole_is_named_too(written):
    place = written(
        'format = "windtunnel.fleet/1"\n[[dags]]\ndag_id = "d"\n'
        '[[dags.tasks]]\ntask_id = "a"\nupstream = ["b"]\n'
        '[[dags.tasks]]\ntask_id = "b"\nupstream = ["a"]\n'
    )
    with pytest.raises(InvalidInput, match=r"dags\[0\]: DAG 'd' has a cycle"):
        load(place)


def test_a_file_of_another_version_is_refused(written):
    with pytest.raises(InvalidInput, match=r"this version reads 'windtunnel\.fleet/1' only"):
        load(written('format = "windtunnel.fleet/2"\n'))


def test_another_toml_file_is_refused_with_the_line_that_it_needs(written):
    with pytest.raises(InvalidInput, match=r'must be format = "windtunnel\.fleet/1"'):
        load(written("a = 1\n"))


def test_the_schema_for_editors_knows_both_ways_to_write_a_schedule():
    schema = fleet_toml_schema()
    assert schema["properties"].keys() == {"complete", "dags", "format"}
    assert {"type": "string"} in schema["$defs"]["Dag"]["properties"]["schedule"]["anyOf"]
    assert "retry_delay" in schema["$defs"]["Task"]["properties"]
    json.dumps(schema)
