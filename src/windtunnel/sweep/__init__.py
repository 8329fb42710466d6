"""Sweep: the same work on many items, such as simulations under many seeds and settings; here, over
processes, or on a cluster."""

from windtunnel.sweep.backend import HERE, Backend, processes, read_backend
from windtunnel.sweep.engines import closing, ready
from windtunnel.sweep.failures import WorkFailed
from windtunnel.sweep.kept import Kept, keeping
from windtunnel.sweep.sweep import Progress, sweep
from windtunnel.sweep.worker import prepared

__all__ = [
    "HERE",
    "Backend",
    "Kept",
    "Progress",
    "WorkFailed",
    "closing",
    "keeping",
    "prepared",
    "processes",
    "read_backend",
    "ready",
    "sweep",
]
