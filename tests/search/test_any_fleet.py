"""Whatever fleet is searched: what is found replays, is as small as it says, and is still there."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from effort import examples
from windtunnel.model import (
    Behavior,
    Cluster,
    Cron,
    Dag,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Odds,
    Pool,
    Resource,
    Rule,
    Scenario,
    Step,
    Task,
    TaskFails,
    TriggerDagRun,
    Uniform,
    WorkerGroup,
    WorkerLost,
)
from windtunnel.search import counterexample, explore, recheck, shown, shrink
from windtunnel.search.shrinking.cuts import cuts

quick = settings(examples(20), suppress_health_check=list(HealthCheck))
START = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = ("a", "b", "c")
LENGTHS = (Uniform(low=10, high=900), 60.0, Uniform(low=100, high=120))
SAID = (
    Rule(),
    Rule(outcomes=Odds(fail=0.2)),
    Rule(needs={"warehouse": 1}),
    Rule(steps=(Step(acquire="lock:x"), Step(work_s=60), Step(write="t"), Step(release="lock:x"))),
)
MODES = st.sampled_from(("poke", "reschedule"))
FAULTS = (TaskFails(tasks="a.*", probability=0.3), WorkerLost(count=1, at_s=300))


@st.composite
def scenarios(draw) -> Scenario:
    """Three small DAGs that wait for each other, on few slots, with things that may go wrong."""

    def task(number: int) -> Task:
        other = draw(st.sampled_from(NAMES))
        kinds = (
            Task(task_id=f"t{number}").kind,
            ExternalTaskSensor(external_dag_id=other, mode=draw(MODES)),
            TriggerDagRun(trigger_dag_id=other, wait_for_completion=draw(st.booleans())),
        )
        return Task(
            task_id=f"t{number}",
            kind=draw(st.sampled_from((kinds[0], kinds[0], kinds[1], kinds[2 if number else 1]))),
            upstream=(f"t{number - 1}",) if number and draw(st.booleans()) else (),
            pool=draw(st.sampled_from(("one", "two"))),
            retries=draw(st.integers(0, 1)),
            depends_on_past=draw(st.integers(0, 4)) == 4,
        )

    dags = tuple(
        Dag(
            dag_id=name,
            tasks=tuple(task(number) for number in range(draw(st.integers(1, 3)))),
            schedule=draw(st.sampled_from((None, Cron(expression="0 * * * *")))),
            max_active_runs=draw(st.sampled_from((1, 2, None))),
        )
        for name in NAMES
    )
    rule = draw(st.sampled_from(SAID))
    if rule.steps is None:
        rule = rule.model_copy(update={"duration_s": draw(st.sampled_from(LENGTHS))})
    faults = draw(st.lists(st.sampled_from(FAULTS), max_size=2, unique=True))
    return Scenario(
        fleet=Fleet(dags=dags),
        cluster=Cluster(
            pools={"one": Pool(slots=1), "two": Pool(slots=2)},
            workers=draw(st.sampled_from((None, (WorkerGroup(count=2, slots=1),)))),
        ),
        behavior=Behavior(rules=(rule,)),
        resources={"warehouse": Resource(slots=1)},
        start=START,
        duration_s=float(draw(st.sampled_from((3600, 9000)))),
        manual_runs=tuple(ManualRun(dag_id=n, run_id="r") for n in NAMES if draw(st.booleans())),
        faults=tuple(faults),
        faults_up_to=draw(st.sampled_from((0, 0, 1))),
        jitter_s=float(draw(st.sampled_from((0, 0, 300)))),
    )


@quick
@given(scenarios())
def test_what_is_found_replays_is_minimal_and_is_still_there(scenario):
    for finding, variant in explore(scenario, 12).found[:3]:
        assert shown(variant, finding) is not None, f"{finding.code} does not replay"
        small = shrink(variant, finding)
        assert small is not None
        case, least = small.case, small.shown.scenario
        assert case.after.tasks <= case.before.tasks
        assert case.after.runs <= case.before.runs
        assert 0 < len(case.timeline) <= 12
        kept = counterexample(finding, variant, small)
        again = type(kept).model_validate_json(kept.model_dump_json())
        assert recheck("x", again).verdict == "FAILED"
        today = recheck("x", again, variant)
        assert today.verdict == "FAILED", today.why
        if case.minimal:
            for cut in cuts(least):
                items, keep = cut(least)
                for one in range(len(items)):
                    less = keep(items[:one] + items[one + 1 :])
                    still = None if less == least else shown(less, small.shown.finding)
                    assert still is None or still.size.runs > case.after.runs, items[one]
