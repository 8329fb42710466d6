"""TaskFlow: results as arguments, mapping, groups, setup and teardown, variants."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.decorators import dag, setup, task, task_group, teardown
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator


@task
def make():
    return [1, 2, 3]


@task(retries=3, pool="p", trigger_rule="all_done")
def use(x=None, y=None):
    return x


@task.branch
def choose():
    return "left"


@task.short_circuit(ignore_downstream_trigger_rules=False)
def stop():
    return False


@task.sensor(poke_interval=11, timeout=22, mode="reschedule", soft_fail=True)
def wait():
    return True


@task(multiple_outputs=True)
def several():
    return {"a": 1, "b": 2}


@dag(schedule="@hourly", start_date=datetime(2024, 1, 1), catchup=False, tags=["x"])
def taskflow_results(n: int = 3):
    made = make()
    use(made)
    use(x={"deep": [made]}, y=several()["a"])
    for _ in range(2):
        use.override(task_id="again", retries=0)(made)
    use.override(pool="other")(1) >> EmptyOperator(task_id="end")


taskflow_results()


@dag(dag_id="taskflow_variants", schedule=None, start_date=datetime(2024, 1, 1))
def variants():
    left, right = EmptyOperator(task_id="left"), EmptyOperator(task_id="right")
    wait() >> choose() >> [left, right] >> stop() >> EmptyOperator(task_id="after")


variants()

with DAG("taskflow_mapping", schedule=None, start_date=datetime(2024, 1, 1)):
    made = make()
    use.expand(x=[1, 2, 3])
    use.override(task_id="product").expand(x=[1, 2], y=["a", "b", "c"])
    use.override(task_id="of_result").expand(x=made)
    use.partial(y=1).expand(x=made)
    use.override(task_id="of_kwargs").expand_kwargs([{"x": 1}, {"x": 2}])
    use.override(task_id="of_dict").expand(x={"k": 1, "l": 2})
    mapped = BashOperator.partial(
        task_id="classic", retries=2, pool="q", max_active_tis_per_dag=2
    ).expand(bash_command=["a", "b"])
    BashOperator.partial(task_id="classic_of_result").expand(bash_command=made)
    PythonOperator.partial(task_id="py", python_callable=print).expand(op_args=[[1], [2]])
    zipped = made.zip(mapped.output)
    use.override(task_id="of_zip").expand(x=zipped)
    use.override(task_id="of_map").expand(x=made.map(str))


@task_group
def grouped(x, y=1):
    return use(use(x), y)


@task_group(group_id="named", default_args={"retries": 6})
def other(x):
    use(x) >> EmptyOperator(task_id="end")


with DAG("taskflow_groups", schedule=None, start_date=datetime(2024, 1, 1)):
    made = make()
    first = grouped(made)
    second = grouped(first, 2)
    other(second) >> EmptyOperator(task_id="last")
    grouped.override(group_id="mapped").expand(x=[1, 2])
    grouped.override(group_id="mapped_result").partial(y=2).expand(x=made)

with DAG("taskflow_setup", schedule=None, start_date=datetime(2024, 1, 1)):

    @setup
    def begin():
        return 1

    @teardown(on_failure_fail_dagrun=True)
    def finish():
        return 1

    @task_group
    def scoped():
        s, t = begin(), finish()
        work = use.override(trigger_rule="all_success")(1)
        s >> work >> t
        return t

    scoped() >> EmptyOperator(task_id="after_group")
    up = EmptyOperator(task_id="up").as_setup()
    work = EmptyOperator(task_id="work")
    more = EmptyOperator(task_id="more")
    down = EmptyOperator(task_id="down")
    up >> work >> more >> down.as_teardown(setups=up, on_failure_fail_dagrun=True)

with DAG("taskflow_setup_context", schedule=None, start_date=datetime(2024, 1, 1)):
    up = EmptyOperator(task_id="up")
    down = EmptyOperator(task_id="down").as_teardown(setups=up)
    with down:
        a, b = EmptyOperator(task_id="a"), EmptyOperator(task_id="b")
        a >> b
        EmptyOperator(task_id="alone")
    down >> EmptyOperator(task_id="after")

with DAG("taskflow_templates", schedule=None, start_date=datetime(2024, 1, 1)):
    one = BashOperator(task_id="one", bash_command="echo 1")
    BashOperator(task_id="two", bash_command="echo", env={"X": one.output})
    BashOperator(task_id="three", bash_command=f"echo {one.output}")
    PythonOperator(task_id="four", python_callable=print, op_kwargs={"x": [one.output["key"]]})
    PythonOperator(task_id="five", python_callable=print, op_args=[1], retry_delay=timedelta(1))
