"""Finding: a verdict on a trace, with its evidence, until when it holds, and what cures it."""

from __future__ import annotations

from datetime import datetime

from windtunnel.model.base import Value


class Party(Value):
    """One task instance that takes part in a finding."""

    name: str
    """``dag_id.task_id``, with the map index in brackets if it has one."""
    run: str
    operator: str
    state: str
    holds: tuple[str, ...] = ()
    """In words: ``1 of worker slots (8/8)``."""
    waits_for: tuple[str, ...] = ()
    """In words: ``a run of publish to end``, ``worker slots (0 of 8 free)``."""
    since: datetime


class Fix(Value):
    """One change of one setting, simulated: with it the finding is gone."""

    setting: str
    """What to change: ``worker slots``, ``pool db``, ``deferrable of etl.wait``."""
    before: str
    after: str
    note: str = ""


class Finding(Value):
    """Something that is wrong with a fleet on a cluster, shown by a simulation or by the DAGs
    alone."""

    code: str
    """Stable: ``WT101``."""
    title: str
    summary: str
    """What is wrong, in one or two sentences."""
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
    """Those that wait and hold nothing that matters."""
    cycle: tuple[str, ...] = ()
    """The wait cycle, first element repeated at its end."""
    fixes: tuple[Fix, ...] = ()
    counterexample: str | None = None
    """Id for ``windtunnel replay``."""
