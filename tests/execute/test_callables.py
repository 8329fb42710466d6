"""Real callables: executed in scheduler order at simulated time; no wall time passes in them."""

from __future__ import annotations

import os
import time
from datetime import datetime

import pytest

OLD_PATHS = """\
from airflow import DAG
from airflow.decorators import task
from airflow.operators.python import PythonOperator, ShortCircuitOperator
from airflow.sensors.python import PythonSensor

with DAG("etl"):
    (
        PythonSensor(task_id="wait", python_callable=lambda: True)
        >> ShortCircuitOperator(task_id="go", python_callable=lambda: True)
        >> PythonOperator(task_id="load", python_callable=lambda: print("loaded"))
        >> task(lambda: print("told"))()
    )
"""


@pytest.mark.parametrize("profile", ["airflow-2.11", "airflow-3.3"])
def test_what_is_imported_by_the_paths_of_2_x_runs_too(execute, profile):
    flight = execute(OLD_PATHS, head="", profile=profile)
    assert flight.printed == ["loaded", "told"]


def test_now_is_the_simulated_now_in_every_spelling(execute):
    flight = execute(
        """
def show():
    print(datetime.now(timezone.utc).isoformat())
    print(datetime.utcnow().isoformat())
    print(time.time())

with DAG("etl"):
    first = PythonOperator(task_id="first", python_callable=lambda: sleep(90))
    first >> PythonOperator(task_id="second", python_callable=show)
"""
    )
    stamp = datetime.fromisoformat("2026-03-01T00:01:30+00:00").timestamp()
    assert flight.printed == ["2026-03-01T00:01:30+00:00", "2026-03-01T00:01:30", f"{stamp}"]


def test_sleeping_costs_no_wall_time_but_makes_the_task_longer(execute):
    begun = time.monotonic()
    flight = execute(
        """
def nap():
    time.sleep(3600)
    sleep(1800.5)
    print(datetime.now().isoformat())

with DAG("etl"):
    PythonOperator(task_id="nap", python_callable=nap)
"""
    )
    assert flight.span("etl.nap") == (0, 5400.5)
    assert flight.printed == ["2026-03-01T01:30:00.500000"]
    assert time.monotonic() - begun < 60


def test_a_sleep_imported_inside_the_function_is_simulated_too(execute):
    flight = execute(
        """
def nap():
    from time import sleep as rest
    rest(100)

with DAG("etl"):
    PythonOperator(task_id="nap", python_callable=nap)
"""
    )
    assert flight.span("etl.nap") == (0, 100)


def test_after_the_simulation_time_is_real_again(execute):
    sleep, now = time.sleep, datetime.now
    execute('with DAG("etl"):\n    PythonOperator(task_id="t", python_callable=print)\n')
    assert time.sleep is sleep
    assert datetime.now == now
    assert datetime.now().year > 2023


def test_return_values_pass_from_task_to_task(execute):
    flight = execute(
        """
@dag
def etl():
    @task
    def numbers():
        return [1, 2, 3]

    @task
    def add(values, *, more) -> dict[str, int]:
        print(sum(values) + more)
        return {"total": sum(values)}

    @task
    def tell(total, ti=None):
        print("total", total, ti.xcom_pull(task_ids="numbers"))

    tell(add(numbers(), more=10)["total"])

etl()
"""
    )
    assert flight.printed == ["16", "total 6 [1, 2, 3]"]


def test_xcoms_may_be_pushed_under_a_key_of_their_own(execute):
    flight = execute(
        """
def push(ti):
    ti.xcom_push(key="path", value="/data/1")

def pull(ti):
    print(ti.xcom_pull(task_ids="push", key="path"))

with DAG("etl"):
    PythonOperator(task_id="push", python_callable=push) >> PythonOperator(
        task_id="pull", python_callable=pull
    )
"""
    )
    assert flight.printed == ["/data/1"]


def test_a_branch_callable_decides_what_is_skipped(execute):
    flight = execute(
        """
def weekday():
    return "sunday" if datetime.now().weekday() == 6 else "other"

with DAG("etl"):
    choose = BranchPythonOperator(task_id="choose", python_callable=weekday)
    choose >> [
        PythonOperator(task_id=name, python_callable=print) for name in ("sunday", "other")
    ]
"""
    )
    assert flight.state("etl.sunday") == "success", "2026-03-01 is a Sunday"
    assert flight.state("etl.other") == "skipped"


def test_a_short_circuit_callable_decides_what_is_skipped(execute):
    flight = execute(
        """
with DAG("etl"):
    for name, answer in (("go", True), ("stop", [])):
        ShortCircuitOperator(
            task_id=name, python_callable=lambda answer=answer: answer
        ) >> PythonOperator(task_id=f"after_{name}", python_callable=print)
"""
    )
    assert flight.state("etl.after_go") == "success"
    assert flight.state("etl.after_stop") == "skipped"


def test_a_failed_try_is_retried_and_the_callable_runs_again(execute):
    flight = execute(
        """
def flaky(ti):
    sleep(10)
    print("try", ti.try_number)
    if ti.try_number < 3:
        raise RuntimeError("not yet")

with DAG("etl"):
    PythonOperator(
        task_id="t", python_callable=flaky, retries=5, retry_delay=timedelta(seconds=60)
    )
"""
    )
    assert flight.printed == ["try 1", "try 2", "try 3"]
    assert flight.state("etl.t") == "success"
    assert flight.times("etl.t", "up_for_retry") == [10, 80.000001]
    assert [r.splitlines()[-1] for r in flight.reasons("etl.t")] == ["RuntimeError: not yet"] * 2


def test_airflows_own_exceptions_mean_what_they_mean_there(execute):
    flight = execute(
        """
def skip():
    raise AirflowSkipException("nothing to do")

def fail():
    raise AirflowFailException("hopeless")

with DAG("etl"):
    PythonOperator(task_id="skips", python_callable=skip, retries=3)
    PythonOperator(task_id="fails", python_callable=fail, retries=3)
"""
    )
    assert flight.state("etl.skips") == "skipped"
    assert flight.state("etl.fails") == "failed"
    assert flight.task("etl.fails").try_number == 1


def test_leaving_python_is_a_failure_of_the_task_only(execute):
    flight = execute(
        """
with DAG("etl"):
    PythonOperator(task_id="t", python_callable=lambda: sys.exit(3))
    PythonOperator(task_id="other", python_callable=print)
"""
    )
    assert flight.state("etl.t") == "failed"
    assert flight.state("etl.other") == "success"


def test_a_callable_gets_the_context_that_it_asks_for(execute):
    flight = execute(
        """
def by_name(ds, run_id, ti, bucket):
    print(ds, run_id, ti.task_id, bucket)

def everything(**context):
    print(context["logical_date"].isoformat(), context["dag"].dag_id, context["ts_nodash"])

def nothing():
    print("nothing")

with DAG("etl"):
    (
        PythonOperator(task_id="a", python_callable=by_name, op_kwargs={"bucket": "b"})
        >> PythonOperator(task_id="b", python_callable=everything)
        >> PythonOperator(task_id="c", python_callable=nothing)
    )
"""
    )
    assert flight.printed == [
        "2026-03-01 manual__2026-03-01T00:00:00+00:00 a b",
        "2026-03-01T00:00:00+00:00 etl 20260301T000000",
        "nothing",
    ]


def test_templates_in_arguments_are_rendered(execute):
    flight = execute(
        """
def show(day, keys):
    print(day, keys)

with DAG("etl"):
    PythonOperator(
        task_id="t",
        python_callable=show,
        op_kwargs={"day": "{{ ds_nodash }}", "keys": ["{{ ti.task_id }}", "x"]},
    )
"""
    )
    assert flight.printed == ["20260301 ['t', 'x']"]


def test_a_mapped_task_runs_once_for_each_item_of_a_result(execute):
    flight = execute(
        """
@dag
def etl():
    @task
    def files():
        return ["a", "b", "c"]

    @task
    def size(name, unit):
        sleep(ord(name) - 96)
        print(name, unit)
        return len(name)

    @task
    def total(sizes):
        print("total", sum(sizes))

    total(size.partial(unit="kB").expand(name=files()))

etl()
"""
    )
    assert sorted(flight.printed[:3]) == ["a kB", "b kB", "c kB"]
    assert flight.printed[3] == "total 3"
    assert [flight.span(f"etl.size[{i}]") for i in range(3)] == [(0, 1), (0, 2), (0, 3)]


def test_a_poking_sensor_calls_until_its_callable_says_yes(execute):
    flight = execute(
        """
def ready():
    sleep(2)
    print(datetime.now().strftime("%H:%M:%S"))
    return datetime.now() >= datetime(2026, 3, 1, 0, 2)

with DAG("etl"):
    PythonSensor(task_id="wait", python_callable=ready, poke_interval=60)
"""
    )
    assert flight.printed == ["00:00:02", "00:01:04", "00:02:06"]
    assert flight.span("etl.wait") == (0, 126)
    assert [s for _, s in flight.history("etl.wait")] == [
        "scheduled",
        "queued",
        "running",
        "success",
    ]


def test_a_sensor_whose_callable_never_says_yes_times_out(execute):
    flight = execute(
        """
with DAG("etl"):
    PythonSensor(
        task_id="wait", python_callable=lambda: False, poke_interval=60, timeout=150, retries=2
    )
"""
    )
    assert flight.times("etl.wait", "failed") == [180]
    assert flight.task("etl.wait").try_number == 1


def test_a_rescheduling_sensor_calls_at_each_reschedule(execute):
    flight = execute(
        """
def ready():
    print(datetime.now().strftime("%H:%M:%S"))
    return datetime.now() >= datetime(2026, 3, 1, 0, 2)

with DAG("etl"):
    PythonSensor(task_id="wait", python_callable=ready, poke_interval=60, mode="reschedule")
"""
    )
    assert flight.printed == ["00:00:00", "00:01:00", "00:02:00"]
    assert flight.state("etl.wait") == "success"


def test_bodies_run_in_the_order_in_which_the_scheduler_starts_them(execute):
    flight = execute(
        """
with DAG("etl"):
    for name, weight in (("low", 1), ("high", 9), ("middle", 5)):
        PythonOperator(
            task_id=name,
            python_callable=lambda name=name: print(name),
            priority_weight=weight,
        )
""",
        parallelism=1,
    )
    assert flight.printed == ["high", "middle", "low"]


def test_a_module_of_the_repository_sees_simulated_time_too(execute, tmp_path):
    (tmp_path / "helpers.py").write_text(
        "import time\nfrom datetime import datetime\n\n"
        "def stamp():\n    time.sleep(60)\n    return datetime.now().isoformat()\n"
    )
    flight = execute(
        """
from helpers import stamp

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=lambda: print(stamp()))
"""
    )
    assert flight.printed == ["2026-03-01T00:01:00"]
    assert flight.span("etl.t") == (0, 60)


def test_a_task_without_a_python_callable_is_modelled(execute):
    flight = execute(
        """
with DAG("etl"):
    BashOperator(task_id="shell", bash_command="exit 1") >> PythonOperator(
        task_id="t", python_callable=lambda: print("after")
    )
"""
    )
    assert flight.span("etl.shell") == (0, 60)
    assert flight.printed == ["after"]


def test_a_key_that_a_result_does_not_have_fails_the_task_or_gives_none(execute):
    flight = execute(
        """
with DAG("etl"):
    PythonOperator(task_id="push", python_callable=lambda: {"a": 1}) >> PythonOperator(
        task_id="t", python_callable=lambda ti: print(ti.xcom_pull(task_ids="push", key="b"))
    )
"""
    )
    assert flight.printed == ["None"]


def test_a_template_with_a_mistake_fails_the_task_only(execute):
    flight = execute(
        """
with DAG("etl"):
    PythonOperator(
        task_id="t", python_callable=print, op_args=["{{ nobody.knows }}"]
    )
    PythonOperator(task_id="other", python_callable=print)
"""
    )
    assert flight.state("etl.t") == "failed"
    assert flight.state("etl.other") == "success"


def test_mapping_over_a_result_that_is_no_list_fails_the_run_not_the_simulation(execute):
    flight = execute(
        """
@dag
def etl():
    @task
    def files():
        return None

    @task
    def size(name):
        return len(name)

    size.expand(name=files())

etl()
"""
    )
    assert flight.run_states("etl") == ["failed"]


def test_a_second_run_does_not_see_the_first_ones_xcoms(execute):
    flight = execute(
        """
with DAG("etl", schedule="@hourly", start_date=datetime(2026, 3, 1), catchup=True):
    first = PythonOperator(task_id="first", python_callable=lambda ts, **_: ts)
    first >> PythonOperator(
        task_id="second", python_callable=lambda ti, ts: print(ti.xcom_pull("first") == ts)
    )
""",
        until=3 * 3600,
    )
    assert len(flight.printed) > 2
    assert set(flight.printed) == {"True"}


def test_two_executions_print_the_same(execute):
    text = """
import random

def stamp():
    sleep(3)
    print(datetime.now(), time.perf_counter() > 0)

with DAG("etl"):
    for i in range(5):
        PythonOperator(task_id=f"t{i}", python_callable=stamp)
"""
    assert execute(text).printed == execute(text).printed


def test_an_exception_fails_the_try_and_its_traceback_is_kept(execute):
    flight = execute(
        """
def inner():
    raise ValueError("no rows for today")

def load():
    print("begin")
    inner()

with DAG("etl"):
    PythonOperator(task_id="load", python_callable=load) >> PythonOperator(
        task_id="after", python_callable=print
    )
"""
    )
    (reason,) = flight.reasons("etl.load")
    assert reason.startswith("Traceback")
    assert "in inner" in reason
    assert reason.endswith("ValueError: no rows for today")
    assert "freezegun" not in reason
    assert flight.printed == ["begin"], "what it printed before it failed is kept"
    assert flight.state("etl.after") == "upstream_failed"


def test_calling_a_function_with_the_wrong_arguments_fails_the_task_only(execute):
    flight = execute(
        """
def load(bucket):
    print(bucket)

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=load)
    PythonOperator(task_id="other", python_callable=print)
"""
    )
    assert flight.state("etl.t") == "failed"
    assert flight.reasons("etl.t")[0].endswith("missing 1 required positional argument: 'bucket'")
    assert flight.state("etl.other") == "success"


@pytest.mark.parametrize("length", ["None", "'soon'", "-1"])
def test_a_sleep_that_python_refuses_fails_the_task_only(execute, length):
    flight = execute(
        f"""
with DAG("etl"):
    PythonOperator(task_id="t", python_callable=lambda: time.sleep({length}))
    PythonOperator(task_id="other", python_callable=print)
"""
    )
    assert flight.state("etl.t") == "failed"
    assert flight.state("etl.other") == "success"


def test_pulling_from_a_task_that_does_not_exist_gives_none(execute):
    flight = execute(
        """
with DAG("etl"):
    PythonOperator(
        task_id="t", python_callable=lambda ti: print(ti.xcom_pull(task_ids="nobody"))
    )
"""
    )
    assert flight.printed == ["None"]


@pytest.mark.parametrize(
    ("profile", "said"), [("airflow-3.3", "5"), ("airflow-2.11", "builtins.coroutine")]
)
def test_an_async_callable_is_awaited_in_3_x_and_cannot_be_carried_in_2_x(execute, profile, said):
    flight = execute(
        """
async def load():
    await asyncio.sleep(30)
    return 5

with DAG("etl"):
    PythonOperator(task_id="load", python_callable=load) >> PythonOperator(
        task_id="tell", python_callable=lambda ti: print(ti.xcom_pull("load"))
    )
""",
        profile=profile,
    )
    text = "".join([*flight.printed, *flight.reasons("etl.load")])
    assert said in text
    assert round(flight.span("etl.load")[1], 3) == (30 if profile == "airflow-3.3" else 0)


@pytest.mark.parametrize(
    ("profile", "date"), [("airflow-3.3", "LOGICAL_DATE"), ("airflow-2.11", "EXECUTION_DATE")]
)
def test_the_environment_tells_a_task_who_it_is(execute, profile, date):
    flight = execute(
        """
def tell():
    for name in sorted(os.environ):
        if name.startswith("AIRFLOW_CTX_"):
            print(name.removeprefix("AIRFLOW_CTX_"), os.environ[name])

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=tell, owner="data", email=["a@b", "c@d"])
""",
        profile=profile,
    )
    run_id = "manual__2026-03-01T00:00:00+00:00"
    assert sorted(flight.printed) == sorted(
        [
            "DAG_EMAIL a@b,c@d",
            "DAG_ID etl",
            "DAG_OWNER data",
            f"DAG_RUN_ID {run_id}",
            f"{date} 2026-03-01T00:00:00+00:00",
            "TASK_ID t",
            "TRY_NUMBER 1",
        ]
    )
    assert "AIRFLOW_CTX_DAG_ID" not in os.environ
