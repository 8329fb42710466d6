"""Fleets whose answer is known in closed form: what share of the runs is on time, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from math import erf, exp, log, sqrt
from typing import Any, Literal

from capacity.closed_form import formulas
from windtunnel.model import (
    Arrivals,
    Behavior,
    Cluster,
    Cron,
    Dag,
    Distribution,
    Fleet,
    LogNormal,
    Rule,
    Scenario,
    Task,
    Uniform,
    Weibull,
)

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = 86400.0
UNLIMITED = 100_000


@dataclass(frozen=True)
class Known:
    """A scenario, what is asked of it, and the answer."""

    name: str
    scenario: Scenario
    what: Literal["queued", "within"]
    """On time is what waited for limits, or landed, within..."""
    within_s: float
    truth: float
    mean_s: float | None = None
    """The mean of that time, where it is known, too."""
    of: str = "d"
    """The DAG that is asked about."""


def exponential(mean_s: float) -> Distribution:
    return Weibull(scale_s=mean_s, shape=1)


def scenario(tasks: dict[str, tuple[str, ...]], takes: Any, **given: Any) -> Scenario:
    """One DAG, each of whose tasks takes what is said of it (or all alike), daily if nothing else
    is said; without a scheduler's loop, so that nothing but slots is waited for."""
    each = takes if isinstance(takes, dict) else dict.fromkeys(tasks, takes)
    dag = Dag(
        dag_id="d",
        tasks=tuple(Task(task_id=name, upstream=up) for name, up in tasks.items()),
        schedule=None if "arrivals" in given else Cron(expression="@daily"),
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=UNLIMITED,
        max_active_tasks=UNLIMITED,
    )
    rules = tuple(
        one if isinstance(one, Rule) else Rule(tasks=f"d.{name}", duration_s=one)
        for name, one in each.items()
    )
    given.setdefault("duration_s", DAY / 2)
    return Scenario(
        fleet=Fleet(dags=(dag,)),
        cluster=Cluster(parallelism=given.pop("slots", UNLIMITED)),
        behavior=Behavior(rules=rules),
        start=START,
        **given,
    )


def queue(takes: Distribution | float, load: float, slots: int, service: float) -> Scenario:
    """Runs of one task that arrive from outside; so many that a simulation is long beside what
    is remembered, and takes a twentieth of a second."""
    lam = load * slots / service
    return scenario(
        {"t": ()},
        takes,
        slots=slots,
        duration_s=(250 + 100 * slots) / lam,
        arrivals=(Arrivals(dag_id="d", per_hour=lam * 3600),),
    )


def queues() -> list[Known]:
    """M/M/c, M/D/1 and M/G/1."""
    s = 60.0
    found = []
    for c, load, t in ((1, 0.5, 60.0), (1, 0.7, 300.0), (2, 0.7, 30.0), (5, 0.8, 60.0)):
        lam = load * c / s
        one = queue(exponential(s), load, c, s)
        share, mean = formulas.waits_at_most(lam, s, c, t), formulas.mean_wait(lam, s, c)
        found.append(Known(f"M/M/{c}, load {load}: waits", one, "queued", t, share, mean))
        share, mean = formulas.lands_within(lam, s, c, 3 * s), mean + s
        found.append(Known(f"M/M/{c}, load {load}: lands", one, "within", 3 * s, share, mean))
    lam = 0.9 / s
    short = queue(exponential(s), 0.9, 1, s).model_copy(update={"duration_s": 7200.0})
    share = formulas.waits_at_most(lam, s, 1, 300.0)
    found.append(Known("M/M/1, load 0.9: waits in a short window", short, "queued", 300.0, share))
    lam = 0.6 / s
    share = formulas.waits_at_most_fixed(lam, s, 90.0)
    mean = formulas.mean_wait_one_slot(lam, s, 0)
    found.append(Known("M/D/1, load 0.6", queue(s, 0.6, 1, s), "queued", 90.0, share, mean))
    # Everybody knows the mean of M/G/1; the share that does not wait at all is 1 - load.
    sigma = 0.8
    drawn = LogNormal(median_s=s / exp(sigma**2 / 2), sigma=sigma)
    mean = formulas.mean_wait_one_slot(lam, s, exp(sigma**2) - 1)
    one = queue(drawn, 0.6, 1, s)
    found.append(Known("M/G/1 lognormal, load 0.6", one, "queued", 0.0, 0.4, mean))
    even = Uniform(low=0, high=2 * s)
    mean = formulas.mean_wait_one_slot(lam, s, 1 / 3)
    one = queue(even, 0.6, 1, s)
    found.append(Known("M/G/1 uniform, load 0.6", one, "queued", 0.0, 0.4, mean))
    return found


def landings() -> list[Known]:
    """A run a day, whose landing time has a known distribution."""
    a, b = 600.0, 1500.0
    chain = scenario({"a": (), "b": ("a",)}, {"a": exponential(a), "b": exponential(b)})
    wide = {f"t{n}": () for n in range(6)}
    six = scenario(wide, exponential(a))
    two = scenario(wide, exponential(a), slots=2)
    # While more than two are left, two run; the stages are as long as the shortest of these.
    in_a_row = scenario(wide, exponential(a), slots=1)
    log_normal = scenario({"t": ()}, LogNormal(median_s=a, sigma=0.7))
    tries = Rule(tasks="d.t", duration_s=a, fail_share=0.3)
    retried = scenario({"t": ()}, {"t": tries})
    dag = retried.fleet.dags[0]
    with_retries = dag.tasks[0].model_copy(update={"retries": 3, "retry_delay_s": 60.0})
    dag = dag.model_copy(update={"tasks": (with_retries,)})
    retried = retried.model_copy(update={"fleet": Fleet(dags=(dag,))})
    found = [
        Known("chain of two", chain, "within", 4000, formulas.stages_at_most((a, b), 4000), a + b),
        Known("longest of six", six, "within", 2000, formulas.all_at_most(a, 6, 2000)),
        Known("six on one slot", in_a_row, "within", 6000, formulas.erlang_at_most(a, 6, 6000)),
        Known("one lognormal", log_normal, "within", 1500, normal(log(1500 / a) / 0.7)),
        Known("three tries of four", retried, "within", 3 * a + 200, 1 - 0.3**3),
        Known("four tries", retried, "within", 3 * a + 1000, 1 - 0.3**4),
    ]
    stages = (*(a / 2 for _ in range(5)), a)
    found.append(Known("six on two slots", two, "within", 4000, _erlang_and_one(stages, 4000)))
    rare = 6 * a * 1.6
    found.append(Known("rarely late", six, "within", rare, formulas.all_at_most(a, 6, rare)))
    return found


def fixed() -> list[Known]:
    """Nothing is drawn: the share is 0 or 1."""
    ten = {f"t{n}": () for n in range(10)}
    three = scenario(ten, 100.0, slots=3)
    found = [
        Known("ten on three slots, late", three, "within", 399.0, 0.0),
        Known("ten on three slots, in time", three, "within", 401.0, 1.0),
        Known("waits of ten on three slots", three, "queued", 250.0, 0.9),
    ]
    every = scenario(
        {"t": ()},
        100.0,
        slots=1,
        duration_s=DAY / 12,
        arrivals=(Arrivals(dag_id="d", every_s=120.0),),
    )
    found.append(Known("D/D/1", every, "queued", 0.0, 1.0, 0.0))
    return found


def normal(x: float) -> float:
    """The standard normal distribution."""
    return (1 + erf(x / sqrt(2))) / 2


def _erlang_and_one(stages: tuple[float, ...], t: float) -> float:
    """Several exponential stages of one mean, and one more of another, one after the other: by
    integrating over the last one (Simpson)."""
    mean, last, steps = stages[0], stages[-1], 2000
    count = len(stages) - 1

    def inner(u: float) -> float:
        return formulas.erlang_at_most(mean, count, t - u) * exp(-u / last) / last

    width = t / steps
    odd = sum(inner(width * k) for k in range(1, steps, 2))
    even = sum(inner(width * k) for k in range(2, steps, 2))
    return width / 3 * (inner(0) + 4 * odd + 2 * even + inner(t))


def fleets() -> list[Known]:
    """All of them."""
    return [*queues(), *landings(), *fixed()]
