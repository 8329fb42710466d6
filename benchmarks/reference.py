"""What the engine is measured against: the leanest loops that do comparable work.

They decide nothing that Airflow decides: no pools, no runs, no rules, no history.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush, heapreplace

import simpy

Adjacency = list[tuple[int, ...]]
BITS = 24
MASK = (1 << BITS) - 1


def list_schedule(
    waits_for: list[int], downstream: Adjacency, durations: list[int], keys: list[int], workers: int
) -> int:
    """The leanest list scheduler in pure Python: two heaps and counters; returns the makespan.

    ``keys`` are ``priority << BITS | task``, smallest first; ``waits_for`` is used up.
    """
    running: list[tuple[int, int]] = []
    ready = [key for key in keys if not waits_for[key & MASK]]
    heapify(ready)
    free, now = workers, 0
    while free and ready:
        task = heappop(ready) & MASK
        free -= 1
        heappush(running, (durations[task], task))
    while running:
        now, ended = running[0]
        for task in downstream[ended]:
            left = waits_for[task] - 1
            if left:
                waits_for[task] = left
            else:
                heappush(ready, keys[task])
        if not ready:
            heappop(running)
            free += 1
            continue
        task = heappop(ready) & MASK
        heapreplace(running, (now + durations[task], task))
        while free and ready:
            task = heappop(ready) & MASK
            free -= 1
            heappush(running, (now + durations[task], task))
    return now


def bare_timeouts(durations: list[int], at_once: int) -> float:
    """SimPy's own Timeout with one callback for each task, ``at_once`` in flight, no DAG."""
    env = simpy.Environment()
    rest = iter(durations)

    def following(_: object) -> None:
        duration = next(rest, None)
        if duration is not None:
            env.timeout(duration).callbacks.append(following)

    for _ in range(at_once):
        following(None)
    env.run()
    return env.now


def processes(upstream: Adjacency, durations: list[int], workers: int) -> float:
    """SimPy as people write it: a process per task, AllOf over its upstreams, one Resource."""
    env = simpy.Environment()
    slots = simpy.Resource(env, workers)
    started: list[simpy.Process] = []

    def task(number: int):
        if upstream[number]:
            yield env.all_of([started[u] for u in upstream[number]])
        with slots.request() as request:
            yield request
            yield env.timeout(durations[number])

    for number in range(len(durations)):
        started.append(env.process(task(number)))
    env.run()
    return env.now
