"""Slots that nobody gives back after a crash."""

from __future__ import annotations

from incident import HOUR, MINUTE, NEVER_S, Incident, cron, scenario

from windtunnel.model import (
    Dag,
    ManualRun,
    Pool,
    Scenario,
    Task,
    TaskLostByExecutor,
    WorkerGroup,
    WorkerLost,
)

# -- the holder of the only slot is killed --------------------------------------------------------


def killed_holder(heartbeat_timeout_s: float) -> Scenario:
    """A worker dies at ten minutes, with the task that holds the only slot; a new one comes."""
    dag = Dag(dag_id="sync", tasks=(Task(task_id="t", pool="tag"),))
    return scenario(
        dag,
        runs=["sync", ManualRun(dag_id="sync", at_s=15 * MINUTE)],
        seconds={"sync.t": 20 * MINUTE},
        faults=[WorkerLost(at_s=10 * MINUTE, for_s=MINUTE)],
        pools={"tag": Pool(slots=1)},
        workers=(WorkerGroup(),),
        task_instance_heartbeat_timeout_s=heartbeat_timeout_s,
    )


# -- the cleaner is the victim --------------------------------------------------------------------


def cleaner(task_queued_timeout_s: float) -> Scenario:
    """A job for every ten minutes, never two at once, is lost between queue and worker."""
    dag = cron("clean_up", "*/10 * * * *", Task(task_id="t"), max_active_runs=1)
    return scenario(
        dag,
        faults=[TaskLostByExecutor(tasks="clean_up.t", at_s=0, for_s=MINUTE)],
        workers=(WorkerGroup(),),
        task_queued_timeout_s=task_queued_timeout_s,
        until=3 * HOUR,
    )


INCIDENTS = (
    Incident(
        id="INC-049",
        title="The task that holds the only slot is killed, and the slot is never given back",
        source="OHDSI/Data2Evidence#3034, PrefectHQ/prefect#17415",
        broken=killed_holder(NEVER_S),
        mended={"a lease that must be renewed: the heartbeat timeout": killed_holder(300)},
        symptom=lambda flight: (
            flight.state("sync.t", run=1) == "scheduled"
            and flight.waited("sync.t", "pool tag", run=1) > 23 * HOUR
        ),
    ),
    Incident(
        id="INC-050",
        title="A lost run of the cleaning job keeps out the runs that would clean up after it",
        source="opsmill/infrahub#9856",
        broken=cleaner(NEVER_S),
        mended={"what stays queued is given up": cleaner(600)},
        symptom=lambda flight: not flight.moments("clean_up.t", "running"),
    ),
)
