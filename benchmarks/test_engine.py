"""The engine on each workload, and the leanest loops beside it, at sizes that take a moment.

pytest benchmarks/test_engine.py --benchmark-group-by=group
"""

from __future__ import annotations

import pytest
import reference
import workloads
from pytest_benchmark.fixture import BenchmarkFixture

from windtunnel.engine import Simulation
from windtunnel.engine.program import Program
from windtunnel.model import Scenario

LAYERED = workloads.layered(1000, 20)


@pytest.mark.benchmark(group="layered")
def test_layered_engine(benchmark: BenchmarkFixture) -> None:
    scenario = LAYERED.scenario()
    program = Program(scenario.fleet, scenario.cluster, scenario.behavior)
    durations = LAYERED.durations
    benchmark(lambda: Simulation(scenario, program=program, durations=durations).run())


@pytest.mark.benchmark(group="layered")
def test_layered_leanest_loop(benchmark: BenchmarkFixture) -> None:
    parents = [len(up) for up in LAYERED.upstream]
    keys = [(10 - w) << reference.BITS | i for i, w in enumerate(LAYERED.weights)]
    benchmark(
        lambda: reference.list_schedule(
            parents[:], LAYERED.downstream, LAYERED.durations, keys, workloads.WORKERS
        )
    )


@pytest.mark.benchmark(group="layered")
def test_layered_bare_timeouts(benchmark: BenchmarkFixture) -> None:
    benchmark(lambda: reference.bare_timeouts(LAYERED.durations, workloads.WORKERS))


SCENARIOS = {
    "fleet": lambda: workloads.fleet_under_limits(50, 20, 4),
    "mapped": lambda: workloads.mapped(5_000),
    "week": lambda: workloads.hourly_week(3),
    "full pool": lambda: workloads.behind_a_full_pool(5_000),
    "queued runs": lambda: workloads.queued_runs(2_000),
    "rescheduling": lambda: workloads.rescheduling_sensors(2_000),
    "fan in": lambda: workloads.fan_in(5_000),
}


@pytest.mark.benchmark(group="workloads")
@pytest.mark.parametrize("name", SCENARIOS)
def test_workload(benchmark: BenchmarkFixture, name: str) -> None:
    scenario: Scenario = SCENARIOS[name]()
    program = Program(scenario.fleet, scenario.cluster, scenario.behavior)
    benchmark.pedantic(lambda: Simulation(scenario, program=program).run(), rounds=3)
