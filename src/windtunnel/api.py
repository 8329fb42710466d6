"""The verbs that people call: load, simulate, check, replay. Every room is behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from windtunnel import loaders
from windtunnel.detect import Finding, detect
from windtunnel.engine import Simulation
from windtunnel.errors import InvalidInput
from windtunnel.model import (
    Assumption,
    Behavior,
    Cluster,
    Fleet,
    ManualRun,
    Problem,
    Scenario,
)
from windtunnel.search import Counterexample, explore, identify, keep, recall, repair
from windtunnel.trace import DagRun, Output, TaskInstance, Trace, Wait, Waits

DEFAULT_STORE = Path(".windtunnel")
LONGEST_WINDOW_S = 100 * 366 * 86400.0


def load(
    path: str | Path, *, profile: str = "airflow-3.3", airflow: loaders.AirflowChoice = "auto"
) -> Fleet:
    """Load a folder of DAG files, or one file.

    What can't be used is in ``Fleet.problems``; what had to be assumed in ``Fleet.assumptions``.

    Raises:
        InvalidInput: there is nothing at this path.
    """
    return loaders.load(Path(path), profile=profile, airflow=airflow).fleet


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
class Result:
    """One simulation and what is wrong in it."""

    scenario: Scenario
    trace: Trace
    findings: tuple[Finding, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Parts of the input that could not be used."""
        return self.scenario.fleet.problems

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """What the input did not say, and what was taken instead."""
        return (*self.scenario.fleet.assumptions, *assumed(self.scenario))

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
            why = "has no run in this window" if dag_id in known else "is not in the fleet"
            raise InvalidInput(f"DAG {dag_id!r} {why}; DAGs: {', '.join(known)}")
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


def simulate(
    target: Scenario | Fleet,
    *,
    cluster: Cluster | None = None,
    behavior: Behavior | None = None,
    start: datetime | None = None,
    window: str | float | None = None,
    runs: Iterable[ManualRun | str] = (),
    seed: int | None = None,
    execute: loaders.Loaded | None = None,
    show: Callable[[Output], None] | None = None,
) -> Result:
    """Simulate once. What is not given is the scenario's own, or the default.

    Args:
        target: A scenario, or a fleet to make one of.
        cluster: The deployment.
        behavior: What tasks do.
        start: First instant of the window.
        window: Its length: seconds, or ``"90m"``, ``"2d"``.
        runs: Manual runs; a string is a dag_id, triggered at the start.
        seed: Keys all randomness.
        execute: What was loaded from the DAG files: their real callables run in the place of
            modelled tries, at simulated time.
        show: Called with what a real callable printed; without it that is only in the trace.

    Raises:
        InvalidInput: a value can't be used, or the fleet has nothing to simulate.
    """
    scenario = scenario_of(
        target,
        cluster=cluster,
        behavior=behavior,
        start=start,
        window=window,
        runs=runs,
        seed=seed,
    )
    if execute is None:
        trace = Simulation(scenario).run()
    else:
        # Imported here: the freezer and the templates are heavy, and few simulations need them.
        from windtunnel.execute import Executed  # noqa: PLC0415

        with execute.importable(), Executed(execute.callables, show) as executed:
            trace = Simulation(scenario, bodies=executed).run()
    return Result(scenario, trace, detect(scenario, trace))


def scenario_of(
    target: Scenario | Fleet,
    *,
    cluster: Cluster | None = None,
    behavior: Behavior | None = None,
    start: datetime | None = None,
    window: str | float | None = None,
    runs: Iterable[ManualRun | str] = (),
    seed: int | None = None,
) -> Scenario:
    """The scenario that these arguments describe; see `simulate`.

    Raises:
        InvalidInput: a value can't be used.
    """
    if isinstance(target, Fleet):
        target = Scenario(fleet=target, start=loaders.DEFAULT_START)
    changes: dict[str, Any] = {}
    if cluster is not None:
        changes["cluster"] = cluster
    if behavior is not None:
        changes["behavior"] = behavior
    if start is not None:
        if start.tzinfo is None:
            raise InvalidInput(f"start={start.isoformat()}: give it a timezone, e.g. tzinfo=UTC")
        changes["start"] = start
    if window is not None:
        seconds = loaders.parse_duration(window) if isinstance(window, str) else float(window)
        if not 0 < seconds <= LONGEST_WINDOW_S:
            raise InvalidInput(f"window={window!r}: must be more than 0 s and at most 100 years")
        changes["duration_s"] = seconds
    if seed is not None:
        changes["seed"] = seed
    manual = tuple(ManualRun(dag_id=r) if isinstance(r, str) else r for r in runs)
    known = {dag.dag_id for dag in target.fleet.dags}
    for one in (*manual, *target.manual_runs):
        if one.dag_id not in known:
            listed = ", ".join(sorted(known)) or "none"
            raise InvalidInput(f"a run of DAG {one.dag_id!r} is asked for; the fleet has: {listed}")
    if manual:
        changes["manual_runs"] = manual
    return target.model_copy(update=changes)


def check(
    target: Scenario | Fleet,
    *,
    seeds: int = 8,
    progress: Callable[[int, int], None] | None = None,
    store: Path | None = None,
    **changes: Any,
) -> Report:
    """Simulate under several orders of equal candidates, and explain and repair what is found.

    Args:
        target: A scenario, or a fleet to make one of.
        seeds: Simulations beside the first one.
        progress: Called with (done, planned) after each simulation.
        store: Folder for counterexamples; None stores nothing.
        changes: As for `simulate`.

    Raises:
        InvalidInput: a value can't be used, or the store can't be written.
    """
    scenario = scenario_of(target, **changes)
    exploration = explore(scenario, seeds, progress)
    findings = []
    for finding, variant in exploration.found:
        if not finding.holding:
            findings.append(finding)
            continue
        name = identify(variant, finding.code)
        fixes = repair(scenario, finding, seeds)
        full = finding.model_copy(update={"counterexample": name, "fixes": fixes})
        if store is not None:
            keep(store, Counterexample(finding=full, scenario=variant))
        findings.append(full)
    result = Result(scenario, exploration.first, tuple(findings))
    hours = scenario.duration_s / 3600
    covered = (
        f"{exploration.simulations} simulations of {hours:g} h from "
        f"{scenario.start.isoformat()}: Airflow's usual order once, then {seeds} seeds that "
        f"decided {exploration.questions} ties and redrew durations; no faults"
        f"{'' if scenario.cluster.loop else ', no delays of the scheduler'}. "
        "Not found is not proved."
    )
    return Report(
        scenario,
        tuple(findings),
        exploration.simulations,
        covered,
        result,
        result.problems,
        result.assumptions,
    )


def replay(name: str, *, store: Path = DEFAULT_STORE) -> Report:
    """Simulate a stored counterexample again.

    Raises:
        InvalidInput: there is no such counterexample, or it can't be read.
        ReplayDrifted: windtunnel decides differently since it was stored.
    """
    kept = recall(store, name)
    trace = Simulation(kept.scenario).run()
    found = [f for f in detect(kept.scenario, trace) if _is_same(f, kept.finding)]
    findings = tuple(
        f.model_copy(update={"counterexample": name, "fixes": kept.finding.fixes}) for f in found
    )
    result = Result(kept.scenario, trace, findings)
    covered = "the stored counterexample, once"
    if not findings:
        covered += f"; it no longer shows {kept.finding.code}"
    return Report(kept.scenario, findings, 1, covered, result, result.problems, result.assumptions)


def _is_same(finding: Finding, kept: Finding) -> bool:
    return finding.code == kept.code and finding.cycle == kept.cycle


def assumed(scenario: Scenario) -> tuple[Assumption, ...]:
    """What the scenario leaves open and the simulation had to take for granted."""
    behavior, fleet = scenario.behavior, scenario.fleet
    known = {dag.dag_id for dag in fleet.dags}
    found: list[Assumption] = []
    unsaid = sum(
        1
        for dag in fleet.dags
        for task in dag.tasks
        if not any(rule.is_for(f"{dag.dag_id}.{task.task_id}") for rule in behavior.rules)
    )
    if unsaid:
        found.append(
            Assumption(
                subject=f"{unsaid} task{'' if unsaid == 1 else 's'} without a behavior",
                assumed=f"{behavior.default_duration_s:g} s each, always a success; a sensor's "
                "condition holds at its first poke",
            )
        )
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


__all__ = [
    "DEFAULT_STORE",
    "Report",
    "Result",
    "Task",
    "assumed",
    "check",
    "load",
    "replay",
    "scenario_of",
    "simulate",
]
