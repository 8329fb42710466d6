"""User code that must type-check: what `windtunnel` promises to those who write tests with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis.stateful import invariant
from hypothesis.strategies import SearchStrategy

import windtunnel as wt
from windtunnel import strategies


def simulate_a_folder() -> bool:
    fleet: wt.Fleet = wt.load("dags/", profile="airflow-2.11")
    wt.load("dags/", airflow="real", airflow_python="/opt/airflow/bin/python")
    cluster = wt.Cluster(
        parallelism=8, pools={"db": wt.Pool(slots=3)}, workers=(wt.WorkerGroup(count=2, slots=4),)
    )
    behavior = wt.Behavior(rules=(wt.Rule(tasks="etl.*", duration_s=300.0),))
    result: wt.Result = wt.simulate(
        fleet, cluster=cluster, behavior=behavior, window="2d", seed=3, runs=("etl",)
    )
    state: str = result.task("etl.load").state
    tries: int = result.task("etl.load").try_number
    started: datetime | None = result.task("etl.load").started
    limits: list[str] = [wait.limit for wait in result.task("etl.load").waited_on]
    landed: str = result.dag_run("etl").state
    return bool(state and tries and started and limits and landed)


def break_a_night(fleet: wt.Fleet) -> bool:
    result = wt.simulate(
        fleet,
        faults=[
            wt.fail("etl.load", tries=1, at="02:10", for_="1h"),
            wt.lose_worker(at="+10m"),
            wt.exhaust("warehouse", left=1),
            "scheduler down: for 1m",
        ],
    )
    wt.simulate(fleet, faults=wt.time_out("etl.load"))
    in_time: bool = bool(result.dag_run("etl").landed_before("06:00"))
    return in_time and result.task("load").waited_for("pool db") < timedelta(minutes=5)


def check_a_folder() -> Sequence[str]:
    report: wt.Report = wt.check(wt.load("dags/"), seeds=4)
    for finding in report.findings:
        again: wt.Finding = finding
        if again.counterexample is not None:
            wt.replay(again.counterexample)
    return [finding.code for finding in report.findings]


def say_what_was_wrong(path: str) -> str:
    try:
        wt.load(path)
    except wt.InvalidInput as error:
        return error.slug
    except wt.WindtunnelError as error:
        return str(error)
    return ""


FLEET = wt.Fleet(dags=(wt.Dag(dag_id="a", tasks=(wt.Task(task_id="t"),)),))
FLEETS: SearchStrategy[wt.Fleet] = strategies.fleets(most_dags=2, features={"pools"})
SCENARIOS: SearchStrategy[wt.Scenario] = strategies.scenarios(
    FLEETS, cluster=wt.Cluster(), behavior=wt.Behavior(), window="1d", vary=("pools", "workers")
)


@given(wt.strategies.scenarios(FLEET, faults=1))
def property_of_a_fleet(scenario: wt.Scenario) -> None:
    assert not strategies.exceeded(wt.simulate(scenario))


class Operator(strategies.FleetMachine):
    fleet = FLEET
    cluster = wt.Cluster(parallelism=2)

    @invariant()
    def nothing_fails(self) -> None:
        failed: list[str] = [run.run for run in self.result.dag_runs() if run.state == "failed"]
        assert not failed, self.actions
