"""Executor: what the engine asks of whatever gets queued task instances to where they run.

One class for each executor of Airflow, and one for a deployment of which only its workers are
known. What this class says itself holds for an executor that has no limit of that kind.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol

from windtunnel.engine.world import World
from windtunnel.model import Distribution, Task

LEEWAY_S = 10.0
"""``[api_auth] jwt_leeway``: how much too old a token may be."""
HEARTBEAT_S = 1.0
"""Between two heartbeats of an executor whose scheduler is idle (``scheduler_idle_sleep_time``)."""


class Machine(Protocol):
    """What tasks run on and what may be lost: a worker, or a node for pods."""

    number: int
    alive: bool

    @property
    def running(self) -> Collection[int]:
        """Task instances that run, or are starting, on it."""
        ...


class Executor(ABC):
    """One executor of one simulation. Task instances are numbers, times are microseconds."""

    unlimited = False
    """Whether everything that is queued starts at once, and nobody keeps count."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.cut_off = False
        """The broker can't be reached: what is queued does not come to workers. See `cut`."""
        self.scheduler_is_up: Callable[[], bool] = lambda: True
        self.leaked = 0
        """Slots that the executor counts for nothing."""
        self._reports: list[tuple[int, str]] = []

    # -- from queued to running ---------------------------------------------------------------

    @property
    @abstractmethod
    def any_waiting(self) -> bool:
        """Whether `fill` may have anything to do."""

    @abstractmethod
    def submit(self, ti: int, queue: str) -> None:
        """A task instance was queued."""

    def submit_in_vain(self, ti: int) -> None:  # noqa: B027 - not every executor keeps count
        """A task instance was queued, but is lost before anything can start it."""

    @abstractmethod
    def withdraw(self, ti: int) -> None:
        """A task instance is not queued and does not run any more, whatever is left of it here."""

    @abstractmethod
    def release(self, ti: int) -> None:
        """A try is over: what it held is free."""

    @abstractmethod
    def fill(self) -> list[int]:
        """Use what is free; return the task instances that are taken now, in order."""

    def start_us(self, ti: int) -> int:
        """From when a task instance is taken until it runs. It is queued meanwhile."""
        del ti
        return 0

    def end_s(self, ti: int) -> float | Distribution:
        """Seconds from the end of a try until its process is gone, and its slot is free."""
        del ti
        return 0.0

    def take_reports(self) -> list[tuple[int, str]]:
        """Task instances that the executor says have failed, though they ended nowhere; and why."""
        reports, self._reports = self._reports, []
        return reports

    def _report(self, ti: int, why: str) -> None:
        self._reports.append((ti, why))

    def _log(self, ti: int, what: str) -> None:
        self._world.trace.executor_events.append((self._world.now, ti, what))

    # -- when ---------------------------------------------------------------------------------

    def next_due(self) -> int | None:
        """When it has something to do of its own accord."""
        return None

    def handle_due(self) -> None:  # noqa: B027 - not every executor has anything to do
        """Do what is due."""

    @property
    def blocks_scheduler(self) -> bool:
        """Whether the scheduler's loop stands still while a task runs."""
        return False

    def waiting(self) -> list[int]:
        """Queued task instances that nothing has taken yet, in the order in which they would be."""
        return []

    def machine_of(self, ti: int) -> Machine | None:
        """What a task instance runs on, or is starting on."""
        del ti
        return None

    # -- how the scheduler counts -------------------------------------------------------------

    def counts(self, task: Task) -> bool:
        """Whether a task takes one of ``parallelism`` while it is queued or runs."""
        del task
        return True

    def revokes(self, ti: int) -> bool:
        """Whether a task instance that is stuck in queued is taken back: ``revoke_task``."""
        del ti
        return not self.unlimited

    def leak(self, count: int) -> None:
        """So many slots of ``parallelism`` are counted for nothing from now on; if negative, they
        are given back."""
        count = max(count, -self.leaked)
        self.leaked += count
        self._world.uncounted -= count

    def notices_loss(self, ti: int) -> bool:
        """Whether the executor tells at once of a task instance whose worker is gone."""
        del ti
        return False

    def adopt(self, tis: Iterable[int]) -> list[int]:
        """Another scheduler takes over those of one that died; returns those which its executor
        can not adopt."""
        del tis
        return []

    # -- memory and processes -----------------------------------------------------------------

    def load(self, ti: int, memory: float) -> list[int]:
        """A try takes so many MB. Returns the tries that are killed for it: the largest, of equal
        ones the newest, until the rest has room."""
        del ti, memory
        return []

    def dies_whole(self, ti: int) -> bool:
        """Whether its machine, where it is out of memory, dies with all that runs on it."""
        del ti
        return False

    def processors(self, ti: int) -> tuple[str, int] | None:
        """The machine of a task instance, by name, and its processors in thousandths; None if it
        is never short of them."""
        del ti
        return None

    def keep(self, ti: int, name: int) -> Callable[[], None] | None:
        """A try is over for the scheduler, but its process goes on and keeps what it holds, from
        now on under a name of its own: less than 0, so that its task instance may run elsewhere,
        or beside it, meanwhile. Returns what to do when it ends."""
        del ti, name
        return None

    # -- for those who look on ----------------------------------------------------------------

    def limits(self) -> tuple[str, ...]:
        """Names of the limits that task instances wait for here."""
        return ("worker slots",) if self.any_waiting else ()

    def never(self, task: Task) -> str:
        """Why nothing would ever run this task; empty if something may."""
        del task
        return ""

    def place_for(self, task: Task) -> str | None:
        """The name of the slots of which a task needs one; None: there are enough."""
        del task
        return None

    def places_of(self, ti: int) -> tuple[str, ...]:
        """The names of the slots of which a running task instance holds one."""
        del ti
        return ()

    def slots(self, place: str) -> tuple[int, int]:
        """(free, all) slots of a name."""
        del place
        return 0, 0

    # -- what happens to it -------------------------------------------------------------------

    def able(self, group: str | None) -> list[Machine]:
        """Machines that take task instances, of one group if given, those with the most to lose
        first."""
        del group
        return []

    def lose(self, machines: Sequence[Machine]) -> list[list[int]]:
        """Machines are gone; returns the task instances that were on each."""
        return [sorted(machine.running) for machine in machines]

    def replace(self, machines: Sequence[Machine]) -> None:  # noqa: B027 - not all have machines
        """New ones come in the place of these."""

    def drain(self, machines: Sequence[Machine]) -> None:  # noqa: B027 - not all have machines
        """They take nothing new from now on."""

    def undrain(self, machines: Sequence[Machine]) -> None:  # noqa: B027 - not all have machines
        """They take task instances again."""

    def owns(self, machine: Machine) -> bool:
        """Whether a machine is one of its own."""
        del machine
        return False

    def cut(self, *, off: bool) -> None:
        """The broker can't be reached any more, or is back."""
        self.cut_off = off

    def lose_message(self, ti: int) -> bool:
        """A queued task instance is lost on its way: it stays queued, and nothing starts it.
        Returns whether it was on its way."""
        del ti
        return False
