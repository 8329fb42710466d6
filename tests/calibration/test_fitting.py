"""What is learned of tasks whose true behavior is known."""

from datetime import timedelta

import numpy as np
import pytest

from happened import at, past, tried
from windtunnel.calibration import Happened, Past, PastRun, Poke, behavior_toml, calibrate
from windtunnel.errors import InvalidInput
from windtunnel.model import (
    Branch,
    Dag,
    Deferrable,
    Empty,
    Fleet,
    Odds,
    OneOf,
    Sensor,
    ShortCircuit,
    Task,
    TriggerDagRun,
)

RUNS = 200


def rng(seed=1):
    return np.random.default_rng(seed)


def fleet(*tasks):
    return Fleet(dags=(Dag(dag_id="etl", tasks=tasks),))


def only(found):
    (fit,) = found.tasks
    return fit


def lengths(n=RUNS, seed=1, median=600, sigma=0.5):
    return median * rng(seed).lognormal(0, sigma, n)


def test_tries_that_ran_into_a_timeout_count_as_longer_and_not_as_failures():
    limit, times = 700.0, lengths()
    tries = [
        tried(n, min(t, limit + 0.3), "success" if t < limit else "failed")
        for n, t in enumerate(times)
    ]
    found = only(calibrate(past(tries), fleet(Task(task_id="load", execution_timeout_s=limit))))
    fit = found.fit("duration")
    assert fit.cut == sum(times >= limit) > 50
    assert fit.mean_s == pytest.approx(times.mean(), rel=0.06)
    assert found.rule.outcomes is None, "the timeout itself ends them in a simulation"


def test_a_timeout_that_nobody_said_shows_in_failures_that_took_the_same_time():
    limit, times = 700.0, lengths()
    tries = [
        tried(n, min(t, limit + n % 3), "success" if t < limit else "failed")
        for n, t in enumerate(times)
    ]
    fit = only(calibrate(past(tries))).fit("duration")
    assert fit.cut > 50
    assert fit.mean_s == pytest.approx(times.mean(), rel=0.06)


def test_tries_that_were_killed_at_any_moment_would_have_taken_longer():
    times, kills = lengths(), rng(2).exponential(1500, RUNS)
    tries = [
        tried(n, min(t, kill), "success" if t < kill else "failed")
        for n, (t, kill) in enumerate(zip(times, kills, strict=True))
    ]
    found = only(calibrate(past(tries), fleet(Task(task_id="load"))))
    fit = found.fit("duration")
    assert fit.cut == found.failed > 30
    assert fit.mean_s == pytest.approx(times.mean(), rel=0.1)
    assert times[times < kills].mean() < 0.92 * times.mean(), "what ended alone says too little"
    assert found.rule.outcomes == Odds(fail=found.failed / RUNS)


def test_tries_that_fail_at_their_end_took_as_long_as_others():
    times = lengths()
    tries = [tried(n, t, "failed" if n % 4 == 0 else "success") for n, t in enumerate(times)]
    fit = only(calibrate(past(tries), fleet(Task(task_id="load")))).fit("duration")
    assert (fit.n, fit.cut) == (RUNS, 0)
    assert fit.mean_s == pytest.approx(times.mean(), rel=0.03)


def test_tries_that_fail_at_once_say_nothing_of_how_long_the_work_takes():
    times = lengths()
    tries = [
        tried(n, 2 + n % 3 if n % 4 == 0 else t, "failed" if n % 4 == 0 else "success")
        for n, t in enumerate(times)
    ]
    found = only(calibrate(past(tries), fleet(Task(task_id="load"))))
    assert found.fit("duration").cut == 0
    assert found.fit("duration").mean_s == pytest.approx(times.mean(), rel=0.06)
    assert found.fit("fails_after").mean_s == pytest.approx(3, abs=0.5)
    assert found.rule.outcomes == Odds(fail=0.25)


def test_retries_have_their_own_odds_where_they_differ():
    tries = []
    for n in range(RUNS):
        bad = n % 5 == 0
        tries.append(tried(n, 10 + n % 7, "failed" if bad else "success", last=not bad))
        if bad:
            again = "failed" if n % 10 == 0 else "success"
            tries.append(tried(n, 10 + n % 7, again, after=400, queued=399, try_number=2))
    rule = only(calibrate(past(tries), fleet(Task(task_id="load", retries=1)))).rule
    assert rule.outcomes == (Odds(fail=0.2), Odds(fail=0.5))


def test_a_second_try_of_which_the_first_was_not_kept_had_a_first_one_that_failed():
    tries = [tried(n, 10.0 + n, try_number=2 if n % 4 == 0 else 1) for n in range(RUNS)]
    rule = only(calibrate(past(tries), fleet(Task(task_id="load", retries=1)))).rule
    first = rule.outcomes if isinstance(rule.outcomes, Odds) else rule.outcomes[0]
    assert first.fail == pytest.approx(0.25, abs=0.06)


def test_a_failure_with_retries_left_is_one_that_is_not_retried():
    tries = [tried(n, 10.0 + n, "failed" if n % 10 == 0 else "success") for n in range(RUNS)]
    rule = only(calibrate(past(tries), fleet(Task(task_id="load", retries=3)))).rule
    assert rule.outcomes == Odds(fail_no_retry=0.1)


def test_what_a_branch_skips_and_what_the_scheduler_sets_are_no_tries():
    tries = [tried(n, 10.0 + n % 9) for n in range(20)]
    skipped = [
        tried(n, 0, "skipped", task_id="right", hostname="", queued=0)._replace(queued=None)
        for n in range(20)
    ]
    assert [fit.task_id for fit in calibrate(past([*tries, *skipped])).tasks] == ["load"]


def test_a_task_that_still_runs_takes_at_least_so_long():
    tries = [tried(n, 10.0 + n % 9) for n in range(20)] + [tried(19, None, "running", after=3)]
    tries[-1] = tries[-1]._replace(map_index=0)
    later = [tried(20, 10.0)]
    fit = only(calibrate(past([*tries, *later]))).fit("duration")
    assert fit.cut == 1


def test_where_nothing_succeeded_that_is_said():
    found = only(calibrate(past([tried(n, 10.0 + n % 4, "failed") for n in range(20)])))
    assert "no success: how long it takes to its end is not known" in found.notes
    assert found.rule.outcomes == Odds(fail=1)


def test_a_change_of_code_in_the_middle_is_seen_and_only_what_came_later_is_used():
    times = [*lengths(100), *(3 * lengths(100, seed=5))]
    found = only(calibrate(past([tried(n, t) for n, t in enumerate(times)])))
    assert any("times as long since 2026-03-05" in note for note in found.notes), found.notes
    assert found.fit("duration").mean_s == pytest.approx(np.mean(times[100:]), rel=0.03)


def test_a_task_that_always_varied_did_not_change():
    found = only(calibrate(past([tried(n, t) for n, t in enumerate(lengths(sigma=1.2))])))
    assert not found.notes


def test_days_on_which_everything_is_slow_become_a_slow_down():
    days, of_day, base = 30, 24, lengths(30 * 24 * 3, sigma=0.2)
    factor = np.exp(rng(7).normal(0, 0.5, days))
    tries = [
        tried(n, base[3 * n + k] * factor[n // of_day] / 10, task_id=f"t{k}")
        for n in range(days * of_day)
        for k in range(3)
    ]
    found = calibrate(past(tries))
    (slow,) = found.slowdowns
    assert slow.per == "day"
    assert slow.factor.sigma == pytest.approx(0.5, abs=0.15)
    for fit in found.tasks:
        assert fit.fit("duration").given.sigma == pytest.approx(0.2, abs=0.03)


def test_days_that_are_alike_are_no_slow_down():
    tries = [tried(n, t) for n, t in enumerate(lengths(24 * 20))]
    tries += [tried(n, t, task_id="other") for n, t in enumerate(lengths(24 * 20, seed=3))]
    assert calibrate(past(tries)).slowdowns == ()


def test_a_sensor_in_mode_reschedule_tells_when_its_condition_came_true():
    truth = lengths(median=1800, sigma=0.3)
    tries, pokes = [], []
    for n, true in enumerate(truth):
        looks = int(true // 300)
        tries.append(tried(n, 1.0, task_id="wait", after=(looks + 1) * 300, operator="FileSensor"))
        for k in range(looks):
            end = at(n * 3600 + (k + 1) * 300)
            key = "etl", f"scheduled__{n}", "wait", -1
            pokes.append(Poke(*key, end, end + timedelta(seconds=300)))
    kind = Sensor(mode="reschedule", poke_interval_s=300)
    found = only(calibrate(past(tries, pokes=tuple(pokes)), fleet(Task(task_id="wait", kind=kind))))
    assert found.fit("true_after").mean_s == pytest.approx(truth.mean(), rel=0.07)


def test_a_sensor_in_mode_poke_tells_it_within_one_interval():
    truth = lengths(median=1800, sigma=0.3)
    tries = [tried(n, 60.0 * (1 + true // 60), task_id="wait") for n, true in enumerate(truth)]
    kind = Sensor(mode="poke", poke_interval_s=60)
    found = only(calibrate(past(tries), fleet(Task(task_id="wait", kind=kind))))
    assert found.fit("true_after").mean_s == pytest.approx(truth.mean(), rel=0.05)
    assert found.rule.true_since == "run_after"


def test_a_sensor_that_never_waited_has_nothing_to_wait_for():
    tries = [tried(n, 0.4, task_id="wait") for n in range(20)]
    found = only(calibrate(past(tries), fleet(Task(task_id="wait", kind=Sensor()))))
    assert found.fit("true_after") is None
    assert "its condition was always true when it first looked" in found.notes


def test_a_sensor_that_is_in_time_on_some_days_waits_on_the_others():
    tries = [tried(n, 0.4 if n % 2 else 600.0, task_id="wait") for n in range(40)]
    kind = Sensor(poke_interval_s=60)
    fit = only(calibrate(past(tries), fleet(Task(task_id="wait", kind=kind)))).fit("true_after")
    assert min(fit.given.values_s) == 0
    assert max(fit.given.values_s) == pytest.approx(572, abs=31)


def test_a_sensor_that_gave_up_waited_for_longer():
    tries = [
        tried(n, 3600.0 if n % 4 == 0 else 100.0 + 20 * n, "failed" if n % 4 == 0 else "success")
        for n in range(40)
    ]
    kind = Sensor(poke_interval_s=10, timeout_s=3600)
    found = only(calibrate(past(tries), fleet(Task(task_id="load", kind=kind))))
    assert found.fit("true_after").cut == 10
    assert found.rule.outcomes is None


def test_a_deferrable_operator_has_three_parts_where_the_log_tells():
    tries, log = [], []
    for n in range(30):
        tries.append(
            tried(n, 100.0 + n, after=2, queued=2 + 5 + 60 + n, operator="RemoteJobOperator")
        )
        key = "etl", f"scheduled__{n}", "load", -1, 1
        for event, second in (("running", 2), ("deferred", 7), ("running", 70 + n)):
            log.append(Happened(*key, event, at(n * 3600 + second)))
    found = only(
        calibrate(past(tries, log=tuple(log)), fleet(Task(task_id="load", kind=Deferrable())))
    )
    assert found.fit("duration").mean_s == pytest.approx(5, abs=0.1)
    assert found.fit("fire_after").mean_s == pytest.approx(60 + 14.5, rel=0.05)
    assert found.fit("resume_duration").mean_s == pytest.approx(32, abs=1)


def test_without_a_log_the_queue_tells_when_the_trigger_fired():
    tries = [tried(n, 100.0, after=2, queued=67) for n in range(30)]
    found = only(calibrate(past(tries), fleet(Task(task_id="load", kind=Deferrable()))))
    assert found.fit("fire_after").mean_s == pytest.approx(65, abs=0.1)
    assert found.fit("resume_duration").mean_s == pytest.approx(35, abs=0.1)
    assert any("no log of when it deferred" in note for note in found.notes)


def test_a_branch_goes_each_way_as_often_as_it_went():
    tries = []
    for n in range(40):
        tries.append(tried(n, 1.0 + n % 3, task_id="choose"))
        for arm, went in (("left", n % 4), ("right", not n % 4)):
            state = "success" if went else "skipped"
            tries.append(tried(n, 5, state, task_id=arm, hostname="w" if went else ""))
    dag = fleet(
        Task(task_id="choose", kind=Branch()),
        Task(task_id="left", upstream=("choose",)),
        Task(task_id="right", upstream=("choose",)),
    )
    rule = next(f.rule for f in calibrate(past(tries), dag).tasks if f.task_id == "choose")
    assert rule.follow_shares == {"left": 0.75, "right": 0.25}


def test_a_short_circuit_is_true_as_often_as_it_was():
    tries = []
    for n in range(40):
        tries.append(tried(n, 1.0 + n % 3, task_id="any"))
        state = "success" if n % 4 == 0 else "skipped"
        tries.append(tried(n, 5, state, task_id="work"))
    dag = fleet(Task(task_id="any", kind=ShortCircuit()), Task(task_id="work", upstream=("any",)))
    rule = next(f.rule for f in calibrate(past(tries), dag).tasks if f.task_id == "any")
    assert rule.condition_share == 0.25


def test_what_is_mapped_over_has_the_lengths_that_it_had():
    tries = []
    for n in range(20):
        tries.append(tried(n, 1.0 + n % 3, task_id="names"))
        for index in range(2 + n % 2):
            tries.append(tried(n, 5.0 + n, task_id="each", map_index=index))
    dag = fleet(Task(task_id="names"), Task(task_id="each", upstream=("names",), expand=("names",)))
    rule = next(f.rule for f in calibrate(past(tries), dag).tasks if f.task_id == "names")
    assert isinstance(rule.length, OneOf)
    assert set(rule.length.values) == {2.0, 3.0}


def test_what_could_not_be_learned_is_told():
    tries = [tried(n, 5.0 + n) for n in range(3)] + [tried(n, 5.0, task_id="old") for n in range(9)]
    dag = fleet(Task(task_id="load"), Task(task_id="new"), Task(task_id="done", kind=Empty()))
    found = calibrate(past(tries), dag)
    assert [fit.task_id for fit in found.tasks] == ["load"]
    assert found.tasks[0].notes == ("only 3 tries",)
    assert "no tries of 1 task: etl.new" in found.unknown
    assert "1 task that ran and no DAG has any more: etl.old" in found.unknown
    assert any("memory" in one for one in found.unknown)


def test_dags_of_which_nothing_ran_are_refused_with_those_that_did():
    with pytest.raises(InvalidInput, match="nothing that ran there is in TARGET; there ran: etl"):
        calibrate(past([tried(1, 5.0)]), Fleet(dags=(Dag(dag_id="x", tasks=(Task(task_id="y"),)),)))


def test_the_order_of_what_was_read_changes_nothing():
    tries = [tried(n, t, "failed" if n % 7 == 0 else "success") for n, t in enumerate(lengths(60))]
    assert calibrate(past(tries)) == calibrate(past(tries[::-1]))


def triggered(times, dag_id="etl"):
    """Runs that somebody triggered at these seconds."""
    runs, tries = [], []
    for n, second in enumerate(times):
        when = at(float(second))
        name = f"manual__{n}"
        runs.append(
            PastRun(dag_id, name, "manual", "success", when, when, None, None, when, when, None)
        )
        one = tried(0, 5.0, dag_id=dag_id, run_id=name)
        tries.append(one._replace(queued=when, start=when, end=when + timedelta(seconds=5)))
    return Past("by hand", "3.x", tuple(runs), tuple(tries))


def test_runs_that_come_whenever_they_will_have_a_rate():
    gaps = rng(3).exponential(600, 400)
    (one,) = calibrate(triggered(gaps.cumsum())).arrivals
    assert one.per_hour == pytest.approx(6, rel=0.12)


def test_runs_that_come_regularly_have_a_gap():
    gaps = rng(3).normal(600, 30, 100)
    (one,) = calibrate(triggered(gaps.cumsum())).arrivals
    assert one.per_hour is None
    assert "every" in behavior_toml(calibrate(triggered(gaps.cumsum())))


def test_runs_that_come_by_day_have_a_rate_for_each_hour():
    times = [86400 * day + 3600 * 9 + 300 * n for day in range(20) for n in range(24)]
    (one,) = calibrate(triggered(times)).arrivals
    assert one.per_hour[9] == pytest.approx(12, rel=0.1)
    assert one.per_hour[3] == 0


def test_runs_that_another_dag_triggers_do_not_come_from_outside():
    inside = Fleet(
        dags=(
            Dag(dag_id="etl", tasks=(Task(task_id="load"),)),
            Dag(
                dag_id="caller",
                tasks=(Task(task_id="call", kind=TriggerDagRun(trigger_dag_id="etl")),),
            ),
        )
    )
    assert calibrate(triggered(range(0, 40000, 400)), inside).arrivals == ()


def test_a_mapped_task_that_has_not_expanded_yet_has_no_length():
    tries = [tried(n, 1.0 + n % 3, task_id="names") for n in range(6)]
    tries += [tried(n, 5.0 + n, task_id="each", map_index=0) for n in range(5)]
    tries += [tried(5, None, None, task_id="each")._replace(start=None, queued=None)]
    dag = fleet(Task(task_id="names"), Task(task_id="each", upstream=("names",), expand=("names",)))
    rule = next(f.rule for f in calibrate(past(tries), dag).tasks if f.task_id == "names")
    assert rule.length == 1
