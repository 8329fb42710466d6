"""Faults as text: every form's own example, what it means, and what a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from windtunnel.errors import InvalidInput
from windtunnel.loaders.fault_text import FORMS, check_targets, faults_help, parse_fault
from windtunnel.model import (
    Cluster,
    Dag,
    Fleet,
    Pool,
    PoolResized,
    SchedulerDown,
    Task,
    TaskFails,
    TaskIsSlow,
    WorkerGroup,
    WorkerLost,
)

FLEET = Fleet(dags=(Dag(dag_id="etl", tasks=(Task(task_id="load"), Task(task_id="wait"))),))
CLUSTER = Cluster(
    pools={"db": Pool(slots=4)}, workers=(WorkerGroup(name="big", count=4), WorkerGroup(count=2))
)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_example_of_the_help_is_a_fault_of_its_kind(form):
    assert isinstance(parse_fault(form.example), form.model)


def test_the_page_on_faults_shows_each_of_them_as_it_is():
    page = (Path(__file__).parents[2] / "docs" / "faults.md").read_text(encoding="utf-8")
    for name, meaning, clauses, example in faults_help():
        assert f"| {name} | {meaning} | {clauses} | `{example}` |" in page


def test_every_fault_of_the_model_can_be_said():
    said = {form.model.model_fields["type"].default for form in FORMS}
    assert len(said) == len(FORMS) == 14
    assert all(meaning for _, meaning, _, _ in faults_help())


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("worker lost: 1 of 4 at +10m", WorkerLost(count=1, of=4, at_s=600)),
        (
            "worker lost: 2 in group big noticed at once at 1h for 30m",
            WorkerLost(count=2, group="big", noticed="at once", at_s=3600, for_s=1800),
        ),
        ("task fails: etl.load", TaskFails(tasks="etl.load")),
        (
            "task  fails:  etl.*  tries 1,2 with 50% not retryable after 30s",
            TaskFails(tasks="etl.*", tries=(1, 2), probability=0.5, retryable=False, after_s=30),
        ),
        ("task is slow: etl.* x2.5", TaskIsSlow(tasks="etl.*", factor=2.5)),
        ("pool resized: db to 2 slots at +1h", PoolResized(pool="db", slots=2, at_s=3600)),
        ("scheduler down: at 5m for 90s", SchedulerDown(at_s=300, for_s=90)),
    ],
)
def test_clauses_may_come_in_any_order(text, fault):
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("worker loss: 1", "did you mean 'worker lost'?"),
        ("meteor: 1", "there are: task fails"),
        ("worker lost: many", "a number of workers"),
        ("worker lost: 1 at noon", "a number of workers"),
        ("worker lost: 1 at 5m whenever", "'whenever' is no clause"),
        ("worker lost: 1 at 5m at 6m", "a second time"),
        ("task is slow: etl.*", "'factor' is missing"),
        ("task fails: etl.load with 200%", "probability"),
        ("task fails:", "a glob over dag_id.task_id"),
        ("pool resized: db", "'slots' is missing"),
        ("scheduler down: now", "nothing before the clauses"),
        ("cleared: etl.load", "'at' is missing"),
    ],
)
def test_a_wrong_one_is_told_what_is_wrong_and_how_it_is_said(text, said):
    with pytest.raises(InvalidInput) as caught:
        parse_fault(text)
    assert said in str(caught.value)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("task fails: etl.laod", "did you mean 'etl.load'?"),
        ("late data: sales.* by 2h", "no task matches 'sales.*'"),
        ("pool resized: bd to 1", "did you mean 'db'?"),
        ("dag paused: elt", "did you mean 'etl'?"),
        ("worker lost: 1 of 4", "it says 1 of 4 workers, but there are 6"),
        ("worker lost: 7", "it strikes 7 workers, but there are 6"),
        ("worker lost: 1 in group bog", "did you mean 'big'?"),
    ],
)
def test_an_unknown_target_is_told_with_near_names(text, said):
    with pytest.raises(InvalidInput) as caught:
        check_targets((parse_fault(text),), FLEET, CLUSTER)
    assert said in str(caught.value)


def test_targets_that_exist_are_no_trouble():
    texts = ("worker lost: 1 of 4 in big", "task fails: *.load", "pool resized: default_pool to 1")
    check_targets([parse_fault(text) for text in texts], FLEET, CLUSTER)


def test_without_workers_none_can_be_lost():
    with pytest.raises(InvalidInput, match="has no workers"):
        check_targets((WorkerLost(),), FLEET, Cluster())
