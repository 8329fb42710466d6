"""Touches: which try began or ended to read or write which data set; in compact columns."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from enum import IntEnum


class Touch(IntEnum):
    """What happens to a data set. ``CUT``: the try was over before it was done."""

    READ_BEGINS = 0
    READ_ENDS = 1
    READ_CUT = 2
    WRITE_BEGINS = 3
    WRITE_ENDS = 4
    WRITE_CUT = 5
    APPEND_BEGINS = 6
    APPEND_ENDS = 7
    APPEND_CUT = 8

    @property
    def label(self) -> str:
        """``read begins``."""
        return self.name.lower().replace("_", " ")


class Touches:
    """(when, task instance, try number, what, data set), in order of time."""

    __slots__ = ("at", "datasets", "kinds", "name", "ti", "try_number")

    def __init__(self) -> None:
        self.at = array("q")
        self.ti = array("i")
        self.try_number = array("H")
        self.kinds = bytearray()
        self.name = array("i")
        """Index into ``datasets``."""
        self.datasets: dict[str, int] = {}

    def log(self, at: int, ti: int, try_number: int, kind: int, dataset: str) -> None:
        """Append one."""
        self.at.append(at)
        self.ti.append(ti)
        self.try_number.append(try_number)
        self.kinds.append(kind)
        self.name.append(self.datasets.setdefault(dataset, len(self.datasets)))

    def __len__(self) -> int:
        return len(self.at)

    def __iter__(self) -> Iterator[tuple[int, int, int, Touch, str]]:
        names = list(self.datasets)
        columns = zip(self.at, self.ti, self.try_number, self.kinds, self.name, strict=True)
        for at, ti, number, kind, name in columns:
            yield at, ti, number, Touch(kind), names[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Touches) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]
