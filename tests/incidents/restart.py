"""Workers and schedulers that die at the wrong moment."""

from __future__ import annotations

from incident import DAY, HOUR, MINUTE, NEVER_S, Incident, scenario, without_faults

from windtunnel.model import (
    Dag,
    Fault,
    ResultLost,
    Rule,
    Scenario,
    SchedulerLost,
    SchedulerPaused,
    SpotLoss,
    Step,
    Task,
    TaskFails,
    TaskLostByExecutor,
    WorkerGroup,
    WorkerLost,
    WorkersDrained,
)


def lost_between_fetch_and_start(task_queued_timeout_s: float) -> Scenario:
    dag = Dag(dag_id="d", tasks=(Task(task_id="t"),), dagrun_timeout_s=20 * HOUR)
    return scenario(
        dag,
        faults=[TaskLostByExecutor(tasks="d.t", for_s=MINUTE)],
        workers=(WorkerGroup(),),
        task_queued_timeout_s=task_queued_timeout_s,
        until=DAY,
    )


def lost_message(task_queued_timeout_s: float) -> Scenario:
    """The broker loses the message of one task out of three; workers have slots for all."""
    dag = Dag(dag_id="d", tasks=tuple(Task(task_id=f"t{i}") for i in range(3)))
    return scenario(
        dag,
        faults=[TaskLostByExecutor(tasks="d.t1", for_s=MINUTE)],
        workers=(WorkerGroup(),),
        task_queued_timeout_s=task_queued_timeout_s,
        task_queued_timeout_check_interval_s=30,
        until=HOUR,
    )


def late_scheduler(threshold_s: float) -> Scenario:
    """One of two schedulers stands still for six minutes. It had queued half of ten healthy tasks,
    and the other one looks for orphans meanwhile."""
    dag = Dag(dag_id="d", tasks=tuple(Task(task_id=f"t{i}") for i in range(10)))
    return scenario(
        dag,
        seconds={"d.*": 20 * MINUTE},
        faults=[SchedulerPaused(at_s=2 * MINUTE, for_s=6 * MINUTE)],
        executor="LocalExecutor",
        schedulers=2,
        scheduler_health_check_threshold_s=threshold_s,
        until=2 * HOUR,
    )


def refused_reports(*faults: Fault) -> Scenario:
    """Twenty tasks, of which some are done when their report is answered with 409."""
    tasks = tuple(Task(task_id=f"t{i}", retries=1, retry_delay_s=60) for i in range(20))
    dag = Dag(dag_id="d", tasks=tasks, max_active_tasks=20)
    loads = Rule(tasks="d.*", steps=(Step(append="orders", work_s=10 * MINUTE),))
    return scenario(dag, rules=[loads], faults=faults, until=2 * HOUR)


DEPLOYED = SchedulerLost(at_s=2 * MINUTE + 10, for_s=MINUTE)


def deploy(*faults: Fault, heartbeat_timeout_s: float = 300) -> Scenario:
    """Workers are replaced, then the scheduler, with eight tasks under way."""
    tasks = tuple(Task(task_id=f"t{i}", retries=1, retry_delay_s=0) for i in range(8))
    return scenario(
        Dag(dag_id="d", tasks=tasks),
        seconds={"d.*": 90},
        faults=(*faults, DEPLOYED),
        executor="CeleryExecutor",
        workers=(WorkerGroup(count=2, slots=2),),
        task_instance_heartbeat_timeout_s=heartbeat_timeout_s,
        until=2 * HOUR,
    )


def evicted(fault: Fault) -> Scenario:
    """A spot machine is taken back under a task that has a retry left."""
    dag = Dag(dag_id="d", tasks=(Task(task_id="t", retries=1, retry_delay_s=0),))
    return scenario(
        dag,
        seconds={"d.t": 10 * MINUTE},
        faults=[fault],
        workers=(WorkerGroup(count=2),),
        until=2 * HOUR,
    )


def too_large(retries: int) -> Scenario:
    """A task that needs more memory than any worker has, and starts anew whenever it is killed."""
    hungry = Task(task_id="hungry", retries=retries, retry_delay_s=MINUTE)
    return scenario(
        Dag(dag_id="d", tasks=(hungry, Task(task_id="other"))),
        rules=[Rule(tasks="d.hungry", memory_mb=3000, duration_s=10 * MINUTE)],
        executor="CeleryExecutor",
        workers=(WorkerGroup(count=2, memory_mb=2000),),
        until=6 * HOUR,
    )


INCIDENTS = (
    Incident(
        id="INC-076",
        title="A task that runs out of memory is delivered again and again, and takes its "
        "neighbours along",
        source="OasisLMF/OasisPlatform#975",
        broken=too_large(100_000),
        mended={"at most three times": too_large(3)},
        symptom=lambda flight: len(flight.moments("d.hungry", "running")) > 100,
        leaves_out="retries stand for the broker's redeliveries, which Airflow would refuse; the "
        "neighbours, which the kernel spares here as long as they need less",
    ),
    Incident(
        id="INC-046",
        title="A task stays queued for many minutes, with capacity free, and then runs as always",
        source="apache/airflow#51284",
        broken=lost_message(15 * MINUTE),
        mended={"a shorter task_queued_timeout": lost_message(MINUTE)},
        symptom=lambda flight: (
            flight.states("d.*") == ["success"] * 3
            and flight.waited("d.t1", "executor") > 15 * MINUTE
        ),
    ),
    Incident(
        id="INC-066",
        title="A task is done, its report is refused, and it is tried again",
        source="apache/airflow#65708, apache/airflow#66713",
        broken=refused_reports(ResultLost(tasks="d.*", tries=(1,), probability=0.2)),
        mended={"a report that may be repeated (3.3)": refused_reports()},
        symptom=lambda flight: (
            set(flight.states("d.*")) == {"success"}
            and any(ti.try_number == 2 for ti in flight.all("d.*"))
        ),
        says=("WT204",),
    ),
    Incident(
        id="INC-071",
        title="A scheduler's heartbeat is late: healthy tasks are reset as orphans, many at once",
        source="apache/airflow#16023",
        broken=late_scheduler(30),
        mended={
            "a threshold beyond the longest pause": late_scheduler(10 * MINUTE),
            "no pause": without_faults(late_scheduler(30)),
        },
        symptom=lambda flight: len(flight.moments("d.*", "none")) >= 3,
        says=("WT201",),
    ),
    Incident(
        id="INC-072",
        title="After a deploy, adopted tasks neither end nor are tried again",
        source="apache/airflow#27657",
        broken=deploy(WorkerLost(share=1, at_s=2 * MINUTE, for_s=MINUTE)),
        mended={
            "workers end what they have before they stop": deploy(
                WorkersDrained(share=1, at_s=MINUTE, for_s=3 * MINUTE)
            ),
            "a shorter heartbeat timeout": deploy(
                WorkerLost(share=1, at_s=2 * MINUTE, for_s=MINUTE), heartbeat_timeout_s=60
            ),
        },
        symptom=lambda flight: any(
            at >= 7 * MINUTE for at in flight.moments("d.*", "up_for_retry")
        ),
        leaves_out="that they are failed in the end, with retries left; here only the wait shows",
    ),
    Incident(
        id="INC-074",
        title="Spot eviction fails tasks that have retries left",
        source="apache/airflow#21701, apache/airflow#16847, apache/airflow#43644",
        broken=evicted(TaskFails(tasks="d.t", after_s=5 * MINUTE, retryable=False)),
        mended={"a loss that counts as one try": evicted(SpotLoss(share=1, at_s=60, for_s=600))},
        symptom=lambda flight: (
            flight.state("d.t") == "failed" and flight.all("d.t")[0].try_number == 1
        ),
        leaves_out="how some releases count such a try is stated as a failure that is final",
    ),
    Incident(
        id="INC-075",
        title="A worker dies between fetching a task and starting it: queued for ever",
        source="apache/airflow#26015, apache/airflow#21225, apache/airflow#28120",
        broken=lost_between_fetch_and_start(NEVER_S),
        mended={"task_queued_timeout (2.6)": lost_between_fetch_and_start(600)},
        symptom=lambda flight: not flight.moments("d.t", "running"),
    ),
)
