"""An hour before is not ten past: the sensor never finds its run, until the distance is exact."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_the_sensor_looks_for_a_run_that_never_comes(windtunnel):
    run = windtunnel.simulate(HERE)

    assert [finding.code for finding in run.findings] == ["WT113"]
    assert run.task("sessions.wait_for_events").state == "up_for_reschedule"
    assert {one.state for one in run.dag_runs("events")} == {"success"}


def test_the_distance_of_the_schedules_cures_it(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    dags = cured / "dags" / "sessions.py"
    dags.write_text(dags.read_text().replace("timedelta(hours=1)", "timedelta(minutes=50)"))

    run = windtunnel.simulate(cured)

    assert not run.findings
    assert {one.state for one in run.dag_runs("sessions")} == {"success"}


def test_check_names_the_distance(windtunnel):
    (finding,) = windtunnel.check(HERE, seeds=1).findings

    assert [(fix.before, fix.after) for fix in finding.fixes] == [("1:00", "0:50")]
