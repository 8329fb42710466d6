"""Large plain runs take a faster way through the engine; nobody may be able to tell from a trace.

Answers written down beforehand (all of them 0, what Airflow would do) switch the faster way off.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from windtunnel.engine import Simulation, express, simulate
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    Every,
    Fleet,
    ManualRun,
    Pool,
    Rule,
    Scenario,
    Task,
    TriggerRule,
    Uniform,
    WeightRule,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
S = 1_000_000
quick = settings(max_examples=30, derandomize=True, database=None, deadline=None)


@pytest.fixture(autouse=True, scope="module")
def _eager():
    """Where it finds little to do it is tried less often, which is all that small runs have."""
    patch = pytest.MonkeyPatch()
    patch.setattr(express.Express, "_wait_longer", lambda self: None)
    yield
    patch.undo()


@st.composite
def dags(draw: st.DrawFn, dag_id: str, least: int, most: int) -> Dag:
    tasks = []
    weights = draw(st.sampled_from(WeightRule))
    rules = [TriggerRule.ALL_SUCCESS]
    pools = ("db",) if draw(st.integers(0, 2)) else ("db", "other", "missing")
    if draw(st.integers(0, 3)) == 3:
        rules += [TriggerRule.ALL_DONE, TriggerRule.ONE_SUCCESS]
    for index in range(draw(st.integers(least, most))):
        ups = draw(st.sets(st.integers(0, index - 1), max_size=3)) if index else ()
        tasks.append(
            Task(
                task_id=f"t{index}",
                upstream=tuple(f"t{u}" for u in sorted(ups)),
                priority_weight=draw(st.integers(1, 3)),
                weight_rule=weights,
                pool=draw(st.sampled_from(pools)),
                trigger_rule=draw(st.sampled_from(rules)),
            )
        )
    return Dag(dag_id=dag_id, tasks=tuple(tasks), max_active_tasks=draw(st.integers(2, 8)))


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """One larger DAG, and perhaps small ones that come in between."""
    fleet = [draw(dags("large", 10, 40))]
    runs = [ManualRun(dag_id="large", at_s=at) for at in draw(st.sampled_from(((0,), (0, 300))))]
    if draw(st.booleans()):
        small = draw(dags("small", 1, 2))
        runs.append(ManualRun(dag_id="small", at_s=draw(st.integers(0, 600))))
        fleet.append(small)
    if draw(st.booleans()):
        tick = Dag(dag_id="tick", tasks=(Task(task_id="t"),), schedule=Every(seconds=240))
        fleet.append(tick)
    lengths = st.sampled_from((10, 60, 61, 100))
    rules = [Rule(tasks=f"*.t{i}", duration_s=draw(lengths)) for i in range(5)]
    if draw(st.integers(0, 4)) == 4:
        rules.append(Rule(duration_s=Uniform(low=1, high=200)))
    if draw(st.integers(0, 3)) == 3:
        ill = draw(st.sampled_from(("t7", "t20")))
        rules.insert(0, Rule(tasks=f"large.{ill}", outcome=draw(st.sampled_from(("fail", "skip")))))
    return Scenario(
        fleet=Fleet(dags=tuple(fleet)),
        cluster=Cluster(
            pools={"other": Pool(slots=1), "db": Pool(slots=draw(st.integers(2, 9)))},
            parallelism=draw(st.integers(2, 9)),
            max_tis_per_query=draw(st.sampled_from((0, 2, 16))),
        ),
        behavior=Behavior(rules=tuple(rules)),
        start=START,
        duration_s=draw(st.sampled_from((7200, 500))),
        manual_runs=tuple(runs),
    )


def slowly(scenario) -> Simulation:
    """Without the faster way."""
    simulation = Simulation(scenario)
    simulation._express._possible = False
    return simulation


def told(trace) -> tuple:
    return (
        [(event.at_us, event.dag_id, event.task_id, event.state) for event in trace.events()],
        trace.bindings,
        trace.reasons,
        trace.snapshots,
        trace.complete,
    )


def test_the_faster_way_is_really_taken_here(monkeypatch):
    """Otherwise the tests below would compare a thing with itself."""
    instants = []
    stretch = express._Stretch.run

    def run(self, limit):
        instants.append(stretch(self, limit))
        return instants[-1]

    @quick
    @given(scenarios())
    def look(scenario):
        simulate(scenario)

    monkeypatch.setattr(express._Stretch, "run", run)
    look()
    assert sum(instants) > 20


@quick
@given(scenarios())
def test_the_faster_way_leaves_the_same_trace(scenario):
    assert told(simulate(scenario)) == told(slowly(scenario).run())


@quick
@given(scenarios(), st.integers(1, 90))
def test_a_monitor_sees_every_state_at_its_own_time(scenario, step):
    def watched(simulation) -> list:
        seen = []

        def monitor(clock):
            while True:
                yield clock.timeout(step * S)
                seen.append((clock.now, bytes(simulation.world.state)))

        simulation.clock.process(monitor(simulation.clock))
        simulation.run()
        return seen

    assert watched(Simulation(scenario)) == watched(slowly(scenario))


@quick
@given(scenarios(), st.integers(1, 400))
def test_it_may_be_stopped_and_continued_anywhere(scenario, second):
    simulation = Simulation(scenario)
    simulation.clock.run(until=second * S)
    assert all(at <= second * S for at in simulation.world.trace.history.times())
    assert told(simulation.run()) == told(simulate(scenario))
