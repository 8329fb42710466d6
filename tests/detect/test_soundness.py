"""For any small fleet: what is called stuck does not move; what does not move is called stuck."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deciding import even
from waiting_fleets import NAMES, ONE_POKE, richer
from windtunnel.detect import detect
from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Pool,
    Rule,
    Scenario,
    Task,
    TriggerDagRun,
    Uniform,
    Work,
    WorkerGroup,
)

quick = settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def kinds(own: int) -> st.SearchStrategy:
    """A DAG may trigger itself or a later one; with one run at a time that ends in a circle."""
    modes = st.sampled_from(("poke", "poke", "reschedule"))
    return st.one_of(
        st.just(Work()),
        st.just(Work()),
        st.builds(
            ExternalTaskSensor,
            external_dag_id=st.sampled_from(NAMES),
            external_task_ids=st.sampled_from(((), ("t0",), ("t1",))),
            mode=modes,
        ),
        st.builds(
            TriggerDagRun,
            trigger_dag_id=st.sampled_from(NAMES[own:]),
            wait_for_completion=st.just(True),
            deferrable=st.sampled_from((False, False, True)),
        ),
    )


@st.composite
def dags(draw: st.DrawFn, number: int) -> Dag:
    tasks = [
        Task(
            task_id=f"t{index}",
            kind=draw(kinds(number)),
            upstream=("t0",) if index and draw(st.booleans()) else (),
            pool=draw(st.sampled_from(("default_pool", "db"))),
            priority_weight=draw(st.integers(1, 3)),
        )
        for index in range(draw(st.integers(1, 3)))
    ]
    return Dag(dag_id=NAMES[number], tasks=tuple(tasks), max_active_runs=draw(st.integers(1, 2)))


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    fleet = Fleet(dags=tuple(draw(dags(number)) for number in range(3)))
    workers = (WorkerGroup(slots=draw(st.integers(1, 3))),)
    runs = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=5))
    return Scenario(
        fleet=fleet,
        cluster=Cluster(
            parallelism=draw(st.integers(2, 6)),
            default_pool_slots=draw(st.integers(1, 4)),
            pools={"db": Pool(slots=draw(st.integers(1, 3)))},
            workers=workers if draw(st.integers(0, 3)) == 3 else None,
        ),
        behavior=Behavior(rules=(Rule(tasks="*", duration_s=Uniform(low=1, high=300)),)),
        start=datetime(2026, 3, 1, tzinfo=UTC),
        duration_s=6 * 3600,
        manual_runs=tuple(
            ManualRun(dag_id=name, run_id=f"r{i}", at_s=60 * (i % 3), logical_date=None)
            if i > 2
            else ManualRun(dag_id=name, run_id=f"r{i}")
            for i, name in enumerate(runs)
        ),
    )


def look(scenario: Scenario, seed: int):
    trace = simulate(scenario, even(seed))
    return trace, [f for f in detect(scenario, trace) if f.code == "WT101"]


@quick
@given(scenarios(), st.integers(0, 3))
def test_what_is_called_deadlocked_does_not_finish_before_it_is_broken_by_force(scenario, seed):
    trace, findings = look(scenario, seed)
    ended = {
        (ti.name, ti.run): trace.at(ti.ended_us)
        for ti in trace.task_instances()
        if ti.ended_us is not None
    }
    for finding in findings:
        for party in finding.holding:
            end = ended.get((party.name, party.run))
            if end is not None:
                assert finding.until is not None, f"{party.name} ended, against the finding"
                assert end >= finding.until, f"{party.name} ended before {finding.until}"


@quick
@given(richer())
def test_what_a_short_window_calls_deadlocked_a_long_one_does_not_see_end_before_it_is_told(short):
    _, findings = look(short, 0)
    if not findings:
        return
    long = short.model_copy(update={"duration_s": short.duration_s + 45_000})
    ends: dict[tuple[str, str], list] = {}
    later = simulate(long, even(0))
    for event in later.events():
        if event.task_id is not None and event.state in OVER:
            name = f"{event.dag_id}.{event.task_id}"
            ends.setdefault((name, event.run), []).append(later.at(event.at_us))
    poke_by_poke = {
        f"{dag.dag_id}.{task.task_id}"
        for dag in short.fleet.dags
        for task in dag.tasks
        if getattr(task.kind, "mode", "") == "reschedule"
    }
    for finding in findings:
        for party in finding.holding:
            after = [at for at in ends.get((party.name, party.run), ()) if at > finding.since]
            if after:
                assert finding.until is not None, f"{party.name} ended, against the finding"
                soon = finding.until - ONE_POKE if party.name in poke_by_poke else finding.until
                assert min(after) >= soon, f"{party.name} ended before {finding.until}"


OVER = {"success", "failed", "skipped", "upstream_failed", "removed", "up_for_retry"}


@quick
@given(scenarios(), st.integers(0, 3))
def test_where_nothing_moves_for_hours_there_is_a_reason(scenario, seed):
    """A circle, or a wait for a run or task that will never be what is wished for."""
    trace, findings = look(scenario, seed)
    poking = {"up_for_reschedule", "scheduled", "queued", "running"}
    ends = [e.at_us for e in trace.events() if e.state not in poking or e.task_id is None]
    left = [run for run in trace.dag_runs() if run.state in ("queued", "running")]
    if not left or trace.end_us - max(ends) < 2 * 3600 * 1_000_000:
        return
    snapshot = trace.snapshots[-1]
    vain = [
        actor
        for actor in snapshot.actors
        if actor.wish is not None
        and not actor.wish.actors
        and (actor.wish.run is None or actor.wish.task_ids)
    ]
    assert findings or vain


@quick
@given(scenarios(), st.integers(0, 3))
def test_a_circle_is_closed_and_its_members_take_part(scenario, seed):
    _, findings = look(scenario, seed)
    for finding in findings:
        assert finding.holding
        assert finding.cycle[0] == finding.cycle[-1]
        parties = {p.name for p in (*finding.holding, *finding.waiting)}
        limits = ("pool ", "worker slots", "parallelism", "max_active_", "the end of its own run")
        for step in finding.cycle:
            assert step.split(" (")[0] in parties or step.startswith(limits), step


@quick
@given(scenarios(), st.integers(0, 3))
def test_with_room_for_everything_only_waits_between_dags_are_left(scenario, seed):
    """No limit can take part in a deadlock where none is ever reached."""
    wide = Cluster(parallelism=999, default_pool_slots=999, pools={"db": Pool(slots=-1)})
    dags = tuple(
        dag.model_copy(update={"max_active_runs": 500, "max_active_tasks": 500})
        for dag in scenario.fleet.dags
    )
    if any(
        isinstance(task.kind, TriggerDagRun) and task.kind.trigger_dag_id == dag.dag_id
        for dag in dags
        for task in dag.tasks
    ):
        return  # it calls itself without end
    changes = {"fleet": Fleet(dags=dags), "cluster": wide}
    _, findings = look(scenario.model_copy(update=changes), seed)
    assert all(finding.limits == () for finding in findings)


def test_the_fleets_drawn_here_do_deadlock_and_do_not():
    seen: Counter = Counter()

    @quick
    @given(scenarios())
    def count(scenario):
        _, findings = look(scenario, 0)
        seen.update(f.title for f in findings)
        seen["none"] += not findings

    count()
    assert seen["none"] > 5
    assert seen["Pool deadlock"] > 1
    assert seen["Deadlock within one DAG"] > 1
    assert seen["Deadlock over max_active_runs"] > 1
