"""A DAG file's real callables, executed in one line."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import windtunnel.execute
from flight import START, Flight
from windtunnel import loaders
from windtunnel.engine import Simulation
from windtunnel.execute import place_of
from windtunnel.model import Behavior, Cluster, Isolation, ManualRun, Rule, Scenario

HEAD = """\
import asyncio
import os
import sys
import threading
import time
from datetime import datetime, timedelta, timezone
from time import sleep

import pendulum
from airflow.exceptions import AirflowFailException, AirflowSkipException
from airflow.models import Variable
from airflow.models.param import Param
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import (
    BranchPythonOperator, PythonOperator, ShortCircuitOperator
)
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.providers.standard.sensors.python import PythonSensor
from airflow.sdk import DAG, BaseOperator, BaseSensorOperator, dag, task, task_group

def show(*values):
    print(*values)

"""


@dataclass(frozen=True)
class Executed(Flight):
    """A flight with real callables, and the XComs that it left behind."""

    xcoms: list[tuple[int, str, int, str, str]] = field(default_factory=list)


@pytest.fixture
def execute(tmp_path: Path) -> Callable[..., Executed]:
    """Simulates a DAG file with its real callables; each of its DAGs is run once at the start.

    What DAG files import is imported already, unless ``head`` is something else."""

    def execute(
        text: str,
        *,
        head: str = HEAD,
        until: float = 86400,
        supplied: loaders.Supplied | None = None,
        rules: Iterable[Rule] = (),
        runs: Iterable[ManualRun] | None = None,
        isolate: Isolation | None = None,
        **cluster: object,
    ) -> Executed:
        (tmp_path / "dags.py").write_text(head + textwrap.dedent(text), encoding="utf-8")
        profile = str(cluster.get("profile", "airflow-3.3"))
        loaded = loaders.load(tmp_path, airflow="stand-in", profile=profile, supplied=supplied)
        assert [str(problem) for problem in loaded.fleet.problems] == []
        every = tuple(ManualRun(dag_id=dag.dag_id) for dag in loaded.fleet.dags)
        scenario = Scenario(
            fleet=loaded.fleet,
            cluster=Cluster.model_validate(cluster),
            behavior=Behavior(rules=tuple(rules)),
            start=START,
            duration_s=until,
            manual_runs=every if runs is None else tuple(runs),
        )
        with (
            place_of(loaded, scenario.cluster, isolate) as place,
            windtunnel.execute.Executed(place) as executed,
        ):
            trace = Simulation(scenario, bodies=executed).run()
            return Executed(scenario, trace, list(executed.xcoms()))

    return execute
