"""Where a task instance can be while nothing moves, and what it then holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from windtunnel.slices.fleet import Acquire, Release, Step, Task, Trigger, Wait, WaitChild

Kind = Literal["blocked", "deferred", "rescheduled", "ready", "queued"]
"""``blocked``: its process waits at a step; ``ready``: scheduled, and some limit says no;
``queued``: no worker has room."""


@dataclass(frozen=True)
class Phase:
    """A place where an unfinished task instance that has begun can stay."""

    kind: Kind
    body: int = 0
    """0: what its first try does (or all tries do); 1: what later ones do."""
    step: int | None = None
    """At which step it waits; of those ready and queued: the wait that it comes back from."""
    holds: tuple[tuple[str, int], ...] = ()
    """What its try holds of locks."""

    @property
    def name(self) -> str:
        """Unique among the phases of a task."""
        at = "" if self.step is None else f" {self.step}"
        return f"{self.kind}{at}{' again' if self.body else ''}"

    @property
    def passed(self) -> int:
        """How many steps lie behind it."""
        if self.step is None:
            return 0
        return self.step + (self.kind in ("ready", "queued"))


@dataclass(frozen=True)
class StrayPlace:
    """Where a process can stay that the scheduler has given up."""

    body: int
    step: int
    holds: tuple[tuple[str, int], ...]

    @property
    def name(self) -> str:
        """Unique among the places of a task."""
        return f"stray {self.step}{' again' if self.body else ''}"


def bodies(task: Task, tries: int | None) -> tuple[tuple[Step, ...], ...]:
    """What its tries do: one for all, or one for the first and one for later ones."""
    if tries == 1 or task.retry_steps == task.steps:
        return (task.steps,)
    return (task.steps, task.retry_steps)


def held_before(steps: tuple[Step, ...], at: int) -> dict[str, int]:
    """What a try holds of each lock when it comes to a step."""
    held: dict[str, int] = {}
    for step in steps[:at]:
        if isinstance(step, Acquire) and not step.by_run:
            held[step.lock] = held.get(step.lock, 0) + step.units
        elif isinstance(step, Release) and not step.by_run:
            held[step.lock] = max(0, held.get(step.lock, 0) - step.units)
    return {lock: units for lock, units in held.items() if units}


def waiting_places(steps: tuple[Step, ...]) -> Iterator[tuple[int, Step]]:
    """Steps at which a process can stay."""
    for number, step in enumerate(steps):
        if isinstance(step, Acquire | Wait | WaitChild):
            yield number, step


def phases_of(task: Task, tries: int | None, has_workers: bool) -> tuple[Phase, ...]:
    """All phases of an unfinished instance that has begun."""
    found = [Phase("ready")]
    if has_workers:
        found.append(Phase("queued"))
    for body, steps in enumerate(bodies(task, tries)):
        for number, step in waiting_places(steps):
            holds = tuple(held_before(steps, number).items())
            if isinstance(step, Acquire) or task.mode == "poke":
                found.append(Phase("blocked", body, number, holds))
            elif task.mode == "reschedule":
                found.append(Phase("rescheduled", body, number, holds))
            else:
                found.append(Phase("deferred", body, number, holds))
                found.append(Phase("ready", body, number, holds))
                if has_workers:
                    found.append(Phase("queued", body, number, holds))
    return tuple(found)


def stray_places(task: Task, tries: int | None) -> tuple[StrayPlace, ...]:
    """Where a try can stay that was cut off from the scheduler on its way."""
    cuts = [step for kind, step in task.faults if kind == "part"]
    if not cuts:
        return ()
    return tuple(
        StrayPlace(body, number, tuple(held_before(steps, number).items()))
        for body, steps in enumerate(bodies(task, tries))
        for number, _ in waiting_places(steps)
        if number >= min(cuts)
    )


def triggers_before(steps: tuple[Step, ...], at: int) -> list[int]:
    """Steps of which the run may be the one that a wait for the child waits for, last first."""
    found: list[int] = []
    for number in range(at - 1, -1, -1):
        step = steps[number]
        if isinstance(step, Trigger):
            found.append(number)
            if not step.dedupe:
                break
    return found
