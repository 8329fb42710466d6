"""A check with something of everything: a finding, what could happen, what is accepted, a broken
file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from windtunnel.detect import Accepted, Finding
from windtunnel.model import Dag, Fleet, Problem, Task
from windtunnel.report.ci import Places, Told, told
from windtunnel.result import Report, Result


@pytest.fixture
def checked(scenario, trace, finding) -> Report:
    """Texts have what forms treat specially: ``%``, ``|``, ``<``, ``:``, a control character."""
    dags = (
        Dag(dag_id="sales_eu", file="sales.py", line=18, tasks=(Task(task_id="load", line=20),)),
        Dag(dag_id="build_eu", file="build.py", line=4, tasks=(Task(task_id="orders", line=7),)),
        Dag(dag_id="quiet", file="quiet.py", line=3, tasks=(Task(task_id="run"),)),
    )
    holding = finding.holding[0].model_copy(update={"dag_id": "sales_eu", "task_id": "load"})
    waiting = finding.waiting[0].model_copy(update={"dag_id": "build_eu", "task_id": "orders"})
    shown = finding.model_copy(
        update={"file": "sales.py", "holding": (holding,), "waiting": (waiting,)}
    )
    possible = Finding(
        code="WT118",
        title="Waits could take all slots",
        summary="100 % of <pool> a|b: gone, \x1b[1m once.",
        certain=False,
        about="pool a|b",
        dag_id="build_eu",
        file="build.py",
        line=7,
    )
    lived_with = Finding(
        code="WT113",
        title="Sensor waits for runs that never come",
        summary="quiet.run waits in vain.",
        dag_id="quiet",
        file="quiet.py",
        line=3,
    )
    problem = Problem(cause="syntax", message="syntax error: bad", file="late/new.py", line=2)
    scenario = scenario.model_copy(update={"fleet": Fleet(dags=dags, problems=(problem,))})
    accepted = (Accepted(lived_with, ("quiet",), "made by hand"),)
    result = Result(scenario, trace, (shown,), frozenset(), (possible,), accepted)
    return Report(
        scenario, (shown, shown), 8, "8 simulations", result, problems=(problem,), profile="ci"
    )


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A repository with DAG files in ``airflow/dags``."""
    return Places(tmp_path, tmp_path / "airflow" / "dags")


@pytest.fixture
def said(checked, places) -> Told:
    return told(replace(checked), places)
