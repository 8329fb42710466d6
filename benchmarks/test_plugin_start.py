"""What the pytest plugin costs a session that doesn't use it: start-up with it and without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture


@pytest.mark.parametrize("plugin", ["with windtunnel", "without windtunnel"])
def test_a_session_with_one_test(benchmark: BenchmarkFixture, tmp_path: Path, plugin: str) -> None:
    """The difference of the two medians is the plugin's price; the promise is below 50 ms."""
    (tmp_path / "test_one.py").write_text("def test_one():\n    pass\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    if plugin == "without windtunnel":
        command += ["-p", "no:windtunnel"]

    def session() -> None:
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    benchmark.pedantic(session, rounds=10, warmup_rounds=2)
