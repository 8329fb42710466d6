"""Deferred queries hold no slot of their pool, until the pool counts what is deferred."""

from datetime import timedelta
from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_all_queries_are_at_the_warehouse_at_once(windtunnel):
    run = windtunnel.simulate(HERE)

    (finding,) = run.findings
    assert finding.code == "WT211"
    assert "include_deferred" in " ".join(finding.notes)
    marts = run.dag_run("marts")
    assert marts.ended - marts.started < timedelta(minutes=13)


def test_a_pool_that_counts_deferred_tasks_cures_it(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    cluster = cured / "cluster.toml"
    text = cluster.read_text().replace("include_deferred = false", "include_deferred = true")
    cluster.write_text(text)

    report = windtunnel.check(cured, seeds=10)

    assert not report.findings
    marts = report.result.dag_run("marts")
    assert marts.ended - marts.started > timedelta(minutes=45)  # two at a time
