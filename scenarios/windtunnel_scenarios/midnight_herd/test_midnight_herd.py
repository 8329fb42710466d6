"""Midnight on workers with more slots than memory; and how many workers the deadline takes."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent
NIGHTS = (0, 2)  # a usual one, and one of long loads


def nights(windtunnel, folder):
    """When the report landed, in hours after midnight, night by night; they differ in the seed."""
    for seed in NIGHTS:
        report = windtunnel.simulate(folder, seed=seed).dag_run("board_report")
        assert report.state == "success"
        yield (report.ended - report.started).total_seconds() / 3600


def cured(folder, *, workers):
    """As many slots as memory has room for, on so many workers."""
    copytree(HERE, folder)
    cluster = folder / "cluster.toml"
    text = cluster.read_text().replace("worker_concurrency = 8", "worker_concurrency = 5")
    cluster.write_text(text.replace("count = 2", f"count = {workers}"))
    return folder


def test_the_report_fails_because_tasks_are_killed_for_memory(windtunnel):
    run = windtunnel.simulate(HERE)

    assert [finding.code for finding in run.findings] == ["WT402"]
    assert run.dag_run("board_report").state == "failed"


def test_with_five_slots_nothing_is_killed_and_two_workers_are_too_slow_for_some_nights(
    windtunnel, tmp_path
):
    folder = cured(tmp_path / "two", workers=2)

    assert not windtunnel.simulate(folder).findings
    landed = list(nights(windtunnel, folder))
    assert min(landed) < 7 < max(landed)


def test_three_workers_keep_the_deadline_on_each_of_these_nights(windtunnel, tmp_path):
    assert max(nights(windtunnel, cured(tmp_path / "three", workers=3))) < 7
