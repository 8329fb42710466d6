"""Orders wait behind thumbnails that need another pool; with a higher weight they don't."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent
LATEST = "orders.load"


def not_looked_at(run):
    """Seconds for which an instance of it was ready and the scheduler did not come to it, at most."""
    return max(
        sum(wait.seconds for wait in task.waited_on if wait.limit == "max_tis_per_query")
        for task in run.tasks(LATEST)
    )


def test_orders_wait_for_minutes_with_their_pool_empty(windtunnel):
    run = windtunnel.simulate(HERE)

    assert not run.findings
    assert not_looked_at(run) > 150
    assert all(wait.limit != "pool orders" for task in run.tasks(LATEST) for wait in task.waited_on)


def test_a_higher_weight_is_looked_at_first(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    dags = cured / "dags" / "orders.py"
    pool = '"pool": "orders"'
    dags.write_text(dags.read_text().replace(pool, f'{pool}, "priority_weight": 10'))

    assert not_looked_at(windtunnel.simulate(cured)) == 0
