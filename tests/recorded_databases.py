"""Databases that real Airflow filled, unpacked for tests."""

from __future__ import annotations

import gzip
from pathlib import Path

RECORDED = Path(__file__).parent / "calibration" / "recorded"


def unpacked(name: str, folder: Path) -> Path:
    """The path of a recorded database, by the name of its file without endings."""
    file = folder / f"{name}.db"
    if not file.exists():
        file.write_bytes(gzip.decompress((RECORDED / f"{name}.db.gz").read_bytes()))
    return file
