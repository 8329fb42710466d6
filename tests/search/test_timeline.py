"""The timeline of a counterexample: few lines, and never without what was needed."""

from __future__ import annotations

import pytest

from windtunnel.choices import Calm
from windtunnel.detect import Finding
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    Fleet,
    LateData,
    LogNormal,
    ManualRun,
    Odds,
    Rule,
    Scenario,
    Slowdown,
    Step,
    Task,
    TaskFails,
    Uniform,
    WorkerLost,
)
from windtunnel.search import explore, shrink
from windtunnel.search.shrinking.timeline import LINES, timeline
from windtunnel.search.steered import steered

NOTHING = Finding(code="WT999", title="x", summary="x")


class Last(Calm):
    def among(self, kind, actors):
        return len(actors) - 1

    def within(self, kind, actor, ways, at, step):
        return ways - 1

    def strikes(self, kind, actor, ways, chance):
        return 1


@pytest.fixture
def needed(by_tie):
    """``needed(rule, **changes)`` -> what somebody chose, as the timeline says it."""

    def needed(rule: Rule | None = None, **changes) -> list[str]:
        behavior = Behavior(rules=() if rule is None else (rule,))
        scenario = by_tie.model_copy(
            update={
                "fleet": Fleet(dags=(Dag(dag_id="etl", tasks=(Task(task_id="load"),)),)),
                "manual_runs": by_tie.manual_runs[:1],
                "behavior": behavior,
                **changes,
            }
        )
        variant, trace = steered(scenario, Last())
        return [m.what for m in timeline(variant, trace, NOTHING) if m.needed]

    return needed


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Rule(duration_s=Uniform(low=5, high=1200)), "etl.load takes 20m, its longest"),
        (Rule(duration_s=LogNormal(median_s=1, sigma=0.1)), "etl.load takes 1s362ms, its longest"),
        (Rule(outcomes=Odds(fail=0.1)), "etl.load does not succeed"),
        (Rule(memory_mb=Uniform(low=1, high=9)), "etl.load needs more memory"),
        (Rule(steps=(Step(work_s=1), Step(work_s=Uniform(low=1, high=60)))),
         "etl.load takes 1m in its step 1, its longest"),
        (Rule(steps=(Step(fail=0.1),)), "step 0 of etl.load fails"),
    ],
)  # fmt: skip
def test_what_was_chosen_is_said_in_words(needed, rule, said):
    assert needed(rule) == [said]


def test_what_goes_wrong_is_said_with_whom_it_strikes(needed):
    fault = TaskFails(tasks="etl.*", probability=0.5)
    assert needed(faults=(fault,)) == ["task fails: etl.* with 50%: strikes etl.load"]
    assert needed(faults_up_to=1) == ["a try of etl.load fails"]
    slow = Slowdown(factor=2, per="run", probability=0.5)
    assert needed(behavior=Behavior(slowdowns=(slow,))) == [
        "etl is slowed down (behavior.slowdowns[0])"
    ]


def test_faults_are_told_when_they_begin_and_several_fail_in_the_plural(by_tie):
    tasks = tuple(Task(task_id=f"t{i}", retries=1, retry_delay_s=300) for i in range(2))
    given = by_tie.model_copy(
        update={
            "fleet": Fleet(dags=(Dag(dag_id="etl", tasks=tasks),)),
            "manual_runs": (ManualRun(dag_id="etl", at_s=45),),
            "faults": (
                TaskFails(tasks="etl.*", at_s=30, for_s=60),
                WorkerLost(at_s=90),
                LateData(tasks="etl.*", by_s=60),
            ),
            "cluster": Cluster(parallelism=2),
        }
    )
    _, trace = steered(given, Calm())
    said = [moment.what for moment in timeline(given, trace, NOTHING)]
    assert "task fails: etl.* at +30s for 1m" in said
    assert "etl.t0, etl.t1 fail, and will be retried" in said
    assert not any("worker lost" in line or "late data" in line for line in said)  # struck nothing


def test_a_tie_says_who_came_before_whom(by_tie):
    (finding, scenario), *_ = explore(by_tie, 20).found
    lines = shrink(scenario, finding).case.timeline
    assert [line.what for line in lines if line.needed] == [
        "mart.wait is queued before etl.load, its equal"
    ]
    assert lines[-1].what == "from here on nothing goes on"


def test_a_long_story_is_cut_but_not_what_was_needed(by_tie):
    tasks = [Task(task_id="t0")]
    tasks += [Task(task_id=f"t{i}", upstream=(f"t{i - 1}",)) for i in range(1, 30)]
    long: Scenario = by_tie.model_copy(
        update={
            "fleet": Fleet(dags=(Dag(dag_id="etl", tasks=tuple(tasks)),)),
            "manual_runs": by_tie.manual_runs[:1],
            "behavior": Behavior(rules=(Rule(tasks="*.t9", duration_s=Uniform(low=1, high=9)),)),
        }
    )
    variant, trace = steered(long, Last())
    lines = timeline(variant, trace, NOTHING)
    assert len(lines) == LINES
    assert [line.what for line in lines if line.needed] == ["etl.t9 takes 9s, its longest"]
    assert list(lines) == sorted(lines, key=lambda line: line.at)


def test_what_several_do_at_once_is_one_line(parents):
    ((finding, scenario),) = explore(parents, 0).found
    said = [line.what for line in shrink(scenario, finding).case.timeline]
    assert said[0] == "parent has 2 runs (manual)"
    assert said[1] == "parent.call starts in 2 runs"
