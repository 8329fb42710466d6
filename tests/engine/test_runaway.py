"""A fleet that makes work without end is told, or cut off by the window; it never hangs."""

from __future__ import annotations

import pytest

from windtunnel.engine import simulation
from windtunnel.errors import SimulationRunaway
from windtunnel.model import Cron, Rule, TriggerDagRun


@pytest.fixture
def itself(one_task):
    return one_task("echo", kind=TriggerDagRun(trigger_dag_id="echo"))


def test_a_dag_that_triggers_itself_is_cut_off_by_the_window(fly, itself):
    flight = fly(itself, seconds={"*": 1}, until=100)
    assert len(flight.run_ids("echo")) == 100
    assert not flight.trace.complete


def test_a_schedule_of_every_second_ends_with_the_window(fly, one_task):
    dag = one_task("tick").model_copy(update={"schedule": Cron(expression="* * * * * */1")})
    flight = fly(dag, runs=[], seconds={"*": 0}, until=60)
    assert len(flight.run_ids("tick")) == 60


@pytest.fixture
def patience(monkeypatch):
    """Fewer passes are enough to see the point."""
    monkeypatch.setattr(simulation, "MAX_PASSES", 500)


@pytest.mark.usefixtures("patience")
def test_without_any_delay_it_is_a_runaway_and_the_message_says_why(fly, itself):
    with pytest.raises(SimulationRunaway, match=r"2026-03-01 00:00:00.* triggers itself"):
        fly(itself, rules=[Rule(tasks="echo.t", duration_s=0)], until=100)
