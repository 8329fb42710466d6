"""DAG files written into a temporary folder, and what they load as."""

import textwrap
from pathlib import Path

import pytest

from windtunnel.loaders import Loaded, load
from windtunnel.model import Dag


class Repository:
    """A folder of DAG files."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> Path:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return file

    def load(self, text: str | None = None, **options) -> Loaded:
        """Load the folder; a text given becomes its one DAG file first."""
        if text is not None:
            self.write("dags.py", text)
        return load(self.root, **options)

    def dag(self, text: str, **options) -> Dag:
        """The one DAG that a file defines."""
        fleet = self.load(text, **options).fleet
        assert [str(p) for p in fleet.problems] == []
        assert len(fleet.dags) == 1
        return fleet.dags[0]


@pytest.fixture
def repository(tmp_path) -> Repository:
    return Repository(tmp_path / "repository")
