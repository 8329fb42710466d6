"""The file form of a slice: what is refused."""

from __future__ import annotations

import pytest

from windtunnel.errors import InvalidInput
from windtunnel.slices import read_slice


@pytest.mark.parametrize(
    "form",
    [
        {"dags": {"a": {"at": list(range(65)), "tasks": {"t": {}}}}},
        {"settings": {"max_runs": 65}, "dags": {"a": {"at": [0], "tasks": {"t": {}}}}},
    ],
)
def test_more_runs_of_a_dag_than_there_is_room_for_are_refused(form: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="more than 64"):
        read_slice(form)
