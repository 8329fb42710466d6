"""The same scenario gives the same trace, byte for byte, in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256

import pytest

from deciding import even
from windtunnel.choices import Calm
from windtunnel.engine import Simulation, simulate
from windtunnel.model import (
    Behavior,
    Chosen,
    Cron,
    Dag,
    ExternalTaskSensor,
    Pool,
    Scenario,
    Task,
    Uniform,
    WorkerGroup,
)
from windtunnel.search.steered import steered
from windtunnel.trace import store

PROGRAM = """
import sys
from hashlib import sha256
from windtunnel.choices import Even, Stream
from windtunnel.engine import simulate
from windtunnel.model import Scenario
from windtunnel.trace import store

scenario = Scenario.model_validate_json(sys.stdin.read())
even = Even()
even.begin(Stream(3))
text = "\\n".join(store.dump(simulate(scenario, even)))
print(sha256(text.encode()).hexdigest())
"""


@pytest.fixture
def busy(scenario):
    """Scheduled DAGs that compete for two pools and few workers, with drawn durations."""
    dags = [
        Dag(
            dag_id=name,
            schedule=Cron(expression="*/20 * * * *"),
            tasks=(
                Task(task_id="extract", retries=1, retry_exponential_backoff=2.0),
                Task(task_id="left", upstream=("extract",), pool="db", pool_slots=slots),
                Task(task_id="right", upstream=("extract",), queue="heavy"),
                Task(task_id="join", upstream=("left", "right")),
            ),
        )
        for slots, name in enumerate(("sales", "stock", "staff"), 1)
    ]
    wait = ExternalTaskSensor(external_dag_id="sales", mode="reschedule")
    dags.append(
        Dag(
            dag_id="mart",
            schedule=Cron(expression="*/20 * * * *"),
            tasks=(Task(task_id="wait", kind=wait),),
        )
    )
    groups = (WorkerGroup(slots=3), WorkerGroup(name="big", slots=1, queues=("heavy", "default")))
    return scenario(
        dags,
        seconds={"*": Uniform(low=10, high=900)},
        until=3 * 3600,
        pools={"db": Pool(slots=3)},
        workers=groups,
        seed=7,
    )


def dump(trace) -> str:
    return "\n".join(store.dump(trace))


def test_the_same_scenario_gives_the_same_trace_byte_for_byte(busy):
    first, second = dump(simulate(busy)), dump(simulate(busy))
    assert first == second
    assert first.count('"kind":"event"') > 300, "the scenario must be busy to show anything"


def test_the_history_is_the_same_on_every_python_and_machine(busy):
    """A change of this digest is a change of what the engine decides, draws or orders."""
    rows = "\n".join(f"{at} {who} {state}" for at, who, state in simulate(busy).history)
    assert sha256(rows.encode()).hexdigest()[:16] == "d0c9fe6e245b11e5"


@pytest.mark.parametrize("hash_seed", ["0", "1", "4711"])
def test_the_trace_does_not_depend_on_the_process_or_its_hash_seed(busy, hash_seed):
    other = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=busy.model_dump_json(),
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    here = sha256(dump(simulate(busy, even(3))).encode()).hexdigest()
    assert other.stdout.strip() == here


def test_another_seed_gives_another_trace(busy):
    other = busy.model_copy(update={"seed": busy.seed + 1})
    assert dump(simulate(busy)) != dump(simulate(other))


def test_without_choices_ties_go_as_with_calm_answers(busy):
    one = busy.model_copy(update={"behavior": Behavior()})
    calm = simulate(one, Calm())
    assert calm.asked["ties"] > 0
    assert not calm.decisions
    assert list(calm.history) == list(simulate(one).history)


def test_what_was_decided_replays_to_the_identical_trace(busy):
    kept, recorded = steered(busy, even(5))
    assert {d.kind for d in recorded.decisions} == {"tie", "duration"}
    again = Scenario.model_validate_json(kept.model_dump_json())
    assert dump(simulate(again)) == dump(recorded)


def test_a_seed_changes_the_order_of_equal_candidates(scenario, one_task):
    scene = scenario([one_task(f"d{i}") for i in range(6)], parallelism=1)
    orders = set()
    for seed in range(8):
        trace = simulate(scene, even(seed))
        started = sorted(trace.task_instances(), key=lambda ti: ti.started_us)
        orders.add(tuple(ti.dag_id for ti in started))
    assert len(orders) > 1


def test_what_was_chosen_for_others_does_not_matter(scenario, one_task):
    scene = scenario([one_task(name) for name in "abc"], parallelism=1)
    chosen = (
        Chosen(kind="tie", actor=("a", "manual__2026-03-01T00:00:00+00:00", "t", -1), value=2),
        Chosen(kind="tie", actor=("gone", "r", "t", -1), value=1),
        Chosen(kind="tie", actor=("b", "r", "t", -1), nth=7, value=9),
    )
    scene = scene.model_copy(update={"choices": chosen})
    order = sorted(simulate(scene).task_instances(), key=lambda t: t.started_us)
    assert [ti.dag_id for ti in order] == ["c", "a", "b"]


def test_two_simulations_in_one_process_do_not_disturb_each_other(busy):
    alone = dump(simulate(busy))
    one, two = Simulation(busy), Simulation(busy)
    one.clock.run_until(3600 * 1_000_000)
    assert dump(two.run()) == alone
    assert dump(one.run()) == alone
