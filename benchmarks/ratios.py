"""Measures the engine beside its references; writes the tables of the page on performance.

    python benchmarks/ratios.py --write docs/explanation/performance.md
    python benchmarks/ratios.py --quick

All contestants of a round run one after the other in this process; a ratio is taken within its
round, and the tables show the median over the rounds. CPU time, garbage collector off.
"""

from __future__ import annotations

import argparse
import gc
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import reference
import workloads
from simgrid import SimGrid

from windtunnel.engine import Simulation
from windtunnel.engine.program import Program
from windtunnel.model import Cluster, Dag, Fleet, ManualRun, Scenario, Task, WeightRule

MARK = "<!-- measured -->"
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Sizes:
    """How large the workloads are."""

    depth: int
    rounds: int
    fleet: tuple[int, int, int]
    mapped: int
    week: int
    corners: tuple[int, int]


FULL = Sizes(1000, 5, (1000, 50, 20), 100_000, 100, (5_000, 50_000))
QUICK = Sizes(50, 3, (50, 50, 4), 10_000, 5, (1_000, 5_000))


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    gc.collect()
    gc.disable()
    began = time.process_time()
    work()
    used = time.process_time() - began
    gc.enable()
    return used


def leanest(work: workloads.Layered | workloads.Flat, keys: list[int], slots: int) -> float:
    """CPU seconds of the leanest loop over a workload."""
    parents = [len(up) for up in work.upstream]
    return cpu_seconds(
        lambda: reference.list_schedule(parents, work.downstream, work.durations, keys, slots)
    )


def section(title: str, header: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> str:
    """A table of the page; numbers to the right."""
    lines = [f"**{title}**", "", f"| {' | '.join(header)} |"]
    lines.append(f"|---|{'--:|' * (len(header) - 1)}")
    for row in rows:
        lines.append(f"| {' | '.join(str(cell) for cell in row)} |")
        print(lines[-1], file=sys.stderr)
    return "\n".join(lines)


# -- the race ---------------------------------------------------------------------------------


def race(width: int, depth: int, rounds: int) -> Iterator[tuple[object, ...]]:
    """Contestant, microseconds per task, times the leanest loop, and the range of that."""
    work = workloads.layered(width, depth)
    scenario = work.scenario()
    program = Program(scenario.fleet, scenario.cluster, scenario.behavior)
    parents = [len(up) for up in work.upstream]
    keys = [(10 - w) << reference.BITS | i for i, w in enumerate(work.weights)]
    slots = workloads.WORKERS
    gc.freeze()
    makespans: dict[str, float] = {}

    def engine() -> None:
        trace = Simulation(scenario, program=program, durations=work.durations).run()
        makespans["windtunnel"] = trace.history.at(-1) / 1e6

    def lean() -> None:
        end = reference.list_schedule(parents[:], work.downstream, work.durations, keys, slots)
        makespans["lean"] = end / 1e6

    contestants: dict[str, Callable[[], float]] = {
        "leanest loop (no semantics, no history)": lambda: cpu_seconds(lean),
        "SimPy: bare Timeout, no DAG": lambda: cpu_seconds(
            lambda: reference.bare_timeouts(work.durations, slots)
        ),
        "**windtunnel, everything on**": lambda: cpu_seconds(engine),
    }
    peer = SimGrid(work, keys, slots)
    if peer.build():
        for how in ("sleep", "execute"):

            def simgrid(how: str = how) -> float:
                used, makespans[f"SimGrid {how}"] = peer.run(how)
                return used

            contestants[f"SimGrid C++, an actor per slot, `{how}`"] = simgrid
    contestants["SimPy as people write it"] = lambda: cpu_seconds(
        lambda: reference.processes(work.upstream, work.durations, slots)
    )
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds):
        for name, contestant in contestants.items():
            if number == 0 or name != "SimPy as people write it":
                times[name].append(contestant())
    # Two ends at the same microsecond, taken in another order, lead to another schedule.
    if max(makespans.values()) > 1.01 * min(makespans.values()):
        raise SystemExit(f"the contestants disagree: {makespans}")
    first = next(iter(times.values()))
    for name, measured in times.items():
        ratios = [mine / lean for mine, lean in zip(measured, first, strict=False)]
        each = statistics.median(measured) / work.size * 1e6
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        yield name, f"{each:.2f}", f"{statistics.median(ratios):.2f}", spread


def growth(depths: tuple[int, ...]) -> Iterator[tuple[object, ...]]:
    """Task instances, microseconds each, times the leanest loop."""
    for depth in depths:
        work = workloads.layered(1000, depth)
        scenario = work.scenario()
        program = Program(scenario.fleet, scenario.cluster, scenario.behavior)
        keys = [(10 - w) << reference.BITS | i for i, w in enumerate(work.weights)]
        ratios, each = [], []
        for _ in range(3):
            lean = leanest(work, keys, workloads.WORKERS)
            full = cpu_seconds(Simulation(scenario, program=program, durations=work.durations).run)
            ratios.append(full / lean)
            each.append(full / work.size * 1e6)
        yield f"{work.size:,}", f"{min(each):.2f}", f"{statistics.median(ratios):.2f}"


# -- fleets -----------------------------------------------------------------------------------


def fleets(sizes: Sizes) -> Iterator[tuple[object, ...]]:
    """Workload, task instances, microseconds each, times the leanest loop over the same graph."""
    dags, tasks, runs = sizes.fleet
    fleet = f"{dags:,} DAGs x {tasks} tasks x {runs} runs, pools and limits"
    made = {
        fleet: workloads.fleet_under_limits(dags, tasks, runs),
        f"one task mapped to {sizes.mapped:,}": workloads.mapped(sizes.mapped),
        f"a week of {sizes.week} hourly DAGs": workloads.hourly_week(sizes.week),
    }
    for name, scenario in made.items():
        program = Program(scenario.fleet, scenario.cluster, scenario.behavior)
        simulation = Simulation(scenario, program=program)
        used = cpu_seconds(simulation.run)
        trace = simulation.world.trace
        work = workloads.flat(scenario, trace)
        lean = leanest(work, list(range(len(work.upstream))), scenario.cluster.parallelism)
        count = len(trace.ti_run)
        yield name, f"{count:,}", f"{used / count * 1e6:.1f}", f"{used / lean:.1f}"


# -- corners ----------------------------------------------------------------------------------


def corners(sizes: tuple[int, int]) -> Iterator[tuple[object, ...]]:
    """Corner, and microseconds per state change at both sizes."""
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
        yield make.__name__.replace("_", " "), *cells


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

    return len(drawn) / min(cpu_seconds(all_of_them) for _ in range(5))


# -- memory and Airflow -----------------------------------------------------------------------


def memory(tasks: int) -> Iterator[tuple[object, ...]]:
    """What, and bytes per task instance; measured in a process of its own."""
    command = [sys.executable, str(HERE / "memory.py"), str(tasks)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for line in printed.splitlines():
        what, _, size = line.rpartition(" ")
        yield what, size


def airflows(pythons: list[str], each: float) -> Iterator[tuple[object, ...]]:
    """Airflow, milliseconds of CPU per task of its ``dag.test()``, and how often windtunnel's."""
    for python in pythons:
        command = [python, str(HERE / "peers" / "dag_test.py")]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            reason = (done.stderr.splitlines() or ["no reason given"])[-1]
            print(f"{python}: dag.test() could not be measured: {reason}", file=sys.stderr)
            continue
        version, seconds = done.stdout.split()
        times = f"{float(seconds) * 1e6 / each:,.0f}"
        yield f"Airflow {version}, chain of 100", f"{float(seconds) * 1000:.0f}", times


def tables(sizes: Sizes, pythons: list[str]) -> Iterator[str]:
    """The measured part of the page."""
    yield (
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}; "
        f"{workloads.WORKERS} slots, {sizes.rounds} rounds."
    )
    contestants = list(race(1000, sizes.depth, sizes.rounds))
    each = next(float(str(row[1])) for row in contestants if "windtunnel" in str(row[0]))
    header = ("", "µs CPU per task", "times the leanest loop (median)", "range")
    yield section(f"A layered DAG of 1,000 x {sizes.depth:,} tasks", header, iter(contestants))
    depths = (10, 100, 1000) if sizes.depth >= 1000 else (10, 50)
    header = ("task instances", "µs CPU each", "times the leanest loop")
    yield section("Growth of the same", header, growth(depths))
    header = ("", "bytes per task instance")
    yield section("Memory, the same DAG", header, memory(1000 * min(sizes.depth, 1000)))
    header = ("", "task instances", "µs CPU each", "times the leanest loop")
    yield section("Fleets", header, fleets(sizes))
    small, large = sizes.corners
    header = ("", f"µs CPU per state change at {small:,}", f"at {large:,}")
    yield section("Corners", header, corners(sizes.corners))
    yield (
        f"Complete simulations of a DAG of 100 tasks, fresh durations each: "
        f"**{simulations_per_second():,.0f} a second and core**."
    )
    if pythons:
        header = ("`dag.test()`", "ms CPU per task", "times windtunnel's")
        yield section("Beside Airflow itself", header, airflows(pythons, each))


def main() -> int:
    """Measure, print, and perhaps write into the page between its two marks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small workloads, for a first look")
    parser.add_argument("--airflow", action="append", default=[], help="Python of an Airflow")
    parser.add_argument("--write", type=Path, help="the page to write into")
    asked = parser.parse_args()
    text = "\n\n".join(tables(QUICK if asked.quick else FULL, asked.airflow))
    print(text)
    if asked.write is not None:
        before, _, after = asked.write.read_text(encoding="utf-8").split(MARK)
        page = f"{before}{MARK}\n{text}\n{MARK}{after}"
        asked.write.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
