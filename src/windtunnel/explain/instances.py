"""One task instance of a trace, found again in other simulations of the same scenario."""

from __future__ import annotations

from dataclasses import dataclass

from windtunnel.trace import TaskInstance, Trace, Wait, waits_of


@dataclass(frozen=True, slots=True)
class Which:
    """What identifies a task instance whatever else happens."""

    dag_id: str
    task_id: str
    run: str
    map_index: int = -1
    place: int | None = None
    """Of a run that is named after a moment: which one of its DAG it is, from 0."""

    @property
    def name(self) -> str:
        """``dag_id.task_id``."""
        return f"{self.dag_id}.{self.task_id}"

    def index(self, trace: Trace) -> int | None:
        """Its number in a trace; None if it isn't there.

        A run that a task triggers is named after the moment, which may be another one now; then it
        is the one that has the same place among the runs of its DAG."""
        run = self._run(trace)
        if run is None:
            return None
        dag = trace.runs[run].dag
        for ti, of in enumerate(trace.ti_run):
            own = of == run and trace.ti_map[ti] == self.map_index
            if own and trace.task_ids[dag][trace.ti_task[ti]] == self.task_id:
                return ti
        return None

    def _run(self, trace: Trace) -> int | None:
        own = runs_of(trace, self.dag_id)
        named = [number for number in own if trace.runs[number].name == self.run]
        if named:
            return named[0]
        return own[self.place] if self.place is not None and self.place < len(own) else None


def which(trace: Trace, instance: TaskInstance) -> Which:
    """What identifies a task instance of a trace."""
    run = trace.ti_run[instance.index]
    dated = trace.runs[run].run_type in ("scheduled", "backfill")
    place = None if dated else runs_of(trace, instance.dag_id).index(run)
    return Which(instance.dag_id, instance.task_id, instance.run, instance.map_index, place)


def runs_of(trace: Trace, dag_id: str) -> list[int]:
    """Numbers of the runs of a DAG, in order of creation."""
    return [n for n, record in enumerate(trace.runs) if trace.dag_ids[record.dag] == dag_id]


def merged(waits: list[Wait]) -> list[Wait]:
    """Waits on one limit that follow each other without a gap as one."""
    found: list[Wait] = []
    for wait in waits:
        if found and (found[-1].limit, found[-1].to_us) == (wait.limit, wait.from_us):
            found.append(Wait(wait.limit, found.pop().from_us, wait.to_us))
        else:
            found.append(wait)
    return found


def stretches_of(trace: Trace, ti: int) -> list[Wait]:
    """Where the time of a task instance went, each limit in one piece."""
    return merged(waits_of(trace, ti))
