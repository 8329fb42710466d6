"""Hypothesis is an extra: whoever doesn't use it never meets it, and whoever lacks it is told."""

from __future__ import annotations

import subprocess
import sys


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )


def test_strategies_are_there_as_soon_as_they_are_used():
    code = (
        "import sys, windtunnel; assert 'hypothesis' not in sys.modules; "
        "print(windtunnel.strategies.scenarios)"
    )
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert "function scenarios" in done.stdout


def test_without_hypothesis_the_error_says_what_to_install():
    done = python(
        "import sys; sys.modules['hypothesis'] = None; import windtunnel; windtunnel.strategies"
    )
    assert "pip install 'windtunnel[hypothesis]'" in done.stderr
