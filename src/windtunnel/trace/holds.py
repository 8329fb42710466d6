"""Holds: which try took, and gave back, how many slots of which resource; in compact columns."""

from __future__ import annotations

from array import array
from collections.abc import Iterator


class Holds:
    """(when, task instance, try number, resource, change), in order of time. The change is how many
    slots were taken, less than 0 if they were given back, or are lost with the try; 0 if there
    was no room: it is refused, or, where nobody enforces the limit, gets in all the same."""

    __slots__ = ("at", "change", "name", "resources", "ti", "try_number")

    def __init__(self) -> None:
        self.at = array("q")
        self.ti = array("i")
        self.try_number = array("H")
        self.change = array("i")
        self.name = array("i")
        """Index into ``resources``."""
        self.resources: dict[str, int] = {}

    def log(self, at: int, ti: int, try_number: int, resource: str, change: int) -> None:
        """Append one."""
        self.at.append(at)
        self.ti.append(ti)
        self.try_number.append(try_number)
        self.change.append(change)
        self.name.append(self.resources.setdefault(resource, len(self.resources)))

    def __len__(self) -> int:
        return len(self.at)

    def __iter__(self) -> Iterator[tuple[int, int, int, str, int]]:
        names = list(self.resources)
        columns = zip(self.at, self.ti, self.try_number, self.name, self.change, strict=True)
        for at, ti, number, name, change in columns:
            yield at, ti, number, names[name], change

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Holds) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]
