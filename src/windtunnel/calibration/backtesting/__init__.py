"""Backtest: a window of the past, simulated from what was known before it, and compared with what
happened."""

from windtunnel.calibration.backtesting.figures import Compared
from windtunnel.calibration.backtesting.predicting import Mode, backtest
from windtunnel.calibration.backtesting.span import Span
from windtunnel.calibration.backtesting.values import Backtest, DagBacktest, Queued

__all__ = ["Backtest", "Compared", "DagBacktest", "Mode", "Queued", "Span", "backtest"]
