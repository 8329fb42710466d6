"""Mapped tasks and groups, nested groups, setup and teardown."""

from datetime import datetime

from airflow import DAG
from airflow.decorators import task, task_group
from airflow.operators.bash import BashOperator
from airflow.utils.task_group import TaskGroup

with DAG("mapped", schedule=None, start_date=datetime(2026, 1, 1)):

    @task
    def numbers():
        return [1, 2, 3]

    @task(max_active_tis_per_dag=2)
    def add(x, y):
        return x + y

    @task
    def total(values):
        return sum(values)

    found = numbers()
    total(add.partial(y=1).expand(x=found))
    add.override(task_id="literal").expand(x=[1, 2], y=[3, 4, 5])
    add.override(task_id="rows").expand_kwargs([{"x": 1, "y": 2}, {"x": 3, "y": 4}])
    add.override(task_id="both").partial(y=0).expand(
        x=found.zip(numbers.override(task_id="more")())
    )
    BashOperator.partial(task_id="shell", retries=4, pool="db").expand(
        bash_command=["echo 1", "echo 2"]
    )

    @task_group
    def each(number):
        @task
        def double(value):
            return value * 2

        double(number)

    each.expand(number=[1, 2, 3])
    each.override(group_id="each_found").expand(number=found)

with DAG("grouped", schedule=None, start_date=datetime(2026, 1, 1)):

    @task
    def step():
        pass

    with TaskGroup("outer", default_args={"retries": 2}) as outer:
        with TaskGroup("inner"):
            a = step.override(task_id="a")()
        with TaskGroup("plain", prefix_group_id=False):
            b = step.override(task_id="b")()
        a >> b
    start = step.override(task_id="start")()
    stop = step.override(task_id="stop")()
    start >> outer >> stop
    stop.as_teardown(setups=start, on_failure_fail_dagrun=True)
