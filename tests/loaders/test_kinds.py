"""Kinds: the scheduler's view of a task is told from its class, bases and arguments."""

import pytest

from windtunnel.model import (
    Branch,
    Deferrable,
    Empty,
    ExternalTaskSensor,
    LatestOnly,
    Sensor,
    ShortCircuit,
    TriggerDagRun,
    Work,
)


@pytest.fixture
def kind(repository):
    """The kind of one task, written as an expression over what Airflow's modules offer."""

    def kind(expression, before="", **options):
        text = (
            "from datetime import timedelta, datetime\n"
            "from airflow import DAG\n"
            "from airflow.operators.empty import EmptyOperator\n"
            "from airflow.operators.python import *\n"
            "from airflow.operators.python import BranchPythonOperator, ShortCircuitOperator\n"
            "from airflow.operators.latest_only import LatestOnlyOperator\n"
            "from airflow.operators.branch import BaseBranchOperator\n"
            "from airflow.operators.trigger_dagrun import TriggerDagRunOperator\n"
            "from airflow.sensors.base import BaseSensorOperator\n"
            "from airflow.sensors.external_task import ExternalTaskMarker, ExternalTaskSensor\n"
            "from airflow.providers.nobody.knows import ThatOperator, ThatSensor, ThatSensorAsync\n"
            f"{before}\n"
            f"with DAG('d', schedule=None):\n    {expression}\n"
        )
        return repository.dag(text, **options).tasks[0].kind

    return kind


def test_a_sensor_keeps_how_it_waits(kind):
    assert kind(
        "ThatSensor(task_id='t', mode='reschedule', poke_interval=timedelta(minutes=2),"
        " timeout=10, soft_fail=True)"
    ) == Sensor(mode="reschedule", poke_interval_s=120, timeout_s=10, soft_fail=True)
    assert kind("ThatSensor(task_id='t')") == Sensor()
    assert kind("ThatSensor(task_id='t', deferrable=True)").deferrable
    assert kind("ThatSensorAsync(task_id='t')").deferrable


def test_a_sensor_class_of_the_dag_file_is_a_sensor(kind):
    own = (
        "class Mine(BaseSensorOperator):\n"
        "    def __init__(self, **kwargs):\n"
        "        super().__init__(mode='reschedule', **kwargs)\n"
        "    def poke(self, context): return True\n"
        "class MyLatest(LatestOnlyOperator): pass\n"
        "class MyExternal(ExternalTaskSensor): pass\n"
        "class MyBranch(BaseBranchOperator): pass\n"
        "class MyTrigger(TriggerDagRunOperator): pass\n"
    )
    assert kind("Mine(task_id='t', timeout=1)", own) == Sensor(mode="reschedule", timeout_s=1)
    assert kind("MyLatest(task_id='t')", own) == LatestOnly()
    assert kind("MyBranch(task_id='t')", own) == Branch()
    assert kind("MyExternal(task_id='t', external_dag_id='x')", own).external_dag_id == "x"
    assert kind("MyTrigger(task_id='t', trigger_dag_id='x')", own).trigger_dag_id == "x"


def test_an_external_task_sensor_keeps_what_it_waits_for(kind):
    assert kind(
        "ExternalTaskSensor(task_id='t', external_dag_id='x', external_task_ids=['a', 'b'],"
        " execution_delta=timedelta(hours=-1), failed_states=['failed'],"
        " skipped_states=['skipped'], mode='reschedule', check_existence=True)"
    ) == ExternalTaskSensor(
        external_dag_id="x",
        external_task_ids=("a", "b"),
        execution_delta_s=-3600,
        failed_states=("failed",),
        skipped_states=("skipped",),
        mode="reschedule",
        check_existence=True,
    )
    one = kind("ExternalTaskSensor(task_id='t', external_dag_id='x', external_task_id='a')")
    assert one.external_task_ids == ("a",)
    assert one.allowed_states == ("success",)


def test_what_an_external_task_sensor_says_only_at_run_time_is_assumed_aloud(repository):
    fleet = repository.load(
        """
        from airflow import DAG
        from airflow.sensors.external_task import ExternalTaskSensor
        with DAG("d", schedule=None):
            ExternalTaskSensor(task_id="t", external_dag_id="x", execution_date_fn=lambda d: d)
        """
    ).fleet
    (assumption,) = fleet.assumptions
    assert assumption.subject == "task d.t"
    assert "execution_date_fn" in assumption.assumed


def test_the_task_group_of_an_external_task_sensor_is_kept(repository):
    fleet = repository.load(
        """
        from airflow import DAG
        from airflow.sensors.external_task import ExternalTaskSensor
        with DAG("d", schedule=None):
            ExternalTaskSensor(task_id="t", external_dag_id="x", external_task_group_id="g")
        """
    ).fleet
    assert fleet.dag("d").task("t").kind.external_task_group_id == "g"
    assert not fleet.assumptions


@pytest.mark.parametrize(
    ("function", "first", "others"),
    [
        ("lambda d: d - timedelta(hours=2)", 7200.0, ()),
        ("lambda d, context: [d, d - timedelta(days=1)]", 0.0, (86400.0,)),
        ("lambda d: d.replace(hour=0, minute=0)", 0.0, ()),
        ("lambda d: 1 / 0", 0.0, ()),
    ],
)
def test_what_an_execution_date_fn_gives_is_found_by_trying_it(kind, function, first, others):
    found = kind(
        f"ExternalTaskSensor(task_id='t', external_dag_id='x', execution_date_fn={function})"
    )
    assert found.execution_date_fn
    assert (found.execution_delta_s, found.other_deltas_s) == (first, others)


def test_a_trigger_keeps_whether_and_how_it_waits(kind):
    assert kind(
        "TriggerDagRunOperator(task_id='t', trigger_dag_id='x', wait_for_completion=True,"
        " poke_interval=5, allowed_states=['success', 'failed'], failed_states=[])"
    ) == TriggerDagRun(
        trigger_dag_id="x",
        wait_for_completion=True,
        poke_interval_s=5,
        allowed_states=("success", "failed"),
        failed_states=(),
    )
    assert kind("TriggerDagRunOperator(task_id='t', trigger_dag_id='x')") == TriggerDagRun(
        trigger_dag_id="x"
    )


def test_an_empty_operator_with_something_to_do_is_work(kind):
    assert kind("EmptyOperator(task_id='t')") == Empty()
    assert kind("ExternalTaskMarker(task_id='t', external_dag_id='x')") == Empty()
    assert kind("EmptyOperator(task_id='t', on_failure_callback=print)") == Empty()
    assert kind("EmptyOperator(task_id='t', on_success_callback=print)") == Work()
    assert kind("EmptyOperator(task_id='t', outlets=['x'])") == Work()
    # 2.x looks at outlets only.
    assert kind("EmptyOperator(task_id='t', inlets=['x'])") == Work()
    assert kind("EmptyOperator(task_id='t', inlets=['x'])", profile="airflow-2.11") == Empty()


def test_branches_and_short_circuits_are_told_from_ordinary_work(kind):
    assert kind("BranchPythonOperator(task_id='t', python_callable=print)") == Branch()
    assert kind("ShortCircuitOperator(task_id='t', python_callable=print)") == ShortCircuit()
    assert kind(
        "ShortCircuitOperator(task_id='t', python_callable=print,"
        " ignore_downstream_trigger_rules=False)"
    ) == ShortCircuit(ignore_downstream_trigger_rules=False)


def test_an_operator_that_nobody_knows_keeps_its_name_and_scheduling_arguments(repository):
    dag = repository.dag(
        """
        from airflow import DAG
        from airflow.providers.somewhere.operators.thing import ThingOperator

        class Mine(ThingOperator):
            template_fields = ThingOperator.template_fields + ("more",)

        with DAG("d", schedule=None, default_args={"deferrable": True}):
            t = ThingOperator(task_id="t", pool="p", retries=2, whatever=object())
            Mine(task_id="mine", deferrable=False, source=t.output)
        """
    )
    known = dag.task("t")
    assert (known.operator, known.pool, known.retries) == ("ThingOperator", "p", 2)
    assert known.kind == Deferrable()
    assert dag.task("mine").kind == Work()
    assert dag.task("mine").upstream == ("t",)


def test_a_subdag_is_loaded_and_triggered_by_its_task(repository):
    fleet = repository.load(
        """
        from airflow import DAG
        from airflow.operators.bash import BashOperator
        from airflow.operators.subdag_operator import SubDagOperator

        def child():
            dag = DAG("d.child", schedule_interval="@daily")
            BashOperator(task_id="inner", bash_command="true", dag=dag)
            return dag

        with DAG("d", schedule_interval="@daily") as dag:
            SubDagOperator(task_id="child", subdag=child())
        """
    ).fleet
    assert fleet.dag("d").tasks[0].kind == TriggerDagRun(
        trigger_dag_id="d.child", wait_for_completion=True
    )
    assert fleet.dag("d.child").schedule is None
