"""Snapshot: who holds what and who waits for what at one instant; what the detectors reason on.

The engine takes one at the end of the window and just before a timeout ends a wait by force. A wait
that nothing can break is still there at one of these instants.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capacity:
    """One limit with its size in slots (or runs); ``None`` is unlimited."""

    kind: str
    """``pool``, ``worker slots``, ``parallelism``, ``max_active_tasks``, ``max_active_runs``,
    ``max_active_tis_per_dag``, ``max_active_tis_per_dagrun`` or ``resource``."""
    subject: str
    """What it belongs to: a pool, a queue, a DAG, a task, a resource; empty for the cluster."""
    total: int | None
    run: str = ""
    """The dag run, if the limit holds for each run by itself."""

    @property
    def name(self) -> str:
        """For people: ``pool db``, ``worker slots default``."""
        name = f"{self.kind} {self.subject}".rstrip()
        return f"{name} ({self.run})" if self.run else name


@dataclass(frozen=True, slots=True)
class Wish:
    """What a waiting task instance wants to see: a run, or tasks of a run, in one of some
    states."""

    dag_id: str
    task_ids: tuple[str, ...]
    run: int | None
    """Index into ``Snapshot.runs`` of the unfinished run it is about; None if there is no such run
    now."""
    actors: tuple[int, ...]
    """The unfinished task instances it is about; empty: the run as a whole."""
    may_come: bool
    """Without such a run: whether one may still be created."""
    over: int | None = None
    """Number of the run that it looks at, if there is one, also where it is over."""
    date_us: int | None = None
    """Logical date of the run that it looks for, if there is none."""


@dataclass(frozen=True, slots=True)
class Actor:
    """An unfinished task instance."""

    dag_id: str
    run: int
    """Index into ``Snapshot.runs``."""
    run_name: str
    task_id: str
    map_index: int
    operator: str
    state: str
    since_us: int
    """When its present wait, or work, began: a sensor's first poke, not its last one; the first
    time it was scheduled in this try, however often it was queued since."""
    holds: tuple[tuple[int, int], ...] = ()
    """(capacity, slots) it holds now."""
    needs: tuple[tuple[int, int], ...] = ()
    """(capacity, slots) it must still get before it can go on."""
    ends_by_itself: bool = False
    """A timer that is sure to fire brings it forward: work, a retry delay, a trigger."""
    upstream: tuple[int, ...] = ()
    """Unfinished task instances whose end it waits for."""
    any_upstream: bool = False
    """One of them is enough (one_success and the like)."""
    past: tuple[int, ...] = ()
    """Unfinished task instances of the run before that depends_on_past waits for, all of them."""
    wish: Wish | None = None
    lets_go: bool = False
    """It only looks, and gives back what it holds when it has looked (a sensor that
    reschedules)."""
    never: str = ""
    """Why it can never go on whatever others do: ``pool db does not exist``."""
    fruitless: bool = False
    """It is a sensor that holds its slots, and what it looks for outside of the fleet never comes:
    only its timeout ends it."""
    gives_up_us: int | None = None
    """When a timeout ends its wait by force."""
    gives_up: str = ""
    """That timeout, in words."""

    @property
    def name(self) -> str:
        """``dag_id.task_id``, with the map index in brackets if it has one."""
        suffix = f"[{self.map_index}]" if self.map_index >= 0 else ""
        return f"{self.dag_id}.{self.task_id}{suffix}"


@dataclass(frozen=True, slots=True)
class OpenRun:
    """An unfinished dag run."""

    dag_id: str
    name: str
    state: str
    since_us: int
    actors: tuple[int, ...]
    holds: tuple[tuple[int, int], ...] = ()
    needs: tuple[tuple[int, int], ...] = ()
    gives_up_us: int | None = None
    run_after_us: int = 0
    """When it was due; less than 0 for one that was due before the simulation began."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of all unfinished work at one instant."""

    at_us: int
    cause: str
    """Why it was taken: ``end`` of the window, ``quiet`` (nothing more to come), or a timeout, in
    words."""
    capacities: tuple[Capacity, ...]
    actors: tuple[Actor, ...]
    runs: tuple[OpenRun, ...]
