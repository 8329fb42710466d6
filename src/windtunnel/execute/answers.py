"""Answers: the simulation's side of what callables ask while they run."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from windtunnel.engine.tries.branches import followed
from windtunnel.engine.tries.plans import Plan
from windtunnel.engine.world import World
from windtunnel.execute.facts import (
    RunFacts,
    TryFacts,
    instance_facts,
    previous,
    run_facts,
)
from windtunnel.execute.questions import Where
from windtunnel.execute.store import Store
from windtunnel.trace.states import RunState, TaskState


class Answers:
    """Answers `Questions` out of the world as it is now."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.store = Store(world)
        self.variables: dict[str, str | None] = {}
        """Variables that tasks have set so far; ``None``: deleted."""
        self._kept: defaultdict[str, dict[str, str]] = defaultdict(dict)

    def state(self, ti: int) -> str:
        """The state of a task instance now."""
        return TaskState(self._world.state[ti]).label

    def run_state(self, run: int) -> str:
        """The state of a run now."""
        return RunState(self._world.runs[run].state).label

    def instances(self, run: int) -> list[TryFacts]:
        """All task instances of a run."""
        of = self._world.runs[run]
        every = [ti for task in range(of.dag.size) for ti in of.tis(task)]
        return [instance_facts(self._world, ti) for ti in every]

    def previous(self, run: int, state: str | None) -> RunFacts | None:
        """The run of the same DAG before this one, in this state if one is given."""
        before = previous(self._world, self._world.runs[run], state)
        return None if before is None else run_facts(self._world, before)

    def skips(self, ti: int, follow: list[str] | None) -> bool:
        """Whether a branch that follows these tasks skips anything directly downstream."""
        world = self._world
        run, task = world.runs[world.ti_run[ti]], world.ti_task[ti]
        direct = set(run.dag.downstream[task])
        if follow is None:
            return bool(direct)
        return bool(direct - followed(world, run, task, Plan(0, follow=tuple(follow))))

    def strangers(self, ti: int, names: list[str]) -> list[str]:
        """Those names that are of no task or task group of the task instance's DAG."""
        dag = self._world.runs[self._world.ti_run[ti]].dag
        return [name for name in names if not dag.roots_of(name)]

    def hand_conf(self, ti: int, conf: dict[str, Any]) -> None:
        """The run that a task instance will trigger gets this ``conf``."""
        self._world.confs[~ti] = conf

    def push(self, ti: int, key: str, stored: str, type_name: str) -> None:
        """Store a value; see `Questions.push`."""
        self.store.push(ti, key, stored, type_name)

    def refuse(self, ti: int, key: str, type_name: str, pushed_by: str | None) -> None:
        """A value could not be carried; or, if it says who pushed it, not be made again."""
        self.store.refuse(ti, key, type_name, pushed_by=pushed_by)

    def result(self, ti: int, task_id: str, key: str) -> tuple[bool, list[str]]:
        """What stands in arguments for another task's result."""
        return self.store.result(ti, task_id, key)

    def has(self, ti: int, task_id: str, key: str) -> bool:
        """Whether any instance of a task in the same run pushed this key."""
        return self.store.has(ti, task_id, key)

    def latest(
        self, ti: int, where: Where, task_id: str, key: str | None, indexes: list[int] | None
    ) -> tuple[bool, list[str]]:
        """A task's XComs in the nearest run that has any."""
        return self.store.latest(ti, where, task_id, key, indexes)

    def last(self, ti: int, where: Where, key: str | None, indexes: list[int] | None) -> str | None:
        """The last push of any task."""
        return self.store.last(ti, where, key, indexes)

    def kept(self, owner: str) -> dict[str, str]:
        """What a task or an asset keeps in its state store."""
        return dict(self._kept[owner])

    def keep(self, owner: str, values: dict[str, str]) -> None:
        """It keeps these from now on, and nothing else."""
        self._kept[owner] = dict(values)

    def set_variable(self, key: str, value: str | None) -> None:
        """A Variable has another value from now on; ``None``: it is gone."""
        self.variables[key] = value
