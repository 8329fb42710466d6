"""XComs of real callables: who pushes, who pulls, and what does not fit."""

from __future__ import annotations

import pytest

from windtunnel.detect import detect
from windtunnel.errors import InvalidInput
from windtunnel.model import Isolation, Rule, XComBackend


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
    assert "windtunnel_dag_file" not in finding.summary + reason
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


BACKEND = """
from airflow.sdk.bases.xcom import BaseXCom

class Loud(BaseXCom):
    @staticmethod
    def serialize_value(value, *, key=None, task_id=None, dag_id=None, run_id=None, map_index=None):
        print("put", dag_id, task_id, key, map_index)
        return BaseXCom.serialize_value({"loud": value})

    @staticmethod
    def deserialize_value(result):
        value = BaseXCom.deserialize_value(result)["loud"]
        print("got", value)
        return value

class Old(BaseXCom):
    @staticmethod
    def serialize_value(value):
        return b"old " + str(value).encode()

    @staticmethod
    def deserialize_value(result):
        return result.value.decode()

class NotOne:
    pass
"""
PUSH_AND_PULL = """
with DAG("etl"):
    PythonOperator(task_id="a", python_callable=lambda: (1, 2)) >> PythonOperator(
        task_id="b", python_callable=lambda ti: print([ti.xcom_pull("a")])
    )
"""


@pytest.mark.parametrize("isolate", [None, Isolation()])
def test_a_backend_of_the_repository_really_serialises(execute, tmp_path, isolate):
    (tmp_path / "storage.py").write_text(BACKEND)
    flight = execute(PUSH_AND_PULL, isolate=isolate, xcom=XComBackend(backend="storage.Loud"))
    assert flight.printed == ["put etl a return_value -1", "got (1, 2)", "[(1, 2)]"]


def test_a_backend_of_2_x_makes_bytes_and_may_take_the_value_only(execute, tmp_path):
    (tmp_path / "storage.py").write_text(
        BACKEND.replace("airflow.sdk.bases.xcom", "airflow.models.xcom")
    )
    xcom = XComBackend(backend="storage.Old")
    flight = execute(PUSH_AND_PULL, profile="airflow-2.11", xcom=xcom)
    assert flight.printed == ["['old (1, 2)']"]
    flight = execute(PUSH_AND_PULL, profile="airflow-3.3", xcom=xcom)
    assert "bytes is not JSON" in flight.reasons("etl.a")[0], "3.x stores JSON only"


def test_a_declared_result_needs_no_backend(execute, tmp_path):
    (tmp_path / "storage.py").write_text(BACKEND)
    flight = execute(
        PUSH_AND_PULL,
        rules=[Rule(tasks="etl.a", result=[3])],
        xcom=XComBackend(backend="storage.Loud"),
    )
    assert flight.printed == ["[[3]]"]


@pytest.mark.parametrize("isolate", [None, Isolation()])
@pytest.mark.parametrize(
    ("name", "said"),
    [("storage.NotOne", "isn't a subclass of BaseXCom"), ("nowhere.Backend", "can't be imported")],
)
def test_a_backend_that_airflow_would_refuse_is_refused(execute, tmp_path, name, said, isolate):
    (tmp_path / "storage.py").write_text(BACKEND)
    with pytest.raises(InvalidInput, match=said):
        execute(PUSH_AND_PULL, isolate=isolate, xcom=XComBackend(backend=name))


def test_backends_of_airflows_own_are_known_by_their_settings(execute):
    name = "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend"
    for threshold, state in ((-1, "failed"), (1, "success")):
        xcom = XComBackend(backend=name, max_bytes=5, objectstorage_threshold=threshold)
        assert execute(PUSH_AND_PULL, xcom=xcom).state("etl.a") == state


SHAPES = """
from dataclasses import dataclass

@dataclass
class Row:
    x: int = 1

@dataclass
class Column:
    y: int = 1
"""
CLASS_CHANGES = """
import shapes

def change():
    {change}

def pull(ti):
    print(ti.xcom_pull("push"))

with DAG("etl"):
    (
        PythonOperator(task_id="push", python_callable=lambda: shapes.Row(5))
        >> PythonOperator(task_id="change", python_callable=change)
        >> PythonOperator(task_id="pull", python_callable=pull)
    )
"""


@pytest.mark.parametrize(
    ("profile", "change", "said"),
    [
        ("airflow-2.11", "del shapes.Row", "AttributeError: Can't get attribute 'Row'"),
        ("airflow-3.3", "del shapes.Row", 'does not define a "Row" attribute'),
        ("airflow-3.3", "shapes.Row = shapes.Column", "unexpected keyword argument 'x'"),
    ],
)
def test_a_value_whose_class_has_changed_fails_who_pulls_it(
    execute, tmp_path, profile, change, said
):
    (tmp_path / "shapes.py").write_text(SHAPES)
    allowed = ("shapes.*",)
    xcom = XComBackend(pickling=True, allowed_deserialization_classes=allowed)
    same = execute(CLASS_CHANGES.format(change="pass"), profile=profile, xcom=xcom)
    assert same.printed == ["Row(x=5)"]
    flight = execute(CLASS_CHANGES.format(change=change), profile=profile, xcom=xcom)
    assert flight.state("etl.push") == "success"
    (reason,) = flight.reasons("etl.pull")
    assert said in reason
    assert "XCom 'return_value' of push can't be made again" in reason
    (finding,) = [f for f in detect(flight.scenario, flight.trace) if f.code == "WT903"]
    assert "etl.pull pulls a shapes.Row that push pushed as XCom 'return_value'" in finding.summary


@pytest.mark.parametrize("isolate", [None, Isolation()])
@pytest.mark.parametrize("pickling", [True, False])
def test_classes_of_the_dag_file_and_its_modules_come_through(execute, tmp_path, pickling, isolate):
    (tmp_path / "shapes.py").write_text(SHAPES)
    flight = execute(
        """
import shapes

class Own(shapes.Row):
    pass

with DAG("etl"):
    PythonOperator(task_id="a", python_callable=lambda: [shapes.Row(5), Own(6)]) >> PythonOperator(
        task_id="b", python_callable=lambda ti: print(ti.xcom_pull("a"))
    )
""",
        profile="airflow-2.11",
        isolate=isolate,
        xcom=XComBackend(pickling=pickling, allowed_deserialization_classes=("*",)),
    )
    assert flight.printed == ["[Row(x=5), Own(x=6)]"]
