"""Fitting: the behavior that fits what happened."""

from windtunnel.calibration.fitting.behavior_toml import behavior_toml
from windtunnel.calibration.fitting.calibrated import calibrate
from windtunnel.calibration.fitting.cluster_toml import cluster_toml
from windtunnel.calibration.fitting.laws import Lengths
from windtunnel.calibration.fitting.lengths import Fitted, fitted
from windtunnel.calibration.fitting.values import Calibration, TaskFit

__all__ = [
    "Calibration",
    "Fitted",
    "Lengths",
    "TaskFit",
    "behavior_toml",
    "calibrate",
    "cluster_toml",
    "fitted",
]
