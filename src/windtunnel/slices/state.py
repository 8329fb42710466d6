"""State of a slice between two instants, as plain data that can be copied and compared."""

from __future__ import annotations

from typing import Final

from windtunnel.slices.fleet import Slice

# States of a dag run.
FUTURE: Final = "future"
HELD: Final = "held"
"""Its interval is over, but it is not created while the DAG has max_active_runs (catchup=False)."""
QUEUED: Final = "queued"
RUNNING: Final = "running"
SUCCESS: Final = "success"
FAILED: Final = "failed"
LOST: Final = "lost"

# States of a task instance, beside those of above.
NONE: Final = "none"
SCHEDULED: Final = "scheduled"
DEFERRED: Final = "deferred"
RESCHEDULED: Final = "up_for_reschedule"
UP_FOR_RETRY: Final = "up_for_retry"
UPSTREAM_FAILED: Final = "upstream_failed"
OVER: Final = frozenset((SUCCESS, FAILED, UPSTREAM_FAILED))

# What became of the process of a try.
ALIVE: Final = "alive"
CUT_OFF: Final = "cut off"
"""It goes on, and the scheduler hears nothing of it."""
STRAY: Final = "stray"
"""The scheduler has given its try up."""
DEAD: Final = "dead"

BY_RUN: Final = 1
TRIES: Final = 1 << 10


class Run:
    """A dag run."""

    __slots__ = ("due", "logical", "state")

    def __init__(self, state: str, due: int | None, logical: int) -> None:
        self.state = state
        self.due = due
        """When it arrives (future), times out (running), or is cleared (failed)."""
        self.logical = logical

    def copy(self) -> Run:
        """The same again."""
        return Run(self.state, self.due, self.logical)


class Instance:
    """A task instance."""

    __slots__ = ("child", "due", "resumes_at", "state", "tries")

    def __init__(self, state: str = NONE, tries: int = 0) -> None:
        self.state = state
        self.tries = tries
        self.due: int | None = None
        """When it is scheduled again: up for retry, up for reschedule."""
        self.resumes_at = 0
        """Step with which it goes on; -1: from the start, in the same try."""
        self.child: int | None = None
        """The run that it triggered and waits for."""

    @property
    def is_fresh(self) -> bool:
        """Whether its next process begins a try, and does not go on with one."""
        return self.state != DEFERRED and self.resumes_at == 0 and self.child is None

    def becomes(self, state: str, due: int | None = None) -> None:
        """A new state, from the start."""
        self.state = state
        self.due = due
        self.resumes_at = 0
        self.child = None

    def copy(self) -> Instance:
        """The same again."""
        made = Instance(self.state, self.tries)
        made.due, made.resumes_at, made.child = self.due, self.resumes_at, self.child
        return made


class Process:
    """The process of a try."""

    __slots__ = ("at", "child", "due", "fate", "given_up_at", "kind", "ti", "tries")

    def __init__(
        self, ti: int, tries: int, at: int, fate: tuple[str, int] | None, child: int | None
    ) -> None:
        self.ti = ti
        self.tries = tries
        """Number of the try."""
        self.at = at
        """Number of its step."""
        self.due: int | None = None
        """When the step is over."""
        self.fate = fate
        """What strikes it, when it comes to which step."""
        self.child = child
        self.kind = ALIVE
        self.given_up_at: int | None = None
        """When the scheduler gives it up; for a stray, when it is killed."""

    def copy(self) -> Process:
        """The same again."""
        made = Process(self.ti, self.tries, self.at, self.fate, self.child)
        made.due, made.kind, made.given_up_at = self.due, self.kind, self.given_up_at
        return made


def try_owner(ti: int, tries: int) -> int:
    """Who holds a lock: a try."""
    return (ti * TRIES + tries) << 1


def run_owner(run: int) -> int:
    """Who holds a lock: a dag run."""
    return (run << 1) | BY_RUN


class State:
    """Everything that the future of a slice depends on."""

    __slots__ = (
        "assets",
        "budget",
        "bypassed",
        "committed",
        "holds",
        "instances",
        "lost",
        "now",
        "processes",
        "queue",
        "runs",
    )

    def __init__(self, budget: int) -> None:
        self.runs: dict[int, Run] = {}
        self.instances: dict[int, Instance] = {}
        self.processes: list[Process] = []
        """In order of (task instance, try)."""
        self.holds: dict[tuple[str, int], int] = {}
        """(lock, owner) -> how many."""
        self.committed: dict[int, int] = {}
        """Task instance -> how often it committed its effect (2: more than once)."""
        self.budget = budget
        """Faults and clears that may still happen."""
        self.queue: list[int] = []
        """Queued task instances."""
        self.assets: dict[int, tuple[frozenset[str], int | None]] = {}
        """DAG -> (assets updated since its last run, when a run is created)."""
        self.bypassed: dict[int, int] = {}
        self.lost: set[int] = set()
        """DAGs of which a run was not created, or folded into another."""
        self.now = 0

    def copy(self) -> State:
        """The same again."""
        made = State(self.budget)
        made.runs = {run: one.copy() for run, one in self.runs.items()}
        made.instances = {ti: one.copy() for ti, one in self.instances.items()}
        made.processes = [one.copy() for one in self.processes]
        made.holds = self.holds.copy()
        made.committed = self.committed.copy()
        made.queue = self.queue.copy()
        made.assets = self.assets.copy()
        made.bypassed = self.bypassed.copy()
        made.lost = self.lost.copy()
        made.now = self.now
        return made

    def key(self, timed: bool = True) -> tuple[object, ...]:
        """What makes it this state and no other: times are told from now on, so that the same
        situation later is the same state. Not *timed*: only whether something is due."""
        now = self.now if timed else None

        def left(due: int | None) -> int:
            return -1 if due is None else 1 if now is None else due - now

        runs = [(run, one.state, left(one.due), one.logical) for run, one in self.runs.items()]
        instances = [
            (
                ti,
                one.state,
                one.tries,
                left(one.due),
                one.resumes_at,
                -1 if one.child is None else one.child,
            )
            for ti, one in self.instances.items()
        ]
        processes = [
            (p.ti, p.tries, p.at, left(p.due), p.fate, p.child, p.kind, left(p.given_up_at))
            for p in self.processes
        ]
        assets = [(dag, tuple(sorted(got)), left(due)) for dag, (got, due) in self.assets.items()]
        return (
            tuple(sorted(runs)),
            tuple(sorted(instances)),
            tuple(processes),
            tuple(sorted(self.holds.items())),
            tuple(sorted(self.committed.items())),
            tuple(self.queue),
            tuple(sorted(assets)),
            tuple(sorted(self.bypassed.items())),
            self.budget,
            tuple(sorted(self.lost)),
        )

    def due(self) -> int | None:
        """When something happens next; None: nothing does, ever."""
        times = [one.due for one in self.runs.values() if one.due is not None]
        times += [one.due for one in self.instances.values() if one.due is not None]
        for process in self.processes:
            if process.due is not None and process.kind != DEAD:
                times.append(process.due)
            if process.given_up_at is not None:
                times.append(process.given_up_at)
        times += [due for _, due in self.assets.values() if due is not None]
        return min(times) if times else None

    def free(self, of: Slice, lock: str) -> int:
        """How many of a lock are free."""
        taken = sum(count for (name, _), count in self.holds.items() if name == lock)
        return of.locks[lock].capacity - taken

    def process(self, ti: int, tries: int) -> Process | None:
        """The process of this try, if there is one."""
        for one in self.processes:
            if one.ti == ti and one.tries == tries:
                return one
        return None
