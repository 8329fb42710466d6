"""Held out: executions that were predicted and not fitted, beside what they took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean, median

from windtunnel.calibration.platforms.families import Family, families
from windtunnel.calibration.platforms.fit import Fitted, fit, predict
from windtunnel.calibration.platforms.platform import uncalibrated
from windtunnel.errors import InvalidInput
from windtunnel.loaders.execution import Execution
from windtunnel.sweep import HERE, Backend

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Prediction:
    """One execution, simulated and as it was."""

    execution: Execution
    predicted_s: float
    uncalibrated_s: float
    """On the machines as they are listed."""

    @property
    def error(self) -> float:
        """0.1: predicted 10 % longer than it took."""
        return self.predicted_s / self.execution.took_s - 1

    @property
    def uncalibrated_error(self) -> float:
        """The same without a fit."""
        return self.uncalibrated_s / self.execution.took_s - 1


@dataclass(frozen=True)
class Errors:
    """Sizes of errors, over executions."""

    mean: float
    median: float
    worst: float


@dataclass(frozen=True)
class Backtest:
    """A family: what was fitted, and how far that predicts the others."""

    name: str
    fitted: Fitted | None
    """``None``: each execution was predicted from all others, so there is not one fit."""
    fitted_on: tuple[Prediction, ...]
    """The fitted executions themselves."""
    held_out: tuple[Prediction, ...]

    @property
    def errors(self) -> Errors:
        """Of the executions that were held out."""
        return _errors([one.error for one in self.held_out])

    @property
    def uncalibrated_errors(self) -> Errors:
        """Of the same executions, without a fit."""
        return _errors([one.uncalibrated_error for one in self.held_out])


def backtest_executions(
    executions: Sequence[Execution],
    *,
    fitted: frozenset[str] = frozenset(),
    leave_one_out: bool = False,
    on: Backend = HERE,
    tell: Progress | None = None,
) -> tuple[tuple[Backtest, ...], tuple[Execution, ...]]:
    """Fit some executions of each family, predict the others.

    Args:
        executions: As recorded.
        fitted: Files of those that are fitted; of a family without any, every second one.
        leave_one_out: Predict each execution from all others of its family instead.
        on: Where simulations run.
        tell: Called before each family.

    Returns:
        The families, and executions that have no other one to be compared with.

    Raises:
        InvalidInput: no family has an execution to fit and one to predict.
    """
    groups = families(executions, fitted)
    usable = [one for one in groups if one.held_out]
    alone = tuple(one for group in groups if not group.held_out for one in group.fitted)
    if not usable:
        raise InvalidInput(
            "nothing can be held out: give at least two executions of a family, whose files are "
            "named alike (APPLICATION-PLATFORM-...-NUMBER.json), and not all of them with --fit"
        )
    found = []
    for number, family in enumerate(usable):
        if tell is not None:
            tell("Fitting", number, len(usable))
        found.append(_each_left_out(family, on) if leave_one_out else _split(family, on))
    return tuple(found), alone


def _split(family: Family, on: Backend) -> Backtest:
    learned = fit(family.fitted, on=on)
    both = (*family.fitted, *family.held_out)
    made = _predictions(both, predict(learned, both, on=on))
    count = len(family.fitted)
    return Backtest(family.name, learned, made[:count], made[count:])


def _each_left_out(family: Family, on: Backend) -> Backtest:
    both = (*family.fitted, *family.held_out)
    seconds = []
    for one in both:
        others = tuple(other for other in both if other is not one)
        seconds += predict(fit(others, on=on), [one], on=on)
    return Backtest(family.name, None, (), _predictions(both, seconds))


def _predictions(
    executions: Sequence[Execution], seconds: Sequence[float]
) -> tuple[Prediction, ...]:
    pairs = zip(executions, seconds, strict=True)
    return tuple(Prediction(one, predicted, uncalibrated(one)) for one, predicted in pairs)


def _errors(errors: Sequence[float]) -> Errors:
    sizes = [abs(one) for one in errors]
    return Errors(mean(sizes), median(sizes), max(sizes))
