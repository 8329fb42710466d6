"""Slots that nobody gives back after a crash."""

from __future__ import annotations

from incident import HOUR, MINUTE, NEVER_S, Incident, cron, scenario

from windtunnel.model import (
    Dag,
    ExecutorSlotsLeaked,
    Fault,
    HeartbeatLost,
    ManualRun,
    Resource,
    Rule,
    Scenario,
    SchedulerLost,
    Task,
    TaskFails,
    TaskHangs,
    TaskLostByExecutor,
    WorkerGroup,
    WorkerLost,
)

# -- the holder of the only slot is killed --------------------------------------------------------


def killed_holder(tag: Resource) -> Scenario:
    """A worker dies at ten minutes, with the task that holds the only slot of a tag; the next run
    is on another worker."""
    dag = Dag(dag_id="sync", tasks=(Task(task_id="t"),))
    return scenario(
        dag,
        runs=["sync", ManualRun(dag_id="sync", at_s=15 * MINUTE)],
        rules=[Rule(tasks="sync.t", duration_s=20 * MINUTE, needs={"tag": 1})],
        resources={"tag": tag},
        faults=[WorkerLost(at_s=10 * MINUTE, for_s=MINUTE)],
        workers=(WorkerGroup(),),
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


def terminated(lock: Resource) -> Scenario:
    """Two runs share a lock; the first is ended by force while it holds it."""
    dag = Dag(dag_id="flow", tasks=(Task(task_id="step"),), dagrun_timeout_s=10 * MINUTE)
    return scenario(
        dag,
        runs=["flow", ManualRun(dag_id="flow", at_s=9 * MINUTE)],
        rules=[Rule(tasks="flow.step", duration_s=20 * MINUTE, needs={"lock:flow": 1})],
        resources={"lock:flow": lock},
        until=19 * MINUTE,
    )


# -- a counter that only goes up -------------------------------------------------------------------


def counted(limit: Resource) -> Scenario:
    """At most two executions at once, every ten minutes one; each of the first two fails before it
    has begun to work."""
    dag = cron("flow", "*/10 * * * *", Task(task_id="t"))
    failures = TaskFails(tasks="flow.t", for_s=15 * MINUTE, after_s=0)
    return scenario(
        dag,
        rules=[Rule(tasks="flow.t", needs={"executions": 1})],
        resources={"executions": limit},
        faults=[failures],
        until=6 * HOUR,
    )


# -- slots of the executor that nothing occupies --------------------------------------------------

RESTARTED = SchedulerLost(at_s=9 * HOUR, for_s=MINUTE)


def leaking(executor: str, slots: int, *faults: Fault) -> Scenario:
    """A task every ten minutes; each hour the executor forgets that some slots are free."""
    leak = ExecutorSlotsLeaked(slots=slots, at_s=HOUR, every_s=HOUR, times=8)
    return scenario(
        cron("d", "*/10 * * * *", Task(task_id="t")),
        runs=[],
        faults=(leak, *faults),
        executor=executor,
        parallelism=32,
        until=12 * HOUR,
    )


INCIDENTS = (
    Incident(
        id="INC-049",
        title="The task that holds the only slot is killed, and the slot is never given back",
        source="OHDSI/Data2Evidence#3034, PrefectHQ/prefect#17415",
        broken=killed_holder(Resource(slots=1, leaks_when=("lost",))),
        mended={
            "a lease that must be renewed": killed_holder(
                Resource(slots=1, leaks_when=("lost",), lease_s=5 * MINUTE)
            )
        },
        symptom=lambda flight: (
            flight.state("sync.t", run=1) == "running"
            and flight.waited("sync.t", "resource tag", run=1) > 23 * HOUR
        ),
        says=("WT115",),
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
        broken=terminated(Resource(slots=1, leaks_when=("stopped",))),
        mended={
            "the lock is given back with the run": terminated(Resource(slots=1)),
            "locks without a holder are looked for": terminated(
                Resource(slots=1, leaks_when=("stopped",), lease_s=5 * MINUTE)
            ),
        },
        symptom=lambda flight: (
            flight.run_states("flow") == ["failed", "running"]
            and flight.waited("flow.step", "resource lock:flow", run=1) > 9 * MINUTE
        ),
        says=("WT115",),
    ),
    Incident(
        id="INC-054",
        title="A counter of executions that failed early never falls; in the end none may start",
        source="kestra-io/kestra#17759",
        broken=counted(Resource(slots=2, leaks_when=("failed",))),
        mended={"every admission has its release": counted(Resource(slots=2))},
        symptom=lambda flight: not flight.moments("flow.t", "success"),
        says=("WT115",),
    ),
    Incident(
        id="INC-047",
        title="Schedulers that adopt each other's pods leak slots of the executor",
        source="apache/airflow#35675, apache/airflow#36240",
        broken=leaking("KubernetesExecutor", 8),
        mended={"the scheduler is started anew": leaking("KubernetesExecutor", 8, RESTARTED)},
        symptom=lambda flight: flight.states("d.t")[-1] == "scheduled",
        leaves_out="that the slots are not given back is stated as a fault, and does not emerge",
    ),
    Incident(
        id="INC-048",
        title="Slots of the Celery executor are lost one by one",
        source="apache/airflow#36335",
        broken=leaking("CeleryExecutor", 4),
        mended={"the scheduler is started anew": leaking("CeleryExecutor", 4, RESTARTED)},
        symptom=lambda flight: flight.states("d.t")[-1] == "scheduled",
        leaves_out="that the slots are not given back is stated as a fault, and does not emerge",
    ),
)
