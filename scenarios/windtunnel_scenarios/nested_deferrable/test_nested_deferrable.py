"""Waits in the triggerer hold no worker slot, so everything lands."""

from pathlib import Path

HERE = Path(__file__).parent


def test_everything_lands_and_billing_starts_in_time(windtunnel):
    run = windtunnel.simulate(HERE)

    assert not run.findings
    assert {one.state for one in run.dag_runs()} == {"success"}
    starts = [task.started for task in run.tasks("billing.collect")]
    assert {start.minute for start in starts} == {15}
