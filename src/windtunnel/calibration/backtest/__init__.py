"""Backtest: a window of the past, simulated from what was known before it, and compared with what
happened."""

from windtunnel.calibration.backtest.backtest import Fit, Mode, backtest
from windtunnel.calibration.backtest.figures import Compared
from windtunnel.calibration.backtest.platform import Platform, platform_of
from windtunnel.calibration.backtest.span import Span
from windtunnel.calibration.backtest.values import Backtest, DagBacktest, Queued

__all__ = [
    "Backtest",
    "Compared",
    "DagBacktest",
    "Fit",
    "Mode",
    "Platform",
    "Queued",
    "Span",
    "backtest",
    "platform_of",
]
