"""Corners: what people write that no tutorial shows."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.decorators import dag, task, task_group
from airflow.models import BaseOperator
from airflow.models.baseoperator import chain
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import BranchPythonOperator, PythonOperator
from airflow.utils.task_group import TaskGroup
from airflow.utils.trigger_rule import TriggerRule

START = datetime(2024, 1, 1)


class Logged:
    """A mixin that passes arguments on."""

    def __init__(self, *args, level="info", **kwargs):
        self.level = level
        super().__init__(*args, **kwargs)


class Copy(Logged, BaseOperator):
    """Takes a result in a template field and another that is none."""

    template_fields = ("source", "names")
    ui_color = "#abc"

    def __init__(self, *, source, target=None, names=(), **kwargs):
        super().__init__(**kwargs)
        self.source = source
        self.target = target
        self.names = names

    def execute(self, context):
        return self.source


class Keyed(BaseOperator):
    """Makes its own task_id."""

    def __init__(self, key, **kwargs):
        super().__init__(task_id=f"keyed_{key}", **kwargs)
        self.key = key

    def execute(self, context):
        return self.key


class MyBranch(BranchPythonOperator):
    """A branch by inheritance."""


def build(name, **kwargs):
    """A DAG factory."""
    made = DAG(name, start_date=START, **kwargs)
    with made:
        EmptyOperator(task_id="first") >> EmptyOperator(task_id="second")
    return made


for number in range(3):
    globals()[f"made_{number}"] = build(f"corners_made_{number}", schedule=None, tags=[str(number)])

with DAG("corners_operators", schedule=None, start_date=START, default_args={"retries": 1}) as d:
    origin = PythonOperator(task_id="origin", python_callable=print)
    other = PythonOperator(task_id="other", python_callable=print)
    Copy(task_id="copy", source=origin.output, target=other.output, names=["x", other.output])
    Keyed(key="a", retries=3)
    MyBranch(task_id="branch", python_callable=print) >> Keyed(key="b")
    Copy.partial(task_id="mapped", target="t", retries=2, pool="p").expand(source=["a", "b", "c"])
    Copy.partial(task_id="of_result").expand(source=origin.output, names=[[1], [2]])
    BashOperator(
        task_id="odd",
        bash_command="true",
        pool=None,
        execution_timeout=None,
        retry_delay=timedelta(0),
        trigger_rule=TriggerRule.ALL_DONE,
        sla=timedelta(hours=1),
        on_failure_callback=print,
    )

later = DAG("corners_later", schedule="@monthly", start_date=START, catchup=True)
with later:
    a = EmptyOperator(task_id="a")
b = EmptyOperator(task_id="b", dag=later)
with later:
    c = EmptyOperator(task_id="c")
chain(a, b, c)
group = TaskGroup("group", dag=later)
inside = EmptyOperator(task_id="inside", dag=later, task_group=group)
c >> group
outside = EmptyOperator(task_id="outside")
outside.dag = later
later.get_task("a").set_downstream(outside)

with DAG("corners_outer", schedule=None, start_date=START) as outer:
    EmptyOperator(task_id="of_outer")
    with DAG("corners_inner", schedule=None, start_date=START) as inner:
        EmptyOperator(task_id="of_inner")
        EmptyOperator(task_id="of_outer_too", dag=outer)
    EmptyOperator(task_id="outer_again")


@dag(schedule=None, start_date=START, default_args={"retries": 2, "pool": "d"})
def corners_taskflow():
    @task(default_args={"retries": 9})
    def one():
        return 1

    @task.bash
    def shell():
        return "echo 1"

    @task(task_id="renamed", trigger_rule="one_done")
    def two(*args, **kwargs):
        return args, kwargs

    @task_group(tooltip="x")
    def flat(x):
        with TaskGroup("nested"):
            y = two(x)
        return two(y, key=x)

    first = one()
    flat(first) >> shell()
    flat(two(first))
    for n in range(3):
        with TaskGroup(f"loop_{n}"):
            one() >> two(n)
    [one(), two(1)] >> EmptyOperator(task_id="joined")
    first >> [two(2), two(3)] >> EmptyOperator(task_id="end")
    chain(one(), [two(4), two(5)], [two(6), two(7)], one())


made = corners_taskflow()

with DAG("corners_groups", schedule=None, start_date=START):
    previous = EmptyOperator(task_id="start")
    for name in ("a", "b"):
        with TaskGroup(name, default_args={"trigger_rule": "all_done"}) as current:
            x, y = EmptyOperator(task_id="x"), EmptyOperator(task_id="y")
            with TaskGroup("deep"):
                z = EmptyOperator(task_id="z", trigger_rule="none_failed")
            [x, y] >> z
        previous >> current
        previous = current
    previous >> [EmptyOperator(task_id="e1"), EmptyOperator(task_id="e2")]
    with TaskGroup("same", add_suffix_on_collision=True):
        EmptyOperator(task_id="t")
    with TaskGroup("same", add_suffix_on_collision=True):
        EmptyOperator(task_id="t")

with DAG(
    "corners_weights", schedule=None, start_date=START, default_args={"weight_rule": "absolute"}
):
    w = [EmptyOperator(task_id=f"w{n}", priority_weight=n) for n in range(4)]
    w[0] >> [w[1], w[2]] >> w[3]
    w[3] >> EmptyOperator(task_id="down", weight_rule="downstream", priority_weight=10)
