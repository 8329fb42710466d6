"""Asset events that come while, or before, the run is made that should see them."""

from __future__ import annotations

from incident import HOUR, MINUTE, Flight, Incident, scenario

from windtunnel.model import AssetUpdate, Dag, Rule, Scenario, SchedulerLoop, Task, When

# -- events during a run --------------------------------------------------------------------------


def four_events(*, consumer_s: float = 10 * MINUTE, fifth: bool = False) -> Scenario:
    """An event starts a run of a consumer with max_active_runs=1; three more come during it."""
    consumer = Dag(
        dag_id="sink", tasks=(Task(task_id="t"),), asset_condition="a", max_active_runs=1
    )
    times = (0, 2, 4, 6, *((50,) if fifth else ()))
    return scenario(
        consumer,
        every_run_matters=["sink"],
        seconds={"sink.t": consumer_s},
        updates=[AssetUpdate(asset="a", at_s=minute * MINUTE) for minute in times],
        until=2 * HOUR,
    )


def some_are_never_taken(flight: Flight) -> bool:
    """The second run gets one of three events; nothing ever starts a run for the others."""
    events = len(flight.result.trace.asset_events)
    taken = [number for numbers in flight.events_of("sink") for number in numbers]
    return flight.run_states("sink") == ["success"] * 2 and taken == list(range(2)) and events > 2


# -- three updates before the scheduler looks -----------------------------------------------------


def mapped(*assets: str) -> Scenario:
    """Three mapped instances end within a second; the scheduler looks once a second."""
    if len(assets) == 1:
        tasks: tuple[Task, ...] = (Task(task_id="m", expand=(3,), outlets=assets),)
    else:
        tasks = tuple(Task(task_id=f"m{i}", outlets=(a,)) for i, a in enumerate(assets))
    rules = [
        Rule(tasks="source.m", when=When(map_index=i), duration_s=60 + i / 10) for i in range(3)
    ]
    rules += [Rule(tasks=f"source.m{i}", duration_s=60 + i / 10) for i in range(3)]
    sinks = [
        Dag(dag_id=f"sink{i}", tasks=(Task(task_id="t"),), asset_condition=asset)
        for i, asset in enumerate(assets)
    ]
    return scenario(
        Dag(dag_id="source", tasks=tasks),
        *sinks,
        rules=rules,
        loop=SchedulerLoop(),
        until=HOUR,
        every_run_matters=["sink*"],
    )


def partial(flight: Flight) -> bool:
    """There are three updates, and runs that together got fewer."""
    taken = [number for i in range(3) for number in _taken(flight, f"sink{i}")]
    return len(flight.result.trace.asset_events) == 3 and len(taken) < 3


def _taken(flight: Flight, dag_id: str) -> list[int]:
    known = {run.dag_id for run in flight.result.trace.dag_runs()}
    return [n for numbers in flight.events_of(dag_id) for n in numbers] if dag_id in known else []


INCIDENTS = (
    Incident(
        id="INC-134",
        title="Asset events during a run are consumed one by one, and the last ones never",
        source="apache/airflow#56050",
        broken=four_events(),
        mended={
            "runs shorter than the time between events": four_events(consumer_s=MINUTE),
            "one more event, which takes the others along": four_events(fifth=True),
        },
        symptom=some_are_never_taken,
        says=("WT221",),
    ),
    Incident(
        id="INC-135",
        title="Simultaneous asset events become fewer runs than there should be",
        source="apache/airflow#35870, apache/airflow#53896, apache/airflow#54659, "
        "apache/airflow#62501",
        broken=mapped("a"),
        mended={"an asset, and a consumer, for each": mapped("a", "b", "c")},
        symptom=partial,
        says=("WT221",),
    ),
)
