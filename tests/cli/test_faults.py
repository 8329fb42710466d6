"""Faults on the command line, in a scenario file and in a test: the same words everywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from windtunnel import api
from windtunnel.errors import InvalidInput
from windtunnel.loaders import faults_help, parse_fault, read_scenario
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    Every,
    Fleet,
    Gamma,
    LogNormal,
    Pool,
    Resource,
    Rule,
    Sample,
    Scenario,
    SchedulerLoop,
    Sensor,
    Task,
    TaskFails,
    Triangular,
    Weibull,
    WorkerGroup,
)

Cli = Callable[..., Any]
Write = Callable[..., Path]

ETL = """
from airflow import DAG
from airflow.operators.bash import BashOperator
with DAG("etl", schedule=None):
    BashOperator(task_id="load", bash_command="true", retries=1) >> BashOperator(
        task_id="save", bash_command="true"
    )
"""
SCENARIO = """
dags = "dags"
start = 2026-03-01T00:00:00Z
duration = "1h"
faults = [
    "task fails: etl.load try 1",
    { type = "worker_lost", at = "10m", for = "5m" },
    "pool resized: default_pool to 1 at +5m",
]

[[manual_runs]]
dag_id = "etl"

[cluster.loop]
duration = "0.2s"

[[cluster.workers]]
count = 2
memory_mb = 4000

[[behavior.rules]]
tasks = "etl.load"
duration = { median = "5m", sigma = 0.5 }
memory_mb = 1000
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "etl.py").write_text(ETL)
    (tmp_path / "scenario.toml").write_text(SCENARIO)
    return tmp_path


def test_a_fault_strikes_a_run_from_the_command_line(cli: Cli, project: Path) -> None:
    command = ("run", str(project / "dags"), "--trigger", "etl", "--format", "json")
    calm = json.loads(cli(*command).out)
    struck = json.loads(cli(*command, "--fault", "task fails: etl.load not retryable").out)
    states = [[run["state"] for run in outcome["dag_runs"]] for outcome in (calm, struck)]
    assert states == [["success"], ["failed"]]


def test_several_faults_add_up(cli: Cli, project: Path) -> None:
    faults = ("--fault", "task fails: etl.load try 1", "--fault", "task fails: etl.save")
    outcome = json.loads(
        cli("run", str(project / "dags"), "--trigger", "etl", *faults, "--format", "json").out
    )
    tries = {task["task_id"]: task["try_number"] for task in outcome["task_instances"]}
    assert tries == {"load": 2, "save": 1}
    assert outcome["dag_runs"][0]["state"] == "failed"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("task fails: elt.load", "did you mean 'etl.load'?"),
        ("worker lost: 1", "the cluster has no workers"),
        ("tsk fails: etl.load", "did you mean 'task fails'?"),
    ],
)
def test_a_wrong_fault_is_bad_input(cli: Cli, project: Path, text: str, said: str) -> None:
    outcome = cli("run", str(project / "dags"), "--fault", text)
    assert outcome.code == 2
    assert said in " ".join(outcome.err.split())


def test_the_help_lists_every_fault_with_an_example(cli: Cli) -> None:
    outcome = cli("run", "--faults-help")
    assert outcome.code == 0
    assert all(f"\n{name}\n" in outcome.out for name, *_ in faults_help())
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_a_scenario_file_says_faults_in_words_or_tables_in_their_order(project: Path) -> None:
    scenario = read_scenario(project).scenario
    kinds = [fault.type for fault in scenario.faults]
    assert kinds == ["task_fails", "worker_lost", "pool_resized"]
    assert scenario.faults[0] == TaskFails(tasks="etl.load", tries=(1,))
    assert (scenario.faults[1].at_s, scenario.faults[1].for_s) == (600, 300)


def test_it_says_the_loop_memory_and_distributions_too(project: Path) -> None:
    scenario = read_scenario(project).scenario
    (rule,) = scenario.behavior.rules
    assert rule.duration_s == LogNormal(median_s=300, sigma=0.5)
    assert rule.memory_mb == 1000
    assert scenario.cluster.loop == SchedulerLoop(duration_s=0.2)
    assert scenario.cluster.workers is not None
    assert scenario.cluster.workers[0].memory_mb == 4000
    assert api.simulate(scenario).task("etl.load").try_number >= 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{ low = "1m", mode = "2m", high = "9m" }', Triangular(low=60, mode=120, high=540)),
        ('{ mean = "2m", shape = 3.0 }', Gamma(mean_s=120, shape=3)),
        ('{ scale = "2m", shape = 3.0 }', Weibull(scale_s=120, shape=3)),
        ('{ values = ["1m", 90] }', Sample(values_s=(60, 90))),
    ],
)
def test_every_distribution_has_a_form_in_toml(project: Path, text: str, value: object) -> None:
    file = project / "scenario.toml"
    file.write_text(SCENARIO.replace('{ median = "5m", sigma = 0.5 }', text))
    assert read_scenario(project).scenario.behavior.rules[0].duration_s == value


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("task fails: etl.load try 1", "task fials: etl.load", "did you mean 'task fails'?"),
        ('type = "worker_lost", at', 'type = "worker_gone", at', "faults[1].type"),
        ('at = "10m", for', 'att = "10m", for', "faults[1].att"),
        ("sigma = 0.5", "sigma = -1", "behavior.rules[0].duration"),
        ("sigma = 0.5", "sigmo = 0.5", "did you mean 'sigma'?"),
        ("memory_mb = 4000", "memory_mb = -1", "cluster.workers[0].memory_mb"),
        ('duration = "0.2s"', 'duratoin = "0.2s"', "cluster.loop.duratoin"),
    ],
)
def test_mistakes_in_these_are_named(project: Path, right: str, wrong: str, said: str) -> None:
    file = project / "scenario.toml"
    assert right in SCENARIO
    file.write_text(SCENARIO.replace(right, wrong))
    with pytest.raises(InvalidInput) as caught:
        read_scenario(project)
    assert said in str(caught.value)


def test_in_python_a_fault_may_be_a_value_or_words(project: Path) -> None:
    fleet = api.load(project / "dags")
    for fault in ("task fails: etl.save", TaskFails(tasks="etl.save")):
        result = api.simulate(fleet, runs=["etl"], faults=[fault])
        assert result.dag_run("etl").state == "failed"


# -- the examples of the help ---------------------------------------------------------------------

START = datetime(2026, 3, 1, tzinfo=UTC)
WAIT = Task(task_id="wait", kind=Sensor(mode="reschedule"), pool="db")
LOAD = Task(task_id="load", upstream=("wait",), retries=1, retry_delay_s=60)
FLEET = Scenario(
    fleet=Fleet(
        dags=(
            Dag(
                dag_id="etl",
                tasks=(WAIT, LOAD),
                schedule=Every(seconds=600),
                start_date=START,
            ),
            Dag(dag_id="nightly", tasks=(WAIT,), is_paused=True),
        )
    ),
    cluster=Cluster(
        executor="CeleryExecutor",
        schedulers=2,
        triggerers=2,
        pools={"db": Pool(slots=4)},
        workers=(WorkerGroup(count=4, slots=1),),
    ),
    behavior=Behavior(rules=(Rule(tasks="etl.load", duration_s=500, needs={"warehouse": 1}),)),
    resources={"warehouse": Resource(slots=4)},
    start=START,
    duration_s=4 * 3600,
)
EXAMPLES = {name: example for name, *_, example in faults_help()}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_of_the_help_strikes_something(name: str) -> None:
    result = api.simulate(FLEET, faults=EXAMPLES[name])
    assert not [one for one in result.assumptions if "struck nothing" in one.assumed]
    assert result.trace.struck[0] > 0


@pytest.mark.parametrize("name", ["task fails", "worker lost", "spot loss", "late data"])
def test_a_table_of_a_scenario_file_says_the_same_as_the_words(project: Path, name: str) -> None:
    """What the words came to, written as the fields that the help names."""
    fault = parse_fault(EXAMPLES[name])
    at = None if getattr(fault, "at_time", None) is None else fault.at_time.isoformat()
    table = {"type": fault.type, "at": at, **fault.model_dump(exclude_defaults=True)}
    table = {key.removesuffix("_s"): value for key, value in table.items() if value is not None}
    shown = ", ".join(f"{k} = {json.dumps(v)}" for k, v in table.items() if k != "at_time")
    file = project / "scenario.toml"
    old = '{ type = "worker_lost", at = "10m", for = "5m" }'
    file.write_text(SCENARIO.replace(old, f"{{ {shown} }}"))
    assert read_scenario(project).scenario.faults[1] == fault


def test_shares_and_times_of_day_are_said_in_tables_as_in_words(project: Path) -> None:
    file = project / "scenario.toml"
    tables = (
        '{ type = "worker_lost", share = "a third", at = "02:10" }',
        '{ type = "worker_lost", share = "33%", at = 02:10:00, every = "1d" }',
        '{ type = "task_fails", tasks = "etl.*", probability = "5%", at = 2026-03-01T00:10:00 }',
    )
    old = '{ type = "worker_lost", at = "10m", for = "5m" }'
    file.write_text(SCENARIO.replace(old, ", ".join(tables)))
    words = ("worker lost: a third at 02:10", "worker lost: 33% at 02:10 every day")
    words = (*words, "task fails: etl.* with 5% at 2026-03-01T00:10")
    assert read_scenario(project).scenario.faults[1:4] == tuple(parse_fault(w) for w in words)


def test_what_a_fault_did_not_strike_is_among_the_assumptions(cli: Cli, project: Path) -> None:
    fault = "task fails: etl.load try 7 at +1m"
    told = cli("run", str(project / "dags"), "--trigger", "etl", "--fault", fault).out
    assert "struck nothing: no try 7 of etl.load began" in " ".join(told.split())


def test_run_and_check_say_which_faults_they_flew(cli: Cli, project: Path) -> None:
    fault = ("--fault", "task fails: etl.load try 1 at +30s")
    ran = cli("run", str(project / "dags"), "--trigger", "etl", *fault).out
    assert "\nFaults   task fails: etl.load try 1 at +30s\n" in ran
    checked = " ".join(cli("check", str(project), *fault).out.split())
    assert "pool resized: default_pool to 1 at +5m; and 1 more; delays of the scheduler" in checked
    calm = cli("check", str(project / "dags"), "--trigger", "etl").out
    assert "no faults; no delays of the scheduler" in " ".join(calm.split())
    assert "\nFaults " not in calm


def test_a_target_that_is_not_there_is_told_with_the_fault_and_its_place(
    cli: Cli, project: Path
) -> None:
    file = project / "scenario.toml"
    file.write_text(SCENARIO.replace("default_pool to 1", "nope to 1"))
    told = " ".join(cli("run", str(project)).err.split())
    assert "scenario.toml: faults[2], 'pool resized: nope to 1 at +5m': there is no pool" in told
    file.write_text(SCENARIO)
    texts = ("task fails: etl.save", "pool  resized: nope to 1", "dag changed: etl from nowhere")
    told = [
        " ".join(cli("run", str(project), "--fault", texts[0], "--fault", text).err.split())
        for text in texts[1:]
    ]
    assert "fault 'pool resized: nope to 1': there is no pool 'nope'" in told[0]
    assert "fault 'dag changed: etl from nowhere': nowhere: no such file" in told[1]


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        (
            '[{ type = "worker_losst", count = 1 }]',
            "faults[0].type = \"worker_losst\": no such fault; did you mean 'worker_lost'?",
        ),
        (
            "[{ count = 1 }]",
            "faults[0].type: is missing; it says what goes wrong, such as 'worker_lost'",
        ),
        ('"worker lost: 1"', 'faults = "worker lost: 1": must be a list in [brackets], such as'),
        (
            '[{ type = "worker_lost", count = 1, share = "33%" }]',
            "faults[0]: it strikes a number of workers or a share of them: leave count or share",
        ),
        ("[3]", "faults[0] = 3: must be a fault in words, such as"),
        ('[{ type = "worker_lost", at = "noon" }]', 'faults[0].at = "noon": must be a duration'),
        ('[{ type = "worker_lost", at = -600 }]', "a time of day, such as '02:10', or a date"),
        ('[{ type = "worker_lost", at = "25:00" }]', 'faults[0].at = "25:00": must be'),
        ('[{ type = "worker_lost", at = true }]', "faults[0].at = true: must be"),
        ('[{ type = "cleared", tasks = "etl.load", at = [] }]', "faults[0].at = []: must be"),
    ],
)
def test_one_mistake_in_the_list_of_faults_is_told_as_one(
    project: Path, faults: str, said: str
) -> None:
    file = project / "scenario.toml"
    before, _, rest = SCENARIO.partition("faults = [")
    file.write_text(f"{before}faults = {faults}{rest.partition(']')[2]}")
    with pytest.raises(InvalidInput) as caught:
        read_scenario(project)
    assert said in str(caught.value)
    assert "mistakes" not in str(caught.value)


def test_a_moment_in_a_table_may_have_the_sign_that_words_have(project: Path) -> None:
    file = project / "scenario.toml"
    file.write_text(SCENARIO.replace('at = "10m", for', 'at = "+10m", for'))
    assert read_scenario(project).scenario.faults[1].at_s == 600
