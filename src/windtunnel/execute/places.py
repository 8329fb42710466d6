"""Places: where the callables of what was loaded will run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from windtunnel.errors import InvalidInput
from windtunnel.execute.here import Here
from windtunnel.execute.steps import Place
from windtunnel.loaders.folder import Bodies, Loaded
from windtunnel.model import Cluster, Isolation


@contextlib.contextmanager
def place_of(loaded: Loaded, cluster: Cluster, isolation: Isolation | None) -> Iterator[Place]:
    """Inside the ``with`` block callables can run: in this process, or each try in its own.

    Raises:
        InvalidInput: they can't.
    """
    profile, backend = cluster.airflow, cluster.xcom
    if isolation is None:
        with loaded.importable():
            yield Here(loaded.callables, profile, backend)
        return
    if os.name != "posix":
        raise InvalidInput(
            "isolate: this system can't fork processes; real callables can be isolated on Linux "
            "and macOS only. Run them without it, or in a container"
        )
    bodies = loaded.callables
    if not isinstance(bodies, Bodies):
        with loaded.importable():  # it may know why
            raise InvalidInput(
                "isolate: the callables must come from DAG files that windtunnel has loaded, and "
                "these were given as they are"
            )
    # Imported here: only systems that fork have what it needs.
    from windtunnel.execute.apart import Apart  # noqa: PLC0415

    yield Apart(
        bodies.settings, bodies.files, profile=profile, backend=backend, isolation=isolation
    )
