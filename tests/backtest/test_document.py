"""The page on backtests shows what is printed of a database that real Airflow filled."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from typer.testing import CliRunner

from shown import blocks, steps
from windtunnel.cli.app import app

ROOT = Path(__file__).parents[2]


def test_the_page_shows_what_is_printed(tmp_path, monkeypatch):
    packed = ROOT / "tests" / "backtest" / "recorded" / "base-3.3.db.gz"
    (tmp_path / "airflow.db").write_bytes(gzip.decompress(packed.read_bytes()))
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "how-to" / "backtest.md").read_text("utf-8")
    (console,) = [one for one in blocks(page) if one.language == "console"]
    ((command, expected),) = steps(console.text)
    done = CliRunner().invoke(app, command.split()[1:])
    assert told(done.output) == told(str(expected))


def told(text: str) -> str:
    """A text without its figures: the last digit of a fit may be another one elsewhere."""
    return " ".join(re.sub(r"[-+]?[\d.]+(%|[mhs]\b)?", "", text).split())
