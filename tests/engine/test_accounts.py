"""Whatever goes wrong, the engine's accounts agree with a recount, and healed fleets finish."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from windtunnel.engine import Simulation, simulate
from windtunnel.engine.executors.celery import CeleryExecutor
from windtunnel.engine.executors.kubernetes import KubernetesExecutor
from windtunnel.engine.executors.local import LocalExecutor
from windtunnel.engine.executors.machines import Machines
from windtunnel.engine.world import FINISHED, QUEUED, RUNNING, SCHEDULED
from windtunnel.model import (
    ApiServerDown,
    Behavior,
    BrokerDown,
    CelerySettings,
    Cleared,
    ClockJump,
    Cluster,
    Dag,
    DagPaused,
    DagProcessorDown,
    DatabaseDown,
    DatabaseSlow,
    Deferrable,
    DiskFull,
    Every,
    ExecutorConfig,
    ExecutorSlotsLeaked,
    Fleet,
    HeartbeatLost,
    KubernetesSettings,
    LateData,
    LimitNotKept,
    ManualRun,
    OutOfMemory,
    Pool,
    PoolDeleted,
    PoolResized,
    ResultLost,
    Rule,
    RunMarked,
    Scenario,
    SchedulerDown,
    SchedulerLoop,
    SchedulerLost,
    SchedulerPaused,
    Sensor,
    SpotLoss,
    Task,
    TaskFails,
    TaskHangs,
    TaskIsSlow,
    TaskLostByExecutor,
    TaskMarked,
    TriggererDown,
    TriggererLost,
    WorkerGroup,
    WorkerLost,
    WorkersDrained,
)
from windtunnel.trace import store
from windtunnel.trace.states import RunState

START = datetime(2026, 3, 1, tzinfo=UTC)
S = 1_000_000
HEALED_S = 2000
"""All faults are over by then."""
thorough = examples(150)

seconds = st.integers(0, 900)


@st.composite
def windows(draw: st.DrawFn) -> dict[str, float]:
    return {"at_s": draw(seconds), "for_s": draw(st.integers(1, 900))}


@st.composite
def again(draw: st.DrawFn) -> dict[str, object]:
    """A window, sometimes one that comes again."""
    window = draw(windows())
    if draw(st.integers(0, 3)):
        return window
    every = draw(st.integers(int(window["for_s"]), 1000))
    times = (HEALED_S - int(window["at_s"] + window["for_s"])) // every + 1
    return {**window, "every_s": every, "times": draw(st.integers(1, max(1, min(3, times))))}


@st.composite
def of_tasks(draw: st.DrawFn) -> dict[str, object]:
    return {
        **draw(again()),
        "tasks": draw(st.sampled_from(("*", "d0.*", "*.t1", "*.t0"))),
        "tries": draw(st.sampled_from(((), (1,), (2,)))),
        "probability": draw(st.sampled_from((1.0, 0.5))),
    }


names = st.sampled_from(("*", "d0.t1", "*.t0"))
counts = st.one_of(
    st.fixed_dictionaries({"count": st.integers(1, 2)}),
    st.fixed_dictionaries({"share": st.sampled_from((0.3, 1.0))}),
)
noticed = st.sampled_from(("heartbeat", "at once"))
one_of_two = st.integers(1, 2)
beside = st.fixed_dictionaries(
    {name: st.booleans() for name in ("upstream", "downstream", "past", "future")}
).map(lambda more: {**more, "run_id": "m" if more["past"] or more["future"] else None})

faults = st.one_of(
    st.builds(
        lambda of, raising: TaskFails(**of, raising=raising),
        of_tasks(), st.sampled_from((None, "AirflowSkipException", "AirflowFailException")),
    ),
    st.builds(lambda of, after: TaskFails(**of, after_s=after), of_tasks(), st.integers(0, 90)),
    st.builds(lambda of, f: TaskIsSlow(**of, factor=f), of_tasks(), st.sampled_from((0.5, 7))),
    st.builds(lambda of: TaskHangs(**of), of_tasks()),
    st.builds(lambda of, after: OutOfMemory(**of, after_s=after), of_tasks(), st.integers(0, 90)),
    st.builds(lambda of: HeartbeatLost(**of), of_tasks()),
    st.builds(lambda of, n: ResultLost(**of, noticed=n), of_tasks(), st.one_of(st.none(), noticed)),
    st.builds(lambda of: TaskLostByExecutor(**of), of_tasks()),
    st.builds(LateData, tasks=st.just("*"), by_s=seconds),
    st.builds(
        lambda w, c, n, r: WorkerLost(**w, **c, noticed=n, results_written=r),
        again(), counts, noticed, st.booleans(),
    ),
    st.builds(
        lambda w, c, n, s: SpotLoss(**w, **c, noticed=n, notice_s=s),
        windows(), counts, noticed, st.integers(0, 200),
    ),
    st.builds(lambda w, c: WorkersDrained(**w, **c), again(), counts),
    st.builds(lambda w, c: DiskFull(**w, **c), windows(), counts),
    st.builds(lambda w, n: PoolResized(**w, pool="p", slots=n), windows(), st.integers(-1, 4)),
    st.builds(lambda w: PoolDeleted(**w, pool="p"), windows()),
    st.builds(lambda w: DagPaused(**w, dags="d0"), again()),
    st.builds(
        lambda tasks, at, states, more: Cleared(tasks=tasks, at_s=at, states=states, **more),
        names, seconds, st.sampled_from((("failed", "upstream_failed"), (), ("running",))), beside,
    ),
    st.builds(
        lambda tasks, at, state, more: TaskMarked(tasks=tasks, at_s=at, state=state, **more),
        names, seconds, st.sampled_from(("success", "failed", "skipped")), beside,
    ),
    st.builds(
        RunMarked, dags=st.just("d*"), at_s=seconds, state=st.sampled_from(("success", "failed")),
        run_id=st.sampled_from((None, "m")),
    ),
    st.builds(lambda w: SchedulerDown(**w), again()),
    st.builds(lambda w, lost: BrokerDown(**w, messages_lost=lost), again(), st.booleans()),
    st.builds(lambda w: TriggererDown(**w), again()),
    st.builds(lambda w: DagProcessorDown(**w), again()),
    st.builds(lambda w, by: ClockJump(**w, by_s=by), again(), st.sampled_from((-500, 200, 4000))),
    st.builds(lambda w: LimitNotKept(**w, dags="d0"), windows()),
    st.builds(lambda w, n: SchedulerPaused(**w, scheduler=n), again(), one_of_two),
    st.builds(lambda w, n: SchedulerLost(**w, scheduler=n), again(), one_of_two),
    st.builds(lambda w: DatabaseDown(**w), again()),
    st.builds(
        lambda w, f, by: DatabaseSlow(**w, factor=f, by_s=by),
        again(), st.sampled_from((0.5, 9)), st.integers(0, 20),
    ),
    st.builds(lambda w: ApiServerDown(**w), again()),
    st.builds(lambda w, n: TriggererLost(**w, triggerer=n), again(), one_of_two),
    st.builds(ExecutorSlotsLeaked, at_s=seconds, slots=st.just(1), scheduler=one_of_two),
)  # fmt: skip


@st.composite
def dags(draw: st.DrawFn, number: int) -> Dag:
    tasks = []
    for index in range(draw(st.integers(1, 4))):
        kinds = {"kind": draw(st.sampled_from((Sensor(mode="reschedule"), Deferrable())))}
        tasks.append(
            Task(
                task_id=f"t{index}",
                upstream=tuple(
                    f"t{u}" for u in sorted(draw(st.sets(st.integers(0, index - 1), max_size=2)))
                )
                if index
                else (),
                pool=draw(st.sampled_from(("default_pool", "p"))),
                pool_slots=draw(st.integers(1, 2)),
                trigger_rule=draw(st.sampled_from(("all_success", "all_done", "one_failed"))),
                retries=draw(st.integers(0, 2)),
                retry_delay_s=draw(st.sampled_from((0, 30))),
                execution_timeout_s=400,
                depends_on_past=draw(st.integers(0, 5)) == 5,
                max_active_tis_per_dag=draw(st.sampled_from((None, None, 1))),
                **(kinds if draw(st.integers(0, 3)) == 3 else {}),
            )
        )
    return Dag(
        dag_id=f"d{number}",
        tasks=tuple(tasks),
        schedule=draw(st.sampled_from((None, Every(seconds=300)))),
        start_date=START,
        end_date=datetime(2026, 3, 1, 0, 20, tzinfo=UTC),
        catchup=True,
        max_active_runs=draw(st.integers(1, 2)),
        max_active_tasks=draw(st.integers(1, 3)),
        dagrun_timeout_s=draw(st.sampled_from((None, None, 700))),
    )


@st.composite
def executors(draw: st.DrawFn, profile: str) -> dict[str, object]:
    """Where tasks run: nothing is known, only workers are, or one of Airflow's executors."""
    names = [None, "LocalExecutor", "CeleryExecutor", "KubernetesExecutor"]
    names.append("LocalExecutor,CeleryExecutor")
    if profile == "airflow-2.11":
        names += ["SequentialExecutor", "LocalKubernetesExecutor"]
    name = draw(st.sampled_from(names))
    groups = (WorkerGroup(count=2, slots=1), WorkerGroup(name="b", count=1, slots=2))
    if name is None:
        return {"workers": draw(st.sampled_from((None, groups)))}
    return {
        "executor": name,
        "workers": groups if "CeleryExecutor" in name else None,
        "celery": CelerySettings(
            worker_prefetch_multiplier=draw(st.integers(0, 2)),
            task_acks_late=draw(st.booleans()),
            visibility_timeout_s=draw(st.sampled_from((None, 50, 400))),
        ),
        "kubernetes_executor": KubernetesSettings(
            worker_pods_creation_batch_size=draw(st.integers(1, 2)),
            task_publish_max_retries=draw(st.sampled_from((-1, 0, 5))),
            pod_start_s=draw(st.sampled_from((0, 10))),
            pod=ExecutorConfig(request_cpus=0.5),
            quota_pods=draw(st.sampled_from((None, 2))),
            nodes=draw(st.sampled_from((None, 2))),
            node_cpus=0.7,
        ),
    }


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    fleet = [draw(dags(number)) for number in range(draw(st.integers(1, 2)))]
    profile = draw(st.sampled_from(("airflow-3.3", "airflow-2.11")))
    cluster = Cluster(
        profile=profile,
        pools={"p": Pool(slots=2, include_deferred=draw(st.booleans()))},
        parallelism=draw(st.integers(2, 5)),
        schedulers=draw(st.sampled_from((1, 2))),
        triggerers=draw(st.sampled_from((1, 2))),
        triggerer_capacity=draw(st.sampled_from((1, 1000))),
        loop=draw(st.sampled_from((None, None, SchedulerLoop()))),
        **draw(executors(profile)),
    )
    return Scenario(
        fleet=Fleet(dags=tuple(fleet)),
        cluster=cluster,
        behavior=Behavior(
            rules=(Rule(tasks="*.t2", duration_s=5.0, true_at_s=draw(seconds)),),
            default_duration_s=draw(st.sampled_from((7.0, 60.0))),
        ),
        start=START,
        duration_s=40_000,
        manual_runs=tuple(
            ManualRun(dag_id=dag.dag_id, run_id="m", logical_date=START)
            for dag in fleet
            if dag.schedule is None
        ),
        faults=tuple(draw(st.lists(faults, max_size=4))),
        seed=draw(st.integers(0, 3)),
    )


def recount(simulation: Simulation) -> None:
    """Every account of the world, and of the workers, against the states themselves."""
    world, parts = simulation.world, simulation._parts
    program = world.program
    pools, waiting, occupied = Counter(), Counter(), 0
    per_run, unfinished, scheduled = Counter(), Counter(), Counter()
    for ti, state in enumerate(world.state):
        run = world.runs[world.ti_run[ti]]
        task = world.ti_task[ti]
        pool = run.dag.pools[task]
        holds = state in (QUEUED, RUNNING)
        deferred = state == 11 and world.pool_counts_deferred[pool]
        pools[pool] += (holds or deferred) * run.dag.tasks[task].pool_slots
        occupied += holds
        per_run[run.index] += holds
        scheduled[run.index] += state == SCHEDULED
        waiting[pool] += state == SCHEDULED
        unfinished[run.index] += state not in FINISHED
    assert occupied == world.occupied
    assert sum(waiting.values()) == world.waiting
    for pool in range(len(program.pools)):
        assert world.pool_used[pool] == pools[pool]
        assert world.waiting_in.get(pool, 0) == waiting[pool]
    for run in world.runs:
        assert run.active == per_run[run.index]
        assert run.waiting == scheduled[run.index]
        assert run.unfinished == unfinished[run.index]
    for number in range(len(program.dags)):
        runs = world.runs_of[number]
        assert world.running_runs[number] == sum(r.state == RunState.RUNNING for r in runs)
        assert world.active_runs[number] == sum(r.state <= RunState.RUNNING for r in runs)
    finite = [s - world.pool_used[p] for p, s in enumerate(world.pool_slots) if s and s > 0]
    if all(s is None or s >= 0 for s in world.pool_slots):
        assert world.open_slots == sum(max(0, free) for free in finite)
    uncounted = 0
    for executor in getattr(parts.workers, "all", (parts.workers,)):
        if isinstance(executor, Machines):
            recount_machines(executor)
        elif isinstance(executor, KubernetesExecutor):
            recount_pods(executor)
        if isinstance(executor, LocalExecutor) and not executor._counts:
            uncounted += len(executor._queued_us)
    assert uncounted <= occupied
    assert world.uncounted == uncounted - parts.workers.leaked


def recount_machines(executor: Machines) -> None:
    for worker in executor._workers:
        slots = executor.groups[worker.group].slots
        assert 0 <= worker.free <= slots
        assert not worker.alive or worker.free + len(worker.running) == slots
        assert not worker.reserved or (worker.alive and not worker.free)
    if isinstance(executor, CeleryExecutor):
        assert executor._reserved == sum(len(w.reserved) for w in executor._workers)


def recount_pods(executor: KubernetesExecutor) -> None:
    settings = executor._settings
    cpus, _, pods = executor._quota._used
    placed = [p for n in executor._nodes._nodes.values() for p in n.pods.values()]
    assert pods == len(executor._pending) + len(placed)
    assert cpus == pytest.approx(0.5 * pods)
    assert settings.quota_pods is None or pods <= settings.quota_pods
    assert set(executor._placed) <= {pod.ti for pod in placed}
    if settings.nodes is not None:
        assert all(-1e-6 < node.cpus <= 0.7 + 1e-6 for node in executor._nodes._nodes.values())
    assert not set(executor._wanted) & {*executor._pending, *executor._placed}


@thorough
@given(scenarios(), st.integers(1, 3000))
def test_all_accounts_agree_with_a_recount_at_any_time(scenario, second):
    simulation = Simulation(scenario)
    simulation.clock.run(until=second * S)
    recount(simulation)
    simulation.run()
    recount(simulation)


@thorough
@given(scenarios())
def test_time_never_goes_back_and_every_try_that_begins_is_accounted_for(scenario):
    trace = simulate(scenario)
    times = list(trace.history.times())
    assert times == sorted(times)
    running: set[int] = set()
    for _, who, state in trace.history:
        if who >= 0 and state == RUNNING:
            assert who not in running, "a task instance begins while it already runs"
            running.add(who)
        elif who >= 0:
            running.discard(who)


@thorough
@given(scenarios())
def test_the_same_scenario_with_faults_gives_the_same_trace(scenario):
    again = Scenario.model_validate_json(scenario.model_dump_json())
    assert list(store.dump(simulate(scenario))) == list(store.dump(simulate(again)))


@thorough
@given(scenarios())
def test_after_all_faults_heal_every_run_that_is_not_stuck_ends(scenario):
    trace = simulate(scenario)
    left = [run for run in trace.dag_runs() if run.state in ("queued", "running")]
    if not left:
        return
    snapshot = trace.snapshots[-1]
    moving = [
        actor for actor in snapshot.actors if actor.ends_by_itself and actor.state == "running"
    ]
    assert not moving, "the window is long enough for all that moves"
