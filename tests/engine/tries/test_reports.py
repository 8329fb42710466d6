"""Reports that are heard late."""

from __future__ import annotations

from windtunnel.model import Cleared, Dag, DatabaseSlow, Rule, Task, WorkerGroup


def test_a_start_is_late_again_after_a_clear_while_it_was(fly):
    flight = fly(
        Dag(dag_id="d", tasks=(Task(task_id="a"),)),
        rules=[Rule(tasks="d.a", duration_s=50)],
        faults=(
            DatabaseSlow(at_s=0, for_s=1000, by_s=20),
            Cleared(at_s=10, tasks="d.a", states=("queued",)),
        ),
        workers=(WorkerGroup(count=1, slots=2),),
    )
    assert flight.times("d.a", "queued") == [0, 10]
    assert flight.times("d.a", "running") == [30]
