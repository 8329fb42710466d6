"""Waits that could take all slots that what they wait for needs (WT118).

Counted is who can wait at once: tasks of one run of which none comes before another, so many
instances and runs as there may be, within every limit that they hold beside this one. Only if the
rest of the limit is then too small for all that they wait for is anything said; and then a schedule
that fills it exists, though nothing says that it ever comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from windtunnel.detect import Finding, Limit
from windtunnel.engine.scheduler.weights import effective_weights
from windtunnel.lint.limits import interval_s, most_tasks
from windtunnel.lint.relatives import instances
from windtunnel.lint.waits.antichain import heaviest_at_once
from windtunnel.lint.waits.runs_at_once import RunsAtOnce
from windtunnel.lint.waits.slots import Slots, slots_of
from windtunnel.lint.waits.waiting import Name, Waiter, Waiting
from windtunnel.lint.words import some, span
from windtunnel.model import Dag, Scenario, Task

CODE = "WT118"


def find_full_of_waits(scenario: Scenario) -> list[Finding]:
    """One finding for each limit, with as few runs at once as it takes."""
    waiting = Waiting(scenario.fleet, scenario.cluster)
    if not waiting.waiters:
        return []
    look = _Look(scenario, waiting)
    found = []
    for limit in look.limits:
        filled = None if limit.guessed else look.least(limit)
        if filled is not None:
            found.append(look.finding(limit, filled))
    return found


@dataclass(slots=True)
class _Filled:
    """A limit that waits have filled."""

    runs: int
    """Runs of one DAG at once that it takes."""
    waits: dict[Name, int] = field(default_factory=dict)
    """By waiter: how many of its instances."""
    used: int = 0


class _Look:
    """What is looked at in one scenario."""

    def __init__(self, scenario: Scenario, waiting: Waiting) -> None:
        self._scenario = scenario
        self._waiting = waiting
        self._tasks: dict[Name, Task] = {
            (dag.dag_id, task.task_id): task for dag in scenario.fleet.dags for task in dag.tasks
        }
        self._weights: dict[str, dict[str, int]] = {}
        self._known: dict[tuple[str, Name], list[Name]] = {}
        runs = RunsAtOnce(scenario)
        self._runs = {one.key: runs.of(one.dag, one.patience_s) for one in waiting.waiters.values()}
        self.limits = slots_of(scenario.cluster, waiting.waiters.values())

    def least(self, limit: Slots) -> _Filled | None:
        """With the fewest runs at once that fill it; None if nothing does."""
        chosen = self._chosen(limit)
        most = max((self._runs[key] for keys in chosen.values() for key in keys), default=0)
        if not most or not self._is_full(limit, self._fill(limit, chosen, most)):
            return None
        low, high = 0, most
        while high - low > 1:
            middle = (low + high) // 2
            if self._is_full(limit, self._fill(limit, chosen, middle)):
                high = middle
            else:
                low = middle
        return self._fill(limit, chosen, high)

    def _chosen(self, limit: Slots) -> dict[str, list[Name]]:
        """By DAG: the waits that may be there at once in one run, and that wait for what needs the
        limit."""
        of_dag: dict[str, dict[str, int]] = {}
        for one in self._waiting.waiters.values():
            slots = limit.holds(one)
            if slots and self._needing(limit, one):
                weights = of_dag.setdefault(one.dag.dag_id, {})
                weights[one.task.task_id] = slots * _count(one)
        found = {}
        for dag_id, weights in of_dag.items():
            dag = self._scenario.fleet.dag(dag_id)
            ids = heaviest_at_once(weights, self._waiting.relatives(dag))
            found[dag_id] = [(dag_id, task_id) for task_id in ids]
        return found

    def _needing(self, limit: Slots, one: Waiter) -> list[Name]:
        """What it waits for and can't start without slots of a limit."""
        key = limit.name, one.key
        if key not in self._known:
            names = sorted(self._waiting.needed(one))
            self._known[key] = [name for name in names if limit.needs(name[0], self._tasks[name])]
        return self._known[key]

    def _is_full(self, limit: Slots, filled: _Filled) -> bool:
        """Whether nothing of what is waited for fits beside the waits."""
        waits = [self._waiting.waiters[key] for key in filled.waits]
        needs = [
            limit.needs(name[0], self._tasks[name])
            for one in waits
            for name in self._needing(limit, one)
        ]
        return bool(needs) and limit.size - filled.used < min(needs)

    def _fill(self, limit: Slots, chosen: Mapping[str, list[Name]], runs: int) -> _Filled:
        """As many waits as there is room for, run by run."""
        filled, rooms = _Filled(runs), {other.name: other.size for other in self.limits}
        per_run = self._scenario.cluster.airflow.max_active_tasks_per == "run"
        for dag_id, keys in chosen.items():
            dag = self._scenario.fleet.dag(dag_id)
            most = most_tasks(dag, self._scenario.cluster)
            in_dag = 0
            for number in range(runs):
                in_run = 0
                for key in keys:
                    one = self._waiting.waiters[key]
                    for _ in range(self._instances(one, number, filled.waits.get(key, 0))):
                        active = in_run if per_run else in_dag
                        if (active >= most and not one.deferred) or not self._fits(one, rooms):
                            break
                        for other in self.limits:
                            rooms[other.name] -= other.holds(one)
                        in_run += 1
                        in_dag += 1
                        filled.waits[key] = filled.waits.get(key, 0) + 1
                        filled.used += limit.holds(one)
        return filled

    def _fits(self, one: Waiter, rooms: Mapping[str, int]) -> bool:
        return all(other.holds(one) <= rooms[other.name] for other in self.limits)

    def _instances(self, one: Waiter, run: int, waiting: int) -> int:
        """Of this task, in this run, beside those that wait in the runs before it."""
        task = one.task
        if run >= self._runs[one.key] or (task.depends_on_past and run):
            return 0
        count = _count(one)
        if task.max_active_tis_per_dagrun is not None:
            count = min(count, task.max_active_tis_per_dagrun)
        if task.max_active_tis_per_dag is not None:
            count = min(count, task.max_active_tis_per_dag - waiting)
        return count

    # -- words --------------------------------------------------------------------------------

    def finding(self, limit: Slots, filled: _Filled) -> Finding:
        """What could happen, and what it takes."""
        waits = [self._waiting.waiters[key] for key in filled.waits]
        wanted = dict.fromkeys(
            f"{dag_id}.{task_id}"
            for one in waits
            for dag_id, task_id in self._needing(limit, one)
            if (dag_id, task_id) not in filled.waits
        )
        said = [
            f"{times} x {one.name}" if times > 1 else one.name
            for one, times in zip(waits, filled.waits.values(), strict=True)
        ]
        first = waits[0]
        what = {"worker slots": "all worker slots"}.get(limit.kind, f"all of {limit.name}")
        notes = (self._pile(waits, filled), self._outranked(limit, waits), _CURE)
        return Finding(
            code=CODE,
            title=f"Waits could take {what}",
            summary=f"{filled.used} of {limit.size} {_of(limit)} can be held by tasks that wait "
            f"at once ({some(said)}), and what they wait for needs the same: "
            f"{some(list(wanted)) or 'more of them'}. Should it come to that, none of it starts "
            f"{_until(waits)}.",
            certain=False,
            dag_id=first.dag.dag_id,
            file=first.dag.file,
            line=first.task.line,
            limits=(Limit(kind=limit.kind, subject=limit.subject),),
            notes=tuple(note for note in notes if note),
        )

    def _pile(self, waits: list[Waiter], filled: _Filled) -> str:
        if filled.runs == 1:
            return "One run of each DAG is enough."
        several = dict.fromkeys(one.dag.dag_id for one in waits if self._runs[one.key] > 1)
        intervals = {
            dag_id: interval_s(self._scenario, self._scenario.fleet.dag(dag_id))
            for dag_id in several
        }
        known = [f"{name} every {span(every)}" for name, every in intervals.items() if every]
        rhythm = f" ({some(known)})" if known else ""
        return f"It takes up to {filled.runs} runs at once of {some(list(several))}{rhythm}."

    def _outranked(self, limit: Slots, waits: list[Waiter]) -> str:
        """Whether Airflow's own order makes it more likely."""
        weights = [self._weight(one.dag, one.task.task_id) for one in waits]
        others = [
            self._weight(self._scenario.fleet.dag(dag_id), task_id)
            for one in waits
            for dag_id, task_id in self._needing(limit, one)
            if (dag_id, task_id) not in self._waiting.waiters
        ]
        if not others or min(weights) <= max(others):
            return ""
        return (
            f"The waits come first where both are ready: their priority_weight is {min(weights)} "
            f"or more with their weight_rule, that of what they wait for {max(others)} at most."
        )

    def _weight(self, dag: Dag, task_id: str) -> int:
        if dag.dag_id not in self._weights:
            place = {task.task_id: number for number, task in enumerate(dag.tasks)}
            upstream = [tuple(place[up] for up in task.upstream) for task in dag.tasks]
            downstream: list[list[int]] = [[] for _ in dag.tasks]
            for number, ups in enumerate(upstream):
                for up in ups:
                    downstream[up].append(number)
            weights = effective_weights(dag.tasks, upstream, [tuple(d) for d in downstream])
            self._weights[dag.dag_id] = dict(zip(place, weights, strict=True))
        return self._weights[dag.dag_id][task_id]


_CURE = (
    "Waits without a slot can't do this (deferrable=True, or mode='reschedule' of a sensor), nor "
    "can waits in a pool of their own that is smaller."
)


def _count(one: Waiter) -> int:
    """Instances in one run; 1 where only a run can tell."""
    return instances(one.dag, one.task.task_id) or 1


def _of(limit: Slots) -> str:
    if limit.kind == "worker slots":
        return limit.name
    return f"slots of {limit.name}"


def _until(waits: list[Waiter]) -> str:
    first = min(waits, key=lambda one: one.patience_s)
    if first.patience_s == inf:
        return "any more: no timeout ends these waits"
    return f"until the first timeout, of {first.name} after {span(first.patience_s)}"
