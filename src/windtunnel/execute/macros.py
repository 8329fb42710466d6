"""Macros: what templates find under ``macros`` (``airflow/macros``)."""

from __future__ import annotations

import datetime as dt
import importlib
import json
import random
import time
import uuid
from typing import Any


class Macros:
    """``macros`` of the task context."""

    json = json
    time = time
    uuid = uuid

    @property
    def datetime(self) -> Any:
        """The class, as time is simulated now."""
        return dt.datetime

    @property
    def timedelta(self) -> Any:
        """The class."""
        return dt.timedelta

    @property
    def random(self) -> Any:
        """A number from 0 to 1."""
        return random.random

    @staticmethod
    def ds_add(ds: str, days: int) -> str:
        """A day as ``2026-01-31``, some days later."""
        day = dt.datetime.strptime(str(ds), "%Y-%m-%d")
        return (day + dt.timedelta(days=days)).strftime("%Y-%m-%d")

    @staticmethod
    def ds_format(ds: str, input_format: str, output_format: str) -> str:
        """A day in another form."""
        return dt.datetime.strptime(str(ds), input_format).strftime(output_format)

    @staticmethod
    def datetime_diff_for_humans(dt_: Any, since: Any = None) -> str:
        """How long ago, or between two instants, in words; needs pendulum."""
        pendulum = importlib.import_module("pendulum")
        moment = pendulum.instance(dt_)
        return str(moment.diff_for_humans(None if since is None else pendulum.instance(since)))

    def __getattr__(self, name: str) -> Any:
        if name in ("dateutil", "yaml"):
            return importlib.import_module(name)
        raise AttributeError(f"Airflow has no macro {name!r}")
