"""Small fleets that wait in every way, drawn for property tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    Every,
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

START = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = ("a", "b", "c")
ONE_POKE = timedelta(seconds=60 + 900)
"""A reschedule sensor that is held up looks at other times than foreseen."""


@st.composite
def richer(draw: st.DrawFn) -> Scenario:
    """Hourly fleets with every way of waiting, every limit of a task, and timeouts of all kinds."""
    limits = st.sampled_from((None, None, 1, 2))
    timeouts = st.sampled_from((None, None, 900.0, 7200.0))

    def kind(own: int) -> st.SearchStrategy:
        ways = st.sampled_from(({}, {"mode": "reschedule"}, {"deferrable": True}))
        sensor = st.builds(
            lambda way, **given: ExternalTaskSensor(**given, **way),
            ways,
            external_dag_id=st.sampled_from(NAMES),
            external_task_ids=st.sampled_from(((), ("t0",), ("t1",))),
            execution_delta_s=st.sampled_from((0.0, 0.0, 3600.0, -3600.0)),
            timeout_s=st.sampled_from((1800.0, 40_000.0)),
        )
        call = st.builds(
            TriggerDagRun,
            trigger_dag_id=st.sampled_from(NAMES[own:]),
            wait_for_completion=st.just(True),
            deferrable=st.booleans(),
        )
        return st.one_of(st.just(Work()), sensor, sensor, call)

    past = draw(st.integers(0, 2)) == 2

    def task(own: int, index: int) -> Task:
        return Task(
            task_id=f"t{index}",
            kind=draw(kind(own)),
            upstream=("t0",) if index and draw(st.booleans()) else (),
            trigger_rule=draw(st.sampled_from(("all_success", "all_done", "one_success"))),
            pool=draw(st.sampled_from(("default_pool", "db"))),
            max_active_tis_per_dag=draw(limits),
            max_active_tis_per_dagrun=draw(limits),
            depends_on_past=past and draw(st.booleans()),
            retries=draw(st.sampled_from((0, 0, 1))),
            execution_timeout_s=draw(timeouts),
        )

    dags = tuple(
        Dag(
            dag_id=name,
            tasks=tuple(task(number, i) for i in range(draw(st.integers(1, 3)))),
            schedule=Every(seconds=3600) if draw(st.booleans()) else None,
            start_date=START - timedelta(hours=3),
            catchup=draw(st.booleans()),
            max_active_runs=draw(st.integers(1, 3)),
            max_active_tasks=draw(st.integers(1, 4)),
            dagrun_timeout_s=draw(timeouts) if not past else None,
        )
        for number, name in enumerate(NAMES)
    )
    slots = st.integers(1, 3)
    return Scenario(
        fleet=Fleet(dags=dags),
        cluster=Cluster(
            profile=draw(st.sampled_from(("airflow-3.3", "airflow-2.11"))),
            parallelism=draw(st.integers(2, 6)),
            default_pool_slots=draw(slots),
            pools={"db": Pool(slots=draw(slots), include_deferred=draw(st.booleans()))},
            workers=(WorkerGroup(slots=draw(slots)),) if draw(st.booleans()) else None,
        ),
        behavior=Behavior(rules=(Rule(tasks="*", duration_s=Uniform(low=1, high=900)),)),
        backlog=draw(st.sampled_from(("done", "replayed"))),
        start=START,
        duration_s=float(draw(st.integers(2000, 9000))),
        manual_runs=tuple(
            ManualRun(dag_id=name, run_id=f"r{name}", at_s=30)
            for name in NAMES
            if draw(st.booleans())
        ),
    )
