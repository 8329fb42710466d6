"""Measures the engine beside its references and prints the table of docs/performance.md.

    python benchmarks/ratios.py --rounds 7 --write docs/performance.md

All contestants of a round run one after the other in this process; a ratio is taken within its
round, and the table shows the median over the rounds. CPU time, garbage collector off.
"""

from __future__ import annotations

import argparse
import gc
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import reference
import workloads

from windtunnel.engine import Simulation
from windtunnel.engine.program import Program
from windtunnel.model import Cluster, Dag, Fleet, ManualRun, Scenario, Task, WeightRule

MARK = "<!-- measured -->"


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    gc.collect()
    gc.disable()
    began = time.process_time()
    work()
    used = time.process_time() - began
    gc.enable()
    return used


def race(width: int, depth: int, rounds: int) -> list[str]:
    """Rows: contestant, microseconds per task, times the leanest loop."""
    work = workloads.layered(width, depth)
    scenario = work.scenario()
    program = Program(scenario.fleet, scenario.cluster, scenario.behavior)
    parents = [len(up) for up in work.upstream]
    keys = [(10 - w) << reference.BITS | i for i, w in enumerate(work.weights)]
    slots = workloads.WORKERS
    gc.freeze()

    def engine() -> object:
        return Simulation(scenario, program=program, durations=work.durations).run()

    def lean() -> object:
        return reference.list_schedule(parents[:], work.downstream, work.durations, keys, slots)

    contestants: dict[str, Callable[[], object]] = {
        "leanest loop (no semantics, no history)": lean,
        "SimPy: bare Timeout, no DAG": lambda: reference.bare_timeouts(work.durations, slots),
        "**windtunnel, everything on**": engine,
        "SimPy as people write it": lambda: reference.processes(
            work.upstream, work.durations, slots
        ),
    }
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            times[name].append(cpu_seconds(contestant))
    first = next(iter(times.values()))
    rows = []
    for name, measured in times.items():
        ratios = [mine / lean for mine, lean in zip(measured, first, strict=True)]
        each = statistics.median(measured) / work.size * 1e6
        spread = f"{min(ratios):.1f} to {max(ratios):.1f}"
        rows.append(f"| {name} | {each:.2f} | {statistics.median(ratios):.2f} | {spread} |")
    return rows


def corners(sizes: tuple[int, int]) -> list[str]:
    """Rows: corner, microseconds per event at both sizes."""
    rows = []
    for make in (
        workloads.behind_a_full_pool,
        workloads.queued_runs,
        workloads.rescheduling_sensors,
        workloads.fan_in,
    ):
        cells = []
        for size in sizes:
            simulation = Simulation(make(size))
            used = cpu_seconds(simulation.run)
            cells.append(f"{used / len(simulation.world.trace.history) * 1e6:.1f}")
        rows.append(f"| {make.__name__.replace('_', ' ')} | {cells[0]} | {cells[1]} |")
    return rows


def simulations_per_second() -> float:
    """Complete simulations of a DAG of 100 tasks, compiled once, with fresh durations each."""
    tasks = tuple(
        Task(
            task_id=f"t{i}",
            upstream=(f"t{random.Random(i).randrange(max(0, i - 10), i)}",) if i else (),
            weight_rule=WeightRule.ABSOLUTE,
        )
        for i in range(100)
    )
    scenario = Scenario(
        fleet=Fleet(dags=(Dag(dag_id="d", tasks=tasks),)),
        cluster=Cluster(max_tis_per_query=0),
        start=workloads.START,
        manual_runs=(ManualRun(dag_id="d"),),
    )
    program = Program(scenario.fleet, scenario.cluster, scenario.behavior)
    luck = random.Random(1)
    drawn = [[luck.randrange(10**6, 10**8) for _ in tasks] for _ in range(500)]

    def all_of_them() -> None:
        for durations in drawn:
            Simulation(scenario, program=program, durations=durations).run()

    return len(drawn) / cpu_seconds(all_of_them)


def table(width: int, depth: int, rounds: int) -> str:
    """The measured part of the page."""
    small, large = 2_000, 20_000
    return "\n".join(
        [
            f"Python {platform.python_version()}, {platform.system()} {platform.machine()}; "
            f"{width} x {depth} tasks, {workloads.WORKERS} slots, {rounds} rounds.",
            "",
            "| contestant | µs CPU per task | times the leanest loop (median) | range |",
            "|---|--:|--:|--:|",
            *race(width, depth, rounds),
            "",
            f"| corner | µs CPU per event at {small:,} | at {large:,} |",
            "|---|--:|--:|",
            *corners((small, large)),
            "",
            f"Complete simulations of a DAG of 100 tasks: {simulations_per_second():,.0f} a second "
            "and core.",
        ]
    )


def main() -> int:
    """Measure, print, and perhaps write into the page between its two marks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=1000)
    parser.add_argument("--depth", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    text = table(asked.width, asked.depth, asked.rounds)
    print(text)
    if asked.write is not None:
        before, _, after = asked.write.read_text(encoding="utf-8").split(MARK)
        page = f"{before}{MARK}\n{text}\n{MARK}{after}"
        asked.write.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
