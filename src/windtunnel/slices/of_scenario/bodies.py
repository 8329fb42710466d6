"""What a task does, as steps: what it waits for, takes and triggers, and how it may end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from windtunnel.model import (
    Branch,
    Dag,
    Deferrable,
    ExternalTaskSensor,
    LatestOnly,
    OneOf,
    Resource,
    Rule,
    RuleBook,
    Scenario,
    Sensor,
    ShortCircuit,
    TriggerDagRun,
)
from windtunnel.model import Task as ModelTask
from windtunnel.model.behavior import When
from windtunnel.model.resources import resource_named
from windtunnel.model.steps import Step as ModelStep
from windtunnel.slices.fleet import (
    OVER_BEFORE,
    Acquire,
    Mode,
    Release,
    Step,
    Trigger,
    Wait,
    WaitChild,
    Work,
)
from windtunnel.slices.of_scenario.calendar import Calendar
from windtunnel.slices.of_scenario.places import UncoveredError

ANY = When()
WORK = Work(1, 1)


@dataclass
class Body:
    """What a task does, and what is not known of it."""

    steps: list[Step] = field(default_factory=list)
    mode: Mode = "poke"
    ends: bool = False
    """May fail or be skipped."""
    passes: bool = False
    """May go on without what it waits for."""


class Bodies:
    """The bodies of a scenario's tasks."""

    def __init__(self, scenario: Scenario, calendar: Calendar) -> None:
        self._scenario = scenario
        self._calendar = calendar
        self._rules = RuleBook(scenario.behavior.rules)
        self._dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
        self._created = created_on_the_way(scenario)

    def of(self, dag: Dag, task: ModelTask) -> Body:
        """What a task does.

        Raises:
            UncoveredError: it does something that is not covered.
        """
        rules = self._rules_of(dag, task)
        body = Body(ends=any(_may_fail(rule) for rule in rules))
        body.ends |= task.execution_timeout_s is not None
        self._take(task, rules, body)
        kind = task.kind
        if isinstance(kind, ExternalTaskSensor):
            self._sense(dag, kind, body)
        elif isinstance(kind, TriggerDagRun):
            self._trigger(kind, body)
        elif isinstance(kind, Sensor):
            if any(rule.true_at_s is None and rule.true_after_s is None for rule in rules):
                raise UncoveredError("waits for something outside that never comes")
            body.ends |= kind.timeout_s < self._scenario.duration_s
            body.steps.append(WORK)
        elif isinstance(kind, Deferrable):
            if any(rule.fire_at_s is None and rule.fire_after_s is None for rule in rules):
                raise UncoveredError("has a trigger that never fires")
            body.ends |= kind.timeout_s is not None
            body.steps.append(WORK)
        elif isinstance(kind, ShortCircuit | Branch | LatestOnly) or not rules[0].steps:
            body.steps.append(WORK)
        if self._lets_go(task) and any(isinstance(step, Acquire) for step in body.steps):
            raise UncoveredError("gives resources back while it waits, and takes them again")
        return body

    def length_of(self, dag: Dag, task: ModelTask) -> int:
        """Items in its result.

        Raises:
            UncoveredError: it is not always the same.
        """
        lengths = {rule.length for rule in self._rules_of(dag, task)}
        length = lengths.pop()
        if lengths or isinstance(length, OneOf):
            raise UncoveredError(
                f"the length of what {task.task_id} returns is not always the same"
            )
        return length

    def follows_all(self, dag: Dag, task: ModelTask) -> bool:
        """Whether a task that may skip others never does."""
        if isinstance(task.kind, LatestOnly):
            return False
        rules = self._rules_of(dag, task)
        if isinstance(task.kind, Branch):
            return all(rule.follows is None for rule in rules)
        always = (rule.condition and rule.condition_share in (None, 1) for rule in rules)
        return not isinstance(task.kind, ShortCircuit) or all(always)

    def holds_while_waiting(self, dag: Dag, task: ModelTask) -> bool:
        """Whether it may wait with its slots, also where the rest of it is not covered."""
        kind = task.kind
        patient = getattr(kind, "mode", "poke") == "poke" and not getattr(kind, "deferrable", False)
        return self._takes(dag, task) or (patient and self._waits(dag, task))

    def waits_deferred(self, dag: Dag, task: ModelTask) -> bool:
        """Whether it may wait in the triggerer for what others do, or for ever."""
        deferrable = getattr(task.kind, "deferrable", False) or isinstance(task.kind, Deferrable)
        return deferrable and self._waits(dag, task)

    def defers(self, dag: Dag, task: ModelTask) -> bool:
        """Whether it is in the triggerer for a while, whatever it waits for."""
        kind = task.kind
        steps = (step for rule in self._rules_of(dag, task) for step in rule.steps or ())
        deferrable = getattr(kind, "deferrable", False) or isinstance(kind, Deferrable)
        return deferrable or any(step.defer_s is not None for step in steps)

    def is_idle(self, dag: Dag, task: ModelTask) -> bool:
        """Whether it waits for nothing but limits, its upstream tasks, and what surely comes."""
        waits = self._waits(dag, task) or self._takes(dag, task)
        return not (waits or task.depends_on_past or task.start_date or task.end_date)

    def _takes(self, dag: Dag, task: ModelTask) -> bool:
        rules = self._rules_of(dag, task)
        steps = (step for rule in rules for step in rule.steps or ())
        return any(rule.needs for rule in rules) or any(step.acquire for step in steps)

    def _waits(self, dag: Dag, task: ModelTask) -> bool:
        """Whether its operator waits for other DAGs, or for what never comes."""
        rules, kind = self._rules_of(dag, task), task.kind
        if isinstance(kind, Sensor):
            return any(rule.true_at_s is None and rule.true_after_s is None for rule in rules)
        if isinstance(kind, Deferrable):
            return any(rule.fire_at_s is None and rule.fire_after_s is None for rule in rules)
        calls = isinstance(kind, TriggerDagRun) and kind.wait_for_completion
        return calls or isinstance(kind, ExternalTaskSensor)

    # -- rules ------------------------------------------------------------------------------------

    def _rules_of(self, dag: Dag, task: ModelTask) -> list[Rule]:
        """All rules of which one speaks of some try of it."""
        found: list[Rule] = []
        for rule in self._rules.of(dag, task):
            found.append(rule)
            if rule.when == ANY:
                return found
        return [*found, Rule()]

    def _take(self, task: ModelTask, rules: Sequence[Rule], body: Body) -> None:
        """What its tries take and do, beside what its operator does."""
        first = rules[0]
        if any((rule.needs, rule.steps) != (first.needs, first.steps) for rule in rules):
            raise UncoveredError("does something else in some of its tries")
        for name, units in first.needs.items():
            self._acquire(name, units, body)
        if first.steps is None:
            return
        kind = type(task.kind)
        if kind in (ExternalTaskSensor, TriggerDagRun, Sensor, Deferrable):
            raise UncoveredError("has steps beside what its operator waits for")
        takes = any(s.acquire or s.release or s.trigger for s in first.steps) or first.needs
        for step in first.steps:
            if takes and (step.unless or step.done_if):
                raise UncoveredError("leaves steps out")
            if takes and step.defer_s is not None:
                raise UncoveredError("defers with resources that it holds")
            self._step(step, body)

    def _step(self, step: ModelStep, body: Body) -> None:
        if step.acquire is not None:
            self._acquire(step.acquire, step.slots, body)
        elif step.release is not None:
            if _is_lock(self._resource(step.release)):
                body.steps.append(Release(step.release, step.slots))
        elif step.trigger is not None:
            if step.trigger in self._dags:
                body.steps.append(Trigger(step.trigger))
        else:
            body.ends |= bool(step.fail) or step.push is not None
            body.steps.append(WORK)

    def _acquire(self, name: str, units: int, body: Body) -> None:
        resource = self._resource(name)
        body.ends |= resource.when_full == "fail" or resource.wait_at_most_s is not None
        if not _is_lock(resource):
            return
        if not resource.renewed:
            raise UncoveredError(f"takes {name}, of which a lease runs out under it")
        body.steps.append(Acquire(name, units))

    def _resource(self, name: str) -> Resource:
        if "{" in name:
            raise UncoveredError(f"takes {name}, which is not the same everywhere")
        resource = resource_named(name, self._scenario.resources)
        assert resource is not None
        return resource

    def _lets_go(self, task: ModelTask) -> bool:
        kind = task.kind
        reschedules = getattr(kind, "mode", "poke") == "reschedule"
        return reschedules or getattr(kind, "deferrable", False) or isinstance(kind, Deferrable)

    # -- waits ------------------------------------------------------------------------------------

    def _sense(self, dag: Dag, kind: ExternalTaskSensor, body: Body) -> None:
        target = self._dags.get(kind.external_dag_id)
        body.ends |= kind.timeout_s < self._scenario.duration_s or kind.check_existence
        body.ends |= bool(kind.failed_states or kind.skipped_states)
        if target is None:
            # A DAG outside of the fleet is taken to do its part.
            body.steps.append(WORK)
            return
        if "success" not in kind.allowed_states:
            raise UncoveredError("waits for something else than success")
        body.passes |= kind.allowed_states != ("success",)
        body.mode = "defer" if kind.deferrable else kind.mode
        tasks = self._looked_at(kind, target)
        for delta in (kind.execution_delta_s, *kind.other_deltas_s):
            runs = tuple(
                self._target(dag, number, at - timedelta(seconds=delta), target)
                for number, at in enumerate(self._calendar.dates[dag.dag_id])
            )
            # Runs that are triggered have dates that nobody knows beforehand.
            if (
                None in runs
                or {dag.dag_id, target.dag_id} & self._created
                or kind.execution_date_fn
            ):
                body.passes = True
            if kind.execution_date_fn:
                runs = (None,) * len(runs)
            # Never empty: that would be the run of the same number.
            padded = runs or (None,)
            body.steps += [Wait(target.dag_id, name, runs=padded) for name in tasks]

    def _looked_at(self, kind: ExternalTaskSensor, target: Dag) -> list[str | None]:
        names: Sequence[str] = kind.external_task_ids
        if kind.external_task_group_id is not None:
            group = kind.external_task_group_id
            names = [one.task_id for one in target.tasks if _is_in(target, one.group, group)]
        mapped = [one.task_id for one in target.tasks if is_mapped(target, one)]
        if set(mapped) & set(names):
            raise UncoveredError(f"waits for mapped tasks of {target.dag_id}")
        return list(names) or [None]

    def _target(self, dag: Dag, number: int, at: datetime, target: Dag) -> int | None:
        hidden = self._calendar.dateless[target.dag_id]
        for other, date in enumerate(self._calendar.dates[target.dag_id]):
            if date == at and other not in hidden:
                return other
        if self._calendar.was_done(target.dag_id, at):
            return OVER_BEFORE
        # What is due after the window is there for those who look for it; what that looks for,
        # further on, is taken to come.
        return OVER_BEFORE if number >= self._calendar.inside[dag.dag_id] else None

    def _trigger(self, kind: TriggerDagRun, body: Body) -> None:
        target = self._dags.get(kind.trigger_dag_id)
        if target is None:
            body.steps.append(WORK)
            return
        if kind.trigger_run_id is not None or kind.logical_date is not None or kind.reset_dag_run:
            raise UncoveredError("triggers a run of a given id or date, which may exist already")
        if kind.allowed_states != ("success",) or kind.failed_states != ("failed",):
            raise UncoveredError("waits for its run with other states than usual")
        body.ends |= kind.fail_when_dag_is_paused
        body.steps.append(Trigger(kind.trigger_dag_id))
        if kind.wait_for_completion:
            body.steps.append(WaitChild())
            body.mode = "defer" if kind.deferrable else "poke"


def created_on_the_way(scenario: Scenario) -> frozenset[str]:
    """DAGs of which tasks trigger runs."""
    steps = (step for rule in scenario.behavior.rules for step in rule.steps or ())
    found = {step.trigger for step in steps if step.trigger is not None}
    for dag in scenario.fleet.dags:
        for task in dag.tasks:
            if isinstance(task.kind, TriggerDagRun):
                found.add(task.kind.trigger_dag_id)
    return frozenset(found)


def is_mapped(dag: Dag, task: ModelTask) -> bool:
    """Whether it, or a group in which it is, is mapped."""
    return task.expand is not None or is_in_mapped_group(dag, task)


def is_in_mapped_group(dag: Dag, task: ModelTask) -> bool:
    """Whether a group in which it is is mapped."""
    groups = {group.group_id: group for group in dag.groups}
    name = task.group
    while name is not None and name in groups:
        if groups[name].expand is not None:
            return True
        name = groups[name].parent
    return False


def _is_in(dag: Dag, group: str | None, wanted: str) -> bool:
    parents = {one.group_id: one.parent for one in dag.groups}
    while group is not None:
        if group == wanted:
            return True
        group = parents.get(group)
    return False


def _is_lock(resource: Resource) -> bool:
    return resource.slots is not None and resource.when_full == "wait"


def _may_fail(rule: Rule) -> bool:
    outcomes = (rule.outcome,) if isinstance(rule.outcome, str) else rule.outcome
    sure = rule.outcomes is None and set(outcomes) == {"success"} and not rule.fail_share
    return not sure or bool(rule.result_bytes)
