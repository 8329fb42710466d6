"""XComs of real callables: what goes through, what comes out, and what is refused."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import uuid
from collections import namedtuple
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from windtunnel.detect import detect
from windtunnel.execute.serde import NotCarriedError, Serde
from windtunnel.model import XComBackend

HEAD = """\
from __future__ import annotations
from airflow.sdk import DAG, dag, task
from airflow.providers.standard.operators.python import BranchPythonOperator, PythonOperator

"""


def printed(flight):
    return "".join(output.text for output in flight.trace.output).splitlines()


@dataclasses.dataclass
class Point:
    x: int


class Model(BaseModel):
    x: int


class Own:
    def serialize(self):
        return {"x": 1}

    @staticmethod
    def deserialize(data, version):
        return ("own", data["x"], version)


Pair = namedtuple("Pair", "left right")
WARSAW = dt.datetime(2026, 3, 1, 12, tzinfo=ZoneInfo("Europe/Warsaw"))


@pytest.mark.parametrize(
    "value",
    [
        None,
        1.5,
        "text",
        [1, [2]],
        (1, 2),
        {"a": (1, 2)},
        {1, 2},
        frozenset({1}),
        WARSAW,
        dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
        dt.datetime(2026, 3, 1, 12),
        dt.datetime(2026, 3, 1, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        dt.date(2026, 3, 1),
        dt.timedelta(minutes=1.5),
        decimal.Decimal("1.25"),
        decimal.Decimal("100"),
        uuid.UUID(int=1),
    ],
)
def test_values_that_airflow_knows_come_out_as_they_went_in(value):
    serde = Serde()
    found = serde.decode(serde.encode(value))
    assert found == value
    assert isinstance(found, type(value))


def test_what_changes_on_the_way_changes_as_in_airflow():
    serde = Serde()
    assert serde.decode(serde.encode({1: "a", None: "b"})) == {"1": "a", "None": "b"}
    assert serde.decode(serde.encode(Pair(1, 2))) == (1, 2)


def test_in_2_x_a_tuple_inside_something_else_becomes_a_list():
    serde = Serde(nested_tuples_kept=False)
    assert serde.decode(serde.encode((1, 2))) == (1, 2)
    assert serde.decode(serde.encode({"a": (1, 2), "b": [{3}]})) == {"a": [1, 2], "b": [{3}]}


def test_a_class_is_carried_but_made_again_only_if_it_is_allowed():
    name = f"{Point.__module__}.Point"
    for allowed, value in (((name,), Point(1)), (("*.Model",), Model(x=1))):
        with pytest.raises(ImportError, match="allowed_deserialization_classes"):
            Serde().decode(Serde().encode(value))
        serde = Serde(allowed=allowed)
        assert serde.decode(serde.encode(value)) == value
    serde = Serde(allowed=("*",))
    assert serde.decode(serde.encode(Own())) == ("own", 1, 0)


@pytest.mark.parametrize("value", [object(), iter([]), {"a": [object()]}, {"__classname__": 1}])
def test_what_airflow_has_no_serializer_for_is_refused(value):
    with pytest.raises(NotCarriedError):
        Serde().encode(value)
    with pytest.raises(NotCarriedError):
        Serde(nested_tuples_kept=False).encode(value)


def test_what_stands_for_a_library_that_is_not_installed_is_refused(execute):
    flight = execute(
        HEAD
        + """
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
        HEAD
        + """
from datetime import datetime

with DAG("etl"):
    PythonOperator(task_id="a", python_callable=lambda: datetime.now()) >> PythonOperator(
        task_id="b", python_callable=lambda ti: print([ti.xcom_pull("a")])
    )
"""
    )
    assert printed(flight) == ["[datetime.datetime(2026, 3, 1, 0, 0)]"]


def test_with_pickling_classes_come_through_and_functions_of_a_function_do_not():
    serde = Serde(pickling=True)
    assert serde.decode(serde.encode(Point(1))) == Point(1)
    with pytest.raises(NotCarriedError, match="pickled"):
        serde.encode(lambda: 1)


def test_who_pulls_gets_a_copy(execute):
    flight = execute(
        HEAD
        + """
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
    assert printed(flight) == ["{'rows': [1]}", "{'rows': []}"]


def test_a_value_that_cannot_be_carried_fails_the_try_and_is_a_finding(execute):
    flight = execute(
        HEAD
        + """
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
        HEAD
        + """
with DAG("etl"):
    PythonOperator(task_id="t", python_callable=lambda: "x" * 5000)
""",
        xcom=XComBackend(max_bytes=1000, objectstorage_threshold=threshold),
    )
    assert flight.state("etl.t") == state
    found = [f.summary for f in detect(flight.scenario, flight.trace) if f.code == "WT903"]
    assert ["5,002 bytes" in text for text in found] == ([True] if state == "failed" else [])


def test_a_key_of_a_result_is_an_xcom_only_if_the_function_says_so(execute):
    flight = execute(
        HEAD
        + """
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
"""
    )
    assert printed(flight) == ["1"]
    assert "multiple_outputs" in flight.reasons("etl.b")[0]


def test_a_new_try_begins_without_the_xcoms_of_the_last(execute):
    flight = execute(
        HEAD
        + """
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
    assert printed(flight) == ["None"]


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
    flight = execute(HEAD + PULLS)
    assert printed(flight) == ["None", "[1, None, 2]", "[3, 4] 4", "1 None"]


def test_pulling_means_what_it_means_in_2_x(execute):
    flight = execute(HEAD + PULLS, profile="airflow-2.11")
    assert printed(flight)[0] in ("3", "4")
    assert printed(flight)[1:] == ["[1, 2]", "[3, 4] 4", "1 None"]


@pytest.mark.parametrize(("profile", "pulled"), [("airflow-3.3", "None"), ("airflow-2.11", "go")])
def test_a_branch_that_skips_something_returns_nothing_in_3_x(execute, profile, pulled):
    flight = execute(
        HEAD
        + """
with DAG("etl"):
    choose = BranchPythonOperator(task_id="choose", python_callable=lambda: "go")
    go = PythonOperator(
        task_id="go", python_callable=lambda ti: print(ti.xcom_pull("choose"))
    )
    choose >> [go, PythonOperator(task_id="stop", python_callable=print)]
""",
        profile=profile,
    )
    assert printed(flight) == [pulled]


def test_a_task_that_something_is_mapped_over_must_return_items(execute):
    flight = execute(
        HEAD
        + """
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
