"""What tasks do, as people write it: patterns, resources, steps, histories, and what is wrong."""

from __future__ import annotations

import pytest

from windtunnel import api
from windtunnel.errors import InvalidInput
from windtunnel.loaders import (
    read_history,
    read_json,
    read_scenario,
    scenario_toml_schema,
    write_json,
)
from windtunnel.model import (
    History,
    LogNormal,
    Odds,
    OneOf,
    Resource,
    Slowdown,
    Spread,
    Step,
    Triangular,
    Uniform,
)

DAG_FILE = """
from airflow import DAG
from airflow.operators.bash import BashOperator
with DAG("etl", tags=["nightly"]):
    BashOperator(task_id="load", bash_command="true")
    BashOperator(task_id="report", bash_command="true")
"""
WHOLE = """
[resources.warehouse]
slots = 8
when_full = "slow"

[resources.api]
per_minute = 100
burst = 5
wait_at_most = "10m"

[resources."lock:customer"]
slots = 1
leaks_when = ["lost"]
lease = "5m"

[[behavior.slowdowns]]
tasks = "operator:Bash*"
factor = { median = 1.5, sigma = 0.4 }
per = "run"
probability = 0.2

[[behavior.rules]]
tasks = "tag:nightly & *.load"
duration = ["5m", { median = "10m", sigma = 0.5 }, 60]
outcomes = [{ fail = 0.5 }, { success = 0.9, skip = 0.1 }]
memory_mb = { low = 100, high = 900 }
cpus = 1.5
needs = { warehouse = 2, api = 1 }

[[behavior.rules]]
tasks = "etl.report"
memory_mb = { values = [100, 200] }
true_after = { low = "1h", mode = "90m", high = "2h" }
true_since = "logical_date"
steps = [
  { work = 30 },
  { acquire = "lock:customer" },
  { read = "table.a", work = "2m" },
  { write = "table.b", unless = "table.b" },
  { release = "lock:customer" },
  { push = 1000000 },
  { pull = "load" },
  { defer = "10m" },
  { trigger = "etl" },
  { fail = 0.1 },
]
"""


@pytest.fixture
def folder(tmp_path):
    """A scenario folder: ``folder(text, **files)``."""
    (tmp_path / "dags.py").write_text(DAG_FILE)

    def folder(text, **files):
        (tmp_path / "scenario.toml").write_text(text)
        for name, content in files.items():
            (tmp_path / name.replace("_", ".")).write_text(content)
        return tmp_path

    return folder


def test_everything_that_a_behavior_may_say_can_be_written_in_a_file(folder, tmp_path):
    scenario = read_scenario(folder(WHOLE)).scenario
    assert not scenario.fleet.problems
    assert scenario.resources == {
        "warehouse": Resource(slots=8, when_full="slow"),
        "api": Resource(per_minute=100, burst=5, wait_at_most_s=600),
        "lock:customer": Resource(slots=1, leaks_when=("lost",), lease_s=300),
    }
    (slow,) = scenario.behavior.slowdowns
    assert slow == Slowdown(
        tasks="operator:Bash*",
        factor=Spread(median=1.5, sigma=0.4),
        per="run",
        probability=0.2,
    )
    load, report = scenario.behavior.rules
    assert load.duration_s == (300, LogNormal(median_s=600, sigma=0.5), 60)
    assert load.outcomes == (Odds(fail=0.5), Odds(success=0.9, skip=0.1))
    assert (load.memory_mb, load.cpus) == (Uniform(low=100, high=900), 1.5)
    assert load.needs == {"warehouse": 2, "api": 1}
    assert report.memory_mb == OneOf(values=(100, 200))
    assert report.true_after_s == Triangular(low=3600, mode=5400, high=7200)
    assert report.steps[2:4] == (
        Step(read="table.a", work_s=120),
        Step(write="table.b", unless="table.b"),
    )
    assert report.steps[7] == Step(defer_s=600)
    write_json(scenario, tmp_path / "all.json")
    assert read_json(tmp_path / "all.json") == scenario


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[[behavior.rules]]\ntasks = 'tags:nightly'",
            "behavior.rules[0].tasks = \"tags:nightly\": 'tags' is nothing that tasks are chosen "
            "by; did you mean 'tag'?",
        ),
        (
            "[[behavior.rules]]\nneeds = { db = 1 }",
            "behavior.rules[0] (tasks = '*'): there is no resource 'db'",
        ),
        (
            "[[behavior.rules]]\nsteps = [{ work = 'soon' }]",
            'behavior.rules[0].steps[0].work = "soon": must be a duration',
        ),
        (
            "[[behavior.rules]]\nsteps = [{ aquire = 'lock:x' }]",
            "behavior.rules[0].steps[0].aquire = \"lock:x\": unknown key; did you mean 'acquire'?",
        ),
        (
            "[[behavior.rules]]\noutcomes = { fail = 0.9, skip = 0.2 }",
            "behavior.rules[0].outcomes: together they are 1.1, and not 1",
        ),
        (
            "[resources.db]\nslots = 0",
            "resources.db.slots = 0: must be greater than or equal to 1",
        ),
        (
            "[[behavior.rules]]\nduration = { history = 'gone.csv' }",
            'behavior.rules[0].duration.history = "gone.csv"',
        ),
        ("[behavior]\nhistory = 7", "behavior.history = 7: must be the path of a CSV or JSON"),
    ],
)
def test_a_mistake_is_told_with_its_place_its_value_and_what_to_do(folder, text, said):
    with pytest.raises(InvalidInput) as error:
        read_scenario(folder(text))
    assert said in str(error.value)


def test_what_speaks_of_nothing_is_a_problem_that_names_what_is_near(folder):
    text = """
every_run_matters = ["etl", "elt"]
[[behavior.rules]]
tasks = "operator:BashOperater"
[[behavior.rules]]
tasks = "etl.load"
steps = [{ trigger = "elt" }, { pull = "reprot" }, { pull = "report" }]
[[behavior.slowdowns]]
tasks = "tag:nihgtly"
factor = 2
[[asset_updates]]
asset = "s3://nope"
"""
    problems = [p.message for p in read_scenario(folder(text)).scenario.fleet.problems]
    assert problems == [
        'asset_updates[0].asset = "s3://nope": no DAG knows this asset; there are: none',
        "every_run_matters[1] = \"elt\": matches no DAG; did you mean 'etl'?",
        'behavior.rules[0].tasks = "operator:BashOperater": no task matches; did you mean '
        "'operator:BashOperator'?",
        'behavior.slowdowns[0].tasks = "tag:nihgtly": no task matches; did you mean '
        "'tag:nightly'?",
        "behavior.rules[1].steps[0].trigger = \"elt\": no such DAG; did you mean 'etl'?",
        "behavior.rules[1].steps[1].pull = \"reprot\": no such task in etl; did you mean 'report'?",
    ]


# -- histories ----------------------------------------------------------------------------------

CSV = """dag_id,task_id,duration_s,state
etl,load,30,success
etl,load,40,success
etl,load,3000,failed
etl,report,7,failed
etl,report,,running
"""


def test_a_history_gives_each_task_the_durations_of_its_successes(folder):
    place = folder('[behavior]\nhistory = "runs.csv"\n', runs_csv=CSV)
    scenario = read_scenario(place).scenario
    found = {(m.dag_id, m.task_id): m.values_s for m in scenario.behavior.history.measured}
    assert found == {("etl", "load"): (30, 40), ("etl", "report"): (7,)}
    one = scenario.model_copy(update={"manual_runs": ()})
    assert read_history(place / "runs.csv") == one.behavior.history


def test_tries_take_durations_out_of_the_history_of_their_own_task(folder, tmp_path):
    text = '[[manual_runs]]\ndag_id = "etl"\n[behavior]\nhistory = "runs.csv"\n'
    result = api.simulate(read_scenario(folder(text, runs_csv=CSV)).scenario)
    tasks = {t.name: (t.ended - t.started).total_seconds() for t in result.tasks()}
    assert tasks["etl.load"] in (30, 40)
    assert tasks["etl.report"] == 7


def test_a_rule_may_have_a_history_of_its_own(folder):
    text = """
[[manual_runs]]
dag_id = "etl"
[[behavior.rules]]
tasks = "etl.load"
duration = { history = "runs.csv" }
memory_mb = 100
"""
    read = read_scenario(folder(text, runs_csv=CSV))
    assert isinstance(read.scenario.behavior.rules[0].duration_s, History)
    result = api.simulate(read.scenario)
    tasks = {t.name: (t.ended - t.started).total_seconds() for t in result.tasks()}
    assert tasks["etl.load"] in (30, 40)
    assert tasks["etl.report"] == 60


def test_what_the_rest_api_answers_is_a_history(tmp_path):
    file = tmp_path / "task_instances.json"
    file.write_text(
        '{"task_instances": [{"dag_id": "etl", "task_id": "load", "duration": 12.5, '
        '"state": "success", "pool": "x"}, {"dag_id": "etl", "task_id": "load", "duration": null}],'
        ' "total_entries": 2}'
    )
    (measured,) = read_history(file).measured
    assert measured.values_s == (12.5,)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("h.csv", "dag,task,time\n", "its header must name dag_id, task_id, duration_s"),
        ("h.csv", "", "it has: nothing"),
        ("h.csv", "dag_id,task_id,duration_s\n", "has no durations"),
        ("h.csv", "dag_id,task_id,duration_s\netl,,4\n", "line 2: task_id is missing"),
        ("h.csv", "dag_id,task_id,duration_s\netl,load,-4\n", 'line 2: duration "-4": must be'),
        ("h.csv", "dag_id,task_id,duration_s\netl,load,fast\n", 'duration "fast": must be'),
        ("h.csv", b"\xff\xfe", "not UTF-8"),
        ("h.json", "[1]", "must be a list of objects"),
        ("h.json", "{", "not valid JSON"),
        ("h.json", '{"rows": []}', "must be a list of objects"),
    ],
)
def test_a_file_that_is_no_history_is_told_with_its_line(tmp_path, name, content, said):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InvalidInput) as error:
        read_history(file)
    assert said in str(error.value)


def test_the_schema_for_editors_knows_durations_in_words_also_in_lists_and_files_of_them():
    schema = scenario_toml_schema()
    definitions = schema["$defs"]
    duration = definitions["Rule"]["properties"]["duration"]["anyOf"]
    (several,) = [option for option in duration if option.get("type") == "array"]
    (measured,) = definitions["Sample"]["properties"]["values"]["anyOf"]
    for items in (several["items"], measured["items"]):
        assert "string" in [option.get("type") for option in items["anyOf"]]
    assert definitions["Behavior"]["properties"]["history"]["type"] == "string"
    assert "resources" in schema["properties"]
