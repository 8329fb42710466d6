"""Values that can't go through an XCom: the task fails when it hands them over (WT903).

Only real callables show it: nothing else knows what a task returns.
"""

from __future__ import annotations

from windtunnel.detect.finding import Finding
from windtunnel.model import Dag, Scenario
from windtunnel.trace import NotCarried, Trace

CODE = "WT903"


def find_not_carried(scenario: Scenario, trace: Trace) -> list[Finding]:
    """One finding for each task, key and type."""
    first: dict[tuple[str, str, str, str], NotCarried] = {}
    for value in trace.not_carried:
        first.setdefault((value.dag_id, value.task_id, value.key, value.type), value)
    dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
    return [_finding(value, dags[value.dag_id], trace, scenario) for value in first.values()]


def _finding(value: NotCarried, dag: Dag, trace: Trace, scenario: Scenario) -> Finding:
    name = f"{value.dag_id}.{value.task_id}"
    what = f"{name} hands over a {value.type} as XCom {value.key!r}"
    if value.size is None:
        why = (
            f"{scenario.cluster.profile} can't serialise it, so the task fails. Hand over plain "
            "values (dict, list, text, number), a dataclass, or the path under which the value is "
            "stored."
        )
    else:
        why = (
            f"it has {value.size:,} bytes, more than {scenario.cluster.xcom.database} takes, so "
            "the task fails. Store the value elsewhere and hand over its path, or use the object "
            "storage backend."
        )
    return Finding(
        code=CODE,
        title="Value that an XCom can't carry",
        summary=f"{what}; {why}",
        dag_id=value.dag_id,
        file=dag.file,
        line=dag.task(value.task_id).line,
        since=trace.at(value.at_us),
    )
