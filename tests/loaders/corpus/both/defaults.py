"""default_args at every level: of the DAG, of groups in groups, of a task, and class defaults."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.models import BaseOperator
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.sensors.base import BaseSensorOperator
from airflow.utils.task_group import TaskGroup


class Stubborn(BaseOperator):
    """Sets its own retries, whatever the DAG says."""

    template_fields = ("what",)

    def __init__(self, what=None, **kwargs):
        super().__init__(retries=7, pool="stubborn", **kwargs)
        self.what = what

    def execute(self, context):
        return self.what


class Modest(BaseOperator):
    """Has defaults that give way to default_args."""

    def __init__(self, *, queue="slow", greeting="hi", retries=4, **kwargs):
        kwargs.setdefault("pool_slots", 2)
        super().__init__(queue=queue, retries=retries, **kwargs)
        self.greeting = greeting

    def execute(self, context):
        return self.greeting


class Late(Stubborn):
    """Changes itself after construction."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.retries = 9
        self.trigger_rule = "all_done"
        self.execution_timeout = timedelta(minutes=3)


class Patient(BaseSensorOperator):
    """A sensor with defaults of its own."""

    def __init__(self, *, poke_interval=17, timeout=1800.0, mode="reschedule", **kwargs):
        super().__init__(poke_interval=poke_interval, timeout=timeout, mode=mode, **kwargs)

    def poke(self, context):
        return True


DEFAULTS = {
    "owner": "corpus",
    "retries": 2,
    "retry_delay": timedelta(minutes=1),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(hours=1),
    "depends_on_past": True,
    "pool": "dag_pool",
    "queue": "dag_queue",
    "priority_weight": 3,
    "weight_rule": "upstream",
    "trigger_rule": "none_failed",
    "execution_timeout": timedelta(seconds=90),
    "poke_interval": 5,
    "greeting": "from default_args",
    "no_such_argument": 1,
}

with DAG(
    "defaults_levels", schedule="@daily", start_date=datetime(2024, 1, 1), default_args=DEFAULTS
):
    plain = BashOperator(task_id="plain", bash_command="true")
    own = BashOperator(task_id="own", bash_command="true", retries=0, pool="task_pool")
    given = BashOperator(
        task_id="given", bash_command="true", default_args={"retries": 5, "queue": "given"}
    )
    with TaskGroup("outer", default_args={"retries": 11, "pool": "group_pool"}):
        in_outer = EmptyOperator(task_id="in_outer")
        with TaskGroup("inner", default_args={"queue": "inner_queue"}):
            in_inner = EmptyOperator(task_id="in_inner", retries=1)
            modest_in_inner = Modest(task_id="modest")
    stubborn = Stubborn(task_id="stubborn", what="x")
    modest = Modest(task_id="modest")
    late = Late(task_id="late")
    patient = Patient(task_id="patient")
    plain >> [own, given, in_outer] >> in_inner >> modest_in_inner
    in_inner >> [stubborn, modest] >> late >> patient

with DAG("defaults_none", schedule=None, start_date=datetime(2024, 1, 1)):
    Stubborn(task_id="stubborn")
    Modest(task_id="modest")
    Patient(task_id="patient")
    Patient(task_id="other_patient", poke_interval=3, mode="poke", soft_fail=True)
    EmptyOperator(
        task_id="past",
        wait_for_downstream=True,
        max_active_tis_per_dag=2,
        max_active_tis_per_dagrun=1,
    )

outside = BashOperator(task_id="outside", bash_command="true", retries=1)
dag = DAG(
    "defaults_attached_later",
    schedule="0 6 * * 1",
    start_date=datetime(2024, 1, 1),
    default_args={"retries": 8, "owner": "x"},
    max_active_runs=2,
    max_active_tasks=5,
    catchup=False,
    dagrun_timeout=timedelta(hours=2),
)
first = EmptyOperator(task_id="first", dag=dag)
first >> outside
