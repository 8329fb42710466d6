"""Settings of one load: everything beside the files that decides what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import Field

from windtunnel.loaders.standin.session import DEFAULT_NOW, Session
from windtunnel.model.base import Value

IMPORT_TIMEOUT_S = 30.0
"""``[core] dagbag_import_timeout``: how long one file may take."""


class Supplied(Value):
    """What the user knows of the deployment, in the place of placeholders."""

    variables: Mapping[str, Any] = Field(default_factory=dict)
    """Airflow Variables: text, or what the JSON of one means."""
    connections: Mapping[str, Any] = Field(default_factory=dict)
    """Connections by conn_id: a URI, or fields (``conn_type``, ``host``, ``login``...)."""
    config: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    """``airflow.cfg``: section -> key -> value."""


class Settings(Value):
    """One load: where, as which release, and with what."""

    folder: Path
    """The folder that file names are relative to."""
    roots: tuple[Path, ...] = ()
    """Folders on Airflow's path."""
    root: Path = Path()
    """Root of the repository."""
    profile: str = "airflow-3.3"
    now: datetime = DEFAULT_NOW
    supplied: Supplied = Supplied()
    import_timeout_s: float = IMPORT_TIMEOUT_S
    memory_limit_mb: int | None = None
    """Of an isolated process; ``None``: no limit."""

    def session(self) -> Session:
        """A new session of the stand-in."""
        return Session(
            profile=self.profile,
            roots=self.roots,
            root=self.root,
            folder=self.folder,
            now=self.now,
            variables=dict(self.supplied.variables),
            connections=dict(self.supplied.connections),
            config={section: dict(keys) for section, keys in self.supplied.config.items()},
        )
