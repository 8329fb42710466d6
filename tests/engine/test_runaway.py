"""A fleet that makes work without end is told, or cut off by the window; it never hangs."""

from __future__ import annotations

import pytest

from windtunnel.model import Cron, TriggerDagRun


@pytest.fixture
def itself(one_task):
    return one_task("echo", kind=TriggerDagRun(trigger_dag_id="echo"))


def test_a_dag_that_triggers_itself_is_cut_off_by_the_window(fly, itself):
    flight = fly(itself, seconds={"*": 1}, until=100)
    assert len(flight.run_ids("echo")) == 101
    assert not flight.trace.complete


def test_a_schedule_of_every_second_ends_with_the_window(fly, one_task):
    dag = one_task("tick").model_copy(update={"schedule": Cron(expression="* * * * * */1")})
    flight = fly(dag, runs=[], seconds={"*": 0}, until=60)
    assert 59 <= len(flight.run_ids("tick")) <= 61
