"""Lives through a case from instant to instant and writes its trace.

An instant is handled in a fixed order: tries that end, triggers that fire, a parse that is due,
manual runs that are due, then scheduler passes until nothing changes. If something ends in the very
instant in which it began, all of it is repeated. Then the clock jumps to the next instant at which
anything can happen.
"""

from __future__ import annotations

import signal
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from caseformat import WEEK_S, CaseSpec, DagSpec, ManualRunSpec, RuleSpec, TaskSpec, instant
from deployment import BY_ASSETS, CLOCK, Deployment, RecorderError, Try, at, span
from journal import from_sql

MANY = 3000
"""More passes within one instant than this mean that it never comes to rest."""

Json = dict[str, Any]


class Recording:
    """One case on one deployment."""

    def __init__(self, case: CaseSpec, deployment: Deployment) -> None:
        self.case, self.airflow = case, deployment
        self.tasks = {(dag.dag_id, task.task_id): task for dag in case.dags for task in dag.tasks}
        self.tries: list[Try] = []
        self.triggers: list[tuple[datetime, int, int]] = []
        """(when it fires, number of the try, Airflow's id)"""
        self.manual = sorted(case.manual_runs, key=lambda run: run.at_s)
        self.changes = sorted(case.dag_changes, key=lambda change: change.at_s)
        self.backfills = sorted(case.backfills, key=lambda backfill: backfill.at_s)
        self.updates = sorted(case.asset_updates, key=lambda update: update.at_s)
        self.killed: list[tuple[datetime, Try]] = []
        self.number = 0
        self.parse_due: datetime | None = None

    def trace(self) -> Json:
        """Live through the case and say what happened."""
        end = at(self.case, self.case.end_s)
        CLOCK.start_at(instant(self.case.start))
        try:
            self.airflow.open(self.case)
            self._parse()
            moment: datetime | None = CLOCK.now
            while moment is not None and moment <= end:
                CLOCK.move_to(moment)
                self._live_through()
                moment = self._next_moment(end)
            return self._written(cut=moment is not None)
        finally:
            self.airflow.close()
            CLOCK.stop()

    # One instant

    def _live_through(self) -> None:
        if self.parse_due is not None and self.parse_due <= CLOCK.now:
            self._live_once(parse=True)
        else:
            self._live_once(parse=False)
        for _ in range(MANY):
            if not self._due_tries() and not self._due_triggers():
                return
            self._live_once(parse=False)
        raise RecorderError(f"{CLOCK.now} never ends")

    def _live_once(self, *, parse: bool) -> None:
        for ending in self._due_tries():
            if ending in self.tries:  # the end of another may have killed it
                self._end(ending)
        for trigger in self._due_triggers():
            self.triggers.remove(trigger)
            self.airflow.fire(trigger[2])
        if parse:
            self._parse()
        while self.manual and at(self.case, self.manual[0].at_s) <= CLOCK.now:
            run = self.manual.pop(0)
            self.airflow.create_manual_run(run, _logical_date(run))
        while self.changes and at(self.case, self.changes[0].at_s) <= CLOCK.now:
            self._change(self.changes.pop(0).dag)
        while self.backfills and at(self.case, self.backfills[0].at_s) <= CLOCK.now:
            self.airflow.create_backfill(self.backfills.pop(0))
        while self.updates and at(self.case, self.updates[0].at_s) <= CLOCK.now:
            self.airflow.update_asset(self.updates.pop(0).asset)
        self._let_scheduler_settle()

    def _due_tries(self) -> list[Try]:
        due = [running for running in self.tries if running.ends <= CLOCK.now]
        return sorted(due, key=lambda running: (running.ends, running.number))

    def _due_triggers(self) -> list[tuple[datetime, int, int]]:
        return sorted(trigger for trigger in self.triggers if trigger[0] <= CLOCK.now)

    def _parse(self) -> None:
        self.airflow.parse()
        interval = self.case.config.reparse_every_s
        if interval is not None:
            self.parse_due = (self.parse_due or CLOCK.now) + span(interval)

    def _change(self, dag: DagSpec) -> None:
        self.tasks.update({(dag.dag_id, task.task_id): task for task in dag.tasks})
        self.airflow.change(dag)

    def _let_scheduler_settle(self) -> None:
        for _ in range(MANY):
            before = self.airflow.fingerprint()
            taken = self.airflow.scheduler_pass()
            for item in taken:
                self._begin(item)
            self._bury_killed()
            if not taken and self.airflow.fingerprint() == before:
                return
        raise RecorderError(f"the scheduler does not come to rest at {CLOCK.now}")

    # One try

    def _begin(self, item: Any) -> None:
        key = getattr(item, "key", item)
        begun = self.airflow.begin(item)
        task = self.tasks[key.dag_id, key.task_id]
        rule = _rule(task, key, begun.logical_date)
        ends, timed_out = _end_of(task, rule, self.case, resumed=begun.resumed)
        self.tries.append(
            Try(self.number, task, rule, CLOCK.now, ends, timed_out, key, begun.context)
        )
        self.number += 1

    def _end(self, ending: Try) -> None:
        self.tries.remove(ending)
        trigger_id = self.airflow.end(ending)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the task runner leaves its own behind
        if trigger_id is not None:
            fires = self._fires(ending.rule)
            if fires is not None:
                self.triggers.append((fires, ending.number, trigger_id))
        self._bury_killed()

    def _fires(self, rule: RuleSpec) -> datetime | None:
        if rule.fire_at_s is not None:
            return max(at(self.case, rule.fire_at_s), CLOCK.now)
        return None if rule.fire_after_s is None else CLOCK.now + span(rule.fire_after_s)

    def _bury_killed(self) -> None:
        """Free the slots of tries whose task instance is not running any more."""
        alive = self.airflow.still_running() if self.tries else set()
        for running in [*self.tries]:
            key = running.key
            if (key.dag_id, key.run_id, key.task_id, key.map_index) not in alive:
                self.tries.remove(running)
                self.airflow.free(running)
                self.killed.append((CLOCK.now, running))

    # The next instant

    def _next_moment(self, end: datetime) -> datetime | None:
        times = [running.ends for running in self.tries]
        times += [fires for fires, *_ in self.triggers]
        times += [at(self.case, run.at_s) for run in self.manual]
        times += [at(self.case, change.at_s) for change in self.changes]
        times += [at(self.case, backfill.at_s) for backfill in self.backfills]
        times += [at(self.case, update.at_s) for update in self.updates]
        times += self.airflow.wake_times()
        ahead = [moment for moment in times if moment > CLOCK.now]
        if not ahead:
            return None  # another parse alone would not wake anybody
        if self.parse_due is not None and self.parse_due <= end:
            ahead.append(self.parse_due)
        return min(ahead)

    # The trace

    def _written(self, *, cut: bool) -> Json:
        runs = self.airflow.runs()
        names = _run_names(runs)
        finished = all(run["state"] in ("success", "failed") for run in runs)
        return {
            "format": 1,
            "case_id": self.case.id,
            "airflow_version": self.airflow.environment.version,
            "start": instant(self.case.start).isoformat(),
            "end_s": self.case.end_s,
            "events": [self._event(row, names) for row in self.airflow.journal()],
            "killed": [
                {"t": self._seconds(moment), **_identity(vars_of(killed.key), names)}
                for moment, killed in self.killed
            ],
            "final": {
                "runs": [{"run": names[run["dag_id"], run["run_id"]], **run} for run in runs],
                "tasks": self._final_tasks(names),
            },
            "verdict": "horizon" if cut else "complete" if finished else "stuck",
        }

    def _event(self, row: Any, names: dict[tuple[str, str], str]) -> Json:
        moment, dag_id, run_id, task_id, map_index, try_number, state = row
        event = {"t": self._seconds(from_sql(moment)), "dag_id": dag_id}
        event["run"] = names[dag_id, run_id]
        if task_id is None:
            reason = self.airflow.reasons.said.get((dag_id, run_id, state))
            return {
                **event,
                "kind": "run",
                "state": state,
                **({"reason": reason} if reason else {}),
            }
        instance = {"task_id": task_id, "map_index": map_index, "try_number": try_number}
        return {**event, "kind": "task", **instance, "state": state}

    def _final_tasks(self, names: dict[tuple[str, str], str]) -> list[Json]:
        rows = self.airflow.task_instances()
        tasks = [
            {
                **_identity(row, names),
                "try_number": row["try_number"],
                "state": row["state"],
                "priority_weight": row["priority_weight"],
            }
            for row in rows
        ]
        order = ("dag_id", "run", "task_id", "map_index")
        return sorted(tasks, key=lambda task: tuple(task[name] for name in order))

    def _seconds(self, moment: datetime) -> int | float:
        us = (moment - instant(self.case.start)) // timedelta(microseconds=1)
        return us // 1_000_000 if us % 1_000_000 == 0 else us / 1_000_000


def vars_of(key: Any) -> Json:
    """Airflow's key as a row."""
    return {name: getattr(key, name) for name in ("dag_id", "run_id", "task_id", "map_index")}


def _identity(row: Json, names: dict[tuple[str, str], str]) -> Json:
    return {
        "dag_id": row["dag_id"],
        "run": names[row["dag_id"], row["run_id"]],
        "task_id": row["task_id"],
        "map_index": row["map_index"],
    }


def _run_names(runs: list[Json]) -> dict[tuple[str, str], str]:
    """Names that both releases give the same runs: those that assets started are counted."""
    names: dict[tuple[str, str], str] = {}
    counted: Counter[str] = Counter()
    for run in runs:
        # a backfill may take over a scheduled run, which keeps its id
        name = f"{run['run_id'].partition('__')[0]}@{run['logical_date']}"
        if run["run_type"] == "manual":
            name = run["run_id"]
        elif run["run_type"] in BY_ASSETS:
            counted[run["dag_id"]] += 1
            name = f"assets#{counted[run['dag_id']]}"
        names[run["dag_id"], run["run_id"]] = name
    return names


def _logical_date(run: ManualRunSpec) -> datetime | None:
    if run.logical_date is None:
        return None
    return CLOCK.now if run.logical_date == "now" else instant(run.logical_date)


def _rule(task: TaskSpec, key: Any, logical_date: datetime | None) -> RuleSpec:
    """The first rule for this try."""
    actual = {"run_id": key.run_id, "map_index": key.map_index, "try": key.try_number}
    for rule in task.behaviour:
        when = dict(rule.when)
        date = when.pop("logical_date", None)
        if date is not None and instant(date) != logical_date:
            continue
        if all(actual[name] == value for name, value in when.items()):
            return rule
    return RuleSpec()


def _end_of(
    task: TaskSpec, rule: RuleSpec, case: CaseSpec, *, resumed: bool
) -> tuple[datetime, bool]:
    """When a try that begins now ends by itself, and whether its execution_timeout ends it."""
    if task.kind == "sensor" and task.mode == "poke":
        return _end_of_poking(task, rule, case), False
    lasts = rule.resume_duration_s if resumed else rule.duration_s
    limit = task.execution_timeout_s
    if limit is not None and lasts > limit:
        return CLOCK.now + span(limit), True
    return CLOCK.now + span(lasts), False


def _end_of_poking(task: TaskSpec, rule: RuleSpec, case: CaseSpec) -> datetime:
    """The end of the first poke that finds the condition true, or the time over."""
    timeout = span(WEEK_S if task.timeout_s is None else task.timeout_s)
    poked = CLOCK.now + span(rule.duration_s)
    while poked - CLOCK.now <= timeout:
        if rule.true_at_s is not None and poked >= at(case, rule.true_at_s):
            break
        poked += span(task.poke_interval_s + rule.duration_s)
    return poked
