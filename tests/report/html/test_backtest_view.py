"""The backtest in the report: each DAG's error, and what calibration is worth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from windtunnel.calibration import Backtest, Compared, DagBacktest
from windtunnel.calibration.backtesting.span import Span
from windtunnel.calibration.backtesting.values import Queued
from windtunnel.calibration.deployed.platform import Platform
from windtunnel.report.html import Subject, backtest, page

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def compared(was: float, predicted: float) -> Compared:
    return Compared(40, was, predicted, 2 * was, 2 * predicted, 0.08, 0.02, 0.05, 0.87)


def one(dag_id: str, was: float, predicted: float, plain: float) -> DagBacktest:
    landing, makespan = compared(was, predicted), compared(0.9 * was, 0.9 * predicted)
    queued = Queued(3.0, 2.8, 0.4)
    return DagBacktest(
        dag_id, 42, 1, 1, 0.0, landing, makespan, queued, compared(was, plain), None, (0.1, 0.08)
    )


def made() -> Backtest:
    """etl is predicted well, report is half an hour off, and without calibration both are worse."""
    span = Span(BEGIN, BEGIN, BEGIN + timedelta(days=7), BEGIN + timedelta(days=8), 0)
    dags = (one("etl", 3600, 3700, 1200), one("<report>", 5400, 7400, 600))
    return Backtest(
        source="airflow.db",
        learned_from=None,
        span=span,
        mode="calibrated",
        trials=20,
        dags=dags,
        platform=Platform(),
        notes=("DAG x is left out: it is not in the fleet",),
        reasons=("a worker was lost",),
    )


def test_only_a_backtest_has_its_view():
    assert backtest.data(Subject(None, "windtunnel run")) is None
    found = backtest.data(Subject(made(), "windtunnel backtest"))
    assert found is not None
    assert found["dags"][0]["landing"]["plain_error"] < -0.6


def test_errors_are_said_with_their_sign(see, tmp_path: Path):
    file = tmp_path / "index.html"
    file.write_text(page(Subject(made(), "windtunnel backtest airflow.db")), "utf-8")
    sheet = see(file)
    table = sheet.get_by_role("table", name="Landing, from due to end")
    rows = table.locator("tbody tr")
    assert "+2.8 %" in rows.nth(0).inner_text()
    assert "+37 %" in rows.nth(1).inner_text()
    assert "\N{MINUS SIGN}67 %" in rows.nth(0).inner_text()
    assert rows.nth(1).locator(".bad").count() == 1
    assert "a worker was lost" in sheet.locator("#view-backtest").inner_text()
