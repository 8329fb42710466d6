"""Calibration: what a deployment did, as its database or an export tells it; the behavior that fits
it, and how well a simulation with it repeats what happened."""

from windtunnel.calibration.backtesting import (
    Backtest,
    Compared,
    DagBacktest,
    Mode,
    backtest,
)
from windtunnel.calibration.deployed import Platform, as_recorded, platform_of
from windtunnel.calibration.fitting import (
    Calibration,
    Fitted,
    Lengths,
    TaskFit,
    behavior_toml,
    calibrate,
    cluster_toml,
    fitted,
)
from windtunnel.calibration.past import Happened, Past, PastRun, PastTry, Poke, Window
from windtunnel.calibration.reading import read_past

__all__ = [
    "Backtest",
    "Calibration",
    "Compared",
    "DagBacktest",
    "Fitted",
    "Happened",
    "Lengths",
    "Mode",
    "Past",
    "PastRun",
    "PastTry",
    "Platform",
    "Poke",
    "TaskFit",
    "Window",
    "as_recorded",
    "backtest",
    "behavior_toml",
    "calibrate",
    "cluster_toml",
    "fitted",
    "platform_of",
    "read_past",
]
