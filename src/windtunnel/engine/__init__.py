"""Scenario and choices in, trace out: the simulated scheduler, and the only home of SimPy."""

from windtunnel.engine.choices import Choices, Scripted, Seeded
from windtunnel.engine.simulation import Simulation, simulate

__all__ = ["Choices", "Scripted", "Seeded", "Simulation", "simulate"]
