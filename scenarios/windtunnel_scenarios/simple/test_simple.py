"""One task, simulated and then really executed."""

from pathlib import Path

HERE = Path(__file__).parent


def test_the_task_takes_the_minute_that_is_assumed(windtunnel):
    run = windtunnel.simulate(HERE)

    assert run.task("my_simple_dag.my_task_id").state == "success"
    assert not run.findings


def test_the_real_callable_runs(windtunnel):
    run = windtunnel.simulate(HERE, execute=True)

    assert run.task("my_simple_dag.my_task_id").state == "success"
