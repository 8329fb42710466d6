"""Whatever goes wrong, nothing of a resource, a processor or a worker's memory is lost or made."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from flight import START
from windtunnel.engine import Simulation, simulate
from windtunnel.model import (
    Behavior,
    Cleared,
    Cluster,
    Dag,
    Deferrable,
    Every,
    Fleet,
    HeartbeatLost,
    OneOf,
    Resource,
    Rule,
    Scenario,
    Sensor,
    Step,
    Task,
    TaskFails,
    TaskHangs,
    TaskIsSlow,
    TriggererDown,
    Uniform,
    WorkerGroup,
    WorkerLost,
)
from windtunnel.trace import TaskState, store

S = 1_000_000
thorough = examples(60)
seconds = st.integers(0, 900)
names = st.sampled_from(("db", "api", "shared", "lock:x"))

steps = st.one_of(
    st.builds(lambda s: Step(work_s=s), st.sampled_from((0, 1, 7, 30, 100))),
    st.builds(lambda n: Step(acquire=n), names),
    st.builds(lambda n: Step(release=n), names),
    st.builds(lambda s, d: Step(write=d, work_s=s), st.sampled_from((0, 20)), st.just("out")),
    st.builds(lambda s: Step(defer_s=s), st.sampled_from((0, 60))),
    st.builds(lambda p: Step(fail=p), st.sampled_from((0.1, 0.5))),
    st.builds(lambda d: Step(done_if=d), st.just("out")),
    st.just(Step(read="out", unless="{run}")),
)


@st.composite
def rules(draw: st.DrawFn, name: str) -> Rule:
    does = draw(st.none() | st.lists(steps, max_size=5).map(tuple))
    return Rule(
        tasks=name,
        steps=does,
        duration_s=None if does is not None else draw(st.sampled_from((None, 5, 40))),
        needs=draw(st.dictionaries(names, st.just(1), max_size=2)),
        cpus=draw(st.sampled_from((None, 1.0, Uniform(low=0.2, high=3)))),
        memory_mb=draw(st.sampled_from((None, 100.0, OneOf(values=(200, 700))))),
        fail_share=draw(st.sampled_from((0.0, 0.2))),
        true_at_s=draw(seconds),
    )


@st.composite
def resources(draw: st.DrawFn) -> dict[str, Resource]:
    leaks = st.lists(st.sampled_from(("lost", "stopped", "failed")), max_size=2, unique=True)
    lease = draw(st.sampled_from((None, 50, 200)))
    return {
        "db": Resource(
            slots=draw(st.integers(1, 3)),
            when_full=draw(st.sampled_from(("wait", "wait", "fail"))),
            order=draw(st.sampled_from(("first", "priority"))),
            wait_at_most_s=draw(st.sampled_from((None, 100))),
            leaks_when=tuple(draw(leaks)),
            lease_s=lease,
            renewed=lease is None or draw(st.booleans()),
        ),
        "api": Resource(per_minute=draw(st.sampled_from((2, 20))), burst=draw(st.integers(1, 3))),
        "shared": Resource(slots=draw(st.integers(1, 2)), when_full="slow"),
    }


struck = st.builds(
    dict, at_s=seconds, for_s=st.integers(1, 900), tasks=st.sampled_from(("*", "*.t1"))
)
faults = st.one_of(
    struck.map(lambda of: TaskFails(**of)),
    struck.map(lambda of: TaskIsSlow(**of, factor=3)),
    struck.map(lambda of: TaskHangs(**of)),
    struck.map(lambda of: HeartbeatLost(**of)),
    st.builds(WorkerLost, at_s=seconds, for_s=st.integers(1, 900)),
    st.builds(TriggererDown, at_s=seconds, for_s=st.integers(1, 900)),
    st.builds(Cleared, tasks=st.just("*"), at_s=seconds),
)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    tasks = tuple(
        Task(
            task_id=f"t{i}",
            upstream=("t0",) if i == 3 else (),
            retries=draw(st.integers(0, 2)),
            retry_delay_s=draw(st.sampled_from((0, 30))),
            execution_timeout_s=400,
            priority_weight=draw(st.integers(1, 3)),
            **({"kind": draw(st.sampled_from((Sensor(), Deferrable())))} if i == 2 else {}),
        )
        for i in range(draw(st.integers(1, 4)))
    )
    dag = Dag(
        dag_id="d",
        tasks=tasks,
        schedule=Every(seconds=120),
        start_date=START,
        catchup=True,
        max_active_runs=4,
        dagrun_timeout_s=draw(st.sampled_from((None, 500))),
    )
    workers = (WorkerGroup(count=2, slots=3, memory_mb=1000, cpus=draw(st.sampled_from((1, 2.5)))),)
    return Scenario(
        fleet=Fleet(dags=(dag,)),
        cluster=Cluster(workers=draw(st.sampled_from((None, workers)))),
        behavior=Behavior(rules=tuple(draw(rules(f"d.t{i}")) for i in range(len(tasks)))),
        resources=draw(resources()),
        start=START,
        duration_s=1200,
        faults=tuple(draw(st.lists(faults, max_size=4))),
        seed=draw(st.integers(0, 3)),
    )


def recount(simulation: Simulation) -> None:
    """What is counted as used, against what those who are there hold."""
    parts = simulation._parts
    ghosts = [course for *_, course in parts.losses._ghosts.values()]
    living = [a.plan.course for a in parts.attempts.running.values()]
    living += [d.plan.course for d in parts.triggerer.deferred.values()]
    living += [d.plan.course for d, _ in parts.triggerer.resuming.values()]
    living += ghosts
    courses = {id(course): course for course in living if course is not None}.values()
    held: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    for course in courses:
        held.update(course.held)
        assert all(course.held.get(name, 0) >= count for name, count in course.lent.items())
    for course, (wants, _) in parts.courses.sharing._working.items():
        assert id(course) in {id(other) for other in courses}, "whoever is gone works no more"
        wanted.update(wants)
    for name, much in parts.courses.sharing._wanted.items():
        assert much == wanted[name]
    for name, supply in parts.courses.supplies.all.items():
        assert supply.used == held[name]
        if supply.slots is not None and supply.given.when_full != "slow":
            assert held[name] + sum(supply.leaked.values()) <= supply.slots
        first = supply.first
        assert first is None or any(first is course for course in courses)


@thorough
@given(scenarios(), st.integers(1, 1200))
def test_what_is_used_is_what_those_who_are_there_hold_and_never_more_than_there_is(
    scenario, second
):
    simulation = Simulation(scenario)
    simulation.clock.run(until=second * S)
    recount(simulation)
    simulation.run()
    recount(simulation)


@thorough
@given(scenarios())
def test_waits_and_touches_fit_into_the_tries_to_which_they_belong(scenario):
    trace = simulate(scenario)
    running: dict[int, list[list[int]]] = {}
    last: dict[int, int] = {}
    for at, who, state in trace.history:
        if who >= 0 and state == TaskState.RUNNING:
            running.setdefault(who, []).append([at, trace.end_us])
        elif who >= 0 and last.get(who) == TaskState.RUNNING:
            running[who][-1][1] = at
        last[who] = state
    outlives = any(isinstance(fault, HeartbeatLost) for fault in scenario.faults)
    # Processes of a run that timed out learn of it at their next heartbeat.
    timed_out = any(dag.dagrun_timeout_s is not None for dag in scenario.fleet.dags)
    grace = round(scenario.cluster.min_heartbeat_interval_s * S) if timed_out else 0
    for ti, _, begin, end in trace.pauses:
        assert begin < end
        assert outlives or any(low <= begin and end <= high + grace for low, high in running[ti])
    open_now: Counter[tuple[int, int, str, str]] = Counter()
    for at, ti, number, what, dataset in trace.touches:
        verb, _, part = what.label.partition(" ")
        open_now[ti, number, verb, dataset] += 1 if part == "begins" else -1
        assert outlives or any(low <= at <= high + grace for low, high in running[ti])
    assert set(open_now.values()) <= {0, 1}


@thorough
@given(scenarios())
def test_the_same_scenario_gives_the_same_trace_also_out_of_its_file(scenario):
    again = Scenario.model_validate_json(scenario.model_dump_json())
    assert list(store.dump(simulate(scenario))) == list(store.dump(simulate(again)))
