"""A fleet of which a few hours are a hundred thousand task instances, with every kind of wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from windtunnel.model import Behavior, Cluster, Dag, Fleet, LogNormal, Pool, Rule, Scenario, Task
from windtunnel.model.schedule import Cron
from windtunnel.trace import Trace

START = datetime(2026, 3, 1, tzinfo=UTC)
DAGS, RUNS, LAYERS, WIDTH = 100, 50, 5, 4
POOLS = 10


def great_fleet(dags: int = DAGS, runs: int = RUNS, rest: int = 0) -> Scenario:
    """Hourly DAGs of twenty tasks, five after each other, competing for everything; *rest*: hours
    after the last run."""
    return Scenario(
        name="great",
        fleet=Fleet(dags=tuple(_dag(number, runs) for number in range(dags))),
        cluster=Cluster(
            parallelism=max(4, dags * 2),
            pools={f"pool_{n}": Pool(slots=max(1, dags // 7)) for n in range(POOLS)},
        ),
        behavior=Behavior(
            rules=(
                Rule(tasks="*.task_3", duration_s=_length(300), fail_share=0.15),
                Rule(tasks="*", duration_s=_length(180)),
            )
        ),
        start=START,
        duration_s=3600.0 * (runs + rest),
        seed=7,
    )


def _length(seconds: float) -> LogNormal:
    return LogNormal(median_s=seconds, sigma=0.8)


def _dag(number: int, runs: int) -> Dag:
    tasks = tuple(
        Task(
            task_id=f"task_{n}",
            upstream=tuple(f"task_{above}" for above in _above(n)),
            pool=f"pool_{(number + n) % POOLS}" if n % 3 else "default_pool",
            retries=1 if n == 3 else 0,
            retry_delay_s=120.0,
        )
        for n in range(LAYERS * WIDTH)
    )
    return Dag(
        dag_id=f"team_{number % 9}.dag_{number:03}",
        tasks=tasks,
        schedule=Cron(expression=f"{number % 5} * * * *"),
        start_date=START - timedelta(days=1),
        end_date=START + timedelta(hours=runs, minutes=-1),
        max_active_runs=1 if number % 10 == 0 else 3,
        max_active_tasks=2 if number % 7 == 0 else 16,
    )


def _above(n: int) -> range:
    layer = n // WIDTH
    return range((layer - 1) * WIDTH, layer * WIDTH) if layer else range(0)


def repeated(trace: Trace, times: int, every_s: float) -> Trace:
    """Day after day alike, each a little slower than the one before, so that no bytes are: about
    what a simulation of all of them would give, in a fraction of the time."""
    all_days = Trace(
        start=trace.start, dag_ids=trace.dag_ids, task_ids=trace.task_ids, pools=trace.pools
    )
    runs, instances, every_us = len(trace.runs), len(trace.ti_run), int(every_s * 1e6)
    for day in range(times):
        on = [day * every_us, 97 + day]
        later = timedelta(microseconds=on[0])
        own = [
            replace(
                run,
                run_id=f"{run.run_id}+{day}",
                logical_date=run.logical_date and run.logical_date + later,
                run_after=run.run_after + later,
                created_us=_at(run.created_us, *on),
            )
            for run in trace.runs
        ]
        names = {old.name: new.name for old, new in zip(trace.runs, own, strict=True)}
        all_days.runs += own
        all_days.ti_run.extend(run + day * runs for run in trace.ti_run)
        all_days.ti_task.extend(trace.ti_task)
        all_days.ti_map.extend(trace.ti_map)
        for limit, begin, end in trace.bindings:
            of, _, run = limit.rpartition(" ")
            name = f"{of} {names[run]}" if run in names else limit
            all_days.bindings.append((name, _at(begin, *on), _at(end, *on)))
        for at, who, state in trace.history:
            whose = who + day * instances if who >= 0 else ~(~who + day * runs)
            all_days.history.log(_at(at, *on), whose, state)
    all_days.end_us = times * every_us
    return all_days


def _at(us: int, on: int, slow: int) -> int:
    return on + us * slow // 97
