"""Result: what one simulation came to, with the questions that people ask of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from windtunnel.detect import Accepted, Finding
from windtunnel.errors import InvalidInput
from windtunnel.explain import Explanation, explain_task
from windtunnel.explain.explanation import Tick
from windtunnel.model import Assumption, Problem, Scenario
from windtunnel.result.assumed import assumed, unused_accepts
from windtunnel.result.dag_runs import DagRun, DagRuns
from windtunnel.result.difference import Difference, diff
from windtunnel.result.naming import find_task
from windtunnel.result.outcome import Outcome, said_findings
from windtunnel.result.record import Record
from windtunnel.result.schedule import form_of, narrowed, schedule_text
from windtunnel.result.tasks import Failure, Task, task_of
from windtunnel.trace import TaskInstance, Trace
from windtunnel.units import clock, count, duration
from windtunnel.window import Idle, backlog, lost, never_ran, refused, unstruck


@dataclass(frozen=True, repr=False)
class Result:
    """One simulation and what is wrong in it."""

    scenario: Scenario
    trace: Trace
    findings: tuple[Finding, ...]
    executed: frozenset[tuple[str, str]] = frozenset()
    """(dag_id, task_id) of the tasks whose real callables ran."""
    possible: tuple[Finding, ...] = ()
    """What could happen, and was not shown to."""
    accepted: tuple[Accepted, ...] = ()
    """What was found, and somebody lives with."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Parts of the input that could not be used."""
        return self.scenario.fleet.problems

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """What the input did not say, and what was taken instead."""
        return (
            *self.scenario.fleet.assumptions,
            *assumed(self.scenario, self.executed),
            *backlog(self.scenario, self.trace),
            *unstruck(self.scenario, self.trace),
            *refused(self.trace),
            *lost(self.scenario, self.trace),
            *unused_accepts(self.scenario, self.accepted),
        )

    @cached_property
    def never_ran(self) -> tuple[Idle, ...]:
        """The DAGs of which no run started, and why."""
        return never_ran(self.scenario, self.trace)

    @property
    def ran(self) -> bool:
        """Whether any dag run started."""
        return any(run.started_us is not None for run in self._record.runs)

    @cached_property
    def failures(self) -> tuple[Failure, ...]:
        """Exceptions of real callables, in order of time."""
        return tuple(self._failures()) if self.executed else ()

    def _failures(self) -> Iterator[Failure]:
        for event in self.trace.events():
            if event.reason and event.task_id and (event.dag_id, event.task_id) in self.executed:
                yield Failure(
                    event.dag_id,
                    event.task_id,
                    event.map_index,
                    event.run,
                    event.try_number,
                    event.state,
                    self.trace.at(event.at_us),
                    event.reason,
                )

    @cached_property
    def _record(self) -> Record:
        return Record(self.scenario, self.trace)

    def __repr__(self) -> str:
        runs = count(len(self._record.runs), "dag run")
        dags = count(len(self.scenario.fleet.dags), "DAG")
        window = f"{duration(self.scenario.duration_s)} from {clock(self.scenario.start)} UTC"
        return f"<Result of {dags}, {runs} in {window}: {said_findings(self)}>"

    def dag_runs(self, dag_id: str | None = None) -> DagRuns:
        """The dag runs, in order of creation; of one DAG, if given.

        ``run.dag_runs("etl").landed_before("06:00")`` asks all of them.

        Raises:
            InvalidInput: there is no such DAG; the message lists those that there are.
        """
        if dag_id is not None and self._record.dag(dag_id) is None and not self._made(dag_id):
            raise InvalidInput(self._unknown_dag(dag_id))
        return DagRuns(
            DagRun(**{name: getattr(one, name) for name in one.__slots__}, record=self._record)
            for one in self._record.runs
            if dag_id in (None, one.dag_id)
        )

    def _made(self, dag_id: str) -> bool:
        return dag_id in self.trace.dag_ids

    def dag_run(self, dag_id: str, run: str | None = None) -> DagRun:
        """The last run of a DAG, or the one of this name or run_id.

        Raises:
            InvalidInput: there is none; the message lists what there is.
        """
        of_dag = self.dag_runs(dag_id)
        found = [r for r in of_dag if run in (None, r.run, r.run_id)]
        if found:
            return found[-1]
        if not of_dag:
            raise InvalidInput(self._unknown_dag(dag_id))
        names = ", ".join(r.run for r in of_dag)
        raise InvalidInput(f"DAG {dag_id!r} has no run {run!r}; its runs: {names}")

    def _unknown_dag(self, dag_id: str) -> str:
        known = sorted({dag.dag_id for dag in self.scenario.fleet.dags})
        why = "is not in the fleet"
        if dag_id in known:
            idle = {one.dag_id: one.why for one in self.never_ran}
            why = f"has no run in this window: {idle.get(dag_id, 'none was created')}"
        said = f"DAG {dag_id!r} {why}; DAGs: {', '.join(known)}"
        if self.problems and dag_id not in known:
            said += "".join(f"\nnot used: {problem}" for problem in self.problems)
        return said

    def tasks(self, name: str | None = None, run: str | None = None) -> list[Task]:
        """Task instances in order of creation: of ``dag_id.task_id`` and of a run, if given. A
        ``task_id`` alone is enough where only one DAG has it.

        Raises:
            InvalidInput: there is no such task, or several DAGs have it; the message lists what
                there is.
        """
        return [task_of(self._record, one) for one in self._named(name, run)]

    def task(self, name: str, run: str | None = None) -> Task:
        """The last task instance of ``dag_id.task_id``, of ``dag_id.task_id[2]`` if it is mapped,
        or of a ``task_id`` that only one DAG has.

        Args:
            name: Of the task.
            run: Name or run_id of its run.

        Raises:
            InvalidInput: there is none; the message lists what there is.
        """
        return task_of(self._record, self._instances_of(name, run)[-1])

    def _named(self, name: str | None, run: str | None) -> list[TaskInstance]:
        full = None if name is None else find_task(name, self.scenario)
        return [
            one
            for one in self._record.instances
            if full in (None, f"{one.dag_id}.{one.task_id}", one.name)
            and (run in (None, one.run) or run == self._run_id(one))
        ]

    def _instances_of(self, name: str, run: str | None) -> list[TaskInstance]:
        """All of this name; there is at least one.

        Raises:
            InvalidInput: there is none; the message lists what there is.
        """
        found = self._named(name, run)
        if found:
            return found
        full = find_task(name, self.scenario)
        dag_id = full.partition(".")[0]
        for dag in self.scenario.fleet.dags:  # an id may have dots itself
            dag_id = dag.dag_id if full.startswith(f"{dag.dag_id}.") else dag_id
        of_dag = [one for one in self._record.instances if one.dag_id == dag_id]
        own = self.dag_run(dag_id, run)
        known = sorted({one.name for one in of_dag if one.run == own.run or run is None})
        where = f" in run {run!r}" if run else ""
        raise InvalidInput(
            f"{full} has no task instance{where}; of this DAG: {', '.join(known) or 'none'}"
        )

    def _run_id(self, one: TaskInstance) -> str:
        return self.trace.runs[self.trace.ti_run[one.index]].run_id

    def schedule(
        self,
        dags: str | Iterable[str] | None = None,
        *,
        states_only: bool = False,
        to: str | float | timedelta = "1s",
    ) -> str:
        """What ran when, as text to look at and to keep in a snapshot: each dag run, and of each of
        its tasks when it was queued, began and ended, its state, its tries if there were several,
        why it failed, and what it waited for. All in UTC.

        ::

            assert run.schedule("etl", to="5m") == snapshot

        Only what moves is another line: the order is that of when runs were due and of the tasks in
        their DAG.

        Args:
            dags: Of one DAG, or of some; None: of all.
            states_only: Without any times.
            to: Times and waits are cut to whole multiples of this, a part of a day: ``"1m"``,
                ``"5m"``, ``"1h"``. What moves by less is no difference then, mostly.

        Raises:
            InvalidInput: there is no run of such a DAG, or *to* is no part of a day.
        """
        return schedule_text(narrowed(self.dag_runs(), dags), form_of(states_only, to))

    def diff(self, after: Outcome) -> Difference:
        """What is different in another simulation, that came after a change: see
        `windtunnel.diff`."""
        return diff(self, after)

    def explain(
        self, name: str, run: str | None = None, *, search: bool = True, tell: Tick | None = None
    ) -> Explanation:
        """Why a task instance waited, stretch by stretch, and what would have been enough.

        Args:
            name: ``dag_id.task_id`` (or ``dag_id.task_id[2]``).
            run: Name or run_id of its run; None: the instance that waited longest.
            search: Simulate again, some ten times for each limit that is a number, to find the
                smallest value with which it would not have waited. Not done where real callables
                ran.
            tell: Called with (limits looked at, limits in all) on the way.

        Raises:
            InvalidInput: there is no such task instance; the message lists what there is.
        """
        found = self._instances_of(name, run)
        waits = self._record.waits
        longest = max(found, key=lambda one: sum(w.seconds for w in waits.of(one.index)))
        return explain_task(
            self.scenario,
            self.trace,
            longest,
            others=len(found) - 1,
            search=search and not self.executed,
            tell=tell,
        )
