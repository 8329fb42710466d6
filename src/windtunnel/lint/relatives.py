"""Relatives: which tasks of a DAG come before others, which are in a group, how many each is."""

from __future__ import annotations

from collections.abc import Iterator

from windtunnel.model import Dag, Task, TriggerRule


class Relatives:
    """The relations among the tasks of one DAG."""

    def __init__(self, dag: Dag) -> None:
        self._tasks: dict[str, Task] = {task.task_id: task for task in dag.tasks}
        self._parents = {group.group_id: group.parent for group in dag.groups}
        self._before: dict[tuple[str, TriggerRule | None], frozenset[str]] = {}

    def before(self, task_id: str, *, rule: TriggerRule | None = None) -> frozenset[str]:
        """All upstream tasks, direct and indirect; with a *rule* only those to which tasks with
        this trigger rule lead. Empty for a task that there isn't."""
        key = task_id, rule
        if key not in self._before:
            found: dict[str, None] = {}
            left = [task_id]
            while left:
                for up in self._upstream(left.pop(), rule):
                    if up not in found:
                        found[up] = None
                        left.append(up)
            self._before[key] = frozenset(found)
        return self._before[key]

    def _upstream(self, task_id: str, rule: TriggerRule | None) -> Iterator[str]:
        task = self._tasks.get(task_id)
        if task is not None and rule in (None, task.trigger_rule):
            yield from task.upstream

    def of_group(self, group_id: str) -> set[str]:
        """Tasks of a group and of the groups in it."""
        return {
            task.task_id for task in self._tasks.values() if group_id in self._groups_of(task.group)
        }

    def _groups_of(self, name: str | None) -> Iterator[str]:
        while name is not None:
            yield name
            name = self._parents.get(name)


def instances(dag: Dag, task_id: str) -> int | None:
    """Into how many instances a task is mapped, 1 if it isn't; None if only a run can tell."""
    task = dag.task(task_id)
    count = 1
    for factors in (task.expand, *_of_groups(dag, task)):
        for factor in factors or ():
            if isinstance(factor, str):
                return None
            count *= factor
    return count


def _of_groups(dag: Dag, task: Task) -> Iterator[tuple[int | str, ...] | None]:
    groups = {group.group_id: group for group in dag.groups}
    name = task.group
    while name is not None and name in groups:
        yield groups[name].expand
        name = groups[name].parent
