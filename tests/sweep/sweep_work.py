"""Work for sweeps: a module of its own, because other processes have to find it by name."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from time import perf_counter
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.sweep import prepared

loaded = compiled = 0


class Counted:
    """Counts how often this process was sent it."""

    def __init__(self, plus: int) -> None:
        self.plus = plus

    def __setstate__(self, state: dict[str, Any]) -> None:
        global loaded  # noqa: PLW0603
        loaded += 1
        self.__dict__.update(state)


def plus(shared: int, item: int) -> int:
    return shared + item


def as_tuple(shared: int, item: int) -> tuple[int, dict[str, tuple[int, ...]]]:
    return item, {"sums": (shared + item,)}


def slow(shared: float, item: int) -> int:
    """Takes so many seconds of work."""
    until = perf_counter() + shared
    while perf_counter() < until:
        pass
    return item


def who(shared: Counted, item: int) -> list[int]:
    slow(0.002, item)
    return [os.getpid(), loaded, shared.plus + item]


def with_compiled(shared: Counted, item: int) -> list[int]:
    slow(0.002, item)
    answer = prepared(shared, _compile) + item
    return [os.getpid(), compiled, answer]


def _compile(shared: Counted) -> int:
    global compiled  # noqa: PLW0603
    compiled += 1
    return shared.plus


def refuse(shared: int, item: int) -> int:
    if item >= shared:
        raise InvalidInput(f"seed {item}: too large")
    return item


def mistake(shared: int, item: dict[str, int]) -> float:
    return shared / item["seed"]


def no_answer(shared: int, item: int) -> object:
    return object()


def ends_once(shared: tuple[str, int], item: int) -> int:
    """The worker ends in the middle of one item, but only the first time."""
    marker, last = Path(shared[0]), shared[1]
    slow(0.005, item)
    if item == last and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return item * item


def ends_always(shared: int, item: int) -> int:
    slow(0.002 if item != shared else 0.2, item)
    if item == shared:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def counted(shared: str, item: int) -> int:
    """Leaves a line each time it is worked on."""
    with open(shared, "a") as lines:
        lines.write(f"{item}\n")
    return item * 10


def interrupted(shared: tuple[str, int], item: int) -> int:
    """Somebody presses Ctrl-C in the middle, the first time."""
    answer = counted(shared[0], item)
    marker = Path(shared[0]).with_suffix(".pressed")
    if item == shared[1] and not marker.exists():
        marker.touch()
        raise KeyboardInterrupt
    return answer
