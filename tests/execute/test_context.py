"""What a real callable is told: context, parameters, templates, Variables; and what it can't do."""

from __future__ import annotations

import pytest

from windtunnel.loaders import Supplied
from windtunnel.model import Isolation, ManualRun, Rule


def templated(flight_of, *texts, dag_arguments="", **options):
    """What templates come to, in one run."""
    return flight_of(
        f"""
with DAG("etl"{dag_arguments}):
    for number, text in enumerate({texts!r}):
        PythonOperator(task_id=f"t{{number}}", python_callable=show, op_args=[text])
""",
        **options,
    )


def test_parameters_of_the_dag_the_task_and_the_run_come_in_this_order(execute):
    flight = execute(
        """
with DAG("etl", params={"a": Param(1, type="integer"), "b": 2, "c": 3}):
    PythonOperator(
        task_id="t", python_callable=lambda params: print(sorted(params.items())),
        params={"b": 20},
    )
""",
        runs=[ManualRun(dag_id="etl", conf={"c": 300})],
    )
    assert flight.printed == ["[('a', 1), ('b', 20), ('c', 300)]"]


def test_a_triggered_run_has_the_rendered_conf(execute):
    flight = execute(
        """
with DAG("parent"):
    TriggerDagRunOperator(
        task_id="go", trigger_dag_id="child", conf={"day": "{{ ds }}", "n": [1]}
    )
with DAG("child"):
    PythonOperator(
        task_id="t", python_callable=lambda dag_run, params: print(dag_run.conf, params["n"])
    )
""",
        runs=[ManualRun(dag_id="parent")],
    )
    assert flight.printed == ["{'day': '2026-03-01', 'n': [1]} [1]"]


def test_a_conf_that_cannot_be_rendered_fails_the_trigger(execute):
    flight = execute(
        """
with DAG("parent"):
    TriggerDagRunOperator(task_id="go", trigger_dag_id="child", conf={"a": "{{ nobody }}"})
with DAG("child"):
    PythonOperator(task_id="t", python_callable=print)
""",
        runs=[ManualRun(dag_id="parent")],
    )
    assert flight.state("parent.go") == "failed"
    assert flight.run_ids("child") == []


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        (
            "{{ data_interval_start | ds }} {{ logical_date | ts_nodash }}",
            "2026-03-01 20260301T000000",
        ),
        ("{{ macros.ds_add(ds, 2) }}", "2026-03-03"),
        ("{{ macros.ds_format(ds, '%Y-%m-%d', '%d.%m.') }}", "01.03."),
        ("{{ logical_date.add(days=1).to_date_string() }}", "2026-03-02"),
        (
            "{{ dag.dag_id }} {{ task.owner }} {{ ti.task_id }} {{ run_id[:6] }}",
            "etl airflow t0 manual",
        ),
        (
            "{{ ti.try_number }} {{ ti.max_tries }} {{ ti.state }} {{ dag_run.state }}",
            "1 0 running running",
        ),
        (
            "{{ var.value.bucket }} {{ var.json.limits.n }} {{ var.value.get('x', 'none') }}",
            "b-1 7 none",
        ),
        ("{{ conn.db.host }}:{{ conn.db.port }}", "h:5432"),
        ("{% for n in [1, 2] %}{{ n }}{% endfor %}", "12"),
        ("{{ prev_start_date_success }} {{ ts_nodash_with_tz }}", "None 20260301T000000+0000"),
    ],
)
def test_templates_know_what_they_know_in_airflow(execute, text, rendered):
    supplied = Supplied(
        variables={"bucket": "b-1", "limits": {"n": 7}},
        connections={"db": "postgres://u:p@h:5432/s"},
    )
    assert templated(execute, text, supplied=supplied).printed == [rendered]


@pytest.mark.parametrize(
    "text",
    ["{{ nobody }}", "{{ params.missing }}", "{{ var.value.missing }}", "{{ execution_date }}"],
)
def test_a_name_that_is_not_defined_fails_the_task(execute, text):
    flight = templated(execute, text)
    assert [ti.state for ti in flight.instances] == ["failed"]


def test_old_names_are_there_in_2_x(execute):
    text = "{{ execution_date | ds }} {{ yesterday_ds }} {{ tomorrow_ds_nodash }} {{ prev_ds }}"
    flight = templated(execute, text, profile="airflow-2.11")
    assert flight.printed == ["2026-03-01 2026-02-28 20260302 2026-03-01"]


def test_a_dag_has_macros_filters_and_native_values_of_its_own(execute):
    arguments = (
        ', user_defined_macros={"twice": lambda n: 2 * n}, '
        'user_defined_filters={"loud": str.upper}, render_template_as_native_obj=True'
    )
    flight = templated(execute, "{{ twice(4) + 1 }}", "{{ 'a' | loud }}", dag_arguments=arguments)
    assert flight.printed == ["9", "A"]


def test_a_result_is_not_taken_for_a_template(execute):
    flight = execute(
        """
@dag
def etl():
    @task
    def make():
        return "{{ nobody }}"
    make_show = task(show)
    make_show(make())
etl()
"""
    )
    assert flight.printed == ["{{ nobody }}"]


def test_dates_have_the_methods_that_pendulum_gives_them(execute):
    flight = execute(
        """
def dates(logical_date, data_interval_end, ti, dag_run):
    print(logical_date.subtract(days=1).to_date_string(), data_interval_end.add(hours=1).hour)
    print(ti.start_date.isoformat(), dag_run.logical_date == logical_date)

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=dates)
"""
    )
    assert flight.printed == ["2026-02-28 1", "2026-03-01T00:00:00+00:00 True"]


def test_variables_are_the_scenarios_not_those_that_lie_around(execute, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_SECRET", "from the environment")
    flight = execute(
        """
def read():
    print(Variable.get("given"), Variable.get("secret", default="default"))
    Variable.set("kept", "yes")

with DAG("etl"):
    first = PythonOperator(task_id="a", python_callable=read)
    second = PythonOperator(task_id="b", python_callable=lambda: print(Variable.get("kept")))
    first >> second >> PythonOperator(task_id="c", python_callable=lambda: Variable.get("gone"))
""",
        supplied=Supplied(variables={"given": "g"}),
    )
    assert flight.printed == ["g default", "yes"]
    assert "Variable gone does not exist" in flight.reasons("etl.c")[0]


def test_what_is_not_installed_cannot_be_called_by_a_task(execute):
    flight = execute(
        """
from airflow.providers.postgres.hooks.postgres import PostgresHook

def load():
    return PostgresHook("db").get_records("select 1")

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=load)
"""
    )
    assert flight.state("etl.t") == "failed"
    assert "PostgresHook.get_records() can't be called here" in flight.reasons("etl.t")[0]


BASH = """
with DAG("etl"):
    BashOperator(task_id="bash", bash_command="date") >> PythonOperator(
        task_id="t", python_callable=lambda ti: print(ti.xcom_pull("bash"))
    )
"""


def test_the_result_of_a_modelled_task_is_not_made_up(execute):
    flight = execute(BASH)
    assert flight.state("etl.t") == "failed"
    assert 'Declare it with a behavior rule: tasks = "etl.bash"' in flight.reasons("etl.t")[0]


def test_the_result_of_a_modelled_task_can_be_declared(execute):
    flight = execute(BASH, rules=[Rule(tasks="etl.bash", result={"rows": 3}, duration_s=5)])
    assert flight.printed == ["{'rows': 3}"]
    assert flight.span("etl.bash") == (0, 5)


def test_a_declared_result_stands_for_a_callable_too_and_can_be_mapped_over(execute):
    flight = execute(
        """
@dag
def etl():
    @task
    def query():
        raise RuntimeError("no database here")
    task(show).expand(value=query())

def show(value):
    print(value)
etl()
""",
        rules=[Rule(tasks="etl.query", result=[1, 2, 3])],
    )
    assert sorted(flight.printed) == ["1", "2", "3"]


def test_operators_and_sensors_of_the_repository_run(execute):
    flight = execute(
        """
class Add(BaseOperator):
    template_fields = ("left",)

    def __init__(self, left, right=1, **kwargs):
        super().__init__(**kwargs)
        self.left, self.right = left, right

    def execute(self, context):
        print(self.left, self.right, context["ds"], context["task"] is self)
        return int(self.left) + self.right

class Later(BaseSensorOperator):
    def poke(self, context):
        return datetime.now() >= datetime(2026, 3, 1, 0, 2)

with DAG("etl"):
    one = Add(task_id="one", left="{{ 3 + 4 }}")
    two = Add(task_id="two", left=one.output, right=10)
    many = Add.partial(task_id="many", right=100).expand(left=[1, 2])
    Later(task_id="later", poke_interval=50) >> one
    two >> many >> PythonOperator(
        task_id="sum", python_callable=lambda ti: print(sum(ti.xcom_pull("many")))
    )
"""
    )
    assert flight.printed == [
        "7 1 2026-03-01 True",
        "8 10 2026-03-01 True",
        "1 100 2026-03-01 True",
        "2 100 2026-03-01 True",
        "203",
    ]
    assert flight.span("etl.later") == (0, 150)


def test_tasks_of_a_mapped_group_get_their_items_and_each_others_results(execute):
    flight = execute(
        """
@dag
def etl():
    @task
    def double(n):
        return 2 * n

    @task
    def tell(doubled, n):
        print(n, doubled)

    @task
    def total(values):
        print(sum(values))

    @task_group
    def each(n):
        doubled = double(n)
        tell(doubled, n)
        return doubled

    total(each.expand(n=[1, 2, 3]))

etl()
"""
    )
    assert sorted(flight.printed) == ["1 2", "12", "2 4", "3 6"]


@pytest.mark.parametrize(
    ("argument", "raised", "state"),
    [
        ("soft_fail=True", "AirflowFailException()", "skipped"),
        ("soft_fail=True", "ValueError()", "failed"),
        ("never_fail=True", "ValueError()", "skipped"),
        ("silent_fail=True, timeout=100", "ValueError()", "failed"),
    ],
)
def test_a_poke_that_raises_means_what_the_sensor_says(execute, argument, raised, state):
    flight = execute(
        f"""
def poke():
    raise {raised}

with DAG("etl"):
    PythonSensor(task_id="t", python_callable=poke, {argument})
"""
    )
    assert flight.state("etl.t") == state
    assert flight.task("etl.t").ended_us == (120_000_000 if "silent" in argument else 0)


def test_random_numbers_are_the_same_in_every_simulation_and_others_in_each_task(execute):
    text = """
import random, time

def draw():
    first = random.random()
    time.sleep(1)
    print(first, random.random())

with DAG("etl"):
    PythonOperator(task_id="a", python_callable=draw)
    PythonOperator(task_id="b", python_callable=draw)
"""
    first, second = execute(text).printed, execute(text).printed
    assert first == second
    assert len(set(" ".join(first).split())) == 4


def test_a_generator_runs_to_its_end(execute):
    flight = execute(
        """
def steps():
    print("working")
    yield "a note"
    return 5

with DAG("etl"):
    PythonOperator(task_id="a", python_callable=steps) >> PythonOperator(
        task_id="b", python_callable=lambda ti: print(ti.xcom_pull("a"))
    )
"""
    )
    assert flight.printed == ["working", "5"]


def test_a_model_of_pydantic_that_is_imported_late_may_have_dates(execute, tmp_path):
    (tmp_path / "late_models.py").write_text(
        "from datetime import date, datetime\n"
        "from pydantic import BaseModel\n\n"
        "class Row(BaseModel):\n    day: date\n    at: datetime\n"
    )
    flight = execute(
        """
def load():
    from late_models import Row
    print(Row(day="2026-03-01", at=datetime.now()).model_dump_json())

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=load)
"""
    )
    assert flight.printed == ['{"day":"2026-03-01","at":"2026-03-01T00:00:00"}']


def test_conditions_and_hooks_run_before_and_after(execute):
    flight = execute(
        """
@dag
def etl():
    @task.run_if(lambda context: context["ds"] == "2026-03-01")
    @task
    def runs():
        print("runs")

    @task.skip_if(lambda context: True)
    @task
    def skips():
        print("never")

    runs() >> skips()

etl()

with DAG("hooks"):
    PythonOperator(
        task_id="t", python_callable=lambda: 5,
        pre_execute=lambda context: print("before", context["ds"]),
        post_execute=lambda context, result: print("after", result),
    )
"""
    )
    assert sorted(flight.printed) == ["after 5", "before 2026-03-01", "runs"]
    assert flight.state("etl.skips") == "skipped"


CALLBACKS = """
from airflow.sdk import BaseNotifier
from airflow.providers.slack.notifications.slack import SlackNotifier

def told(context):
    error = context.get("exception")
    print(context["ti"].task_id, context["ti"].try_number, context["ti"].state, repr(error))

class Page(BaseNotifier):
    template_fields = ("text",)

    def __init__(self, text):
        super().__init__()
        self.text = text

    def notify(self, context):
        print("page:", self.text)

def broken(context):
    raise KeyError("no channel")

def fails(ti):
    time.sleep(10)
    raise ValueError("no rows")

def skips():
    raise AirflowSkipException("nothing")

every = {
    "on_execute_callback": lambda context: print("begins", context["ti"].task_id),
    "on_success_callback": [told],
    "on_skipped_callback": told,
    "on_retry_callback": told,
    "on_failure_callback": [broken, SlackNotifier(text="x"), Page("{{ ti.task_id }} failed"), told],
}
with DAG("etl", default_args=every):
    ok = PythonOperator(task_id="ok", python_callable=lambda: 5)
    skip = PythonOperator(task_id="skip", python_callable=skips)
    ok >> PythonOperator(
        task_id="bad", python_callable=fails, retries=1, retry_delay=timedelta(seconds=5)
    ) >> PythonSensor(
        task_id="wait", python_callable=lambda ti: datetime.now() > datetime(2026, 3, 1, 0, 2),
        poke_interval=100, trigger_rule="all_done",
    )
"""


@pytest.mark.parametrize("isolate", [None, Isolation()])
def test_callbacks_are_called_with_the_context_and_the_state_that_the_task_comes_to(
    execute, isolate
):
    flight = execute(CALLBACKS, isolate=isolate)
    lines = [line for line in flight.printed if not line.startswith((" ", "Traceback"))]
    assert lines == [
        "begins ok",
        "ok 1 success None",
        "begins skip",
        "skip 1 skipped AirflowSkipException('nothing')",
        "begins bad",
        "bad 1 up_for_retry ValueError('no rows')",
        "begins bad",
        "ERROR - Failed to run task callback on_failure_callback",
        "KeyError: 'no channel'",
        "page: bad failed",
        "bad 2 failed ValueError('no rows')",
        "begins wait",
        "wait 1 success None",
    ]


def test_a_function_under_asset_gets_its_asset_others_by_name_and_the_context(execute):
    flight = execute(
        """
from airflow.sdk import asset

@asset(uri="s3://bucket/raw", schedule=None)
def raw():
    return 5

@asset(uri="s3://bucket/clean", schedule=None)
def clean(self, context, raw, limit=3):
    print(self.name, self.uri, context["ds"], raw.name, limit)
"""
    )
    assert flight.printed == ["clean s3://bucket/clean 2026-03-01 raw 3"]
    assert flight.state("raw.raw") == "success"
