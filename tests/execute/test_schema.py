"""Parameters: what their schema refuses fails the task, as it does in Airflow."""

from __future__ import annotations

import pytest

from windtunnel.execute.schema import mistake
from windtunnel.model import ManualRun

FITS = [
    (5, {"type": "integer", "minimum": 5, "maximum": 5}),
    (5.0, {"type": "integer"}),
    (None, {"type": ["null", "string"]}),
    ("ab", {"type": "string", "minLength": 2, "maxLength": 2, "pattern": "^a"}),
    ("2026-03-01", {"format": "date"}),
    ("2026-03-01T00:00:00+00:00", {"format": "date-time"}),
    ("10:00:00", {"format": "time"}),
    (["a"], {"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True}),
    ({"a": 1}, {"type": "object", "required": ["a"], "properties": {"a": {"type": "number"}}}),
    ({"b": 1}, {"additionalProperties": {"type": "integer"}}),
    (4, {"multipleOf": 2, "not": {"const": 5}, "anyOf": [{"type": "null"}, {"minimum": 1}]}),
    (True, {"type": "boolean", "title": "no check"}),
    ("text", {"minimum": 5}),
]
REFUSED = [
    ("5", {"type": "integer"}),
    (True, {"type": "integer"}),
    (True, {"enum": [1]}),
    (1.5, {"type": "integer"}),
    (None, {"type": "string"}),
    (4, {"minimum": 5}),
    (6, {"maximum": 5}),
    (5, {"exclusiveMinimum": 5}),
    (5, {"exclusiveMaximum": 5}),
    (3, {"multipleOf": 2}),
    ("a", {"minLength": 2}),
    ("abc", {"maxLength": 2}),
    ("b", {"pattern": "^a"}),
    ("1.3.26", {"format": "date"}),
    ("2026-03-01T00:00:00", {"format": "date-time"}),
    (["c"], {"items": {"enum": ["a", "b"]}}),
    ([1, 1], {"uniqueItems": True}),
    ([], {"minItems": 1}),
    ([1, 2], {"maxItems": 1}),
    ({}, {"required": ["a"]}),
    ({"a": "x"}, {"properties": {"a": {"type": "number"}}}),
    ({"b": 1}, {"properties": {"a": {}}, "additionalProperties": False}),
    ({"b": "1"}, {"additionalProperties": {"type": "integer"}}),
    (0, {"anyOf": [{"type": "null"}, {"minimum": 1}]}),
    (5, {"oneOf": [{"minimum": 1}, {"maximum": 9}]}),
    (5, {"allOf": [{"minimum": 1}, {"maximum": 4}]}),
    (5, {"not": {"const": 5}}),
    (5, {"const": 6}),
]


@pytest.mark.parametrize(("value", "schema"), FITS)
def test_a_value_that_its_schema_asks_for_is_taken(value, schema):
    assert mistake(value, schema) is None


@pytest.mark.parametrize(("value", "schema"), REFUSED)
def test_any_other_value_is_refused_and_named(value, schema):
    said = mistake(value, schema)
    assert said is not None
    parts = [value, *(value.values() if isinstance(value, dict) else ())]
    parts += value if isinstance(value, list) else ()
    assert any(repr(part) in said for part in parts)


@pytest.mark.parametrize(
    ("conf", "said"),
    [
        ({"n": 3, "day": "2026-03-01"}, None),
        ({"n": "three", "day": "2026-03-01"}, "Invalid input for param n: 'three' is not of type"),
        ({}, "Invalid input for param day: no value is passed, and it has no default"),
    ],
)
def test_a_run_whose_parameters_are_refused_fails_its_tasks(execute, conf, said):
    flight = execute(
        """
with DAG("etl", params={"n": Param(1, type="integer"), "day": Param(type="string")}):
    PythonOperator(task_id="t", python_callable=lambda params: print(params["n"]))
""",
        runs=[ManualRun(dag_id="etl", conf=conf)],
    )
    assert flight.state("etl.t") == ("failed" if said else "success")
    assert [said in reason for reason in flight.reasons("etl.t") if said] == (
        [True] if said else []
    )
