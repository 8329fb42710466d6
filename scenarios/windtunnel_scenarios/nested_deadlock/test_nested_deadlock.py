"""Three levels of DAGs on eight worker slots: stuck as they are, not with deferrable waits."""

from pathlib import Path
from shutil import copytree

import pytest

HERE = Path(__file__).parent


def test_the_waiting_tasks_hold_every_worker_slot(windtunnel):
    run = windtunnel.simulate(HERE)

    assert [finding.code for finding in run.findings] == ["WT101"]
    assert run.dag_run("build_eu").state == "failed"


def test_deferrable_waits_cure_it(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    dags = cured / "dags" / "load.py"
    dags.write_text(
        dags.read_text().replace(
            "wait_for_completion=True,", "wait_for_completion=True, deferrable=True,"
        )
    )

    assert not windtunnel.check(cured, seeds=5).findings


@pytest.mark.parametrize(("slots", "found"), [(9, ["WT404"]), (11, [])])
def test_more_worker_slots_are_enough_if_nobody_queues_too_long(windtunnel, tmp_path, slots, found):
    cured = copytree(HERE, tmp_path / "cured")
    cluster = cured / "cluster.toml"
    cluster.write_text(
        cluster.read_text()
        .replace("count = 4", "count = 1")
        .replace("slots = 2", f"slots = {slots}")
    )

    assert [finding.code for finding in windtunnel.simulate(cured).findings] == found
