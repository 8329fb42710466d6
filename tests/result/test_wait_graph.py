"""Wait graph: who holds and waits for what of a finding, until the circle is closed."""

from __future__ import annotations

import pytest

import windtunnel as wt
from nights import dag, simulated, takes, task
from windtunnel.model import ExternalTaskSensor
from windtunnel.result.wait_graph import Edge, WaitSteps
from windtunnel.result.wait_scene import wait_steps


def steps_of(result: wt.Result, code: str) -> WaitSteps | None:
    finding = next(one for one in result.findings if one.code == code)
    return wait_steps(result.dag_runs()[0].record, finding)


@pytest.fixture(scope="module")
def eaten() -> wt.Result:
    """report.wait has the only slot of pool db, and waits for etl.load, which needs it, too."""
    wait = ExternalTaskSensor(external_dag_id="etl", external_task_ids=("load",))
    fleet = wt.Fleet(
        dags=(
            dag("etl", task("extract"), task("load", "extract", pool="db")),
            dag("report", task("wait", kind=wait, pool="db")),
        )
    )
    return simulated(fleet, takes(etl__extract=600))


def test_the_circle_closes_at_the_last_step_and_not_before(eaten):
    found = steps_of(eaten, "WT101")
    assert found is not None
    assert [(node.name, node.size) for node in found.nodes] == [
        ("report.wait", None),
        ("etl.load", None),
        ("pool db", 1),
    ]
    first, last = found.steps[0], found.steps[-1]
    assert first.states == ("running", "none", "held by 1")
    assert first.edges == (Edge(0, 1, "waits"), Edge(2, 0, "held"))
    assert last.at == found.finding.since
    assert last.what == ("etl.load is ready",)
    assert last.edges == (
        Edge(0, 1, "waits", closed=True),
        Edge(1, 2, "wants", closed=True),
        Edge(2, 0, "held", closed=True),
    )


def test_what_waits_for_a_task_only_waits_for_it_until_it_is_over():
    """Two sensors that wait for each other hold no limit."""
    fleet = wt.Fleet(
        dags=tuple(
            dag(
                one, task("wait", kind=ExternalTaskSensor(external_dag_id=other, mode="reschedule"))
            )
            for one, other in (("a", "b"), ("b", "a"))
        )
    )
    found = steps_of(simulated(fleet), "WT101")
    assert found is not None
    assert len(found.steps) < 5, "the same look again and again is no step"
    assert found.steps[-1].edges == (
        Edge(0, 1, "waits", closed=True),
        Edge(1, 0, "waits", closed=True),
    )


def test_a_finding_that_is_not_about_this_simulation_has_no_steps(eaten):
    other = simulated(wt.Fleet(dags=(dag("x", task("y")),)))
    assert wait_steps(other.dag_runs()[0].record, eaten.findings[0]) is None


def test_a_run_that_was_cleared_waits_for_its_place_again():
    """The run after it has the only place, and waits for it (depends_on_past)."""
    etl = dag("etl", task("load", depends_on_past=True), at="0 * * * *", max_active_runs=1)
    faults = ["task fails: etl.load at +1h for 15m", "cleared: etl.* downstream at +2h30m"]
    found = steps_of(simulated(wt.Fleet(dags=(etl,)), faults=faults, window="6h"), "WT101")
    assert found is not None
    wants = [edge for edge in found.steps[-1].edges if edge.kind == "wants"]
    assert wants
    assert all(edge.closed for edge in wants)
