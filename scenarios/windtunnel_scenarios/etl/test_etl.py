"""The dashboards are there in time, and only the pools make anything wait."""

from datetime import time
from pathlib import Path

HERE = Path(__file__).parent


def test_the_dashboards_are_there_before_the_office_opens(windtunnel):
    run = windtunnel.simulate(HERE)

    assert not run.findings
    landed = [task.ended.time() for task in run.tasks("sales_mart.refresh_dashboards")]
    assert len(landed) == 3
    assert max(landed) < time(4)


def test_the_pools_are_what_tasks_wait_for(windtunnel):
    run = windtunnel.simulate(HERE)

    limits = {wait.limit for task in run.tasks() for wait in task.waited_on}
    assert {"pool shop_db", "pool warehouse"} < limits
    assert "worker slots" not in limits
