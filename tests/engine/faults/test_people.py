"""What people do to many task instances at once."""

from __future__ import annotations

import pytest

from windtunnel.engine.program import DagProgram
from windtunnel.model import Cleared, Dag, Rule, Task, TaskMarked

LONG = 60


@pytest.fixture
def chain():
    tasks = [Task(task_id="t0")]
    tasks += [Task(task_id=f"t{i}", upstream=(f"t{i - 1}",)) for i in range(1, LONG)]
    return Dag(dag_id="d", tasks=tuple(tasks))


@pytest.fixture
def walks(monkeypatch):
    """From which tasks a DAG was walked through."""
    taken = []
    for way in ("below", "above"):
        walk = getattr(DagProgram, way)

        def counted(self, *tasks, walk=walk):
            taken.append(tasks)
            return walk(self, *tasks)

        monkeypatch.setattr(DagProgram, way, counted)
    return taken


@pytest.mark.parametrize("way", ["upstream", "downstream"])
def test_a_clear_of_a_whole_chain_walks_through_it_once(fly, chain, walks, way):
    clear = Cleared(at_s=LONG + 9, tasks="d.*", states=("success",), **{way: True})
    flight = fly(chain, rules=[Rule(tasks="*", duration_s=1)], faults=(clear,))
    assert all(len(flight.times(f"d.t{i}", "none")) == 1 for i in range(LONG))
    assert len(walks) == 1


def test_marking_many_tasks_clears_what_failed_below_any_of_them_in_one_walk(fly, chain, walks):
    rules = [Rule(tasks="d.t0", duration_s=1, outcome="fail"), Rule(tasks="*", duration_s=1)]
    mark = TaskMarked(at_s=LONG, tasks="d.t[0-4]", state="success")
    flight = fly(chain, rules=rules, faults=(mark,))
    assert {flight.state(f"d.t{i}") for i in range(LONG)} == {"success"}
    assert len(walks) == 1
