"""The certificate: what is proved never deadlocks, and a proof says what it rests on."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from random_slices import random_fleet
from walk_of_slice import Walk
from windtunnel.slices import read_slice
from windtunnel.slices.certificate import (
    Candidate,
    Certificate,
    Exhausted,
    NotCovered,
    Proof,
    prove,
)

z3 = pytest.importorskip("z3")

SENSORS = {
    "pools": {"default_pool": 3},
    "dags": {
        "etl": {"at": [0], "tasks": {"load": {"duration": [1, 9]}}},
        "mart1": {
            "at": [0],
            "tasks": {"wait": {"op": "sensor", "waits_for": {"dag": "etl", "task": "load"}}},
        },
        "mart2": {
            "at": [0],
            "tasks": {"wait": {"op": "sensor", "waits_for": {"dag": "etl", "task": "load"}}},
        },
    },
}


def proof_of(form: dict[str, Any], **settings: Any) -> Proof:
    return prove(read_slice({**form, "settings": settings}))


def stuck(proof: Proof) -> set[str]:
    assert isinstance(proof, Candidate), proof
    return {f"{one.dag}.{one.task}: {one.phase}" for one in proof.stuck}


def rests_on(proof: Proof) -> set[str]:
    assert isinstance(proof, Certificate), proof
    return {str(fact) for fact in proof.rests_on}


def with_pool(slots: int) -> dict[str, Any]:
    return {**SENSORS, "pools": {"default_pool": slots}}


def test_a_pool_with_a_slot_more_than_sensors_is_proved_and_the_proof_rests_on_its_size() -> None:
    assert "slots of pool default_pool >= 3" in rests_on(proof_of(SENSORS))


def test_a_larger_pool_needs_no_more_than_that() -> None:
    assert "slots of pool default_pool >= 3" in rests_on(proof_of(with_pool(8)))


def test_a_pool_that_sensors_can_fill_is_a_candidate_that_names_them() -> None:
    assert stuck(proof_of(with_pool(2))) == {
        "etl.load: ready",
        "mart1.wait: blocked 0",
        "mart2.wait: blocked 0",
    }


def test_what_is_safe_by_priority_only_is_not_proved() -> None:
    form = with_pool(2)
    form["dags"] = {**form["dags"], "etl": {"at": [0], "tasks": {"load": {"priority": 99}}}}
    assert isinstance(proof_of(form), Candidate)


def test_a_limit_that_keeps_waiting_tasks_few_is_what_the_proof_rests_on() -> None:
    wait = {"op": "sensor", "waits_for": {"dag": "etl", "run": 0}}
    dags = {
        "etl": {"at": [0], "tasks": {"load": {}}},
        "mart": {"at": [0, 1, 2], "max_active_runs": 1, "tasks": {"wait": wait}},
    }
    facts = rests_on(proof_of({"pools": {"default_pool": 2}, "dags": dags}))
    assert {"max_active_runs of mart <= 1", "slots of pool default_pool >= 2"} <= facts


def locks(first: str, second: str) -> dict[str, Any]:
    def task(one: str, other: str) -> dict[str, Any]:
        steps = [["acquire", one, 1], ["work", 1, 2], ["acquire", other, 1]]
        return {"steps": [*steps, ["release", other, 1], ["release", one, 1]]}

    return {
        "locks": {"A": {}, "B": {}},
        "dags": {
            "x": {"at": [0], "tasks": {"t": task("A", "B")}},
            "y": {"at": [0], "tasks": {"t": task(first, second)}},
        },
    }


def test_locks_in_one_order_are_proved_and_in_two_they_are_not() -> None:
    assert isinstance(proof_of(locks("A", "B")), Certificate)
    assert stuck(proof_of(locks("B", "A"))) == {"x.t: blocked 2", "y.t: blocked 2"}


def crash(on_crash: str) -> dict[str, Any]:
    steps = [["acquire", "A", 1], ["work", 1, 1], ["release", "A", 1]]
    task = {"steps": steps, "faults": [["crash", 1]], "retries": 1}
    return {
        "locks": {"A": {"on_crash": on_crash}},
        "dags": {"x": {"at": [0], "tasks": {"t": task}}},
    }


def test_a_lock_that_a_crash_takes_along_is_not_proved_unless_nothing_crashes() -> None:
    assert isinstance(proof_of(crash("leak"), max_faults=1), Candidate)
    assert isinstance(proof_of(crash("release"), max_faults=1), Certificate)
    proof = proof_of(crash("leak"), max_faults=0)
    assert isinstance(proof, Certificate)
    assert "no fault happens" in proof.assumptions


def test_a_try_that_was_given_up_keeps_its_locks_where_it_waits() -> None:
    steps = [["acquire", "A", 1], ["work", 1, 1], ["wait", {"dag": "late"}], ["release", "A", 1]]
    task = {"steps": steps, "faults": [["part", 1]], "retries": 1}
    form: dict[str, Any] = {
        "locks": {"A": {}},
        "dags": {
            "late": {"at": [0], "tasks": {"t": {}}},
            "x": {"at": [0], "tasks": {"t": task}},
        },
    }
    assert isinstance(proof_of(form, max_faults=1), Certificate)
    form["dags"]["late"]["tasks"]["t"] = {"steps": [["acquire", "A", 1], ["release", "A", 1]]}
    assert "late.t: blocked 0" in stuck(proof_of(form, max_faults=1))


def test_what_only_a_timeout_ends_is_not_proved() -> None:
    form = with_pool(2)
    for name in ("mart1", "mart2"):
        form["dags"] = {**form["dags"], name: {**form["dags"][name], "dagrun_timeout": 5}}
    assert isinstance(proof_of(form), Candidate)


def test_a_wait_for_a_run_that_there_never_is_is_not_proved() -> None:
    form = {
        "dags": {
            "a": {"at": [0], "tasks": {"t": {}}},
            "b": {
                "at": [0],
                "tasks": {"wait": {"op": "sensor", "waits_for": {"dag": "a", "offset": -1}}},
            },
        }
    }
    assert stuck(proof_of(form)) == {"b.wait: blocked 0"}


def calls(target: str, **more: Any) -> dict[str, Any]:
    return {"op": "trigger", "dag": target, **more}


def test_dags_that_trigger_each_other_without_end_are_not_covered() -> None:
    form = {
        "pools": {"default_pool": 99},
        "dags": {
            "a": {"at": [0], "tasks": {"call": calls("b", wait=False)}},
            "b": {"at": [], "tasks": {"call": calls("a", wait=False)}},
        },
    }
    proof = proof_of(form)
    assert isinstance(proof, NotCovered)
    assert "runs of a can cause 11 runs of it or more" in proof.reasons


def test_a_chain_of_triggers_needs_as_many_slots_as_it_is_long() -> None:
    def chain(slots: int) -> dict[str, Any]:
        return {
            "pools": {"default_pool": slots},
            "dags": {
                "a": {"at": [0], "tasks": {"call": calls("b")}},
                "b": {"at": [], "tasks": {"call": calls("c")}},
                "c": {"at": [], "tasks": {"work": {}}},
            },
        }

    assert isinstance(proof_of(chain(3)), Certificate)
    assert "c.work: ready" in stuck(proof_of(chain(2)))


def test_a_rescheduled_sensor_that_keeps_a_lock_is_not_covered() -> None:
    task = {
        "mode": "reschedule",
        "steps": [["acquire", "A", 1], ["wait", {"dag": "a"}], ["release", "A", 1]],
    }
    form = {
        "locks": {"A": {"capacity": 9}},
        "dags": {"a": {"at": [0], "tasks": {"t": {}}}, "b": {"at": [0], "tasks": {"t": task}}},
    }
    proof = proof_of(form)
    assert isinstance(proof, NotCovered)
    assert proof.reasons == ("b.t keeps a lock from one poke to the next",)


def test_a_slice_that_names_what_is_not_there_is_not_covered() -> None:
    form = {"dags": {"a": {"at": [0], "tasks": {"t": {"pool": "lost"}}}}}
    assert proof_of(form) == NotCovered(("a.t is in pool lost, which there isn't",))


def test_a_proof_can_be_checked_again_with_its_script_alone() -> None:
    proof = proof_of(SENSORS)
    assert isinstance(proof, Certificate)
    question, asked = proof.script.rsplit("(check-sat-assuming (", 1)
    solver = z3.Solver()
    solver.from_string(question)
    facts = [z3.Bool(name) for name in asked.split("|")[1::2]]
    assert solver.check(*facts) == z3.unsat
    assert solver.check() == z3.sat
    again = proof_of(SENSORS)
    assert isinstance(again, Certificate)
    assert again.digest == proof.digest


FLEETS = Path(__file__).parent.parent / "bugsuite" / "fleets"
SAFE = [
    path
    for path in sorted(FLEETS.glob("s*.json"))
    if json.loads(path.read_text())["safe_because"] == "structure"
]


@pytest.mark.parametrize("path", SAFE, ids=lambda path: path.stem)
def test_every_fleet_of_the_suite_that_is_safe_by_its_structure_is_proved(path: Path) -> None:
    assert isinstance(prove(read_slice(json.loads(path.read_text()))), Certificate)


@pytest.mark.parametrize("path", sorted(FLEETS.glob("*.json")), ids=lambda path: path.stem)
def test_no_fleet_of_the_suite_that_can_deadlock_is_proved(path: Path) -> None:
    form = json.loads(path.read_text())
    if "deadlock" in {*form["expect"]["verdicts"], *form["expect"]["untimed"]}:
        assert not isinstance(prove(read_slice(form)), Certificate)


def test_without_a_solver_small_slices_are_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("windtunnel.slices.certificate.proving.has_solver", lambda: False)
    proof = proof_of(SENSORS)
    assert isinstance(proof, Exhausted)
    assert proof.states > 10
    assert {name.partition(":")[0] for name in stuck(proof_of(with_pool(2)))} == {
        "etl.load",
        "mart1.wait",
        "mart2.wait",
    }


@given(st.integers(0, 10**9))
@examples(60)
def test_no_fleet_that_can_deadlock_is_ever_proved_safe(seed: int) -> None:
    of = read_slice(random_fleet(Random(seed)))
    if isinstance(prove(of), Certificate):
        for untimed in (False, True):
            assert Walk(of, untimed, most=400).go().deadlock is None, seed
