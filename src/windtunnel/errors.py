"""What can go wrong for a user: one base, few children, each with a stable slug.

A message has up to four parts: what was wrong, where (file, DAG, task), the value, what to do next.
Everything an error knows is in ``args``: SimPy rebuilds exceptions from them.
"""

from __future__ import annotations


class WindtunnelError(Exception):
    """Base of everything that windtunnel raises on purpose.

    ``slug`` is stable and may be relied on by tools; the text may be reworded at any time.
    """

    slug = "windtunnel"


class InvalidInput(WindtunnelError):
    """A file, an option or a value given by the user can't be used."""

    slug = "invalid-input"


class SimulationRunaway(WindtunnelError):
    """The scheduler did not settle within one instant: the scenario creates work without end."""

    slug = "simulation-runaway"


class WorkerLost(WindtunnelError):
    """A worker process ended again and again while it worked on one item of a sweep."""

    slug = "worker-lost"
