"""Slack: how much later something could have ended; held against simulations in which it does."""

from __future__ import annotations

from random import Random

from hypothesis import given, strategies

import windtunnel as wt
from effort import examples
from nights import dag, simulated, takes, task
from windtunnel.model import ExternalTaskSensor, TriggerDagRun
from windtunnel.result.path import slack

POKE_S = 10.0


def of(result: wt.Result, dag_id: str) -> dict[str, tuple[float, float]]:
    run = result.dag_runs(dag_id)[0]
    names = run.record.instances
    return {names[ti].name: (s.least_s, s.most_s) for ti, s in slack(run.record, run.index).items()}


def random_fleet(random: Random) -> wt.Fleet:
    """Two DAGs without any limit that binds; one waits for a task of the other, and triggers it."""

    def some(number: int, **first) -> list[wt.Task]:
        return [
            task(
                f"t{n}",
                *(f"t{m}" for m in range(n) if random.random() < 0.4),
                **(first if n == 0 else {}),
            )
            for n in range(number)
        ]

    deferred = ExternalTaskSensor(
        external_dag_id="b", external_task_ids=("t2",), poke_interval_s=POKE_S
    )
    wait = task("wait", "t1", kind=deferred)
    call = TriggerDagRun(trigger_dag_id="c", wait_for_completion=True, poke_interval_s=POKE_S)
    last = task("last", "wait", *(["t3"] if random.random() < 0.5 else []))
    return wt.Fleet(
        dags=(
            dag("a", *some(4), wait, task("call", "t0", kind=call), last),
            dag("b", *some(4)),
            dag("c", *some(3), at=""),
        )
    )


@examples(10)
@given(strategies.integers(0, 10_000))
def test_within_its_slack_nothing_moves_the_landing_and_more_does(seed):
    random = Random(seed)
    fleet = random_fleet(random)
    seconds = {
        f"{d.dag_id}__{t.task_id}": random.randrange(1, 50) * 10
        for d in fleet.dags
        for t in d.tasks
        if t.kind.type == "work"
    }
    result = simulated(fleet, takes(**seconds), window="4h")
    found, landed = of(result, "a"), result.dag_runs("a")[0].landed
    name = random.choice(sorted(name for name in found if name.replace(".", "__") in seconds))
    least = found[name][0]

    def landing(later: float):
        more = {**seconds, name.replace(".", "__"): seconds[name.replace(".", "__")] + later}
        return simulated(fleet, takes(**more), window="4h").dag_runs("a")[0].landed

    # A sensor that begins later may also look later: by less than the time between two pokes.
    assert (landing(least) - landed).total_seconds() <= POKE_S
    assert landing(least + POKE_S + 1) > landed


def test_what_the_path_leads_over_has_no_slack_and_the_rest_has():
    fleet = wt.Fleet(dags=(dag("etl", task("long"), task("short"), task("load", "long", "short")),))
    found = of(simulated(fleet, takes(etl__long=600, etl__short=60)), "etl")
    assert found == {"etl.long": (0, 0), "etl.short": (540, 540), "etl.load": (0, 0)}


def test_a_wait_for_a_limit_may_have_room_but_that_is_told_apart(night):
    """etl.load waits 89 minutes for pool db, whoever ends before it."""
    assert of(night, "etl")["etl.extract"] == (0, 89 * 60)


def test_a_run_that_has_not_ended_has_no_slack(nightly):
    cut = wt.simulate(nightly, start="2026-03-01", window="2h1m")
    assert of(cut, "etl") == {}
