"""XComs of real callables: who pushes, who pulls, and what does not fit."""

from __future__ import annotations

import pytest

from windtunnel.detect import detect
from windtunnel.model import XComBackend


def test_what_stands_for_a_library_that_is_not_installed_is_refused(execute):
    flight = execute(
        """
import numpy
import pandas

with DAG("etl"):
    PythonOperator(task_id="a", python_callable=lambda: pandas.DataFrame())
    PythonOperator(task_id="b", python_callable=lambda: 5)
"""
    )
    assert flight.state("etl.a") == "failed"
    assert flight.state("etl.b") == "success"


def test_dates_read_as_they_do_in_airflow(execute):
    flight = execute(
        """
from datetime import datetime

with DAG("etl"):
    PythonOperator(task_id="a", python_callable=lambda: datetime.now()) >> PythonOperator(
        task_id="b", python_callable=lambda ti: print([ti.xcom_pull("a")])
    )
"""
    )
    assert flight.printed == ["[datetime.datetime(2026, 3, 1, 0, 0)]"]


def test_who_pulls_gets_a_copy(execute):
    flight = execute(
        """
@dag
def etl():
    @task
    def make():
        return {"rows": []}

    @task
    def spoil(made):
        made["rows"].append(1)
        print(made)

    @task
    def look(made):
        print(made)

    made = make()
    spoil(made) >> look(made)

etl()
"""
    )
    assert flight.printed == ["{'rows': [1]}", "{'rows': []}"]


def test_a_value_that_cannot_be_carried_fails_the_try_and_is_a_finding(execute):
    flight = execute(
        """
class Engine:
    pass

with DAG("etl"):
    PythonOperator(task_id="t", python_callable=Engine)
"""
    )
    assert flight.state("etl.t") == "failed"
    (reason,) = flight.reasons("etl.t")
    assert "XCom 'return_value' of etl.t can't be carried" in reason
    (finding,) = [f for f in detect(flight.scenario, flight.trace) if f.code == "WT903"]
    assert "etl.t hands over a" in finding.summary
    assert "Engine as XCom 'return_value'" in finding.summary
    assert finding.line is not None


@pytest.mark.parametrize(("threshold", "state"), [(-1, "failed"), (100, "success")])
def test_a_value_too_large_for_the_database_needs_object_storage(execute, threshold, state):
    flight = execute(
        """
with DAG("etl"):
    PythonOperator(task_id="t", python_callable=lambda: "x" * 5000)
""",
        xcom=XComBackend(max_bytes=1000, objectstorage_threshold=threshold),
    )
    assert flight.state("etl.t") == state
    found = [f.summary for f in detect(flight.scenario, flight.trace) if f.code == "WT903"]
    assert ["5,002 bytes" in text for text in found] == ([True] if state == "failed" else [])


@pytest.mark.parametrize("head", ["", "from __future__ import annotations\n"])
def test_a_key_of_a_result_is_an_xcom_only_if_the_function_says_so(execute, head):
    flight = execute(
        """
from airflow.sdk import dag, task

@dag
def etl():
    @task
    def said() -> dict[str, int]:
        return {"n": 1}

    @task
    def unsaid():
        return {"n": 1}

    @task
    def show(n):
        print(n)

    show.override(task_id="a")(said()["n"])
    show.override(task_id="b")(unsaid()["n"])

etl()
""",
        head=head,
    )
    assert flight.printed == ["1"]
    assert "multiple_outputs" in flight.reasons("etl.b")[0]


def test_a_new_try_begins_without_the_xcoms_of_the_last(execute):
    flight = execute(
        """
def push(ti):
    if ti.try_number == 1:
        ti.xcom_push("half", 1)
        raise ValueError("no")

with DAG("etl"):
    PythonOperator(task_id="p", python_callable=push, retries=1) >> PythonOperator(
        task_id="q", python_callable=lambda ti: print(ti.xcom_pull("p", key="half"))
    )
"""
    )
    assert flight.printed == ["None"]


PULLS = """
def push(n, ti):
    ti.xcom_push("k", n)
    return n

def pull(ti):
    print(ti.xcom_pull())
    print(ti.xcom_pull(task_ids=["a", "nobody", "b"]))
    print(ti.xcom_pull(task_ids="m"), ti.xcom_pull(task_ids="m", map_indexes=1))
    print(ti.xcom_pull(task_ids="a", key="k"), ti.xcom_pull(task_ids="a", dag_id="other"))

with DAG("etl"):
    a = PythonOperator(task_id="a", python_callable=push, op_args=[1])
    b = PythonOperator(task_id="b", python_callable=push, op_args=[2])
    m = PythonOperator.partial(task_id="m", python_callable=push).expand(op_args=[[3], [4]])
    a >> b >> m >> PythonOperator(task_id="pull", python_callable=pull)
"""


def test_pulling_means_what_it_means_in_3_x(execute):
    flight = execute(PULLS)
    assert flight.printed == ["None", "[1, None, 2]", "[3, 4] 4", "1 None"]


def test_pulling_means_what_it_means_in_2_x(execute):
    flight = execute(PULLS, profile="airflow-2.11")
    assert flight.printed[0] in ("3", "4")
    assert flight.printed[1:] == ["[1, 2]", "[3, 4] 4", "1 None"]


@pytest.mark.parametrize(("profile", "pulled"), [("airflow-3.3", "None"), ("airflow-2.11", "go")])
def test_a_branch_that_skips_something_returns_nothing_in_3_x(execute, profile, pulled):
    flight = execute(
        """
with DAG("etl"):
    choose = BranchPythonOperator(task_id="choose", python_callable=lambda: "go")
    go = PythonOperator(
        task_id="go", python_callable=lambda ti: print(ti.xcom_pull("choose"))
    )
    choose >> [go, PythonOperator(task_id="stop", python_callable=print)]
""",
        profile=profile,
    )
    assert flight.printed == [pulled]


def test_a_task_that_something_is_mapped_over_must_return_items(execute):
    flight = execute(
        """
@dag
def etl():
    @task
    def items(value):
        return value

    @task
    def use(x): ...

    use.expand(x=items.override(task_id="none")(None))
    use.expand(x=items.override(task_id="text")("abc"))
    use.expand(x=items.override(task_id="many")(list(range(1025))))

etl()
"""
    )
    for name, why in (("none", "returned nothing"), ("text", "returned str"), ("many", "1024")):
        assert flight.state(f"etl.{name}") == "failed"
        assert why in flight.reasons(f"etl.{name}")[0]
