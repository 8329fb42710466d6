"""Platforms: figures of a workflow system and its machines, fitted to recorded executions, and how
far they predict others."""

from windtunnel.calibration.platforms.fit import Candidate, Fitted, fit, predict
from windtunnel.calibration.platforms.heldout import (
    Backtest,
    Errors,
    Prediction,
    backtest_executions,
)
from windtunnel.calibration.platforms.platform import Platform, on_slots, uncalibrated

__all__ = [
    "Backtest",
    "Candidate",
    "Errors",
    "Fitted",
    "Platform",
    "Prediction",
    "backtest_executions",
    "fit",
    "on_slots",
    "predict",
    "uncalibrated",
]
