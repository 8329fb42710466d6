"""Faults as text: every form's own example, what it means, and what a wrong one is told."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone
from pathlib import Path
from typing import get_args

import pytest

from windtunnel.errors import InvalidInput
from windtunnel.loaders.fault_text import (
    FORMS,
    check_targets,
    faults_help,
    parse_fault,
    said_fault,
    said_faults,
)
from windtunnel.model import (
    BrokerDown,
    Cleared,
    Cluster,
    Dag,
    DiskFull,
    Fault,
    Fleet,
    OutOfMemory,
    Pool,
    PoolResized,
    ResultLost,
    RunMarked,
    SchedulerDown,
    SpotLoss,
    Task,
    TaskFails,
    TaskIsSlow,
    TaskMarked,
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
    page = (Path(__file__).parents[2] / "docs" / "reference" / "faults.md").read_text(
        encoding="utf-8"
    )
    for name, meaning, clauses, _, example in faults_help():
        assert f"| {name} | {meaning} | {clauses} | `{example}` |" in page


def test_every_fault_of_the_model_can_be_said():
    said = {form.model.model_fields["type"].default for form in FORMS}
    kinds = get_args(get_args(Fault)[0])
    assert len(FORMS) == len(said)
    assert said == {kind.model_fields["type"].default for kind in kinds}
    assert all(meaning for _, meaning, *_ in faults_help())


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
        ("spot loss: a third of the workers at 02:10", SpotLoss(share=1 / 3, at_time=time(2, 10))),
        ("worker lost: 33% at 2:10", WorkerLost(share=0.33, at_time=time(2, 10))),
        ("worker lost: half in big at 1h30m", WorkerLost(share=0.5, group="big", at_s=5400)),
        (
            "spot loss: 2 at 2026-03-01T02:10 with notice 30s for 10m every day",
            SpotLoss(
                count=2, at_time=datetime(2026, 3, 1, 2, 10), notice_s=30, for_s=600, every_s=86400
            ),
        ),
        (
            "scheduler down: at 2026-03-01 02:10:30Z for 5m every 1h 3 times",
            SchedulerDown(
                at_time=datetime(2026, 3, 1, 2, 10, 30, tzinfo=UTC),
                for_s=300,
                every_s=3600,
                times=3,
            ),
        ),
        (
            "task fails: tag:nightly raising airflow.exceptions.AirflowSkipException",
            TaskFails(tasks="tag:nightly", raising="airflow.exceptions.AirflowSkipException"),
        ),
        (
            "out of memory: etl.load try 1 after 2m",
            OutOfMemory(tasks="etl.load", tries=(1,), after_s=120),
        ),
        (
            "result lost: etl.load noticed by heartbeat",
            ResultLost(tasks="etl.load", noticed="heartbeat"),
        ),
        ("worker lost: 1 results written", WorkerLost(results_written=True)),
        ("disk full: big for 30m", DiskFull(group="big", share=1, for_s=1800)),
        ("disk full: 1 of 4 in group big", DiskFull(count=1, of=4, group="big")),
        ("broker down: at 10m messages lost", BrokerDown(at_s=600, messages_lost=True)),
        (
            "cleared: etl.load in states running, failed downstream past run m at 1h",
            Cleared(
                tasks="etl.load",
                states=("running", "failed"),
                downstream=True,
                past=True,
                run_id="m",
                at_s=3600,
            ),
        ),
        ("cleared: etl.load at +1h in any state", Cleared(tasks="etl.load", states=(), at_s=3600)),
        (
            "task marked: etl.load as skipped at 1h future run m",
            TaskMarked(tasks="etl.load", state="skipped", future=True, run_id="m", at_s=3600),
        ),
        (
            "run marked: etl as failed at 1h run m",
            RunMarked(dags="etl", state="failed", run_id="m", at_s=3600),
        ),
    ],
)
def test_clauses_may_come_in_any_order(text, fault):
    assert parse_fault(text) == fault
    assert parse_fault(said_fault(fault)) == fault


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_fault_is_said_in_words_that_come_to_the_same_fault(form):
    fault = parse_fault(form.example)
    assert parse_fault(said_fault(fault)) == fault
    kept = type(fault).model_validate_json(fault.model_dump_json())
    assert said_fault(kept) == said_fault(fault)


def test_of_many_faults_the_first_are_said_and_the_others_counted():
    faults = [parse_fault(form.example) for form in FORMS[:5]]
    assert said_faults(faults[:1]) == "task fails: etl.load raising ConnectionError try 1"
    assert said_faults(faults).endswith("task is slow: etl.* x3 with 50%; and 2 more")
    assert said_faults([]) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("worker loss: 1", "did you mean 'worker lost'?"),
        ("meteor: 1", "there are: task fails"),
        ("worker lost: many", "a number of workers"),
        (
            "worker lost: 1 at noon",
            "'at noon' can't be read; it is written 'at +10m' or 'at 02:10'",
        ),
        ("worker lost: 1 at -10m", "'at -10m' can't be read"),
        ("worker lost: at -10m for 5m", "'at -10m' can't be read"),
        ("pool resized: db to two at 5m", "'to two' can't be read; it is written 'to 2'"),
        ("task fails: etl.load with -10%", "'with -10%' can't be read"),
        ("task fails: etl.load after -5m try 1", "'after -5m' can't be read"),
        ("task fails: etl.load try -1", "'try -1' can't be read; it is written 'try 1'"),
        ("task fails: etl.load raising", "'raising' can't be read"),
        ("task fails: etl.load retryable", "it is written 'not retryable'"),
        ("task is slow: etl.* x-3", "'x-3' can't be read; it is written 'x3'"),
        ("cleared: etl.load for 10m", "'for 10m' is no clause of it; there are 'at +10m'"),
        ("cleared: etl.load as failed at 5m", "'as failed' is no clause of it"),
        ("dag changed: etl without load every 1h at +30s", "'every 1h' is no clause"),
        ("scheduler down: every now and then", "'every now and then' can't be read"),
        ("worker lost: 1 at 25:00", "'25:00' is no time of day; write '02:10'"),
        ("worker lost: 1 at 2026-02-30T00:00", "'2026-02-30T00:00' is no date and time"),
        ("worker lost: 1 at 5m whenever", "'whenever' is no clause"),
        ("worker lost: 1 at 5m at 6m", "'at 5m' and 'at 6m': only one of them can hold"),
        ("task is slow: etl.*", "'factor' is missing"),
        ("task fails: etl.load with 200%", "probability"),
        ("task fails:", "a glob over dag_id.task_id"),
        ("pool resized: db", "'slots' is missing"),
        ("scheduler down: now", "nothing before the clauses"),
        ("cleared: etl.load", "'at' is missing"),
        ("run marked: etl at 5m", "'state' is missing"),
        ("run marked: etl as green at 5m", "state: input should be 'success' or 'failed'"),
        ("task fails: etl.load at 5m at 02:10", "it begins at one time"),
        ("task fails: etl.load at 25:10", "'25:10' is no time of day"),
        ("task fails: etl.load every 1h", "say how long it lasts"),
        ("scheduler down: for 2h every 1h", "before it has ended"),
        ("scheduler down: at 5m 3 times", "does not say every how much"),
        ("task fails: etl.load raising TaskDeferred", "TaskDeferred is no failure"),
        ("worker lost: 0%", "share"),
        ("database slow: at 10m", "nothing is slow: say 'x5', or 'by 2s'"),
        ("clock jump: 0s at 10m", "the clock jumps by nothing"),
        ("task fails: etl.load try 0", "greater than or equal to 1"),
        (
            "task fails: etl.load raising AirflowSkipException not retryable",
            "leave 'not retryable'",
        ),
        ("cleared: etl.load past at 70m", "past of which run? Name it with run"),
        ("task marked: etl.load as failed future at 70m", "future of which run?"),
        ("task fails: tg:nightly", "did you mean 'tag'?"),
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
        ("disk full: bog", "did you mean 'big'?"),
        ("run marked: elt as failed at 1h", "did you mean 'etl'?"),
        ("pool deleted: bd", "did you mean 'db'?"),
        ("task marked: etl.laod as success at 1h", "did you mean 'etl.load'?"),
        ("result lost: operator:Bsh*", "no operator is like 'Bsh*'"),
    ],
)
def test_an_unknown_target_is_told_with_near_names(text, said):
    with pytest.raises(InvalidInput) as caught:
        check_targets((parse_fault(text),), FLEET, CLUSTER)
    assert said in str(caught.value)


def test_what_is_struck_may_be_called_like_a_clause():
    assert parse_fault("dag paused: run at 5m").dags == "run"
    assert parse_fault("pool deleted: notice for 5m").pool == "notice"


def test_targets_that_exist_are_no_trouble():
    texts = ("worker lost: 1 of 4 in big", "task fails: *.load", "pool resized: default_pool to 1")
    check_targets([parse_fault(text) for text in texts], FLEET, CLUSTER)


def test_a_resource_that_is_not_there_is_told_with_the_nearest_one():
    fault = parse_fault("resource down: warehose for 10m waiting")
    with pytest.raises(InvalidInput, match=r"no resource 'warehose'; did you mean 'warehouse'\?"):
        check_targets((fault,), FLEET, CLUSTER, resources=["warehouse", "api"])
    lock = parse_fault("resource down: lock:x")
    check_targets((lock,), FLEET, CLUSTER, resources=[])


def test_only_an_executor_with_a_broker_can_lose_it():
    with pytest.raises(InvalidInput, match="there is no broker; the executor is LocalExecutor"):
        check_targets((BrokerDown(),), FLEET, Cluster(executor="LocalExecutor"))
    check_targets((BrokerDown(),), FLEET, Cluster(executor="CeleryExecutor"))


def test_without_workers_none_can_be_lost():
    with pytest.raises(InvalidInput, match="has no workers"):
        check_targets((WorkerLost(),), FLEET, Cluster())


# -- when -----------------------------------------------------------------------------------------

EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("at", "start", "seconds"),
    [
        ("02:10", datetime(2026, 3, 1, tzinfo=UTC), 7800),
        ("02:10", datetime(2026, 3, 1, 2, 10, tzinfo=UTC), 0),
        ("02:10", datetime(2026, 3, 1, 12, tzinfo=UTC), 14 * 3600 + 600),
        ("02:10", datetime(2026, 3, 1, tzinfo=EAST), 7800),
        ("2026-03-02T02:10", datetime(2026, 3, 1, tzinfo=EAST), 86400 + 7800),
        ("2026-03-01T02:10Z", datetime(2026, 3, 1, tzinfo=EAST), 7200 + 7800),
        ("+10m", datetime(2026, 3, 1, 12, tzinfo=UTC), 600),
    ],
)
def test_a_time_of_day_is_the_first_after_the_start_in_its_timezone(at, start, seconds):
    assert parse_fault(f"scheduler down: at {at}").begins_s(start) == seconds


def test_a_fault_before_the_start_is_told():
    fault = parse_fault("scheduler down: at 2026-02-28T02:10")
    with pytest.raises(InvalidInput, match="before the scenario's start"):
        check_targets((fault,), FLEET, CLUSTER, datetime(2026, 3, 1, tzinfo=UTC))


def test_a_group_that_is_named_twice_is_told():
    with pytest.raises(InvalidInput, match="the group is said twice"):
        parse_fault("disk full: big in group small")
