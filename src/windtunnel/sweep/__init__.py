"""Sweep: the same work on many items, such as simulations under many seeds and settings; here, over
processes, or on a cluster."""

from windtunnel.sweep.sweep import Progress, sweep

__all__ = ["Progress", "sweep"]
