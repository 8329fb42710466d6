"""Scripted operators: real base classes of Airflow whose tries do what the case says.

A try "takes time" without running: the recorder lets it begin, moves the clock to its end, puts
what it should do then into `script` and has Airflow execute the operator in that instant.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent


@dataclass
class Script:
    """What the try that is executed next does."""

    outcome: str = "success"
    timed_out: bool = False
    follow: list[str] | None = None
    condition: bool = True
    sensed: bool = True
    result: Any = None


script = Script()
"""The recorder fills this in just before it executes a task."""


@dataclass(frozen=True)
class Bases:
    """The classes of one Airflow release that scripted operators are made from."""

    operator: type
    empty: type
    branch: type
    short_circuit: type
    latest_only: type
    sensor: type
    failure: type[BaseException]
    final_failure: type[BaseException]
    skip: type[BaseException]
    task_timeout: type[BaseException]
    sensor_timeout: type[BaseException]


class NeverRun(BaseTrigger):
    """A trigger for no triggerer: the recorder delivers its event."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{__name__}.NeverRun", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        yield TriggerEvent(None)


def _mappable(base: type) -> Any:
    """The class with arguments that may be mapped over; their values don't matter."""

    class Mappable(base):
        def __init__(self, *, first: Any = None, second: Any = None, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.first, self.second = first, second

    return Mappable


def operators(bases: Bases) -> dict[str, type]:
    """The operator class for each kind of task, of one Airflow release."""

    def played() -> Any:
        if script.timed_out:
            raise bases.task_timeout("scripted")
        raised = {"fail": bases.failure, "fail_no_retry": bases.final_failure, "skip": bases.skip}
        if script.outcome in raised:
            raise raised[script.outcome]("scripted")
        return script.result

    class Work(_mappable(bases.operator)):  # type: ignore[misc]
        def execute(self, context: Any) -> Any:
            return played()

    class Branch(_mappable(bases.branch)):  # type: ignore[misc]
        def choose_branch(self, context: Any) -> Any:
            played()
            return script.follow

    class ShortCircuit(_mappable(bases.short_circuit)):  # type: ignore[misc]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(python_callable=played, **kwargs)

        def execute_callable(self) -> bool:
            played()
            return script.condition

    class Sensor(_mappable(bases.sensor)):  # type: ignore[misc]
        def poke(self, context: Any) -> bool:
            if script.sensed:
                played()
            elif self.mode == "poke":
                # one try stands for all pokes: when it ends unsensed its time was up
                raise bases.sensor_timeout("scripted")
            return script.sensed

    class Deferrable(_mappable(bases.operator)):  # type: ignore[misc]
        def __init__(self, *, trigger_timeout: timedelta | None = None, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.trigger_timeout = trigger_timeout

        def execute(self, context: Any) -> None:
            self.defer(trigger=NeverRun(), method_name="resume", timeout=self.trigger_timeout)

        def resume(self, context: Any, event: Any = None) -> Any:
            return played()

    return {
        "task": Work,
        "empty": bases.empty,
        "branch": Branch,
        "short_circuit": ShortCircuit,
        "latest_only": bases.latest_only,
        "sensor": Sensor,
        "deferrable": Deferrable,
    }
