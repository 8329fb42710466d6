"""Slots that nobody gives back after a crash."""

from __future__ import annotations

from incident import HOUR, MINUTE, NEVER_S, Incident, cron, scenario

from windtunnel.model import (
    Dag,
    HeartbeatLost,
    ManualRun,
    Pool,
    PoolResized,
    Scenario,
    Task,
    TaskFails,
    TaskHangs,
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


# -- a process that outlives its run --------------------------------------------------------------


def outlived(execution_timeout_s: float | None) -> Scenario:
    """The scheduler gives a try up, because it hears nothing of it, and its run has failed; but the
    process hangs on, on the only slot of the worker."""
    dag = Dag(dag_id="sync", tasks=(Task(task_id="t", execution_timeout_s=execution_timeout_s),))
    return scenario(
        dag,
        runs=["sync", ManualRun(dag_id="sync", at_s=MINUTE)],
        seconds={"sync.t": 10 * MINUTE},
        faults=[
            HeartbeatLost(tasks="sync.t", for_s=MINUTE / 2),
            TaskHangs(tasks="sync.t", for_s=MINUTE / 2),
        ],
        workers=(WorkerGroup(slots=1),),
        task_queued_timeout_s=NEVER_S,
    )


# -- a lock that nobody holds ----------------------------------------------------------------------


def terminated(*faults: PoolResized) -> Scenario:
    """Two runs share a lock; the first is ended by force while it holds it."""
    dag = Dag(
        dag_id="flow", tasks=(Task(task_id="step", pool="lock"),), dagrun_timeout_s=10 * MINUTE
    )
    return scenario(
        dag,
        runs=["flow", ManualRun(dag_id="flow", at_s=9 * MINUTE)],
        seconds={"flow.step": 20 * MINUTE},
        faults=faults,
        pools={"lock": Pool(slots=1)},
        until=19 * MINUTE,
    )


# -- a counter that only goes up -------------------------------------------------------------------


def counted(*faults: PoolResized) -> Scenario:
    """At most two executions at once, every ten minutes one; each of the first two fails before it
    has begun, and stays counted."""
    dag = cron("flow", "*/10 * * * *", Task(task_id="t", pool="limit"))
    failures = TaskFails(tasks="flow.t", for_s=15 * MINUTE, after_s=0)
    return scenario(dag, faults=(failures, *faults), pools={"limit": Pool(slots=2)}, until=6 * HOUR)


LEAKS = (
    PoolResized(pool="limit", slots=1, at_s=1),
    PoolResized(pool="limit", slots=0, at_s=10 * MINUTE + 1),
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
        id="INC-051",
        title="A run is over, and still it keeps a slot that others wait for",
        source="dagster-io/dagster#33643",
        broken=outlived(None),
        mended={"execution_timeout, which ends the process": outlived(15 * MINUTE)},
        symptom=lambda flight: (
            flight.run_states("sync")[0] == "failed"
            and flight.state("sync.t", run=1) == "queued"
            and flight.waited("sync.t", "worker slots", run=1) > 23 * HOUR
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
    Incident(
        id="INC-053",
        title="A run is ended by force, and the next one waits for a lock that nobody holds",
        source="argoproj/argo-workflows#7633, argoproj/argo-workflows#4046",
        broken=terminated(PoolResized(pool="lock", slots=0, at_s=10 * MINUTE)),
        mended={
            "the lock is given back with the run": terminated(),
            "locks without a holder are looked for": terminated(
                PoolResized(pool="lock", slots=0, at_s=10 * MINUTE, for_s=5 * MINUTE)
            ),
        },
        symptom=lambda flight: (
            flight.run_states("flow")[0] == "failed"
            and flight.began("flow.step", run=1) is None
            and flight.waited("flow.step", "pool lock", run=1) > 5 * MINUTE
        ),
        leaves_out="that the slot is not given back is stated as a fault, and does not emerge",
    ),
    Incident(
        id="INC-054",
        title="A counter of executions that failed early never falls; in the end none may start",
        source="kestra-io/kestra#17759",
        broken=counted(*LEAKS),
        mended={"every admission has its release": counted()},
        symptom=lambda flight: not flight.moments("flow.t", "success"),
        leaves_out="that the slots are not given back is stated as a fault, and does not emerge",
    ),
)
