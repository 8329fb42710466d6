"""The same scenario gives the same trace, byte for byte, in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256

import pytest

from windtunnel.engine import Scripted, Seeded, Simulation, simulate
from windtunnel.errors import ReplayDrifted
from windtunnel.model import Cron, Dag, ExternalTaskSensor, Pool, Task, Uniform, WorkerGroup
from windtunnel.trace import store

PROGRAM = """
import sys
from hashlib import sha256
from windtunnel.engine import Seeded, simulate
from windtunnel.model import Scenario
from windtunnel.trace import store

scenario = Scenario.model_validate_json(sys.stdin.read())
text = "\\n".join(store.dump(simulate(scenario, Seeded(3))))
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
    here = sha256(dump(simulate(busy, Seeded(3))).encode()).hexdigest()
    assert other.stdout.strip() == here


def test_another_seed_gives_another_trace(busy):
    other = busy.model_copy(update={"seed": busy.seed + 1})
    assert dump(simulate(busy)) != dump(simulate(other))


def test_without_choices_ties_go_as_with_the_answer_0(busy):
    calm, scripted = simulate(busy), simulate(busy, Scripted(()))
    assert set(scripted.picks) == {0}
    assert list(calm.history) == list(scripted.history)


def test_recorded_picks_replay_to_the_identical_trace(busy):
    recorded = simulate(busy, Seeded(5))
    assert any(recorded.picks), "some tie must have gone another way than usual"
    replayed = simulate(busy, Scripted(recorded.picks))
    assert dump(replayed) == dump(recorded)


def test_picks_stored_in_the_scenario_replay_too(busy):
    recorded = simulate(busy, Seeded(5))
    stored = busy.model_copy(update={"choices": tuple(recorded.picks)})
    assert dump(simulate(stored)) == dump(recorded)


def test_a_seed_changes_the_order_of_equal_candidates(scenario, one_task):
    scene = scenario([one_task(f"d{i}") for i in range(6)], parallelism=1)
    orders = set()
    for seed in range(8):
        trace = simulate(scene, Seeded(seed))
        started = sorted(trace.task_instances(), key=lambda ti: ti.started_us)
        orders.add(tuple(ti.dag_id for ti in started))
    assert len(orders) > 1


def test_an_answer_that_is_too_large_says_that_the_replay_drifted(scenario, one_task):
    scene = scenario([one_task("a"), one_task("b")], parallelism=1)
    with pytest.raises(ReplayDrifted, match=r"answer 0 .* is 5, but .*'tie' has only 2 ways"):
        simulate(scene, Scripted((5,)))


def test_answers_may_run_out_and_the_rest_goes_as_usual(scenario, one_task):
    scene = scenario([one_task(name) for name in "abc"], parallelism=1)
    order = sorted(simulate(scene, Scripted((2,))).task_instances(), key=lambda t: t.started_us)
    assert [ti.dag_id for ti in order] == ["c", "a", "b"]


def test_two_simulations_in_one_process_do_not_disturb_each_other(busy):
    alone = dump(simulate(busy))
    one, two = Simulation(busy), Simulation(busy)
    one.clock.run_until(3600 * 1_000_000)
    assert dump(two.run()) == alone
    assert dump(one.run()) == alone
