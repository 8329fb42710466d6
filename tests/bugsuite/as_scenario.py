"""The fleets of the suite as scenarios of the whole engine.

A tick is ten minutes, so the seconds that Airflow's loops take don't matter to what coincides; all
else is told in the scenario's own words. What a scenario can't say is named.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Pool,
    Rule,
    Scenario,
    Task,
    TriggerDagRun,
    TriggerRule,
    WeightRule,
    When,
    WorkerGroup,
)
from windtunnel.model.durations import Sample
from windtunnel.model.resources import Resource
from windtunnel.model.schedule import Assets, OtherSchedule
from windtunnel.model.steps import Step

TICK_S = 600.0
START = datetime(2026, 1, 1, tzinfo=UTC)
MUCH = 10_000


class CannotSayError(Exception):
    """Something that a scenario has no words for."""


def as_scenario(form: dict[str, Any]) -> Scenario:
    """The fleet as a scenario.

    Raises:
        CannotSayError: it has something that a scenario can't say.
    """
    return _Translation(form).scenario()


def _ticks(low: int, high: int) -> Any:
    """So many ticks, each length as likely."""
    if low == high:
        return low * TICK_S
    return Sample(values_s=tuple(n * TICK_S for n in range(low, high + 1)))


class _Translation:
    def __init__(self, form: dict[str, Any]) -> None:
        self._form = form
        self._settings = form.get("settings", {})
        self._first_pool = next(iter(form.get("pools") or {"default_pool": MUCH}))
        self._rules: list[Rule] = []

    def scenario(self) -> Scenario:
        form, settings = self._form, self._settings
        if any("clear_after" in dag for dag in form["dags"].values()):
            raise CannotSayError("somebody who may clear runs")
        dags = tuple(self._dag(name, dag) for name, dag in form["dags"].items())
        deferred = form.get("pools_include_deferred", ())
        pools = form.get("pools") or {"default_pool": MUCH}
        return Scenario(
            name=form["id"],
            fleet=Fleet(dags=dags, complete=True),
            cluster=Cluster(
                parallelism=settings.get("parallelism", MUCH),
                max_active_tasks_per_dag=MUCH,
                task_queued_timeout_s=1e7,
                pools={
                    "late": Pool(slots=MUCH),
                    **{n: Pool(slots=s, include_deferred=n in deferred) for n, s in pools.items()},
                },
                workers=self._workers(),
            ),
            behavior=Behavior(rules=tuple(self._rules)),
            resources=self._resources(),
            start=START,
            duration_s=self._horizon() * TICK_S,
            manual_runs=tuple(self._runs()),
            faults_up_to=settings.get("max_faults", 0),
        )

    def _horizon(self) -> int:
        last = max((max(dag.get("at") or [0]) for dag in self._form["dags"].values()), default=0)
        return last + 60

    def _workers(self) -> tuple[WorkerGroup, ...] | None:
        slots = self._form.get("worker_slots")
        if slots is None:
            return None
        rest = WorkerGroup(name="late", slots=MUCH, queues=("late",))
        return (rest, *(WorkerGroup(name=q, slots=n, queues=(q,)) for q, n in slots.items()))

    def _resources(self) -> dict[str, Resource]:
        found = {
            name: Resource(
                slots=lock.get("capacity", 1),
                leaks_when=("lost",) if lock.get("on_crash") == "leak" else (),
            )
            for name, lock in self._form.get("locks", {}).items()
        }
        for name, slots in self._form.get("limits", {}).items():
            found[name] = Resource(slots=slots, when_full="exceed")
        return found

    def _first_s(self, dag: str) -> float:
        """Logical dates are a day apart, and told from another's by their second."""
        return float((self._form["dags"][dag].get("at") or [0])[0])

    def _runs(self) -> Any:
        for name, dag in self._form["dags"].items():
            for k, at in enumerate(dag.get("at", ())):
                # In the past: of a date to come Airflow runs nothing.
                date = START + timedelta(days=k - 365, seconds=self._first_s(name))
                yield ManualRun(dag_id=name, at_s=at * TICK_S, logical_date=date)

    def _dag(self, name: str, form: dict[str, Any]) -> Dag:
        if form.get("every_run_matters"):
            raise CannotSayError("runs that are folded within a delay, or left out by interval")
        tasks = [self._task(name, task, one) for task, one in form["tasks"].items()]
        low, high = form.get("jitter", (0, 0))
        if high:
            # Being late is a task of its own before all others, in a pool with room for all.
            tasks = [
                t if t.upstream else t.model_copy(update={"upstream": ("late",)}) for t in tasks
            ]
            tasks.insert(0, Task(task_id="late", pool="late", queue="late"))
            self._rules.append(Rule(tasks=f"{name}.late", duration_s=_ticks(low, high)))
        timeout, assets = form.get("dagrun_timeout"), form.get("on_assets")
        return Dag(
            dag_id=name,
            tasks=tuple(tasks),
            max_active_runs=form.get("max_active_runs", 16),
            max_active_tasks=form.get("max_active_tasks"),
            asset_condition=Assets(of=tuple(assets)) if assets else None,
            schedule=OtherSchedule(description="assets", timetable="assets") if assets else None,
            dagrun_timeout_s=None if timeout is None else timeout * TICK_S,
        )

    def _task(self, dag: str, name: str, form: dict[str, Any]) -> Task:
        if any(fault[0] == "part" for fault in form.get("faults", ())):
            raise CannotSayError("a fault that cuts a try off")
        rule = form.get("trigger_rule", "all_success")
        self._behave(dag, name, form)
        limit = form.get("max_active_tis")
        return Task(
            task_id=name,
            kind=self._kind(dag, form),
            upstream=tuple(form.get("after", ())),
            trigger_rule=TriggerRule(rule),
            pool=form.get("pool", self._first_pool),
            pool_slots=form.get("slots", 1),
            priority_weight=form.get("priority", 1),
            weight_rule=WeightRule.ABSOLUTE,
            queue=form.get("queue", "default"),
            retries=form.get("retries", 0),
            retry_delay_s=form.get("retry_delay", 1) * TICK_S,
            depends_on_past=form.get("depends_on_past", False),
            wait_for_downstream=form.get("wait_for_downstream", False),
            max_active_tis_per_dag=limit,
            outlets=tuple(form.get("updates", ())),
        )

    def _kind(self, dag: str, form: dict[str, Any]) -> Any:
        operator, mode = form.get("op", "work"), form.get("mode", "poke")
        if operator == "sensor":
            target, rescheduled = form["waits_for"], mode == "reschedule"
            if "run" in target:
                raise CannotSayError("a wait for a certain run")
            delta = self._first_s(dag) - self._first_s(target["dag"])
            delta -= target.get("offset", 0) * 86400
            return ExternalTaskSensor(
                external_dag_id=target["dag"],
                external_task_ids=(target["task"],) if "task" in target else (),
                execution_delta_s=delta,
                mode="reschedule" if rescheduled else "poke",
                poke_interval_s=form.get("poke_interval", 1) * TICK_S if rescheduled else 60,
                deferrable=mode == "defer",
            )
        if operator == "trigger":
            if form.get("dedupe"):
                raise CannotSayError("dedupe")
            return TriggerDagRun(
                trigger_dag_id=form["dag"],
                wait_for_completion=form.get("wait", True),
                deferrable=mode == "defer",
            )
        return Task(task_id="x").kind

    def _behave(self, dag: str, name: str, form: dict[str, Any]) -> None:
        tasks = f"{dag}.{name}"
        uses = form.get("uses", {})
        reads, writes = form.get("reads", ()), form.get("writes", ())
        if form.get("op", "work") != "work":
            if reads or writes or uses:
                raise CannotSayError("what a sensor uses")
            if form.get("mode") == "reschedule":
                self._rules.append(Rule(tasks=tasks, duration_s=TICK_S))
            return
        if "steps" not in form:
            length = _ticks(*form.get("duration", (1, 1)))
            if len((*reads, *writes)) > 1:
                raise CannotSayError("several data sets")
            if reads or writes:
                verb = {"read": reads[0]} if reads else {"write": writes[0].replace("{k}", "{run}")}
                steps = (Step(work_s=length, **verb),)
                self._rules.append(Rule(tasks=tasks, needs=uses, steps=steps))
            else:
                self._rules.append(Rule(tasks=tasks, needs=uses, duration_s=length))
            return
        if reads or writes:
            raise CannotSayError("what a task with steps touches")
        made = tuple(_step(one) for one in form["steps"])
        if "retry_steps" in form:
            self._rules.append(Rule(tasks=tasks, needs=uses, steps=made, when=When(try_number=1)))
            made = tuple(_step(one) for one in form["retry_steps"])
        self._rules.append(Rule(tasks=tasks, needs=uses, steps=made))


def _step(form: list[Any]) -> Step:
    kind, *rest = form
    if kind == "work":
        more = rest[2] if len(rest) > 2 else {}
        touched = [
            *(("read", n) for n in more.get("reads", ())),
            *(("write", n) for n in more.get("writes", ())),
        ]
        if len(touched) > 1 or "uses" in more:
            raise CannotSayError("several data sets")
        return Step(work_s=_ticks(rest[0], rest[1]), **dict(touched))
    if kind in ("acquire", "release"):
        if len(rest) > 2:
            raise CannotSayError("a lock of a run")
        return Step(**{kind: rest[0]}, slots=rest[1])
    if kind == "effect":
        return Step(append=rest[0])
    raise CannotSayError(f"{kind} among steps")
