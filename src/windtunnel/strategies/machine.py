"""FleetMachine: an operator at work on a fleet, as a state machine of Hypothesis.

What the operator does is kept as manual runs and faults of one scenario. Whenever somebody asks
what became of it, that scenario is simulated anew from its start up to now. A simulation is a
function of its scenario, and what is done later changes nothing before: so each step continues the
last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from windtunnel.api import scenario_of, simulate
from windtunnel.errors import InvalidInput
from windtunnel.loaders import said_fault
from windtunnel.loaders.durations import in_words
from windtunnel.model import (
    Behavior,
    Cleared,
    Cluster,
    DagPaused,
    DagUnpaused,
    Fault,
    Fleet,
    ManualRun,
    PoolResized,
    RunMarked,
    Scenario,
    TaskMarked,
    WorkerLost,
)
from windtunnel.result import Result
from windtunnel.strategies.accounts import exceeded
from windtunnel.strategies.clusters import widest_tasks
from windtunnel.strategies.drawing import one_of

T = TypeVar("T")
ACTION_S = 1.0
"""Between two actions of the operator."""
MOST_SLOTS = 8


def of_machine(options: Callable[[FleetMachine], Iterable[T]]) -> st.SearchStrategy[T]:
    """One of what the running machine has."""
    return st.runner().flatmap(lambda machine: one_of(list(options(machine))))


class FleetMachine(RuleBasedStateMachine):
    """An operator who triggers, clears, marks, pauses, resizes and loses workers, in any order.

    Subclass it, say which fleet on which cluster, and add invariants of your own, which read
    `result`::

        class Nightly(FleetMachine):
            fleet = windtunnel.load("dags/")
            cluster = windtunnel.Cluster(pools={"db": windtunnel.Pool(slots=2)})

            @invariant()
            def a_load_never_runs_twice_at_once(self):
                states = [task.state for task in self.result.tasks("etl.load")]
                assert states.count("running") <= 1

        TestNightly = Nightly.TestCase

    Each action takes a second of simulated time; `advance` lets more of it go by.
    """

    fleet: ClassVar[Fleet]
    """Whose DAGs the operator looks after."""
    cluster: ClassVar[Cluster | None] = None
    """None: Airflow's defaults, with all pools that the fleet names."""
    behavior: ClassVar[Behavior] = Behavior()
    start: ClassVar[datetime | None] = None
    """The first instant; None: as `windtunnel.simulate` chooses it."""
    seed: ClassVar[int] = 0
    forbidden: ClassVar[frozenset[str]] = frozenset({"WT101"})
    """Codes of findings that fail the machine."""
    longest_s: ClassVar[float] = 6 * 3600.0
    """Time that goes by in one step, at most."""

    _base: ClassVar[Scenario]

    def __init__(self) -> None:
        super().__init__()
        self._given = self._scenario_given()
        self._now_s = ACTION_S
        self._runs: list[ManualRun] = []
        self._faults: list[Fault] = []
        self._paused = {dag.dag_id for dag in self._given.fleet.dags if dag.is_paused}
        self._lost: list[int] = []
        """Places, among the faults, of workers that are not back."""
        self._seen: tuple[float, Result] | None = None

    @classmethod
    def _scenario_given(cls) -> Scenario:
        """The scenario in which nobody does anything, made once for each class."""
        if "_base" not in cls.__dict__:
            if not isinstance(getattr(cls, "fleet", None), Fleet):
                raise InvalidInput(
                    f"{cls.__name__}: say which fleet it is about, for example: "
                    "fleet = windtunnel.load('dags/')"
                )
            made = scenario_of(
                cls.fleet,
                cluster=cls.cluster,
                behavior=cls.behavior,
                start=cls.start,
                seed=cls.seed,
            )
            cls._base = made.model_copy(update={"manual_runs": ()})
        return cls._base

    # -- what there is ------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        """Simulated seconds since the start."""
        return self._now_s

    @property
    def scenario(self) -> Scenario:
        """All that was done so far, as one scenario; `windtunnel.simulate` repeats it."""
        return self._given.model_copy(
            update={
                "manual_runs": tuple(self._runs),
                "faults": tuple(self._faults),
                "duration_s": self._now_s,
            }
        )

    @property
    def result(self) -> Result:
        """What became of it up to now: tasks, dag runs, findings."""
        if self._seen is None or self._seen[0] != self._now_s:
            self._seen = (self._now_s, simulate(self.scenario))
        return self._seen[1]

    @property
    def actions(self) -> tuple[str, ...]:
        """What the operator did, in the words of a scenario file, in order."""
        said = [(run.at_s, f"trigger {run.dag_id} at +{in_words(run.at_s)}") for run in self._runs]
        said += [(getattr(fault, "at_s", 0.0), said_fault(fault)) for fault in self._faults]
        return tuple(words for _, words in sorted(said, key=lambda pair: pair[0]))

    def _dag_ids(self) -> list[str]:
        return [dag.dag_id for dag in self._given.fleet.dags]

    def _run_ids(self) -> list[tuple[str, str]]:
        return [(run.dag_id, run.run_id) for run in self.result.dag_runs()]

    def _instances(self) -> list[tuple[str, str]]:
        trace = self.result.trace
        return list(
            dict.fromkeys(
                (f"{ti.dag_id}.{ti.task_id}", trace.runs[trace.ti_run[ti.index]].run_id)
                for ti in trace.task_instances()
            )
        )

    def _workers(self) -> int:
        groups = self._given.cluster.workers or ()
        return sum(group.count for group in groups) - len(self._lost)

    def _do(self, fault: Fault) -> None:
        self._faults.append(fault)
        self._now_s += ACTION_S

    # -- what the operator does ---------------------------------------------------------------

    @rule(dag_id=of_machine(lambda machine: machine._dag_ids()))
    def trigger(self, dag_id: str) -> None:
        """Trigger a DAG."""
        number = len(self._runs)
        self._runs.append(ManualRun(dag_id=dag_id, run_id=f"manual{number}", at_s=self._now_s))
        self._now_s += ACTION_S

    @rule(minutes=st.runner().flatmap(lambda machine: st.integers(1, machine._minutes())))
    def advance(self, minutes: int) -> None:
        """Wait for some minutes."""
        self._now_s += 60.0 * minutes

    def _minutes(self) -> int:
        return max(1, int(self.longest_s // 60))

    @precondition(lambda self: self._run_ids())
    @rule(run=of_machine(lambda machine: machine._run_ids()))
    def clear_run(self, run: tuple[str, str]) -> None:
        """Clear all task instances of a run, whatever their state."""
        dag_id, run_id = run
        self._do(Cleared(tasks=f"{dag_id}.*", run_id=run_id, states=(), at_s=self._now_s))

    @precondition(lambda self: self._run_ids())
    @rule(
        instance=of_machine(lambda machine: machine._instances()),
        downstream=st.booleans(),
    )
    def clear_task(self, instance: tuple[str, str], downstream: bool) -> None:
        """Clear a task of a run, perhaps with what is downstream of it."""
        task, run_id = instance
        self._do(
            Cleared(tasks=task, run_id=run_id, states=(), downstream=downstream, at_s=self._now_s)
        )

    @precondition(lambda self: self._run_ids())
    @rule(
        instance=of_machine(lambda machine: machine._instances()),
        state=one_of(("success", "failed", "skipped")),
    )
    def mark_task(self, instance: tuple[str, str], state: Any) -> None:
        """Mark a task of a run as success, failed or skipped."""
        task, run_id = instance
        self._do(TaskMarked(tasks=task, run_id=run_id, state=state, at_s=self._now_s))

    @precondition(lambda self: self._run_ids())
    @rule(
        run=of_machine(lambda machine: machine._run_ids()),
        state=one_of(("success", "failed")),
    )
    def mark_run(self, run: tuple[str, str], state: Any) -> None:
        """Mark a run as success or failed."""
        dag_id, run_id = run
        self._do(RunMarked(dags=dag_id, run_id=run_id, state=state, at_s=self._now_s))

    @precondition(lambda self: len(self._paused) < len(self._given.fleet.dags))
    @rule(dag_id=of_machine(lambda m: [d for d in m._dag_ids() if d not in m._paused]))
    def pause(self, dag_id: str) -> None:
        """Pause a DAG."""
        self._paused.add(dag_id)
        self._do(DagPaused(dags=dag_id, at_s=self._now_s))

    @precondition(lambda self: self._paused)
    @rule(dag_id=of_machine(lambda machine: sorted(machine._paused)))
    def unpause(self, dag_id: str) -> None:
        """Unpause a DAG."""
        self._paused.remove(dag_id)
        self._do(DagUnpaused(dags=dag_id, at_s=self._now_s))

    @rule(
        pool=of_machine(lambda machine: sorted(widest_tasks(machine._given.fleet))),
        slots=st.integers(1, MOST_SLOTS),
    )
    def resize_pool(self, pool: str, slots: int) -> None:
        """Give a pool another number of slots."""
        self._do(PoolResized(pool=pool, slots=slots, at_s=self._now_s))

    @precondition(lambda self: self._workers() > 0)
    @rule()
    def lose_worker(self) -> None:
        """A worker dies: the one with the most running tries."""
        self._lost.append(len(self._faults))
        self._do(WorkerLost(at_s=self._now_s))

    @precondition(lambda self: self._lost)
    @rule()
    def bring_back_worker(self) -> None:
        """A new worker takes the place of the one that was lost first."""
        place = self._lost.pop(0)
        lost = self._faults[place]
        assert isinstance(lost, WorkerLost)
        self._faults[place] = lost.model_copy(update={"for_s": self._now_s - lost.at_s})
        self._now_s += ACTION_S

    # -- what must hold -----------------------------------------------------------------------

    @invariant()
    def nothing_is_wrong(self) -> None:
        """No limit is exceeded, and no finding has one of the `forbidden` codes."""
        said = [f"a limit is exceeded: {words}" for words in exceeded(self.result)]
        forbidden = [f for f in self.result.findings if f.code in self.forbidden]
        said += [f"{found.code} {found.title}: {found.summary}" for found in forbidden]
        assert not said, "\n".join(said)

    def teardown(self) -> None:
        """Show what was done, so that it can be done again; Hypothesis does so if the machine
        fails."""
        note(Actions(self))
        super().teardown()


class Actions:
    """What a machine did, written out only if somebody looks."""

    def __init__(self, machine: FleetMachine) -> None:
        self._machine = machine

    def __repr__(self) -> str:
        machine = self._machine
        listed = "\n".join(f"    {words}" for words in machine.actions) or "    nothing"
        return (
            f"The operator did, within {machine.now_s:g} s from "
            f"{machine.scenario.start.isoformat()}:\n{listed}\n"
            "machine.scenario is all of it; windtunnel.simulate(machine.scenario) repeats it."
        )
