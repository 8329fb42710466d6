"""Resources: what tries share beside Airflow's own limits: connections, licences, a warehouse, an
API with a rate limit, a lock."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from windtunnel.model.base import Seconds, Value

LOCK = "lock:"
"""What begins with this is a resource with one slot, whether the scenario lists it or not."""

Ending = Literal["lost", "stopped", "failed"]
"""How a try may end beside well: its worker died or the kernel killed it; somebody, or a timeout of
the scheduler's, ended it; it failed of itself."""


class Resource(Value):
    """A counted resource, a rate limit, or both."""

    slots: Annotated[int, Field(ge=1)] | None = None
    """How many may be taken at once; None: as many as one likes."""
    per_minute: Annotated[float, Field(gt=0)] | None = None
    """How many may be taken in a minute, spread evenly (a token bucket)."""
    burst: Annotated[int, Field(ge=1)] = 1
    """How many may be taken at once after a quiet time, where there is a rate."""
    when_full: Literal["wait", "fail", "slow", "exceed"] = "wait"
    """What becomes of a try that finds it full: it waits on its worker, with all that it holds; it
    fails, and may be retried; or it gets in, and all that use it slow down, so that together they
    get as much done as ``slots`` of them do alone; or it gets in all the same: a limit that nobody
    enforces, and that must not be exceeded."""
    order: Literal["first", "priority"] = "first"
    """Who of those that wait comes first: the one who came first, or the heaviest
    (``priority_weight``)."""
    wait_at_most_s: Seconds | None = None
    """A try that waits longer fails; None: it waits as long as it takes."""
    leaks_when: tuple[Ending, ...] = ()
    """Ends of a try after which nobody gives back what it held. Empty: always given back."""
    lease_s: Seconds | None = None
    """What nobody gives back is free again after so long; None: never."""
    renewed: bool = True
    """False: a lease also runs out under a try that still works, and that does not notice."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.slots is None and self.per_minute is None:
            raise ValueError("needs slots, or per_minute, or both")
        if self.burst != 1 and self.per_minute is None:
            raise ValueError("burst is about per_minute, and there is none")
        lets_in = self.when_full in ("slow", "exceed")
        if lets_in and (self.slots is None or self.per_minute is not None):
            raise ValueError(f"when_full {self.when_full!r} is for slots, and not for per_minute")
        if not self.renewed and self.lease_s is None:
            raise ValueError("renewed is about a lease, and there is none")
        return self


LOCKED = Resource(slots=1)


def resource_named(name: str, resources: dict[str, Resource]) -> Resource | None:
    """The resource of this name, if there is one."""
    return resources.get(name) or (LOCKED if name.startswith(LOCK) else None)
