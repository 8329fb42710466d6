"""Scenario and choices in, trace out: the simulated scheduler, and the only home of SimPy."""

from windtunnel.engine.dag_runs.versions import compiled
from windtunnel.engine.simulation import Simulation, simulate

__all__ = ["Simulation", "compiled", "simulate"]
