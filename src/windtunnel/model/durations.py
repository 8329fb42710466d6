"""Durations and amounts: how long a try takes, how much it needs; given, drawn, or measured."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from windtunnel.model.base import Seconds, Value


class Uniform(Value):
    """A duration drawn evenly between two bounds, in seconds."""

    low: Seconds
    """The shortest."""
    high: Seconds
    """The longest."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        return self


class Triangular(Value):
    """A duration between two bounds, most often near ``mode``, in seconds."""

    low: Seconds
    """The shortest."""
    mode: Seconds
    """The likeliest."""
    high: Seconds
    """The longest."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low <= self.mode <= self.high:
            raise ValueError(f"low {self.low}, mode {self.mode}, high {self.high}: not in order")
        return self


class LogNormal(Value):
    """A duration whose logarithm is normally distributed: what most tasks' histories look like."""

    median_s: Seconds
    """Half of them are shorter."""
    sigma: Annotated[float, Field(gt=0)]
    """Standard deviation of the logarithm; 0.5 is ordinary, 1 is wild."""


class Gamma(Value):
    """A gamma distributed duration."""

    mean_s: Seconds
    """Their mean."""
    shape: Annotated[float, Field(gt=0)]
    """The larger, the narrower; 1 is exponential."""


class Weibull(Value):
    """A Weibull distributed duration."""

    scale_s: Seconds
    """Some 63 % are shorter."""
    shape: Annotated[float, Field(gt=0)]
    """Below 1: many short ones and a long tail; 1 is exponential."""


class Sample(Value):
    """A duration out of a list of measured ones, each as likely as the others."""

    values_s: Annotated[tuple[Seconds, ...], Field(min_length=1)]
    """Each is as likely as the others."""


Distribution = Uniform | Triangular | LogNormal | Gamma | Weibull | Sample


class Spread(Value):
    """An amount whose logarithm is normally distributed, as that of most things that are measured:
    megabytes, processors, a factor."""

    median: Annotated[float, Field(gt=0)]
    """Half of them are smaller."""
    sigma: Annotated[float, Field(gt=0)]
    """Standard deviation of the logarithm."""


class OneOf(Value):
    """An amount out of a list, each as likely as the others."""

    values: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=1)]
    """Each is as likely as the others."""


Amount = Annotated[float, Field(ge=0)] | Uniform | Triangular | Spread | OneOf
"""So much, or drawn for each try. The bounds of `Uniform` and `Triangular` are then no seconds."""


class Measured(Value):
    """How long the tries of one task took."""

    dag_id: str
    task_id: str
    values_s: Annotated[tuple[Seconds, ...], Field(min_length=1)]


class History(Value):
    """Measured durations of tasks; each try of a task takes one of its own. A file of them is read
    by `windtunnel.loaders.read_history`."""

    measured: tuple[Measured, ...]
