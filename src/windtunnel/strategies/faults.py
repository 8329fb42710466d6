"""Faults: what can go wrong with a fleet on a cluster. Only what is there is struck."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from hypothesis import strategies as st

from windtunnel.errors import InvalidInput
from windtunnel.model import (
    ApiServerDown,
    BrokerDown,
    Cleared,
    ClockJump,
    Cluster,
    DagChanged,
    DagPaused,
    DagProcessorDown,
    DagUnpaused,
    DatabaseDown,
    DatabaseSlow,
    DiskFull,
    ExecutorSlotsLeaked,
    Fault,
    Fleet,
    HeartbeatLost,
    LateData,
    LimitNotKept,
    OutOfMemory,
    PoolDeleted,
    PoolResized,
    Resource,
    ResourceDown,
    ResourceResized,
    ResultLost,
    RunMarked,
    SchedulerDown,
    SchedulerLost,
    SchedulerPaused,
    Sensor,
    SpotLoss,
    TaskFails,
    TaskHangs,
    TaskIsSlow,
    TaskLostByExecutor,
    TaskMarked,
    TriggererDown,
    TriggererLost,
    WorkerLost,
    WorkersDrained,
)
from windtunnel.model.base import Value
from windtunnel.strategies.clusters import widest_tasks
from windtunnel.strategies.drawing import (
    HOUR_S,
    MINUTE_S,
    Draw,
    instants,
    one_of,
    pick,
    seldom,
    seldom_true,
)

AnyFault = st.SearchStrategy[Any]
Option = tuple[type[Value], dict[str, AnyFault]]
"""A fault that is possible, and how its arguments are drawn."""

EXCEPTIONS = (None, "AirflowSkipException", "AirflowFailException", "ValueError")
NOTICED = ("heartbeat", "at once")
STATES: tuple[tuple[str, ...], ...] = (
    ("failed", "upstream_failed"),
    (),
    ("running",),
    ("success",),
)


def faults(
    fleet: Fleet,
    cluster: Cluster | None = None,
    *,
    resources: Mapping[str, Resource] | None = None,
    run_ids: Iterable[str] = (),
    window_s: float = HOUR_S,
    healed_by_s: float | None = None,
    only: Collection[str] | None = None,
) -> st.SearchStrategy[Fault]:
    """Single faults that can strike a fleet on a cluster: none speaks of a task, pool, worker or
    resource that isn't there. Shrinks to the first try of the first task that fails at the start.

    Args:
        fleet: The DAGs and tasks.
        cluster: By default Airflow's defaults, with no worker that could be lost.
        resources: Those of the scenario.
        run_ids: Of runs that people may clear or mark by themselves.
        window_s: They begin so early, in seconds after the start.
        healed_by_s: All that lasts is over by then; by default some last until the window ends.
        only: Types such as ``"task_fails"`` and ``"worker_lost"``; by default all.

    Raises:
        InvalidInput: none of these is possible.
    """
    where = _There(
        fleet,
        cluster or Cluster(),
        dict(resources or {}),
        tuple(run_ids),
        _windows(window_s, healed_by_s),
        instants(window_s if healed_by_s is None else min(window_s, healed_by_s)),
    )
    options = [
        *where.of_tasks(),
        *where.of_people(),
        *where.of_workers(),
        *where.of_control_plane(),
    ]
    options += where.of_resources()
    names = {kind: str(kind.model_fields["type"].default) for kind, _ in options}
    wanted = [one for one in options if only is None or names[one[0]] in only]
    if not wanted:
        raise InvalidInput(
            f"faults: nothing of {', '.join(only or ()) or 'all this'} can strike this fleet on "
            f"this cluster; what can is {', '.join(sorted(names.values())) or 'nothing'}"
        )
    built = [_built(kind, given) for kind, given in wanted]
    return one_of(built).flatmap(lambda strategy: strategy)


def _built(kind: Callable[..., Value], given: dict[str, AnyFault]) -> st.SearchStrategy[Fault]:
    """The fault itself; what is drawn under a name in brackets are several of its arguments."""

    def made(drawn: dict[str, Any]) -> Fault:
        arguments: dict[str, Any] = {}
        for name, value in drawn.items():
            arguments |= value if name.startswith("<") else {name: value}
        return cast(Fault, kind(**arguments))

    return st.fixed_dictionaries(given).map(made)


# -- times ------------------------------------------------------------------------------------


@st.composite
def _windows(draw: Draw, window_s: float, healed_by_s: float | None) -> dict[str, Any]:
    """When it begins; then it lasts, or for a while, or comes again."""
    end_s = window_s if healed_by_s is None else healed_by_s
    at_s = draw(instants(min(window_s, end_s)))
    how = pick(draw, ("lasts", "a while", "a while", "again"))
    if how == "lasts" and healed_by_s is None:
        return {"at_s": at_s}
    left_s = max(1.0, end_s - at_s)
    for_s = min(MINUTE_S * draw(st.integers(1, max(1, int(left_s / MINUTE_S)))), left_s)
    found: dict[str, Any] = {"at_s": at_s, "for_s": for_s}
    if how == "again":
        pause = draw(st.integers(0, 1))
        found["every_s"] = every_s = for_s * (1 + pause)
        # The last one, too, is over in time.
        most = max(1, min(3, 1 + int((left_s - for_s) / every_s)))
        found["times"] = draw(st.integers(1, most))
    return found


@dataclass(frozen=True, slots=True)
class _There:
    """What there is to be struck."""

    fleet: Fleet
    cluster: Cluster
    resources: dict[str, Resource]
    run_ids: tuple[str, ...]
    windows: st.SearchStrategy[dict[str, Any]]
    moments: st.SearchStrategy[float]

    @property
    def names(self) -> list[str]:
        """All tasks, then patterns over several."""
        tasks = [f"{dag.dag_id}.{task.task_id}" for dag in self.fleet.dags for task in dag.tasks]
        return [*tasks, *(f"{dag.dag_id}.*" for dag in self.fleet.dags if dag.tasks), "*"]

    # -- tasks --------------------------------------------------------------------------------

    def of_tasks(self) -> Iterator[Option]:
        """What goes wrong in tries."""
        if not any(dag.tasks for dag in self.fleet.dags):
            return
        given: dict[str, AnyFault] = {
            "tasks": one_of(self.names),
            "tries": one_of(((1,), (), (2,))),
            "<window>": self.windows,
            "probability": one_of((1.0, 1.0, 0.5)),
        }
        after = {"after_s": seldom(one_of((0.0, 30.0)), 2)}
        yield TaskFails, {**given, **after, "raising": one_of(EXCEPTIONS)}
        yield TaskIsSlow, {**given, "factor": one_of((2.0, 10.0, 0.5))}
        yield TaskHangs, given
        yield OutOfMemory, {**given, **after}
        yield HeartbeatLost, given
        yield ResultLost, {**given, "noticed": one_of((None, *NOTICED))}
        yield TaskLostByExecutor, given
        sensors = [
            f"{dag.dag_id}.{task.task_id}"
            for dag in self.fleet.dags
            for task in dag.tasks
            if isinstance(task.kind, Sensor)
        ]
        if sensors:
            yield LateData, {"tasks": one_of(sensors), "by_s": one_of((600.0, 3600.0))}

    # -- people -------------------------------------------------------------------------------

    def of_people(self) -> Iterator[Option]:
        """What somebody does by hand."""
        if not any(dag.tasks for dag in self.fleet.dags):
            return
        ids = [dag.dag_id for dag in self.fleet.dags]
        at = {"at_s": self.moments}
        run: dict[str, AnyFault] = {"run_id": one_of((None, *self.run_ids))}
        beside = {"upstream": seldom_true(), "downstream": seldom_true()}
        tasks = {"tasks": one_of(self.names), **beside, "<run>": self._beside()}
        yield Cleared, {**tasks, **at, "states": one_of(STATES)}
        yield TaskMarked, {**tasks, **at, "state": one_of(("success", "failed", "skipped"))}
        yield RunMarked, {"dags": one_of(ids), **at, **run, "state": one_of(("failed", "success"))}
        yield DagPaused, {"dags": one_of(ids), "<window>": self.windows}
        yield LimitNotKept, {"dags": one_of(ids), "<window>": self.windows}
        if paused := [dag.dag_id for dag in self.fleet.dags if dag.is_paused]:
            yield DagUnpaused, {"dags": one_of(paused), "<window>": self.windows}
        pools = widest_tasks(self.fleet)
        slots = {"slots": one_of((1, 0, 2, 4, -1))}
        yield PoolResized, {"pool": one_of(sorted(pools)), **slots, "<window>": self.windows}
        yield PoolDeleted, {"pool": one_of(sorted(pools)), "<window>": self.windows}
        large = [dag for dag in self.fleet.dags if len(dag.tasks) > 1]
        if large:
            changed = [
                {"dag_id": dag.dag_id, "without": (task.task_id,)}
                for dag in large
                for task in dag.tasks
            ]
            pinned = {"pinned": seldom_true()} if self.cluster.airflow.has_dag_versions else {}
            yield DagChanged, {"<dag>": one_of(changed), **at, **pinned}

    def _beside(self) -> st.SearchStrategy[dict[str, Any]]:
        """All runs, or one of them, perhaps with those before or after it."""
        options: list[dict[str, Any]] = [{}]
        for run_id in self.run_ids:
            options += [{"run_id": run_id}, {"run_id": run_id, "future": True}]
            options += [{"run_id": run_id, "past": True}]
        return one_of(options)

    # -- workers ------------------------------------------------------------------------------

    def of_workers(self) -> Iterator[Option]:
        """Machines that are lost, if there are any."""
        cluster = self.cluster
        if cluster.workers is None and cluster.executor is None:
            return
        groups = cluster.workers or ()
        most = max(1, sum(group.count for group in groups))
        struck = st.one_of(
            st.integers(1, most if groups else 2).map(lambda count: {"count": count}),
            one_of((0.5, 1.0)).map(lambda share: {"share": share}),
        )
        given: dict[str, AnyFault] = {"<struck>": struck, "<window>": self.windows}
        noticed = {"noticed": one_of(NOTICED)}
        yield WorkerLost, {**given, **noticed, "results_written": seldom_true()}
        yield SpotLoss, {**given, **noticed, "notice_s": one_of((120.0, 30.0, 0.0))}
        yield WorkersDrained, given
        yield DiskFull, given

    # -- what runs Airflow --------------------------------------------------------------------

    def of_control_plane(self) -> Iterator[Option]:
        """Schedulers, triggerers, database, broker."""
        cluster = self.cluster
        window = {"<window>": self.windows}
        scheduler = {"scheduler": st.integers(1, cluster.schedulers)}
        yield SchedulerDown, window
        yield SchedulerPaused, {**window, **scheduler}
        yield SchedulerLost, {**window, **scheduler}
        yield DatabaseDown, window
        yield DatabaseSlow, {**window, "factor": one_of((2.0, 9.0)), "by_s": one_of((0.0, 20.0))}
        yield TriggererDown, window
        yield TriggererLost, {**window, "triggerer": st.integers(1, cluster.triggerers)}
        yield DagProcessorDown, window
        yield ClockJump, {**window, "by_s": one_of((200.0, -500.0, 4000.0))}
        yield ExecutorSlotsLeaked, {"at_s": self.moments, "slots": st.integers(1, 2), **scheduler}
        if cluster.airflow.tasks_use_api_server:
            yield ApiServerDown, window
        if not cluster.executor_names or "CeleryExecutor" in cluster.executor_names:
            yield BrokerDown, {**window, "messages_lost": seldom_true(2)}

    # -- resources ----------------------------------------------------------------------------

    def of_resources(self) -> Iterator[Option]:
        """What tries share."""
        if not self.resources:
            return
        names = sorted(self.resources)
        yield ResourceDown, {
            "resource": one_of(names), "<window>": self.windows, "waits": seldom_true(2),
        }  # fmt: skip
        counted = [name for name in names if self.resources[name].slots is not None]
        if counted:
            yield ResourceResized, {
                "resource": one_of(counted), "<window>": self.windows, "slots": st.integers(0, 2),
            }  # fmt: skip
