"""What several faults say at once of one thing: the one that began last holds."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from windtunnel.engine.faults.timeline import Undo

Name = TypeVar("Name", bound=Hashable)
Setting = TypeVar("Setting")


class Held(Generic[Name, Setting]):
    """Settings that faults change for a while. When one ends, the latest of those that still hold
    says; when none does, what was there before the first."""

    def __init__(
        self, read: Callable[[Name], Setting], write: Callable[[Name, Setting], None]
    ) -> None:
        self._read = read
        self._write = write
        self._own: dict[Name, Setting] = {}
        self._faults: dict[Name, dict[int, Setting]] = {}
        """What each fault that holds says, in the order in which they began."""
        self._begun = 0

    def hold(self, name: Name, setting: Setting) -> Undo:
        """A fault begins; returns what ends it."""
        faults = self._faults.setdefault(name, {})
        if not faults:
            self._own[name] = self._read(name)
        self._begun += 1
        number = self._begun
        faults[number] = setting
        self._write(name, setting)

        def end() -> None:
            del faults[number]
            self._write(name, next(reversed(faults.values()), self._own[name]))

        return end


def every(ends: Sequence[Undo]) -> Undo:
    """Ends all of these."""

    def end() -> None:
        for one in ends:
            one()

    return end
