"""Databases that real Airflow filled, unpacked for a test."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

RECORDED = Path(__file__).parent / "recorded"


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The path of a recorded database, by the name of its file without endings."""
    folder = tmp_path_factory.mktemp("recorded")

    def unpacked(name: str) -> Path:
        file = folder / f"{name}.db"
        if not file.exists():
            file.write_bytes(gzip.decompress((RECORDED / f"{name}.db.gz").read_bytes()))
        return file

    return unpacked
