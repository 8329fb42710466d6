"""Failed: why a task instance, or a try of it, failed, in a few words."""

from __future__ import annotations

from windtunnel.engine.faults.timeline import Window
from windtunnel.loaders import said_fault
from windtunnel.model import TaskFails
from windtunnel.model.pattern import matches
from windtunnel.result.record import Record
from windtunnel.trace import TaskInstance


def first_line(reason: str) -> str:
    """A reason in one line: of a traceback its last, which names the exception."""
    lines = reason.strip().splitlines()
    return lines[-1] if lines else ""


def blamed(record: Record, instance: TaskInstance, number: int, began_us: int) -> str:
    """The fault that fails this try, where the trace has no reason of its own."""
    dag, task = record.dag(instance.dag_id), record.task(instance)
    if dag is None or task is None:
        return ""
    for fault in record.scenario.faults:
        strikes = (
            isinstance(fault, TaskFails)
            and (not fault.tries or number in fault.tries)
            and matches(fault.tasks, dag, task)
            and Window(fault, record.scenario.start).covers(began_us)
        )
        if strikes:
            return f"fault {said_fault(fault)!r}"
    return ""


def why_failed(record: Record, instance: TaskInstance) -> str:
    """Why an instance is failed, or upstream_failed, in a few words; empty if it is neither, or
    nobody knows."""
    if instance.state == "failed":
        said = first_line(record.why(instance))
        began = instance.started_us
        if said or began is None:
            return said
        return blamed(record, instance, instance.try_number, began)
    if instance.state != "upstream_failed":
        return ""
    cause = _failed_above(record, instance)
    if cause is None:
        return ""
    why = why_failed(record, cause)
    return f"{cause.name} failed: {why}" if why else f"{cause.name} failed"


def _failed_above(record: Record, instance: TaskInstance) -> TaskInstance | None:
    """The first task instance upstream, directly or not, that failed itself."""
    dag = record.dag(instance.dag_id)
    own = record.of_run(record.trace.ti_run[instance.index])
    asked, seen = [instance.task_id], set[str]()
    while dag is not None and asked:
        task = dag.find(asked.pop(0))
        for above in () if task is None else task.upstream:
            failed = [ti for ti in own if ti.task_id == above and ti.state == "failed"]
            if failed:
                return failed[0]
            if above not in seen:
                seen.add(above)
                asked.append(above)
    return None
