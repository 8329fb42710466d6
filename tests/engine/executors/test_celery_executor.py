"""CeleryExecutor: prefetching, late acknowledgement, redelivery, and a broker that is away."""

from __future__ import annotations

from collections import Counter

import pytest

from windtunnel.model import (
    BrokerDown,
    CelerySettings,
    Cluster,
    Dag,
    Elastic,
    ManualRun,
    Task,
    WorkerGroup,
    WorkerLost,
    WorkersDrained,
)

HOUR, DAY = 3600.0, 86400.0
LONG_LIFE = {"task_queued_timeout_s": 1e7, "task_queued_timeout_check_interval_s": 1e7}
"""Nothing is revoked, and no token expires."""


def celery(*, workers=1, slots=1, start_s=0.0, **settings):
    return {
        "executor": "CeleryExecutor",
        "workers": (WorkerGroup(count=workers, slots=slots, start_s=start_s),),
        "celery": CelerySettings(**settings),
    }


def happened(flight, what):
    return sum(one == what for _, _, one in flight.trace.executor_events)


def independent(*ids):
    return Dag(dag_id="d", tasks=tuple(Task(task_id=one) for one in ids), max_active_tasks=100)


# -- workers --------------------------------------------------------------------------------------


def test_without_more_said_there_is_one_worker_with_16_processes(fly, crowd, starts):
    flight = fly(crowd(20), seconds={"*": 60}, executor="CeleryExecutor")
    assert starts(flight) == [0] * 16 + [60] * 4


@pytest.mark.parametrize(
    ("settings", "slots"),
    [({"worker_concurrency": 4}, 4), ({"worker_autoscale": "10,2", "worker_concurrency": 4}, 10)],
)
def test_a_worker_has_as_many_slots_as_the_settings_say_unless_it_says_its_own(settings, slots):
    own = WorkerGroup(name="own", slots=3)
    cluster = Cluster(
        executor="CeleryExecutor", celery=CelerySettings(**settings), workers=(WorkerGroup(), own)
    )
    assert [group.slots for group in cluster.workers] == [slots, 3]


def test_a_queue_that_no_worker_serves_fails_after_three_times_in_queue(fly, crowd, starts):
    flight = fly(crowd(1, queue="gpu"), executor="CeleryExecutor")
    assert starts(flight, "queued") == [0, 720, 1440]
    assert starts(flight, "failed") == [2160]


def test_groups_grow_with_what_is_queued_and_reserved(fly, crowd, starts):
    group = WorkerGroup(count=1, slots=1, elastic=Elastic(most=3, start_s=40))
    flight = fly(crowd(6), seconds={"*": 60}, executor="CeleryExecutor", workers=(group,))
    assert starts(flight) == [0, 45, 45, 60, 105, 105]


# -- prefetching ----------------------------------------------------------------------------------


def parked(fly, **settings):
    """Two workers of one process. The long task's worker has room for more messages."""
    dag = independent("long", "short", "a", "b")
    seconds = {"d.long": HOUR, "d.short": 30, "*": 10}
    return fly(dag, seconds=seconds, **celery(workers=2, **settings), **LONG_LIFE)


def test_by_default_a_worker_reserves_only_what_it_runs(fly):
    flight = parked(fly)
    assert [flight.span(f"d.{one}")[0] for one in "ab"] == [30, 40]


def test_a_multiplier_parks_short_tasks_behind_a_long_one_though_another_worker_is_idle(fly):
    flight = parked(fly, worker_prefetch_multiplier=4)
    begun = [flight.span(f"d.{one}")[0] for one in "ab"]
    assert begun == [HOUR, 30], "one of them waits for the long one's worker"


def test_without_late_acknowledgement_a_worker_hoards_as_many_again_as_it_runs(fly):
    flight = parked(fly, task_acks_late=False)
    assert [flight.span(f"d.{one}")[0] for one in "ab"] == [HOUR, 30]


@pytest.mark.parametrize("settings", [{"worker_prefetch_multiplier": 2}, {"task_acks_late": False}])
def test_no_worker_hoards_while_one_of_another_group_is_free(fly, crowd, starts, settings):
    groups = (WorkerGroup(name="a", slots=2), WorkerGroup(name="b", slots=2))
    given = {**celery(**settings), "workers": groups}
    assert starts(fly(crowd(4), seconds={"*": 300}, **given)) == [0, 0, 0, 0]


def test_a_worker_that_is_drained_gives_back_what_it_has_reserved(fly):
    dag = independent("long", "short", "a", "b")
    drained = WorkersDrained(at_s=5)
    flight = fly(
        dag, seconds={"d.long": HOUR, "d.short": 30, "*": 10}, faults=[drained],
        **celery(workers=2, worker_prefetch_multiplier=4), **LONG_LIFE,
    )  # fmt: skip
    assert [flight.span(f"d.{one}")[0] for one in "ab"] == [40, 30]


# -- redelivery -----------------------------------------------------------------------------------


def test_messages_wait_and_run_longer_than_the_visibility_timeout_and_come_again_every_hour(
    fly, crowd, starts
):
    """22 tasks of 95 minutes on one process that reserves them all: some 750 messages too many."""
    settings = celery(visibility_timeout_s=HOUR, worker_prefetch_multiplier=0)
    flight = fly(crowd(22), seconds={"*": 95 * 60}, until=2 * DAY, parallelism=100,
                 **settings, **LONG_LIFE)  # fmt: skip
    assert starts(flight) == [95 * 60 * turn for turn in range(22)]
    assert 700 < happened(flight, "redelivered") < 800
    again = Counter(ti for _, ti, what in flight.trace.executor_events if what == "redelivered")
    assert again[21] == (21 * 95 + 95) // 60, "once for each hour until it had ended"


def test_a_timeout_longer_than_wait_and_run_redelivers_nothing(fly, crowd):
    settings = celery(visibility_timeout_s=40 * HOUR, worker_prefetch_multiplier=0)
    flight = fly(crowd(22), seconds={"*": 95 * 60}, until=2 * DAY, parallelism=100,
                 **settings, **LONG_LIFE)  # fmt: skip
    assert flight.trace.executor_events == []


def test_a_second_start_is_refused_while_the_first_one_runs(fly, crowd, starts):
    settings = celery(workers=2, visibility_timeout_s=HOUR)
    flight = fly(crowd(1), seconds={"*": 1.5 * HOUR}, **settings, **LONG_LIFE)
    assert starts(flight) == [0]
    assert flight.run_states("d") == ["success"]
    assert happened(flight, "refused: it runs already") == 1


def test_what_waits_at_a_busy_worker_is_redelivered_and_begun_by_an_idle_one(fly):
    """Its first copy comes to its turn at last, and is refused."""
    settings = celery(workers=2, worker_prefetch_multiplier=2, visibility_timeout_s=600)
    dag = independent("long", "quick", "parked")
    seconds = {"d.long": 500, "d.quick": 30, "d.parked": 10}
    assert fly(dag, seconds=seconds, **settings, **LONG_LIFE).span("d.parked") == (500, 510)
    seconds["d.long"] = HOUR
    flight = fly(dag, seconds=seconds, **settings, **LONG_LIFE)
    assert flight.span("d.parked") == (600, 610)
    of = {task.task_id: number for number, task in enumerate(dag.tasks)}
    about = [what for _, ti, what in flight.trace.executor_events if ti == of["parked"]]
    assert about == ["redelivered", "refused: its try is over"]


def test_in_3_x_a_redelivery_whose_token_has_expired_fails_the_try_that_runs(fly, crowd, starts):
    """It is refused as 403, not as running already; the executor reports a failure."""
    flight = fly(crowd(1, retries=1), seconds={"*": 7 * HOUR},
                 **celery(workers=2, visibility_timeout_s=6 * HOUR))  # fmt: skip
    assert starts(flight, "up_for_retry")[0] == 6 * HOUR
    assert "its second start was refused: its token has expired" in flight.trace.reasons.values()
    assert "not begun: its token has expired" not in flight.trace.reasons.values()
    assert starts(flight)[1] == pytest.approx(6 * HOUR + 300)


def test_in_2_x_a_redelivery_does_nothing_to_the_try_that_runs(fly, crowd):
    flight = fly(crowd(1), seconds={"*": 7 * HOUR}, profile="airflow-2.11",
                 **celery(workers=2, visibility_timeout_s=6 * HOUR))  # fmt: skip
    assert flight.run_states("d") == ["success"]
    assert happened(flight, "refused: it runs already") == 1


def test_the_message_of_a_lost_worker_that_had_not_begun_is_begun_by_another_one(fly, crowd):
    """It was starting when its worker died; RabbitMQ sees that the connection is gone."""
    settings = celery(workers=2, slots=1, start_s=30, visibility_timeout_s=None)
    lost = WorkerLost(at_s=10)
    flight = fly(crowd(1), seconds={"*": 60}, faults=[lost], **settings)
    assert flight.span("d.t[0]") == (40, 100)
    assert happened(flight, "redelivered") == 1


def test_redis_waits_for_the_visibility_timeout_first(fly, crowd):
    settings = celery(workers=2, slots=1, start_s=30, visibility_timeout_s=200)
    flight = fly(crowd(1), seconds={"*": 60}, faults=[WorkerLost(at_s=10)], **settings)
    assert flight.span("d.t[0]")[0] == 230


def test_what_was_acknowledged_early_is_gone_with_its_worker(fly, crowd, starts):
    settings = celery(workers=2, slots=1, start_s=30, visibility_timeout_s=None,
                      task_acks_late=False)  # fmt: skip
    flight = fly(crowd(1), seconds={"*": 60}, faults=[WorkerLost(at_s=10)], **settings)
    assert starts(flight, "queued") == [0, 720], "found by task_queued_timeout"
    assert flight.span("d.t[0]") == (750, 810)


def test_what_ran_on_a_lost_worker_does_not_run_again_by_its_message(fly, crowd, starts):
    settings = celery(workers=2, slots=1, visibility_timeout_s=None)
    flight = fly(crowd(1, retries=1, retry_delay_s=60), seconds={"*": 100},
                 faults=[WorkerLost(at_s=10)], **settings)  # fmt: skip
    assert happened(flight, "refused: it runs already") == 1
    assert starts(flight)[1] > 300, "when its heartbeats have stopped for long enough"


def test_what_begins_later_than_its_token_lives_fails_before_it_is_taken_back(fly, crowd, starts):
    """The check for stuck tasks comes at 720 s; the token is too old at 610."""
    flight = fly(crowd(2), seconds={"*": 650}, **celery())
    assert starts(flight) == [0]
    assert starts(flight, "failed") == [650]


# -- a broker that is away ------------------------------------------------------------------------


def outage(fly, crowd, seconds, **settings):
    down = BrokerDown(at_s=0, for_s=seconds)
    return fly(crowd(2), seconds={"*": 60}, faults=[down], **celery(slots=2, **settings))


def test_a_short_outage_is_bridged_by_sending_again(fly, crowd, starts):
    assert starts(outage(fly, crowd, 5)) == [6, 6]


def test_what_could_not_be_sent_is_sent_before_what_is_queued_later(fly):
    """The broker is back at 5 s, the next attempt is at 6, and another task is queued between."""
    dag = independent("waits")
    later = Dag(dag_id="later", tasks=(Task(task_id="t"),))
    runs = ["d", ManualRun(dag_id="later", at_s=5.5)]
    flight = fly(dag, later, seconds={"*": 60}, runs=runs, faults=[BrokerDown(at_s=0, for_s=5)],
                 **celery())  # fmt: skip
    assert flight.span("d.waits") == (5.5, 65.5)
    assert flight.span("later.t") == (65.5, 125.5)


def test_a_longer_one_fails_what_could_not_be_sent(fly, crowd, starts):
    """Four times, a second of waiting and a loop between each two."""
    flight = outage(fly, crowd, 60)
    assert starts(flight, "failed") == [6, 6]
    assert "not sent: the broker can't be reached" in flight.trace.reasons.values()


def test_more_attempts_bridge_more(fly, crowd, starts):
    assert starts(outage(fly, crowd, 60, task_publish_max_retries=50)) == [60, 60]


def test_what_a_worker_has_reserved_is_begun_during_an_outage(fly):
    dag = independent("first", "reserved", "queued")
    flight = fly(dag, seconds={"*": 60}, faults=[BrokerDown(at_s=30, for_s=300)],
                 **celery(worker_prefetch_multiplier=2))  # fmt: skip
    assert flight.span("d.reserved") == (60, 120)
    assert flight.span("d.queued") == (330, 390)
