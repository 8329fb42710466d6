"""Random small scenarios in which much can wait for much, to set proofs against simulations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from windtunnel.model import (
    Behavior,
    Branch,
    Cluster,
    Dag,
    Empty,
    Every,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Pool,
    Resource,
    Rule,
    Scenario,
    Sensor,
    Task,
    TriggerDagRun,
    Uniform,
    Work,
    WorkerGroup,
)
from windtunnel.model.steps import Step

START = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = ("a", "b", "c", "d")
SHARES = {
    "sensors": 0.7,
    "triggers": 0.4,
    "schedules": 0.5,
    "two pools": 0.5,
    "workers": 0.3,
    "celery": 0.4,
    "locks": 0.4,
    "mapped": 0.2,
    "rules": 0.2,
    "past": 0.25,
    "retries": 0.3,
    "failures": 0.25,
    "faults": 0.25,
    "timeouts": 0.15,
    "limits": 0.4,
    "tight": 0.5,
    "deferred": 0.4,
    "old": 0.3,
    "assets": 0.2,
    "ids": 0.15,
}


class ScenarioMaker:
    """One scenario."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.has = {name for name, share in SHARES.items() if random.random() < share}
        self.names = NAMES[: random.choice((2, 2, 3, 4))]
        self.rules: list[Rule] = []

    def make(self) -> Scenario:
        """The scenario."""
        random, has = self.random, self.has
        dags = tuple(self._dag(number) for number in range(len(self.names)))
        few = (1, 1, 2) if "tight" in has else (2, 3, 5)
        pools = {"db": Pool(slots=random.choice(few), include_deferred="deferred" in has)}
        more: dict[str, Any] = {}
        if "workers" in has:
            groups = [WorkerGroup(slots=random.choice(few), count=random.choice((1, 1, 2)))]
            more["workers"] = tuple(groups)
            if "celery" in has:
                more["executor"] = "CeleryExecutor"
        cluster = Cluster(
            profile="airflow-2.11" if "old" in has else "airflow-3.3",
            parallelism=random.choice((2, 3, 4) if "tight" in has else (8, 32)),
            default_pool_slots=random.choice((1, 2, 3) if "tight" in has else (3, 5, 128)),
            pools=pools,
            **more,
        )
        length = Uniform(low=1, high=random.choice((60, 600, 3000)))
        return Scenario(
            fleet=Fleet(dags=dags),
            cluster=cluster,
            behavior=Behavior(rules=(*self.rules, Rule(tasks="*", duration_s=length))),
            resources={"R": Resource(slots=1), "S": Resource(slots=random.choice((1, 2)))},
            start=START,
            duration_s=3600.0 * random.choice((2, 3, 5)),
            faults_up_to=random.choice((1, 2)) if "faults" in has else 0,
            manual_runs=self._runs(),
        )

    def _runs(self) -> tuple[ManualRun, ...]:
        random = self.random
        found = []
        for name in self.names:
            for _ in range(random.choice((0, 1, 1, 2))):
                logical = None if random.random() < 0.2 else "now"
                at = random.choice((7, 7, 67, 607, 3607))
                found.append(ManualRun(dag_id=name, at_s=at, logical_date=logical))
        return tuple(found)

    def _dag(self, number: int) -> Dag:
        random, has = self.random, self.has
        tasks: list[Task] = []
        for index in range(random.choice((1, 2, 2, 3, 4))):
            tasks.append(self._task(number, index))
        more: dict[str, Any] = {}
        if "limits" in has:
            more["max_active_runs"] = random.choice((1, 1, 2, 16))
            more["max_active_tasks"] = random.choice((1, 2, 16))
        if "schedules" in has and random.random() < 0.6:
            more["schedule"] = Every(seconds=random.choice((1800, 3600, 3600)))
            more["start_date"] = START - timedelta(hours=random.choice((0, 2)))
            more["catchup"] = random.random() < 0.7
        elif "assets" in has and number and random.random() < 0.5:
            more["asset_condition"] = "x"
        if "timeouts" in has and random.random() < 0.3:
            more["dagrun_timeout_s"] = 1800.0
        return Dag(dag_id=self.names[number], tasks=tuple(tasks), **more)

    def _task(self, number: int, index: int) -> Task:
        random, has = self.random, self.has
        name = f"{self.names[number]}.t{index}"
        more: dict[str, Any] = {}
        if "rules" in has and random.random() < 0.4:
            rules = ("all_done", "one_success", "none_failed", "one_failed", "always")
            more["trigger_rule"] = random.choice(rules)
        if "past" in has and random.random() < 0.4:
            more["depends_on_past"] = True
            more["wait_for_downstream"] = random.random() < 0.4
        if "retries" in has:
            more["retries"] = random.choice((0, 1, 2))
            more["retry_delay_s"] = random.choice((1.0, 300.0))
        if "limits" in has and random.random() < 0.3:
            more["max_active_tis_per_dag"] = random.choice((1, 2))
        elif "mapped" in has and random.random() < 0.4:
            more["expand"] = (random.choice((1, 2, 3)),)
        if "failures" in has and random.random() < 0.3:
            self.rules.append(Rule(tasks=name, fail_share=0.4, duration_s=Uniform(low=1, high=99)))
        kind = self._kind(number, name)
        if isinstance(kind, TriggerDagRun | ExternalTaskSensor):
            more.pop("expand", None)
        if "assets" in has and number == 0:
            more["outlets"] = ("x",)
        if "timeouts" in has and random.random() < 0.2:
            more["execution_timeout_s"] = 1200.0
        return Task(
            task_id=f"t{index}",
            kind=kind,
            upstream=tuple(f"t{n}" for n in range(index) if random.random() < 0.5),
            pool="db" if "two pools" in has and random.random() < 0.5 else "default_pool",
            pool_slots=2 if random.random() < 0.08 else 1,
            **more,
        )

    def _kind(self, number: int, name: str) -> Any:
        random, has = self.random, self.has
        draw = random.random()
        if "sensors" in has and draw < 0.35:
            return self._sensor(number)
        if "triggers" in has and number + 1 < len(self.names) and draw < 0.5:
            return TriggerDagRun(
                trigger_dag_id=random.choice(self.names[number + 1 :]),
                wait_for_completion=random.random() < 0.8,
                deferrable="deferred" in has and random.random() < 0.5,
                trigger_run_id="same" if "ids" in has and random.random() < 0.5 else None,
            )
        if "locks" in has and draw < 0.75:
            self._lock(name)
            return Work()
        if draw < 0.8:
            return random.choice((Empty(), Branch(), Sensor(), Sensor(mode="reschedule")))
        return Work()

    def _sensor(self, number: int) -> ExternalTaskSensor:
        random = self.random
        others = [name for name in self.names if name != self.names[number]]
        way: dict[str, Any] = random.choice(({}, {}, {"mode": "reschedule"}, {"deferrable": True}))
        timeout = 1800.0 if "timeouts" in self.has and random.random() < 0.5 else 7 * 86400.0
        return ExternalTaskSensor(
            external_dag_id=random.choice(others),
            external_task_ids=random.choice(((), ("t0",), ("t0",))),
            execution_delta_s=random.choice((0.0, 0.0, 0.0, 3600.0, -3600.0)),
            allowed_states=random.choice((("success",), ("success",), ("success", "failed"))),
            timeout_s=timeout,
            **way,
        )

    def _lock(self, name: str) -> None:
        random = self.random
        if random.random() < 0.4:
            self.rules.append(
                Rule(tasks=name, needs={"R": 1, "S": 1}, duration_s=Uniform(low=1, high=900))
            )
            return
        steps = [Step(work_s=Uniform(low=1, high=600))]
        for resource in random.sample(["R", "S"], random.choice((1, 2))):
            steps += [Step(acquire=resource), Step(work_s=Uniform(low=1, high=600))]
            if random.random() < 0.4:
                steps.append(Step(release=resource))
        self.rules.append(Rule(tasks=name, steps=tuple(steps)))


def random_scenario(random: Random) -> Scenario:
    """A small scenario."""
    return ScenarioMaker(random).make()
