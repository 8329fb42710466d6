"""Order holds whatever things take: what must be over first is so in other simulations, too."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from data_use import START, scenario
from effort import examples
from windtunnel.detect import candidates, detect
from windtunnel.detect.data.order import Order
from windtunnel.detect.data.overlap import PAIRS, find_overlaps
from windtunnel.engine import simulate
from windtunnel.model import (
    Cron,
    Dag,
    ExternalTaskSensor,
    HeartbeatLost,
    Rule,
    Scenario,
    Step,
    Task,
    TaskFails,
    TriggerRule,
)
from windtunnel.trace import TaskState, Trace, told_accesses

NAMES = ("a", "b", "c", "d")
RULES = (TriggerRule.ALL_SUCCESS, TriggerRule.ALL_DONE, TriggerRule.ONE_DONE, TriggerRule.ALWAYS)


@st.composite
def tasks(draw, others):
    found = []
    for number, name in enumerate(NAMES[: draw(st.integers(1, 4))]):
        upstream = draw(st.sets(st.sampled_from(NAMES[:number]))) if number else ()
        kind = {}
        if others and draw(st.integers(0, 3)) == 0:
            dag_id, known = draw(st.sampled_from(sorted(others.items())))
            wanted = draw(st.sampled_from(((), *((name,) for name in known))))
            sensor = ExternalTaskSensor(
                external_dag_id=dag_id,
                external_task_ids=wanted,
                allowed_states=("success", "failed"),
                poke_interval_s=60,
            )
            kind = {"kind": sensor}
        found.append(
            Task(
                task_id=name,
                upstream=tuple(sorted(upstream)),
                trigger_rule=draw(st.sampled_from(RULES)),
                retries=draw(st.integers(0, 1)),
                retry_delay_s=60,
                depends_on_past=draw(st.integers(0, 4)) == 0,
                **kind,
            )
        )
    return tuple(found)


@st.composite
def fleets(draw):
    dags, known = [], {}
    for dag_id in ("x", "y")[: draw(st.integers(1, 2))]:
        own = draw(tasks(known))
        known[dag_id] = [task.task_id for task in own]
        dags.append(
            Dag(
                dag_id=dag_id,
                tasks=own,
                schedule=Cron(expression="*/10 * * * *"),
                start_date=START,
                catchup=True,
                max_active_runs=draw(st.sampled_from((1, 2, 16))),
            )
        )
    return dags


@st.composite
def behaviors(draw):
    """A rule for each task: it writes one of two data sets, perhaps under a lock."""
    rules = []
    for dag_id in ("x", "y"):
        for name in NAMES:
            steps = [Step(work_s=draw(st.integers(1, 900)))]
            if draw(st.integers(0, 3)) == 0:
                steps.append(Step(acquire="lock:l"))
            steps.append(Step(write=draw(st.sampled_from("uv")), work_s=draw(st.integers(1, 900))))
            rules.append(Rule(tasks=f"{dag_id}.{name}", steps=tuple(steps)))
    return rules


def processes(trace: Trace) -> dict[tuple[int, int], tuple[int, int]]:
    """Begin and end of the process of each try that ran."""
    began, number, found = {}, {}, {}
    last = {}
    for at, who, state in trace.history:
        if who < 0:
            continue
        if state == TaskState.SCHEDULED and last.get(who) not in (
            TaskState.UP_FOR_RESCHEDULE,
            TaskState.DEFERRED,
            TaskState.QUEUED,
        ):
            number[who] = number.get(who, 0) + 1
        last[who] = state
        one = (who, number.get(who, 0))
        if state == TaskState.RUNNING:
            began.setdefault(one, at)
        elif one in began:
            found[one] = (began[one], at)
    for one, at in began.items():
        found.setdefault(one, (at, trace.end_us + 1))
    for stray in trace.strays:
        one = (stray.ti, stray.try_number)
        end = trace.end_us + 1 if stray.until_us is None else stray.until_us
        found[one] = (found[one][0], end)
    return found


def named(trace: Trace, one: tuple[int, int]) -> tuple[object, ...]:
    ti, number = one
    record = trace.runs[trace.ti_run[ti]]
    return record.dag, record.name, trace.ti_task[ti], trace.ti_map[ti], number


def flown(dags, rules, faults) -> tuple[Scenario, Trace]:
    given = scenario(*dags, rules=rules, until=45, faults=faults)
    return given, simulate(given)


FAILS = tuple(TaskFails(tasks=f"*.{name}", tries=(1,)) for name in "ab")
LOST = HeartbeatLost(tasks="*.c", tries=(1,))


@examples(40)
@given(fleets(), behaviors(), behaviors(), st.sets(st.sampled_from(FAILS)))
def test_what_is_ordered_is_so_whatever_things_take(dags, rules, others, faults):
    given, trace = flown(dags, rules, tuple(faults))
    spans = processes(trace)
    order = Order(given, trace, spans)
    _, again = flown(dags, others, tuple(faults))
    there = {named(again, one): span for one, span in processes(again).items()}
    for one in spans:
        for other in spans:
            if order.before(one, other):
                assert spans[one][1] <= spans[other][0]
                first, second = (there.get(named(trace, each)) for each in (one, other))
                assert first is None or second is None or first[1] <= second[0]


@examples(40)
@given(fleets(), behaviors(), st.sets(st.sampled_from((*FAILS, LOST))))
def test_with_processes_that_outlive_their_tries_too(dags, rules, faults):
    given, trace = flown(dags, rules, tuple(faults))
    spans = processes(trace)
    order = Order(given, trace, spans)
    assert not any(
        order.before(one, other) and spans[one][1] > spans[other][0]
        for one in spans
        for other in spans
    )
    assert detect(given, trace) is not None
    assert all(pair.apart_us >= 0 for pair in candidates(given, trace))


@examples(40)
@given(fleets(), behaviors(), st.sets(st.sampled_from((*FAILS, LOST))))
def test_exactly_those_that_meet_are_found(dags, rules, faults):
    """Every pair of accesses is compared, one by one."""
    given, trace = flown(dags, rules, tuple(faults))

    def task(access):
        record = trace.runs[trace.ti_run[access.ti]]
        return f"{trace.dag_ids[record.dag]}.{trace.task_ids[record.dag][trace.ti_task[access.ti]]}"

    meet = {
        frozenset((task(one), task(other)))
        for one, other in combinations(told_accesses(trace), 2)
        if one.dataset == other.dataset
        and max(one.from_us, other.from_us) < min(one.to_us, other.to_us)
    }
    found = {
        frozenset(party.name for party in finding.holding)
        for finding in find_overlaps(given, trace)
    }
    assert found <= meet
    assert found == meet or len(found) >= PAIRS
