"""Results: what simulations came to, with the questions that people ask of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cached_property

from windtunnel.detect import Accepted, Finding, unused
from windtunnel.errors import InvalidInput
from windtunnel.explain import Explanation, explain_task
from windtunnel.explain.explanation import Tick
from windtunnel.model import Assumption, Problem, RuleBook, Scenario
from windtunnel.model.pattern import nearest
from windtunnel.search import Proof, Rechecked, Unreached, Varied
from windtunnel.trace import DagRun, TaskInstance, Trace, Wait, Waits
from windtunnel.window import Idle, backlog, lost, never_ran, refused, unstruck


@dataclass(frozen=True)
class Task:
    """What became of one task instance; times are datetimes in UTC."""

    name: str
    """``dag_id.task_id``, with the map index in brackets if it has one."""
    run: str
    state: str
    try_number: int
    map_index: int
    started: datetime | None
    ended: datetime | None
    waited_on: tuple[Wait, ...]
    """Where its time went before it started, limit by limit."""


@dataclass(frozen=True)
class Failure:
    """A try of a real callable that ended with an exception (``--execute`` only)."""

    dag_id: str
    task_id: str
    map_index: int
    run: str
    try_number: int
    state: str
    """What the task instance became: ``failed``, ``up_for_retry``, ``skipped``."""
    at: datetime
    traceback: str
    """From the callable's own frames on."""

    @property
    def name(self) -> str:
        """``dag_id.task_id``, with the map index in brackets if it has one."""
        suffix = f"[{self.map_index}]" if self.map_index >= 0 else ""
        return f"{self.dag_id}.{self.task_id}{suffix}"


@dataclass(frozen=True)
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
            *_unused_accepts(self.scenario, self.accepted),
        )

    @cached_property
    def never_ran(self) -> tuple[Idle, ...]:
        """The DAGs of which no run started, and why."""
        return never_ran(self.scenario, self.trace)

    @property
    def ran(self) -> bool:
        """Whether any dag run started."""
        return any(run.started_us is not None for run in self._runs)

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
    def _runs(self) -> list[DagRun]:
        return self.trace.dag_runs()

    @cached_property
    def _instances(self) -> list[TaskInstance]:
        return self.trace.task_instances()

    @cached_property
    def _waits(self) -> Waits:
        return Waits(self.trace)

    def dag_runs(self, dag_id: str | None = None) -> list[DagRun]:
        """The dag runs, in order of creation; of one DAG, if given."""
        return [run for run in self._runs if dag_id in (None, run.dag_id)]

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
            known = sorted({dag.dag_id for dag in self.scenario.fleet.dags})
            why = "is not in the fleet"
            if dag_id in known:
                idle = {one.dag_id: one.why for one in self.never_ran}
                why = f"has no run in this window: {idle.get(dag_id, 'none was created')}"
            said = f"DAG {dag_id!r} {why}; DAGs: {', '.join(known)}"
            if self.problems and dag_id not in known:
                said += "".join(f"\nnot used: {problem}" for problem in self.problems)
            raise InvalidInput(said)
        names = ", ".join(r.run for r in of_dag)
        raise InvalidInput(f"DAG {dag_id!r} has no run {run!r}; its runs: {names}")

    def tasks(self, name: str | None = None, run: str | None = None) -> list[Task]:
        """Task instances in order of creation: of ``dag_id.task_id`` and of a run, if given."""
        return [
            self._task(ti)
            for ti in self._instances
            if name in (None, f"{ti.dag_id}.{ti.task_id}", ti.name)
            and (run in (None, ti.run) or run == self._run_id(ti))
        ]

    def _run_id(self, ti: TaskInstance) -> str:
        return self.trace.runs[self.trace.ti_run[ti.index]].run_id

    def task(self, name: str, run: str | None = None) -> Task:
        """The last task instance of ``dag_id.task_id`` (or ``dag_id.task_id[2]``).

        Raises:
            InvalidInput: there is none; the message lists what there is.
        """
        found = self.tasks(name, run)
        if found:
            return found[-1]
        dag_id = name.split(".", 1)[0]
        known = sorted({f"{t.dag_id}.{t.task_id}" for t in self._instances if t.dag_id == dag_id})
        if not known:
            self.dag_run(dag_id, run)
        raise InvalidInput(f"no task instance {name!r}; of this DAG: {', '.join(known)}")

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
        self.task(name, run)
        found = [
            ti
            for ti in self._instances
            if name in (f"{ti.dag_id}.{ti.task_id}", ti.name)
            and (run in (None, ti.run) or run == self._run_id(ti))
        ]
        longest = max(found, key=lambda ti: sum(wait.seconds for wait in self._waits.of(ti.index)))
        return explain_task(
            self.scenario,
            self.trace,
            longest,
            others=len(found) - 1,
            search=search and not self.executed,
            tell=tell,
        )

    def _task(self, ti: TaskInstance) -> Task:
        at = self.trace.at
        return Task(
            ti.name,
            ti.run,
            ti.state,
            ti.try_number,
            ti.map_index,
            None if ti.started_us is None else at(ti.started_us),
            None if ti.ended_us is None else at(ti.ended_us),
            tuple(self._waits.of(ti.index)),
        )


@dataclass(frozen=True)
class Report:
    """Several simulations of one scenario, what they found, and what that covers."""

    scenario: Scenario
    findings: tuple[Finding, ...]
    simulations: int
    covered: str
    result: Result
    """The first, calm simulation; of a replay, the replayed one."""
    problems: tuple[Problem, ...] = field(default=())
    assumptions: tuple[Assumption, ...] = field(default=())
    not_kept: str = ""
    """Why counterexamples were not stored, if they should have been and could not."""
    unreached: tuple[Unreached, ...] = ()
    """What no simulation came to: limits that nobody waited for, faults that struck nothing."""
    varied: tuple[Varied, ...] = ()
    """What was found with other values of some settings."""
    rechecked: tuple[Rechecked, ...] = ()
    """What became of counterexamples that had been stored; of a replay, the one."""
    proof: Proof | None = None
    """For which DAGs a deadlock is excluded; None: not asked."""
    profile: str = ""
    """How hard was searched; empty: it was no search."""

    @property
    def possible(self) -> tuple[Finding, ...]:
        """What could happen, and was not shown to."""
        return self.result.possible

    @property
    def accepted(self) -> tuple[Accepted, ...]:
        """What was found, and somebody lives with."""
        return self.result.accepted

    @property
    def never_ran(self) -> tuple[Idle, ...]:
        """The DAGs of which no run started in the first simulation, and why."""
        return self.result.never_ran


def _backlog(scenario: Scenario) -> Iterator[Assumption]:
    """What is taken for granted of runs that were due before the window."""
    began = scenario.start
    older = any(d.schedule and d.start_date and d.start_date < began for d in scenario.fleet.dags)
    if scenario.backlog == "done" and older:
        yield Assumption(
            subject=f"runs due before {began:%Y-%m-%d %H:%M}",
            assumed="done, with success, as where the DAGs have been on; "
            'backlog = "replayed" in scenario.toml creates those that catchup asks for',
        )


def _backfills(scenario: Scenario) -> Iterator[Assumption]:
    """What is taken for granted of the runs that backfills are about."""
    for backfill in scenario.backfills:
        if scenario.backlog == "done" and backfill.from_date < scenario.start:
            yield Assumption(
                subject=f"backfill of {backfill.dag_id}",
                assumed="no run of its dates exists yet, except for those of the simulation",
            )
    if scenario.backfills and not scenario.cluster.airflow.backfills_in_scheduler:
        yield Assumption(
            subject="airflow dags backfill",
            assumed="its tasks take the executor slots and loops of the scheduler, and none beside",
        )


def _unused_accepts(scenario: Scenario, accepted: Collection[Accepted]) -> Iterator[Assumption]:
    """What is accepted and was not found: it can go, or its name is wrong."""
    known = [dag.dag_id for dag in scenario.fleet.dags]
    for glob, code in unused(scenario.accept, accepted):
        said = "nothing of it was found here"
        if not any(fnmatchcase(dag_id, glob) for dag_id in known):
            said = f"no such DAG; {nearest(glob, known)}"
        yield Assumption(subject=f"accept of {code} for {glob}", assumed=f"not used: {said}")


def assumed(
    scenario: Scenario, executed: Collection[tuple[str, str]] = ()
) -> tuple[Assumption, ...]:
    """What the scenario leaves open and the simulation had to take for granted.

    *executed* are the (dag_id, task_id) whose real callables decide for themselves.
    """
    behavior, fleet = scenario.behavior, scenario.fleet
    known = {dag.dag_id for dag in fleet.dags}
    found: list[Assumption] = []
    book = RuleBook(behavior.rules)
    unsaid = sum(
        1
        for dag in fleet.dags
        for task in dag.tasks
        if (dag.dag_id, task.task_id) not in executed and not book.of(dag, task)
    )
    if unsaid:
        found.append(
            Assumption(
                subject=f"{unsaid} task{'' if unsaid == 1 else 's'} without a behavior",
                assumed=f"{behavior.default_duration_s:g} s each, always a success; a sensor's "
                "condition holds at its first poke",
            )
        )
    found.extend(_backlog(scenario))
    found.extend(_backfills(scenario))
    for where, given, said in behavior.idle(fleet):
        subject = f"behavior.{where} = {given!r}"
        if not any(said in problem.message for problem in fleet.problems):
            found.append(Assumption(subject=subject, assumed=f"not used: {said}"))
    for dag in fleet.dags:
        for task in dag.tasks:
            other = getattr(task.kind, "external_dag_id", getattr(task.kind, "trigger_dag_id", ""))
            if other and other not in known:
                found.append(
                    Assumption(
                        subject=f"DAG {other} (named by {dag.dag_id}.{task.task_id})",
                        assumed="not in the fleet: taken to do its part at once",
                    )
                )
    return tuple(found)
