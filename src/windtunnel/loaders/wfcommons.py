"""WfCommons: an execution trace in WfFormat becomes a fleet of one DAG, and how its tasks behaved.

The format is https://github.com/wfcommons/WfFormat, version 1.5; older ones, in which tasks stand
in one list, are read too. A trace has no Airflow in it: nothing limits its tasks but the machines.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from windtunnel.errors import InvalidInput
from windtunnel.loaders.execution import Execution
from windtunnel.loaders.origin import LoadedFrom
from windtunnel.model import (
    Assumption,
    Behavior,
    Cluster,
    Dag,
    Fleet,
    ManualRun,
    Rule,
    Task,
    WeightRule,
    WorkerGroup,
)

Json = Mapping[str, Any]
Made = TypeVar("Made")
DAY_S = 86400.0


def is_wfformat(data: Any) -> bool:
    """Whether what stands in a JSON file is an execution trace in WfFormat."""
    return isinstance(data, Mapping) and "workflow" in data and "schemaVersion" in data


def load_wfformat(path: str | Path) -> LoadedFrom:
    """Load an execution trace.

    The DAG is triggered once, at the start. Each task takes as long as it took; the workers are the
    machines that ran tasks, with a slot for each core.

    Args:
        path: a JSON file in WfFormat.

    Raises:
        InvalidInput: it is missing, no JSON, or has mistakes.
    """
    return _made(path, lambda trace: trace.loaded())


def load_execution(path: str | Path) -> Execution:
    """Load an execution trace with what its platform did: how long it took, on which machines.

    Args:
        path: a JSON file in WfFormat.

    Raises:
        InvalidInput: it is missing, no JSON, has mistakes, or doesn't say how long it took.
    """
    return _made(path, lambda trace: trace.execution())


def _made(path: str | Path, make: Callable[[_Trace], Made]) -> Made:
    file = Path(path)
    try:
        content = file.read_bytes()
        data = json.loads(gzip.decompress(content) if file.suffix == ".gz" else content)
    except (OSError, EOFError, zlib.error) as error:
        said = getattr(error, "strerror", None) or error
        raise InvalidInput(f"{file}: can't be read: {said}") from None
    except (ValueError, RecursionError) as error:
        raise NoTrace(f"{file}: not valid JSON: {error}") from None
    if not is_wfformat(data):
        raise NoTrace(f"{file}: not WfFormat: it has no 'workflow' or no 'schemaVersion'")
    try:
        return make(_Trace(data, file))
    except ValidationError as error:
        said = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise InvalidInput(f"{file}: {said}") from None
    except (AttributeError, KeyError, TypeError) as error:
        said = f"{type(error).__name__}: {error}"
        raise InvalidInput(f"{file}: not WfFormat 1.5 as its schema has it ({said})") from None


class NoTrace(InvalidInput):
    """A file that is something else than an execution trace."""


class _Trace:
    """One execution, read."""

    def __init__(self, data: Json, file: Path) -> None:
        self.file = file
        self.data = data
        self.workflow: Json = data["workflow"]
        self.dag_id = re.sub(r"[^\w.-]+", "_", str(data.get("name") or file.stem)).strip("_")
        self.tasks = {str(task.get("id", task["name"])): task for task in self._specified()}
        self.executed = {str(run.get("id", run.get("name"))): run for run in self._runs()}
        self.assumptions: list[Assumption] = []

    def loaded(self) -> LoadedFrom:
        """The fleet with its behavior and its machines."""
        dag = self._dag()
        behavior = self._behavior()
        cluster = self._cluster()
        total = sum(r.duration_s for r in behavior.rules if isinstance(r.duration_s, float))
        return LoadedFrom(
            Fleet(dags=(dag,), assumptions=tuple(self.assumptions)),
            cluster=cluster,
            behavior=behavior,
            manual_runs=(ManualRun(dag_id=dag.dag_id),),
            duration_s=max(DAY_S, 2 * total),
        )

    def execution(self) -> Execution:
        """How it went, on which machines."""
        took = (self.workflow.get("execution") or {}).get("makespanInSeconds")
        took = self.workflow.get("makespan") if took is None else took
        if took is None or not float(took) > 0:
            raise InvalidInput(
                f"{self.file}: doesn't say how long the execution took (makespanInSeconds), so "
                "there is nothing to hold a prediction against"
            )
        ran = {machine for run in self.executed.values() for machine in _machines(run)}
        cores = self._listed()
        there = [n for name, n in sorted(cores.items()) if name in ran or not ran & set(cores)]
        system = self.data.get("runtimeSystem") or self.data.get("wms") or {}
        return Execution(
            file=str(self.file),
            loaded=self.loaded(),
            system=str(system.get("name") or "unknown"),
            took_s=float(took),
            cores=tuple(there) or (len(self.tasks),),
            gigabytes=self._gigabytes(),
            programs=frozenset(map(self._kind, self.tasks)),
        )

    def _kind(self, task: str) -> str:
        """The name of a task up to its first number: what follows is which one it is."""
        return re.split(r"(?:[\W_]*ID)?[\W_]*\d", str(self.tasks[task].get("name") or task))[0]

    def _gigabytes(self) -> tuple[float, ...]:
        """What each task reads and writes; before 1.5 files stand at the task."""
        listed = (self.workflow.get("specification") or {}).get("files") or ()
        size = {str(one["id"]): int(one.get("sizeInBytes") or 0) for one in listed}
        found = []
        for task in self.tasks.values():
            names = [*(task.get("inputFiles") or ()), *(task.get("outputFiles") or ())]
            own = [int(f.get("size", f.get("sizeInBytes")) or 0) for f in task.get("files") or ()]
            found.append((sum(size.get(str(n), 0) for n in names) + sum(own)) / 1e9)
        return tuple(found)

    def _specified(self) -> Iterator[Json]:
        """The tasks: since 1.5 what they are and how they ran stand apart."""
        told = self.workflow.get("specification")
        if told is None:
            told = {"tasks": self.workflow.get("tasks", self.workflow.get("jobs"))}
        if not told.get("tasks"):
            raise InvalidInput(f"{self.file}: the workflow has no tasks")
        yield from told["tasks"]

    def _runs(self) -> Iterator[Json]:
        execution = self.workflow.get("execution")
        yield from (self.tasks.values() if execution is None else execution.get("tasks", ()))

    def _dag(self) -> Dag:
        upstream = self._upstream()
        program = {name: self._program(name) for name in self.tasks}
        tasks = [
            Task(
                task_id=name,
                operator=program[name],
                upstream=tuple(upstream[name]),
                priority_weight=int(self.executed.get(name, {}).get("priority") or 1),
                weight_rule=WeightRule.ABSOLUTE,
            )
            for name in self.tasks
        ]
        return Dag(
            dag_id=self.dag_id,
            file=self.file.name,
            tasks=tuple(tasks),
            max_active_tasks=len(tasks),
        )

    def _upstream(self) -> dict[str, list[str]]:
        """Parents of each task, whichever of the two ends names the edge."""
        by_name = {str(task.get("name")): name for name, task in self.tasks.items()}
        edges: dict[str, dict[str, None]] = {name: {} for name in self.tasks}
        for name, task in self.tasks.items():
            for parent in task.get("parents", ()):
                edges[name][self._known(parent, by_name, name)] = None
            for child in task.get("children", ()):
                edges[self._known(child, by_name, name)][name] = None
        return {name: list(parents) for name, parents in edges.items()}

    def _known(self, other: str, by_name: Mapping[str, str], task: str) -> str:
        found = other if other in self.tasks else by_name.get(other)
        if found is None:
            raise InvalidInput(
                f"{self.file}: task {task!r} names {other!r} as its parent or child, which is no "
                "task of this workflow"
            )
        return found

    def _program(self, name: str) -> str:
        """What a task ran, for people."""
        command = self.executed.get(name, {}).get("command")
        program = command.get("program") if isinstance(command, Mapping) else None
        return str(program or self.tasks[name].get("name") or name)

    def _behavior(self) -> Behavior:
        """Each task's time on its machine, as one rule for each task."""
        rules, unknown = [], 0
        for name in self.tasks:
            run = self.executed.get(name, {})
            seconds = run.get("runtimeInSeconds", run.get("runtime"))
            if seconds is None:
                unknown += 1
                seconds = 0.0
            rules.append(Rule(tasks=f"{self.dag_id}.{name}", duration_s=float(seconds)))
        if unknown:
            said = "no runtime in the trace: 0 s each"
            self.assumptions.append(Assumption(subject=_tasks(unknown), assumed=said))
        return Behavior(rules=tuple(rules), default_duration_s=0.0)

    def _listed(self) -> dict[str, int]:
        """The machines that the trace lists, each with its cores."""
        listed = (self.workflow.get("execution") or self.workflow).get("machines", ())
        return {str(m["nodeName"]): _cores(m) for m in listed}

    def _cluster(self) -> Cluster:
        """The machines that ran tasks, a slot for each core; without machines, no limit."""
        cores = self._listed()
        used = {machine for run in self.executed.values() for machine in _machines(run)}
        there = Counter(n for name, n in cores.items() if name in used or not used & set(cores))
        wide = sum((run.get("coreCount", run.get("cores")) or 1) > 1 for run in self._runs())
        if wide:
            said = "use several cores of a machine, and count as one slot"
            self.assumptions.append(Assumption(subject=_tasks(wide), assumed=said))
        if not there:
            said = "none in the trace, so every task starts as soon as it may"
            self.assumptions.append(Assumption(subject="machines", assumed=said))
            return Cluster(parallelism=len(self.tasks), default_pool_slots=-1)
        said = "a slot for each core; tasks run on any machine, not on the one of the trace"
        self.assumptions.append(
            Assumption(subject=f"machines of the trace ({there.total()})", assumed=said)
        )
        workers = tuple(
            WorkerGroup(name=f"machines with {slots} cores", count=count, slots=slots)
            for slots, count in sorted(there.items())
        )
        total = sum(slots * count for slots, count in there.items())
        return Cluster(parallelism=total, default_pool_slots=-1, workers=workers)


def _cores(machine: Json) -> int:
    cpu = machine.get("cpu") or {}
    return int(cpu.get("coreCount", cpu.get("count")) or 1)


def _machines(run: Json) -> list[str]:
    found = run.get("machines", run.get("machine")) or []
    return [found] if isinstance(found, str) else [str(name) for name in found]


def _tasks(number: int) -> str:
    return f"{number} task{'' if number == 1 else 's'}"
