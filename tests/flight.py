"""A simulated scenario, and short questions to ask of what happened; all times in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from windtunnel.model import Scenario
from windtunnel.trace import TaskInstance, Trace, Waits

START = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Flight:
    """Tasks are named ``dag_id.task_id``, runs are counted from 0."""

    scenario: Scenario
    trace: Trace

    @cached_property
    def instances(self) -> list[TaskInstance]:
        return self.trace.task_instances()

    def task(self, name: str, run: int = 0) -> TaskInstance:
        """The task instance of this name in the DAG's run of this number."""
        return self.all_of(name)[run]

    def all_of(self, name: str) -> list[TaskInstance]:
        found = [ti for ti in self.instances if name in (ti.name, f"{ti.dag_id}.{ti.task_id}")]
        assert found, f"no {name}; there are {sorted({ti.name for ti in self.instances})}"
        return found

    def span(self, name: str, run: int = 0) -> tuple[float | None, float | None]:
        """Begin and end of the last try."""
        ti = self.task(name, run)
        return tuple(None if us is None else us / 1e6 for us in (ti.started_us, ti.ended_us))

    def spans(self, name: str) -> list[tuple[float | None, float | None]]:
        return [self.span(name, run) for run in range(len(self.all_of(name)))]

    def history(self, name: str, run: int = 0) -> list[tuple[float, str]]:
        """Every state it went through, with the time."""
        ti = self.task(name, run)
        return [
            (event.at_us / 1e6, event.state)
            for event in self.trace.events()
            if (event.dag_id, event.run, event.task_id, event.map_index)
            == (ti.dag_id, ti.run, ti.task_id, ti.map_index)
        ]

    def times(self, name: str, state: str, run: int = 0) -> list[float]:
        """When it came into this state."""
        return [at for at, new in self.history(name, run) if new == state]

    def states_of(self, name: str) -> list[str]:
        """The state in each run."""
        return [ti.state for ti in self.all_of(name)]

    def state(self, name: str, run: int = 0) -> str:
        return self.task(name, run).state

    def waits(self, name: str, run: int = 0) -> list[tuple[str, float, float]]:
        found = Waits(self.trace).of(self.task(name, run).index)
        return [(wait.limit, wait.from_us / 1e6, wait.to_us / 1e6) for wait in found]

    def reasons(self, name: str, run: int = 0) -> list[str]:
        """Why its states changed, as far as the trace says so."""
        ti = self.task(name, run)
        return [
            event.reason
            for event in self.trace.events()
            if (event.dag_id, event.run, event.task_id, event.map_index)
            == (ti.dag_id, ti.run, ti.task_id, ti.map_index)
            and event.reason
        ]

    def run_states(self, dag_id: str) -> list[str]:
        return [run.state for run in self.trace.dag_runs() if run.dag_id == dag_id]

    def run_ids(self, dag_id: str) -> list[str]:
        return [run.run_id for run in self.trace.dag_runs() if run.dag_id == dag_id]

    @property
    def printed(self) -> list[str]:
        """Lines that real callables wrote."""
        return "".join(output.text for output in self.trace.output).splitlines()
