"""Calibration: what a deployment did, as its database or an export tells it; the behavior that fits
it, and how well a simulation with it repeats what happened."""

from windtunnel.calibration.past import Happened, Past, PastRun, PastTry, Poke, Window
from windtunnel.calibration.reading import read_past

__all__ = ["Happened", "Past", "PastRun", "PastTry", "Poke", "Window", "read_past"]
