"""Values that can't go through an XCom: the task fails when it hands them over (WT903).

Real callables show it, and behavior that says how large a result is.
"""

from __future__ import annotations

from collections.abc import Iterator

from windtunnel.detect.finding import Finding
from windtunnel.model import Dag, Scenario
from windtunnel.model.xcom import xcom_name
from windtunnel.trace import NotCarried, Trace

CODE = "WT903"


def find_not_carried(scenario: Scenario, trace: Trace) -> list[Finding]:
    """One finding for each task, key and type."""
    first: dict[tuple[str, str, str, str], NotCarried] = {}
    for value in (*trace.not_carried, *_too_large(scenario, trace)):
        first.setdefault((value.dag_id, value.task_id, value.key, value.type), value)
    dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
    return [_finding(value, dags[value.dag_id], trace, scenario) for value in first.values()]


def _too_large(scenario: Scenario, trace: Trace) -> Iterator[NotCarried]:
    """Modelled results that the database didn't take."""
    backend, column = scenario.cluster.xcom, scenario.cluster.airflow.xcom_column
    sizes = {rule.result_bytes for rule in scenario.behavior.rules}
    refused = sorted(size for size in sizes if size and not backend.takes(size, column))
    for event in trace.events() if refused else ():
        if event.task_id is None:
            continue
        name = xcom_name(event.dag_id, event.task_id)
        for size in refused:
            if event.reason == backend.refusal(name, size, column):
                who = event.dag_id, event.run, event.task_id, event.map_index
                yield NotCarried(event.at_us, *who, "return_value", "value", size)


def _finding(value: NotCarried, dag: Dag, trace: Trace, scenario: Scenario) -> Finding:
    name = f"{value.dag_id}.{value.task_id}"
    what = f"{name} hands over a {value.type} as XCom {value.key!r}"
    if value.pushed_by is not None:
        what = f"{name} pulls a {value.type} that {value.pushed_by} pushed as XCom {value.key!r}"
        why = (
            "it can't be made again there, so the task fails: its class is missing, not among "
            "[core] allowed_deserialization_classes, or another one than when it was pushed. Hand "
            "over plain values, or deploy a change of the class when no value of it is on its way."
        )
    elif value.size is None:
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
        about=f"{name} {value.key} {value.type}",
        dag_id=value.dag_id,
        file=dag.file,
        line=dag.line_of(value.task_id),
        since=trace.at(value.at_us),
    )
