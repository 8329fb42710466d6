"""Course: what one try takes and does, one thing after the other, and how far it has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

How = Literal["ended", "failed", "stopped", "lost", "deferred"]
"""How a try leaves its worker: well; it failed of itself; something ended it from outside; its
process died; it waits in the triggerer."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One step of a try, with all that was drawn for it."""

    verb: str
    """``own`` is what a try without steps does: the work of its kind."""
    name: str = ""
    """Of the resource, the data set, the task or the DAG."""
    rules: str = ""
    """Under which name the scenario lists the resource."""
    us: int = 0
    count: int = 1
    """Slots of a resource; bytes of an XCom; 1 if a step that may fail does."""
    unless: str = ""
    why: str | None = None
    """Why the try fails with it, if it does."""


@dataclass(slots=True, eq=False)
class Course:
    """The course of one try. It lasts from the start of the try to its end, over deferrals, too."""

    needs: tuple[Deed, ...]
    deeds: tuple[Deed, ...]
    cpus: int = 0
    """Thousandths of a processor."""
    ti: int = -1
    number: int = -1
    """Dispatch number of its present stay on a worker."""
    try_number: int = 0
    weight: int = 0
    needed: int = 0
    """How many of its needs it has got in this stay."""
    done: int = 0
    """How many of its deeds are behind it."""
    working: int = -1
    """The event that ends its present work, if it shares nothing."""
    hangs: bool = False
    deferring: bool = False
    """One of its steps deferred, and others follow."""
    failure: str | None = None
    """Why it fails."""
    waits_for: str = ""
    """Name of the resource for which it waits."""
    waits_since: int = 0
    held: dict[str, int] = field(default_factory=dict)
    """Slots that it holds of each resource."""
    lent: dict[str, int] = field(default_factory=dict)
    """Of these, what its needs took: it goes back when the try leaves its worker."""
    taken_us: dict[str, int] = field(default_factory=dict)
    """When it last took of a resource whose lease nobody renews."""
    open: Deed | None = None
    """A read or write that has begun."""
    orphaned: bool = False
    """Its try was given up, and its process goes on."""

    @property
    def next(self) -> Deed | None:
        """What it does next; None: nothing more."""
        if self.needed < len(self.needs):
            return self.needs[self.needed]
        return self.deeds[self.done] if self.done < len(self.deeds) else None

    def pass_on(self) -> None:
        """What was next is behind it."""
        if self.needed < len(self.needs):
            self.needed += 1
        else:
            self.done += 1

    def stop(self) -> None:
        """Nothing follows any more."""
        self.needed, self.done = len(self.needs), len(self.deeds)

    def slowed(self, factor: float) -> Course:
        """The same course, of which nothing has happened yet, with longer work."""
        return replace(self, deeds=slowed(self.deeds, factor))


def slowed(deeds: Sequence[Deed], factor: float) -> tuple[Deed, ...]:
    """The same deeds, taking so many times as long; what is deferred lasts as long as before."""
    return tuple(
        deed if deed.verb == "defer" else replace(deed, us=round(deed.us * factor))
        for deed in deeds
    )
