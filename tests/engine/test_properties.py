"""What holds for every small fleet: limits hold, runs end or the trace says why, traces replay."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deciding import even
from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    Empty,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Pool,
    Rule,
    Scenario,
    Sensor,
    Task,
    TriggerDagRun,
    TriggerRule,
    Uniform,
    Work,
    WorkerGroup,
)
from windtunnel.search.steered import steered
from windtunnel.trace import TaskState, store

START = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = ("a", "b", "c")
quick = settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def kinds(number: int) -> st.SearchStrategy:
    """Mostly work; a DAG triggers only DAGs after it, so that no fleet makes runs without end."""
    plain = [st.just(Work())] * 4 + [
        st.just(Empty()),
        st.builds(Sensor, mode=st.sampled_from(("poke", "reschedule")), timeout_s=st.just(300.0)),
        st.builds(
            ExternalTaskSensor,
            external_dag_id=st.sampled_from(NAMES),
            mode=st.sampled_from(("poke", "reschedule")),
            timeout_s=st.just(600.0),
            deferrable=st.booleans(),
        ),
    ]
    later = NAMES[number + 1 :]
    if later:
        plain.append(
            st.builds(
                TriggerDagRun,
                trigger_dag_id=st.sampled_from(later),
                wait_for_completion=st.booleans(),
                deferrable=st.booleans(),
            )
        )
    return st.one_of(plain)


@st.composite
def dags(draw: st.DrawFn, number: int, wide: bool) -> Dag:
    tasks = []
    for index in range(draw(st.integers(1, 4))):
        above = [f"t{i}" for i in range(index)]
        tasks.append(
            Task(
                task_id=f"t{index}",
                kind=draw(kinds(number)),
                upstream=tuple(name for name in above if draw(st.booleans())),
                trigger_rule=draw(st.sampled_from((TriggerRule.ALL_SUCCESS, TriggerRule.ALL_DONE))),
                pool=draw(st.sampled_from(("default_pool", "db"))),
                pool_slots=draw(st.integers(1, 1 + wide)),
                priority_weight=draw(st.integers(1, 2)),
                retries=draw(st.integers(0, 1)),
                retry_delay_s=30.0,
                queue=draw(st.sampled_from(("default", "heavy"))),
            )
        )
    return Dag(
        dag_id=NAMES[number],
        tasks=tuple(tasks),
        max_active_runs=draw(st.integers(1, 2)),
        max_active_tasks=draw(st.integers(1, 3)),
    )


@st.composite
def scenarios(draw: st.DrawFn, *, workers: bool = True, wide: bool = True) -> Scenario:
    fleet = Fleet(dags=tuple(draw(dags(number, wide)) for number in range(draw(st.integers(1, 3)))))
    groups = (
        WorkerGroup(slots=draw(st.integers(1, 2)), count=draw(st.integers(1, 2))),
        WorkerGroup(name="big", slots=draw(st.integers(1, 2)), queues=("heavy",)),
    )
    cluster = Cluster(
        profile=draw(st.sampled_from(("airflow-3.3", "airflow-2.11"))),
        parallelism=draw(st.integers(1, 5)),
        default_pool_slots=draw(st.integers(1, 4)),
        pools={"db": Pool(slots=draw(st.integers(1, 3)), include_deferred=draw(st.booleans()))},
        workers=groups if workers and draw(st.booleans()) else None,
    )
    outcome = st.sampled_from(("success", "success", "fail", "skip"))
    rules = tuple(
        Rule(
            tasks=f"*.t{i}",
            duration_s=Uniform(low=0, high=120),
            outcome=draw(outcome),
            true_at_s=draw(st.sampled_from((0.0, 100.0, None))),
        )
        for i in range(4)
    )
    runs = draw(st.lists(st.sampled_from([d.dag_id for d in fleet.dags]), min_size=1, max_size=5))
    return Scenario(
        fleet=fleet,
        cluster=cluster,
        behavior=Behavior(rules=rules),
        start=START,
        duration_s=4 * 3600,
        manual_runs=tuple(ManualRun(dag_id=name, at_s=60 * (i % 2)) for i, name in enumerate(runs)),
        seed=draw(st.integers(0, 3)),
    )


def held(scenario: Scenario, trace, states=("queued", "running")):
    """At each event: how many slots of each limit are held, counted from the trace alone."""
    tasks = {d.dag_id: {t.task_id: t for t in d.tasks} for d in scenario.fleet.dags}
    now: dict[tuple, str] = {}
    runs: dict[tuple, str] = {}
    for event in trace.events():
        if event.task_id is None:
            runs[event.dag_id, event.run] = event.state
        else:
            now[event.dag_id, event.run, event.task_id, event.map_index] = event.state
        used: Counter = Counter()
        for (dag_id, run, task_id, _), state in now.items():
            task = tasks[dag_id][task_id]
            pool = scenario.cluster.pool(task.pool)
            if state in states or (state == "deferred" and pool.include_deferred):
                used["pool", task.pool] += task.pool_slots
            if state in states:
                used["parallelism"] += 1
                used["max_active_tasks", dag_id, run] += 1
                used["max_active_tasks", dag_id] += 1
            if state == "running":
                used["workers", task.queue] += 1
        for (dag_id, _), state in runs.items():
            used["max_active_runs", dag_id] += state == "running"
        yield event.at_us, used


@quick
@given(scenarios())
def test_no_limit_is_ever_exceeded(scenario):
    cluster = scenario.cluster
    per_run = cluster.airflow.max_active_tasks_per == "run"
    slots = {g.queues[0]: g.count * g.slots for g in cluster.workers or ()}
    trace = simulate(scenario)
    for at, used in held(scenario, trace):
        assert used["parallelism"] <= cluster.parallelism, at
        for name in ("default_pool", "db"):
            assert used["pool", name] <= cluster.pool(name).slots, (at, name)
        for queue, most in slots.items():
            assert used["workers", queue] <= most, (at, queue)
        for dag in scenario.fleet.dags:
            assert used["max_active_runs", dag.dag_id] <= dag.max_active_runs, at
            if not per_run:
                assert used["max_active_tasks", dag.dag_id] <= dag.max_active_tasks, at
        if per_run:
            for key, count in used.items():
                if key[0] == "max_active_tasks" and len(key) == 3:
                    limit = scenario.fleet.dag(key[1]).max_active_tasks
                    assert count <= limit, (at, key)


@quick
@given(scenarios())
def test_every_run_ends_or_the_last_snapshot_shows_what_is_left(scenario):
    trace = simulate(scenario)
    left = {(r.dag_id, r.run) for r in trace.dag_runs() if r.state in ("queued", "running")}
    if not left:
        return
    snapshot = trace.snapshots[-1]
    assert snapshot.at_us == trace.history.at(-1) or snapshot.cause in ("end", "quiet")
    assert {(run.dag_id, run.name) for run in snapshot.runs} == left
    for actor in snapshot.actors:
        run = snapshot.runs[actor.run]
        waits = actor.needs or actor.upstream or actor.wish or actor.never or run.needs
        assert waits or actor.ends_by_itself, f"{actor.name} neither waits nor goes on"


@quick
@given(scenarios(), st.integers(0, 1000))
def test_a_recorded_simulation_replays_to_the_same_trace(scenario, seed):
    kept, recorded = steered(scenario, even(seed))
    replayed = simulate(Scenario.model_validate_json(kept.model_dump_json()))
    assert list(store.dump(replayed)) == list(store.dump(recorded))


@quick
@given(scenarios())
def test_a_trace_survives_its_file_form(scenario):
    trace = simulate(scenario)
    lines = list(store.dump(trace))
    back = store.parse(lines)
    assert list(store.dump(back)) == lines
    assert list(back.events()) == list(trace.events())
    assert back.task_instances() == trace.task_instances()
    assert back.dag_runs() == trace.dag_runs()


@quick
@given(scenarios())
def test_time_never_goes_back_and_every_try_is_begun_before_it_ends(scenario):
    trace = simulate(scenario)
    times = list(trace.history.times())
    assert times == sorted(times)
    for ti in trace.task_instances():
        if ti.started_us is not None and ti.ended_us is not None:
            assert ti.started_us <= ti.ended_us


@quick
@given(scenarios(workers=False, wide=False))
def test_no_slot_stays_free_while_a_task_that_would_fit_waits(scenario):
    """Work conservation at every settled instant.

    Only where each task needs one slot: a wide one that does not fit holds up its run in 3.x.
    """
    trace, tasks = simulate(scenario), {}
    for dag in scenario.fleet.dags:
        for task in dag.tasks:
            tasks[dag.dag_id, task.task_id] = task
    instances = [(tasks[ti.dag_id, ti.task_id], ti.dag_id, ti.run) for ti in trace.task_instances()]
    state: dict[int, int] = {}
    per_run = scenario.cluster.airflow.max_active_tasks_per == "run"
    changes = list(trace.history)
    for position, (at, who, new) in enumerate(changes):
        if who >= 0:
            state[who] = new
        if position + 1 < len(changes) and changes[position + 1][0] == at:
            continue
        busy = [i for i, s in state.items() if s in (TaskState.QUEUED, TaskState.RUNNING)]
        if len(busy) >= scenario.cluster.parallelism:
            continue
        used = Counter()
        for i, s in state.items():
            task, dag_id, run = instances[i]
            pool = scenario.cluster.pool(task.pool)
            deferred = s == TaskState.DEFERRED and pool.include_deferred
            used[task.pool] += (i in busy or deferred) * task.pool_slots
            used[dag_id, run if per_run else ""] += i in busy
        for i, s in state.items():
            task, dag_id, run = instances[i]
            if s != TaskState.SCHEDULED:
                continue
            dag = scenario.fleet.dag(dag_id)
            full = used[task.pool] >= scenario.cluster.pool(task.pool).slots
            crowded = used[dag_id, run if per_run else ""] >= dag.max_active_tasks
            assert full or crowded, (at / 1e6, dag_id, task.task_id)


def test_the_fleets_drawn_here_reach_every_kind_of_end():
    """Otherwise the properties above would hold of nothing."""
    seen: Counter = Counter()

    @quick
    @given(scenarios())
    def look(scenario):
        trace = simulate(scenario)
        seen.update(ti.state for ti in trace.task_instances())
        seen.update(f"run {run.state}" for run in trace.dag_runs())
        seen["binding"] += bool(trace.bindings)

    look()
    wanted = {"success", "failed", "skipped", "upstream_failed", "run success", "run failed"}
    assert wanted <= set(seen)
    assert seen["binding"] > 10
