"""Finding: a verdict on a trace, with its evidence, until when it holds, and what cures it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from windtunnel.detect.case import Case
from windtunnel.model.base import Value

FAMILIES = {
    "WT1": "no progress",
    "WT2": "data and runs",
    "WT3": "work skipped",
    "WT4": "exhaustion",
    "WT5": "lateness",
    "WT9": "DAG file",
}
"""What findings are about, by the first three characters of their codes."""


class Party(Value):
    """One task instance that takes part in a finding."""

    name: str
    """``dag_id.task_id``, with the map index in brackets if it has one."""
    dag_id: str = ""
    task_id: str = ""
    run: str
    operator: str
    state: str
    holds: tuple[str, ...] = ()
    """In words: ``1 of worker slots (8/8)``."""
    waits_for: tuple[str, ...] = ()
    """In words: ``a run of publish to end``, ``worker slots (0 of 8 free)``."""
    does: str = ""
    """What it does, where that is the trouble and not what it holds: ``writes dim in try 1``."""
    since: datetime


class Limit(Value):
    """A limit that takes part in a finding."""

    kind: str
    """``pool``, ``worker slots``, ``parallelism``, ``max_active_tasks``, ``max_active_runs``,
    ``max_active_tis_per_dag``, ``max_active_tis_per_dagrun`` or ``resource``."""
    subject: str = ""
    """What it belongs to: a pool, a queue, a DAG, a task, a resource; empty for the whole
    cluster."""

    @property
    def name(self) -> str:
        """For people: ``pool db``, ``max_active_runs etl``."""
        return f"{self.kind} {self.subject}".rstrip()


class Edit(Value):
    """One keyword argument in a DAG file."""

    file: str
    line: int | None
    dag_id: str
    task_id: str | None
    """None: it is one of the DAG's own."""
    argument: str
    value: str
    """As Python: ``'reschedule'``, ``True``, ``4``."""


Level = Literal["proved", "survived", "shortens"]
"""What is known of a fix: no schedule of these DAGs ends in a deadlock, whatever takes how long; no
simulation shows the finding any more; or it is still there, and ends sooner."""


class Fix(Value):
    """One change of one setting, simulated: with it the finding is gone, or shorter."""

    setting: str
    """What to change: ``worker slots``, ``pool db``, ``deferrable of etl.wait``."""
    before: str
    after: str
    note: str = ""
    level: Level = "survived"
    simulations: int = 0
    """Simulations with it that did not show the finding; 0: nobody counted."""
    by_timing: bool = False
    """Whether it is not excluded that the finding comes back with other durations or failures: it
    only changes who comes in time, or how often something may fail, or a proof was tried and came
    to a state in which these DAGs are stuck."""
    later_s: float | None = None
    """How much later a dag run ends with it, of all that end in the calm simulation the one that
    loses most; None: nobody can say, because none ends in both."""
    later: str = ""
    """The DAG of that run."""
    where: str = ""
    """Where to change it, if that is no DAG file: a file and its key, a command."""
    edits: tuple[Edit, ...] = ()
    """The same in the DAG files."""
    patch: str | None = None
    """Path of a patch that ``git apply`` takes."""


class Finding(Value):
    """Something that is wrong with a fleet on a cluster, shown by a simulation or by the DAGs
    alone."""

    code: str
    """Stable: ``WT101``."""
    title: str
    summary: str
    """What is wrong, in one or two sentences."""
    certain: bool = True
    """Whether it was shown, by a simulation or by the DAGs and settings alone. False: it could
    happen, and no simulation has shown yet that it does."""
    about: str = ""
    """What it is about, where that is not just who takes part: ``etl.load``, for which they all
    wait. Names without dates and numbers, by which it is known again after a change."""
    dag_id: str | None = None
    file: str | None = None
    line: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    """When something ends it; None: nothing does."""
    ended_by: str = ""
    """What ends it, in words; empty: nothing does."""
    holding: tuple[Party, ...] = ()
    """Those that hold what others need."""
    waiting: tuple[Party, ...] = ()
    """Those that wait for these, directly or not, and hold nothing that matters."""
    limits: tuple[Limit, ...] = ()
    """The limits that keep the circle closed; none if it is closed without any."""
    cycle: tuple[str, ...] = ()
    """The wait cycle, first element repeated at its end."""
    notes: tuple[str, ...] = ()
    """What one might count on and can't, or should know; a sentence each."""
    fixes: tuple[Fix, ...] = ()
    """What cures it: what is proved first, then what changes least."""
    no_help: tuple[str, ...] = ()
    """Changes that one might try, and with which the same is found, or something else."""
    fixes_left: int = 0
    """Changes that were not tried any more, because that would have taken too long."""
    case: Case | None = None
    """The smallest scenario that shows it, in a few lines; once a search has made it so."""
    counterexample: str | None = None
    """Id for ``windtunnel replay``."""

    @property
    def family(self) -> str:
        """The group of its code: ``WT1``; `FAMILIES` says what each is about."""
        return self.code[:3]

    @property
    def dag_ids(self) -> tuple[str, ...]:
        """The DAGs that take part: those that hold something, else the one that is named. Who only
        waits is not to blame. Empty: it is about the fleet as a whole."""
        holding = sorted({party.dag_id for party in self.holding if party.dag_id})
        return tuple(holding) or ((self.dag_id,) if self.dag_id else ())

    @property
    def place(self) -> str:
        """Where it is, as far as that is known: ``etl.py:14  dag=etl``."""
        file = f"{self.file}:{self.line}" if self.file and self.line else self.file
        return "  ".join(part for part in (file, self.dag_id and f"dag={self.dag_id}") if part)

    @property
    def headline(self) -> str:
        """It in one line: code, title, place."""
        return f"{self.code} {self.title}" + (f" ({self.place})" if self.place else "")

    def __repr__(self) -> str:
        # All of its fields would fill pages; `windtunnel.report.finding_text` tells them.
        return f"<{self.headline}>"

    @property
    def identity(self) -> tuple[str, ...]:
        """What makes it this trouble and no other: names only. Findings about the same, or over the
        same limits, are one, whichever tasks happen to be in it; else those of the same tasks are,
        in whichever runs. What it says is no part of it: dates and numbers move with a schedule or
        a release, and the trouble stays what it was."""
        if self.about:
            return (self.code, self.about)
        if self.limits:
            return (self.code, *sorted(limit.name for limit in self.limits))
        if self.holding:
            return (self.code, *sorted({f"{p.dag_id}.{p.task_id}" for p in self.holding}))
        return (self.code, self.dag_id or "")
