"""What tries share runs out: a pool, or a resource of the scenario."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Unpack

from pydantic import Field

from windtunnel.errors import InvalidInput
from windtunnel.faults.making import When, made
from windtunnel.model import (
    Fault,
    PoolResized,
    ResourceDown,
    ResourceResized,
    Scenario,
    Windowed,
)
from windtunnel.model.pattern import nearest


class Exhausted(Windowed):
    """Others have all slots of a pool or of a resource, but a few; which of both is meant is seen
    where it is simulated."""

    name: str
    """``warehouse``, or ``pool warehouse``, ``resource warehouse``."""
    left: Annotated[int, Field(ge=0)] = 0


AnyFault = Fault | Exhausted
"""What may go wrong: a fault, or something that becomes one when the fleet is known."""


def exhaust(name: str, *, left: int = 0, **when: Unpack[When]) -> Exhausted:
    """Others have all slots of something, so that nobody gets any; who has some keeps them.

    ::

        windtunnel.exhaust("warehouse", at="02:10", for_="1h")

    Args:
        name: A pool, or a resource of the scenario: ``warehouse``; where there are both,
            ``pool warehouse`` or ``resource warehouse``.
        left: Slots that are left.
        when: ``at``, ``for_``, ``every``, ``times``.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("exhaust", Exhausted, when, When, name=name, left=left)


def stop_resource(resource: str, *, waits: bool = False, **when: Unpack[When]) -> ResourceDown:
    """Nobody can take a resource of the scenario, as when an external system is down: whoever needs
    it fails, or *waits*.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("stop_resource", ResourceDown, when, When, resource=resource, waits=waits)


def resize_resource(resource: str, slots: int, **when: Unpack[When]) -> ResourceResized:
    """A resource of the scenario has another number of slots; the old one is back after ``for_``.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("resize_resource", ResourceResized, when, When, resource=resource, slots=slots)


def settled(faults: Iterable[AnyFault], scenario: Scenario) -> tuple[Fault, ...]:
    """The faults, each as what it is in this scenario.

    Raises:
        InvalidInput: something is exhausted that is neither a pool nor a resource; the message
            lists what there is.
    """
    return tuple(_settled(one, scenario) if isinstance(one, Exhausted) else one for one in faults)


def _settled(fault: Exhausted, scenario: Scenario) -> PoolResized | ResourceResized:
    cluster = scenario.cluster
    used = {task.pool for dag in scenario.fleet.dags for task in dag.tasks}
    pools = sorted({*used, *cluster.pools, "default_pool"})
    resources = sorted(scenario.resources)
    when = fault.model_dump(exclude={"name", "left"})
    kind, _, named = fault.name.rpartition(" ")
    if kind in ("", "pool") and named in pools:
        return PoolResized(pool=named, slots=fault.left, **when)
    if kind in ("", "resource") and named in resources:
        return ResourceResized(resource=named, slots=fault.left, **when)
    known = [f"pool {name}" for name in pools] + [f"resource {name}" for name in resources]
    bare = [*pools, *resources] if not kind else known
    raise InvalidInput(
        f"exhaust({fault.name!r}): there is no such pool or resource; {nearest(fault.name, bare)}"
    )
