"""Backtest: a window of the past, simulated from what was known before it, and compared with what
happened."""

from windtunnel.calibration.backtesting.figures import Compared
from windtunnel.calibration.backtesting.known import as_recorded
from windtunnel.calibration.backtesting.platform import Platform, platform_of
from windtunnel.calibration.backtesting.predicting import Mode, backtest
from windtunnel.calibration.backtesting.span import Span
from windtunnel.calibration.backtesting.values import Backtest, DagBacktest, Queued

__all__ = [
    "Backtest",
    "Compared",
    "DagBacktest",
    "Mode",
    "Platform",
    "Queued",
    "Span",
    "as_recorded",
    "backtest",
    "platform_of",
]
