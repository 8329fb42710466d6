"""Databases that real Airflow filled, unpacked for a test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from recorded_databases import unpacked


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The path of a recorded database, by the name of its file without endings."""
    folder = tmp_path_factory.mktemp("recorded")
    return lambda name: unpacked(name, folder)
