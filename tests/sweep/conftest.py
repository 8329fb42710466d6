"""What tests of sweeps share: work that other processes find, engines that end with the tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from windtunnel.sweep import closing

HERE = str(Path(__file__).parent)


@pytest.fixture(scope="package", autouse=True)
def found_by_workers() -> Iterator[None]:
    """Workers of this machine inherit where modules are looked for."""
    before = os.environ.get("PYTHONPATH")
    sys.path.insert(0, HERE)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (HERE, before)))
    with closing():
        yield
    sys.path.remove(HERE)
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before
