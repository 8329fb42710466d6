"""Which dag runs there can be, how often a task can be tried, and what can fail at all."""

from __future__ import annotations

from functools import cached_property

from windtunnel.slices.certificate.loose import TIGHT, Loose
from windtunnel.slices.fleet import Dag, Slice, Step, Task, Trigger, WaitChild


class Unfolding:
    """Bounds that hold whatever happens; all by name of the DAG."""

    def __init__(self, of: Slice, loose: Loose = TIGHT) -> None:
        self.of = of
        self.loose = loose
        self.dags = {dag.name: dag for dag in of.dags}

    @cached_property
    def failing(self) -> frozenset[str]:
        """DAGs of which a run can fail."""
        found: set[str] = set()
        while True:
            more = {
                dag.name
                for dag in self.of.dags
                if any(self._ends(dag, t, found) for t in dag.tasks)
            }
            if more <= found:
                return frozenset(found)
            found |= more

    def _ends(self, dag: Dag, task: Task, failing: set[str] | frozenset[str]) -> bool:
        return (
            dag.dagrun_timeout is not None
            or (dag.name, task.name) in self.loose.ends
            or (bool(task.faults) and self.of.max_faults > task.retries)
            or bool(children_of(task) & failing)
        )

    def ends_failed(self, dag: str, task: Task) -> bool:
        """Whether it can end in the state failed, not only its tries."""
        return self._ends(self.dags[dag], task, self.failing)

    def fails_by_child(self, task: Task) -> bool:
        """Whether a try can fail because the run that it triggered failed."""
        return bool(children_of(task) & self.failing)

    def is_struck(self, task: Task) -> bool:
        """Whether a fault can strike a try of it."""
        return bool(task.faults) and self.of.max_faults > 0

    def tries_fail(self, dag: str, task: Task) -> bool:
        """Whether a try can end without success."""
        return self.is_struck(task) or self.fails_freely(dag, task)

    def fails_freely(self, dag: str, task: Task) -> bool:
        """Whether a try can end without success though no fault struck it."""
        return (
            self.fails_by_child(task)
            or self.dags[dag].dagrun_timeout is not None
            or (dag, task.name) in self.loose.ends
        )

    def clears(self, dag: str) -> bool:
        """Whether a run of it can be cleared."""
        return (
            self.dags[dag].clear_after is not None
            and dag in self.failing
            and (self.of.clears_always or self.of.max_faults > 0)
        )

    def tries(self, dag: str, task: Task) -> int | None:
        """The most tries of one task instance; None: without end."""
        if not self.tries_fail(dag, task):
            return 1
        if not self.clears(dag):
            return task.retries + 1
        return None if self.of.clears_always else task.retries + 1 + self.of.max_faults

    @cached_property
    def _bounds(self) -> tuple[dict[str, int], frozenset[str]]:
        most = self.of.max_runs - 1
        counts = {dag.name: min(len(dag.at), most) for dag in self.of.dags}
        while True:
            wanted = {name: self._wanted(name, counts) for name in counts}
            more = {name: min(wanted[name], most) for name in counts}
            if more == counts:
                return counts, frozenset(name for name in counts if wanted[name] > most)
            counts = more

    def _wanted(self, name: str, counts: dict[str, int]) -> int:
        dag = self.dags[name]
        triggered = 0
        updates = dict.fromkeys(dag.on_assets, 0)
        for other in self.of.dags:
            for task in other.tasks:
                tries = self.tries(other.name, task)
                steps = max(_triggers(task.steps, name), _triggers(task.retry_steps, name))
                if steps:
                    each = self.of.max_runs if tries is None else steps * tries
                    triggered += counts[other.name] * each
                for asset in set(task.updates) & updates.keys():
                    updates[asset] += counts[other.name]
        return len(dag.at) + triggered + min(updates.values(), default=0)

    @property
    def endless(self) -> frozenset[str]:
        """DAGs that can have as many runs as count as runaway."""
        return self._bounds[1]

    def runs(self, dag: str) -> int:
        """How many runs it can have; of an endless DAG, so many as don't count as runaway."""
        return self._bounds[0][dag]

    def scheduled(self, dag: str) -> int:
        """How many of them are scheduled; they are the first."""
        return min(len(self.dags[dag].at), self.runs(dag))

    def can_be_lost(self, dag: str) -> bool:
        """Whether catchup=False can keep one of its runs from being created."""
        of = self.dags[dag]
        return not of.catchup and self.runs(dag) > of.max_active_runs

    def start_in_order(self, dag: str) -> bool:
        """Whether no run can start before one with a lower number."""
        of = self.dags[dag]
        low, high = of.jitter
        in_time = all(
            earlier + high <= later + low for earlier, later in zip(of.at, of.at[1:], strict=False)
        )
        mixed = self.scheduled(dag) > 0 and self.runs(dag) > self.scheduled(dag)
        # A run that is held stays so when another one times out, and later ones come to pass it.
        held = self.can_be_lost(dag) and of.dagrun_timeout is not None
        return in_time and not mixed and not held and not self.clears(dag)

    @cached_property
    def instances(self) -> int:
        """How many task instances there can be."""
        return sum(self.runs(dag.name) * len(dag.tasks) for dag in self.of.dags)


def children_of(task: Task) -> frozenset[str]:
    """DAGs of which it triggers a run and waits for it."""
    return frozenset(
        step.dag
        for steps in (task.steps, task.retry_steps)
        if any(isinstance(one, WaitChild) for one in steps)
        for step in steps
        if isinstance(step, Trigger)
    )


def _triggers(steps: tuple[Step, ...], dag: str) -> int:
    return sum(isinstance(step, Trigger) and step.dag == dag for step in steps)
