"""Values on their way through an XCom: what comes out of what went in, and what is refused."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import uuid
from collections import namedtuple
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from windtunnel.execute.serde import NotCarriedError, Serde


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


def test_with_pickling_classes_come_through_and_functions_of_a_function_do_not():
    serde = Serde(pickling=True)
    assert serde.decode(serde.encode(Point(1))) == Point(1)
    with pytest.raises(NotCarriedError, match="pickled"):
        serde.encode(lambda: 1)
