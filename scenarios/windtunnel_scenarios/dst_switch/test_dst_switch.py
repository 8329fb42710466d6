"""A fixed distance between two time zones holds until the clocks change in one of them."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_from_the_day_of_summer_time_on_the_sensor_waits_in_vain(windtunnel):
    run = windtunnel.simulate(HERE)

    (finding,) = run.findings
    assert finding.code == "WT113"
    assert "runs without a partner: 2026-03-09 09:00" in finding.notes[0]
    states = {f"{one.logical_date:%d}": one.state for one in run.dag_runs("revenue")}
    assert states["08"] == "success"
    assert states["09"] == "failed"


def test_it_is_known_in_january(windtunnel):
    run = windtunnel.simulate(HERE, start="2026-01-12", window="2d")

    assert [finding.code for finding in run.findings] == ["WT113"]
    assert {one.state for one in run.dag_runs("revenue")} == {"success"}


def in_chicago(folder, schedule, *, delta):
    """Revenue by the clocks of Chicago."""
    dags = folder / "dags" / "revenue.py"
    text = (
        dags.read_text().replace("0 9 * * *", schedule).replace('tz="UTC"', 'tz="America/Chicago"')
    )
    lines = text.splitlines(keepends=True)
    dags.write_text("".join(line for line in lines if delta or "execution_delta" not in line))


def test_one_time_of_one_timezone_cures_it(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    in_chicago(cured, "0 1 * * *", delta=False)

    run = windtunnel.simulate(cured)

    assert not run.findings
    assert {one.state for one in run.dag_runs("revenue")} == {"success"}


def test_a_distance_within_one_timezone_still_breaks_on_the_day_itself(windtunnel, tmp_path):
    changed = copytree(HERE, tmp_path / "changed")
    in_chicago(changed, "0 3 * * *", delta=True)

    (finding,) = windtunnel.simulate(changed).findings

    assert finding.notes == ("runs without a partner: 2026-03-08 08:00",)
