"""Attempts: who a task instance of a trace is, and what its tries did to data; for detectors."""

from __future__ import annotations

from windtunnel.detect.finding import Party
from windtunnel.model import Dag, Scenario, Task
from windtunnel.trace import Stray, Trace


class Attempts:
    """The task instances of one trace, by number."""

    def __init__(self, scenario: Scenario, trace: Trace) -> None:
        self._trace = trace
        self._dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
        self._tasks: dict[tuple[int, int], Task | None] = {}
        self._strays = {(one.ti, one.try_number): one for one in trace.strays}

    def key(self, ti: int) -> tuple[int, int]:
        """Its DAG and its task, by number."""
        return self._trace.runs[self._trace.ti_run[ti]].dag, self._trace.ti_task[ti]

    def dag_id(self, ti: int) -> str:
        """The id of its DAG."""
        return self._trace.dag_ids[self.key(ti)[0]]

    def task_id(self, ti: int) -> str:
        """The id of its task."""
        dag, task = self.key(ti)
        return self._trace.task_ids[dag][task]

    def name(self, ti: int) -> str:
        """``dag_id.task_id``, with the map index in brackets if it has one."""
        index = self._trace.ti_map[ti]
        return f"{self.dag_id(ti)}.{self.task_id(ti)}" + (f"[{index}]" if index >= 0 else "")

    def run(self, ti: int) -> str:
        """The name of its run."""
        return self._trace.runs[self._trace.ti_run[ti]].name

    def run_index(self, ti: int) -> int:
        """The number of its run."""
        return self._trace.ti_run[ti]

    def is_backfill(self, ti: int) -> bool:
        """Whether a backfill made its run."""
        return self._trace.runs[self._trace.ti_run[ti]].run_type == "backfill"

    def dag(self, ti: int) -> Dag | None:
        """Its DAG; None if only another version of the fleet has it."""
        return self._dags.get(self.dag_id(ti))

    def task(self, ti: int) -> Task | None:
        """Its task; None if only another version of the DAG has it."""
        key = self.key(ti)
        if key not in self._tasks:
            dag = self.dag(ti)
            self._tasks[key] = None if dag is None else dag.find(self.task_id(ti))
        return self._tasks[key]

    def place(self, ti: int) -> tuple[str | None, int | None]:
        """File and line of its task, where these are known."""
        dag = self.dag(ti)
        return (None, None) if dag is None else (dag.file, dag.line_of(self.task_id(ti)))

    def stray(self, ti: int, try_number: int) -> Stray | None:
        """The process of this try, if it outlived the try."""
        return self._strays.get((ti, try_number))

    def is_astray(self, ti: int, try_number: int, at_us: int) -> bool:
        """Whether this try was given up by then, and its process went on."""
        stray = self.stray(ti, try_number)
        return stray is not None and stray.since_us <= at_us

    def party(self, ti: int, does: str, since_us: int, state: str = "running") -> Party:
        """Somebody who takes part in a finding by what it does."""
        task = self.task(ti)
        return Party(
            name=self.name(ti),
            dag_id=self.dag_id(ti),
            task_id=self.task_id(ti),
            run=self.run(ti),
            operator="task" if task is None else task.operator,
            state=state,
            does=does,
            since=self._trace.at(since_us),
        )
