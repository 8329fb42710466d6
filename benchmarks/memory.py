"""Bytes per task instance of a layered DAG: growth of resident memory, step by step.

python benchmarks/memory.py TASKS
"""

from __future__ import annotations

import gc
import resource
import sys
from pathlib import Path

import workloads

from windtunnel.engine import Simulation
from windtunnel.engine.program import Program


def resident() -> int:
    """Resident memory, in bytes."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def forget_the_peak() -> None:
    """Linux measures the peak anew from here on."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak() -> int:
    """Largest resident memory since then, in bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def main() -> None:
    tasks = int(sys.argv[1])
    work = workloads.layered(1000, tasks // 1000)
    steps = [resident()]
    scenario = work.scenario()
    steps.append(resident())
    program = Program(scenario.fleet, scenario.cluster, scenario.behavior)
    gc.collect()
    steps.append(resident())
    forget_the_peak()
    simulation = Simulation(scenario, program=program, durations=work.durations)
    trace = simulation.run()
    model, compiled, run = (b - a for a, b in zip(steps, (*steps[1:], peak()), strict=True))
    history = trace.history
    kept = len(history.who) * 5 + len(history.instants) * 16
    print(f"**state of the run and its whole history, at the peak** {run / tasks:.0f}")
    print(f"of that, the history {kept / tasks:.0f}")
    print(f"the compiled DAG, shared by all its runs {compiled / tasks:.0f}")
    print(f"the model: a validated `Task` for each task, shared by all runs {model / tasks:.0f}")


if __name__ == "__main__":
    main()
