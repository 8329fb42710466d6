"""One task instance of a trace, found again in other simulations of the same scenario."""

from __future__ import annotations

from dataclasses import dataclass

from windtunnel.trace import Trace, Wait, waits_of


@dataclass(frozen=True, slots=True)
class Which:
    """What identifies a task instance whatever else happens."""

    dag_id: str
    task_id: str
    run: str
    map_index: int = -1

    @property
    def name(self) -> str:
        """``dag_id.task_id``."""
        return f"{self.dag_id}.{self.task_id}"

    def index(self, trace: Trace) -> int | None:
        """Its number in a trace; None if it isn't there."""
        for ti, run in enumerate(trace.ti_run):
            record = trace.runs[run]
            if trace.ti_map[ti] != self.map_index or record.name != self.run:
                continue
            task_id = trace.task_ids[record.dag][trace.ti_task[ti]]
            if (trace.dag_ids[record.dag], task_id) == (self.dag_id, self.task_id):
                return ti
        return None


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
