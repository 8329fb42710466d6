"""A past that was simulated is predicted as it was, and its platform is found again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from windtunnel.calibration import backtest, platform_of
from windtunnel.errors import InvalidInput
from windtunnel.model import (
    Behavior,
    Cluster,
    Cron,
    Dag,
    Every,
    Fleet,
    LocalSettings,
    LogNormal,
    ManualRun,
    Rule,
    Sample,
    Scenario,
    SchedulerLoop,
    Task,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
LOOP = SchedulerLoop(
    duration_s=0.4, per_run_s=0, per_task_s=0, idle_sleep_s=1.0, hand_over_s=0.3, due_late_s=0.5
)
ENDS = Sample(values_s=(0.1, 0.1, 5.1))


def etl(**options) -> Dag:
    tasks = (
        Task(task_id="extract"),
        Task(task_id="load", upstream=("extract",), retries=2, retry_delay_s=5),
        Task(task_id="report", upstream=("load",)),
    )
    return Dag(
        dag_id="etl", schedule=Cron(expression="* * * * *"), start_date=START, catchup=False,
        tasks=tasks, **options,
    )  # fmt: skip


def wide() -> Dag:
    parts = tuple(Task(task_id=f"part_{n}") for n in range(5))
    end = Task(task_id="end", upstream=tuple(part.task_id for part in parts))
    return Dag(
        dag_id="wide", schedule=Every(seconds=150), start_date=START, catchup=False,
        tasks=(*parts, end),
    )  # fmt: skip


RULES = (
    Rule(tasks="etl.load", duration_s=LogNormal(median_s=8, sigma=0.4), fail_share=0.2),
    Rule(tasks="*", duration_s=LogNormal(median_s=5, sigma=0.4)),
)
CLUSTER = Cluster(
    executor="LocalExecutor", parallelism=3, loop=LOOP, local_executor=LocalSettings(end_s=ENDS)
)
UNKNOWN = Cluster(executor="LocalExecutor", parallelism=3)


def deployment(*dags: Dag, hours: float = 2, seed: int = 1, **options) -> Scenario:
    return Scenario(
        fleet=Fleet(dags=dags),
        cluster=options.pop("cluster", CLUSTER),
        behavior=Behavior(rules=options.pop("rules", RULES)),
        start=START,
        duration_s=hours * 3600,
        seed=seed,
        **options,
    )


def test_with_the_measured_durations_every_run_lands_when_it_did(past):
    happened = past(deployment(etl(), wide()))
    found = backtest(happened, Fleet(dags=(etl(), wide())), CLUSTER, mode="replayed", trials=3)
    assert [dag.dag_id for dag in found.dags] == ["etl", "wide"]
    for dag in found.dags:
        assert dag.landing.runs >= 15
        # How long a slot stays taken is learned from the few tries of the window.
        assert abs(dag.landing.bias) < 0.05
        assert abs(dag.makespan.bias) < 0.05
        assert dag.landing.off < 0.07
        assert not dag.not_simulated


def test_a_later_window_is_predicted_from_what_came_before(past):
    happened = past(deployment(etl(), wide(), hours=4))
    found = backtest(happened, Fleet(dags=(etl(), wide())), UNKNOWN, trials=12)
    for dag in found.dags:
        assert abs(dag.landing.error) < 0.10
        assert abs(dag.makespan.error) < 0.10
        assert dag.landing.within > 0.65
        assert dag.landing.off < 2.5 * dag.landing.by_chance
        assert abs(dag.uncalibrated_landing.error) > 0.5
    assert found.landing_error < 0.10
    assert "a plan can be trusted" in found.trust


def test_what_the_scheduler_and_the_slots_take_is_found_again(past):
    found = platform_of(past(deployment(etl(), wide(), hours=4)), UNKNOWN)
    assert 2 * found.look_s == pytest.approx(1.4, abs=0.15)
    assert found.due_late_s == pytest.approx(0.5, abs=0.2)
    assert found.start_s == pytest.approx(0.7, abs=0.1)
    assert sum(end > 4 for end in found.end_s) / len(found.end_s) == pytest.approx(1 / 3, abs=0.12)


def test_how_many_slots_there_are_shows_where_tries_waited_for_them(past):
    happened = past(deployment(etl(), wide(), hours=3))
    assert platform_of(happened, Cluster()).slots == 3
    roomy = CLUSTER.model_copy(update={"parallelism": 30})
    free = past(deployment(etl(), wide(), hours=3, cluster=roomy))
    assert platform_of(free, Cluster()).slots is None


def test_runs_that_a_person_triggered_are_put_in_when_they_were_asked_for(past):
    by_hand = Dag(dag_id="by_hand", tasks=(Task(task_id="only"),))
    asked = tuple(ManualRun(dag_id="by_hand", at_s=at) for at in (700, 3100, 5000, 5900))
    happened = past(deployment(etl(), by_hand, manual_runs=asked))
    found = backtest(happened, Fleet(dags=(etl(), by_hand)), CLUSTER, mode="replayed", trials=3)
    row = next(dag for dag in found.dags if dag.dag_id == "by_hand")
    assert row.landing.runs == 2
    assert abs(row.landing.error) < 0.1
    assert any("runs that somebody triggered" in note for note in found.notes)


def test_what_ran_when_the_window_began_takes_its_slots_in_the_simulation(past):
    slow = Dag(
        dag_id="slow", schedule=Cron(expression="0 * * * *"), start_date=START, catchup=False,
        tasks=tuple(Task(task_id=f"t{n}") for n in range(3)),
    )  # fmt: skip
    rules = (Rule(tasks="slow.*", duration_s=1500), Rule(tasks="*", duration_s=10))
    happened = past(deployment(etl(), slow, hours=4, rules=rules))
    since = START + timedelta(hours=3, minutes=5)
    until = since + timedelta(minutes=15)
    found = backtest(
        happened, Fleet(dags=(etl(), slow)), CLUSTER, since=since, until=until, trials=3
    )
    row = found.dags[0]
    assert row.dag_id == "etl"
    assert row.landing.actual_s > 300  # all slots are taken until 3:25
    assert abs(row.landing.error) < 0.05


def test_tasks_that_take_longer_than_before_are_named(past):
    before = past(deployment(etl(), hours=2))
    slower = (Rule(tasks="etl.load", duration_s=25), *RULES)
    after = past(deployment(etl(), hours=2, rules=slower))
    found = backtest(after, Fleet(dags=(etl(),)), CLUSTER, learn_from=before, trials=3)
    assert found.landing_error > 0.2
    assert any("etl.load took 25s then, and" in reason for reason in found.reasons)


def test_a_task_that_never_ran_before_is_named(past):
    happened = past(deployment(etl(), wide(), hours=2))
    known = past(deployment(etl(), hours=2))
    found = backtest(happened, Fleet(dags=(etl(), wide())), CLUSTER, learn_from=known, trials=2)
    assert any("never measured before the window: wide.end" in one for one in found.reasons)


def test_a_dag_that_is_not_in_the_folder_is_named_and_the_others_are_compared(past):
    happened = past(deployment(etl(), wide()))
    found = backtest(happened, Fleet(dags=(wide(),)), CLUSTER, trials=2)
    assert [dag.dag_id for dag in found.dags] == ["wide"]
    assert "not in TARGET, and so left out: etl" in found.notes


def test_a_dag_that_was_paused_then_is_left_out(past):
    happened = past(deployment(etl()))
    found = backtest(happened, Fleet(dags=(etl(), wide())), CLUSTER, trials=2)
    assert any("left out: wide" in note for note in found.notes)


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ({"since": START + timedelta(days=9), "until": START + timedelta(days=10)}, "no dag run"),
        ({"since": START, "until": START - timedelta(hours=1)}, "before it begins"),
        ({"since": START, "until": START + timedelta(hours=1)}, "nothing had ended before"),
    ],
)
def test_a_window_of_which_nothing_can_be_said_is_refused(past, window, said):
    happened = past(deployment(etl()))
    with pytest.raises(InvalidInput, match=said):
        backtest(happened, Fleet(dags=(etl(),)), CLUSTER, **window)


def test_a_folder_without_any_of_the_dags_that_ran_is_refused(past):
    happened = past(deployment(etl()))
    with pytest.raises(InvalidInput, match=r"none of the DAGs that ran .* is in TARGET: etl"):
        backtest(happened, Fleet(dags=(wide(),)), CLUSTER)


def test_the_same_past_gives_the_same_figures(past):
    happened = past(deployment(etl(), hours=1))
    first, second = (backtest(happened, Fleet(dags=(etl(),)), CLUSTER, trials=3) for _ in "12")
    assert first == second


def test_runs_of_dates_long_past_were_due_when_they_came(past):
    dag = Dag(
        dag_id="old", schedule=Cron(expression="@daily"), start_date=START - timedelta(days=40),
        catchup=True, max_active_runs=2, tasks=(Task(task_id="only"),),
    )  # fmt: skip
    happened = past(deployment(dag, hours=0.5, backlog="replayed"))
    found = backtest(happened, Fleet(dags=(dag,)), CLUSTER, mode="replayed", trials=2)
    (row,) = found.dags
    assert row.landing.runs >= 10
    assert row.landing.actual_s < 60
    assert abs(row.makespan.bias) < 0.1
