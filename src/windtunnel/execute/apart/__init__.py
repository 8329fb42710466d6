"""Callables in processes of their own: what they do to their process costs one try."""

from windtunnel.execute.apart.apart import Apart

__all__ = ["Apart"]
