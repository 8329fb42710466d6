"""What a plain import brings in: people feel every tenth of a second of it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"hypothesis", "numpy", "pandas", "scipy", "matplotlib", "airflow"}


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize("statement", ["import windtunnel", "import windtunnel.cli"])
def test_importing_loads_nothing_heavy(statement: str) -> None:
    assert not loaded_by(statement) & HEAVY


def test_every_public_name_can_be_imported() -> None:
    import windtunnel  # noqa: PLC0415

    missing = [name for name in windtunnel.__all__ if not hasattr(windtunnel, name)]
    assert not missing


def test_the_public_names_are_listed_for_completion() -> None:
    import windtunnel  # noqa: PLC0415

    assert set(windtunnel.__all__) <= set(dir(windtunnel))
