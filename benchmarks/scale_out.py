"""How much faster a sweep is over processes and on Dask, and what a portion costs.

    python benchmarks/scale_out.py                     # 2,000 simulations, two workers
    python benchmarks/scale_out.py --backends dask --rounds 5 --kill

Each round makes the same simulations in this process, then with two warm workers of each backend;
medians over the rounds are told, and how free the machine was: below 100 % the numbers are worth
nothing. With ``--kill`` a worker is killed midway at the end; the answers have to be the same.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from threading import Timer
from time import perf_counter, process_time

from scaled import simulated

from windtunnel.model import Scenario
from windtunnel.search import explore
from windtunnel.sweep import HERE, Backend, closing, sweep
from windtunnel.sweep.engines import close, engine_of
from windtunnel.sweep.sending import Sending
from windtunnel.target import Asked, look, read_found


@contextmanager
def backend(name: str, workers: int) -> Iterator[tuple[Backend, list[int]]]:
    """A backend with so many workers, and their process ids if they are known."""
    if name == "dask":
        from distributed import LocalCluster  # noqa: PLC0415

        with LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs="CRITICAL"
        ) as cluster:
            pids = [one.pid for one in cluster.workers.values()]
            on = Backend("dask", address=cluster.scheduler_address)
            yield on, pids
            close(on)
    elif name == "processes":
        yield Backend("processes", workers), []
    else:
        yield Backend("ray"), []


def swept(on: Backend, scenario: Scenario, count: int) -> tuple[float, list[object], int]:
    """Seconds, the answers, and in how many portions they were made."""
    sending = Sending(engine_of(on), simulated, scenario, range(count), range(count))
    begun = perf_counter()
    answers = dict(sending.answers())
    took = perf_counter() - begun
    return took, [json.loads(str(answers[number][0])) for number in range(count)], sending.portions


def searched(on: Backend, scenario: Scenario, count: int) -> tuple[float, list[str]]:
    """Seconds of a search, and what it found."""
    begun = perf_counter()
    found = explore(scenario, count, on=on).found
    return perf_counter() - begun, [one.model_dump_json() for one, _ in found]


def measure(name: str, options: argparse.Namespace, scenario: Scenario) -> None:
    """The lines of one backend."""
    count, workers = options.simulations, options.workers
    with backend(name, workers) as (on, pids):
        swept(on, scenario, count // 10)  # warm
        gains, costs, sizes, frees, searches = [], [], [], [], []
        for _ in range(options.rounds):
            begun, cpu = perf_counter(), process_time()
            right = list(sweep(simulated, scenario, range(count)))
            alone, used = perf_counter() - begun, process_time() - cpu
            took, answers, portions = swept(on, scenario, count)
            assert answers == right, "the answers differ"
            gains.append(alone / took)
            sizes.append(alone / portions)
            costs.append((took * workers - alone) / portions)
            frees.append(used / alone)
            one, found = searched(HERE, scenario, count // 4)
            many, found_too = searched(on, scenario, count // 4)
            assert found == found_too, "the findings differ"
            searches.append(one / many)
        print(
            f"{name}: {median(gains):.2f} times as fast with {workers} workers "
            f"({min(gains):.2f} to {max(gains):.2f}); {portions} portions of "
            f"{1000 * median(sizes):.0f} ms, each costs {1000 * median(costs):.1f} ms more; "
            f"a search: {median(searches):.2f} times; the core was free for "
            f"{100 * median(frees):.0f} % of the time"
        )
        if options.kill:
            pid = [*pids, *getattr(getattr(engine_of(on), "_pool", None), "_processes", ())][0]
            Timer(alone / workers / 2, os.kill, (pid, signal.SIGKILL)).start()
            took, answers, _ = swept(on, scenario, count)
            print(f"{name}: a worker killed midway: {took:.1f} s, same: {answers == right}")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="nested_deadlock")
    parser.add_argument("--simulations", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--backends", default="processes,dask")
    parser.add_argument("--kill", action="store_true")
    options = parser.parse_args()
    asked = Asked(None, None, None)
    scenario = read_found(look(options.scenario, asked, None), asked).scenario
    # Workers find the work by its name, beside this file.
    beside = (str(Path(__file__).parent), os.environ.get("PYTHONPATH"))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, beside))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name in options.backends.split(","):
        with closing():
            measure(name, options, scenario)


if __name__ == "__main__":
    main()
