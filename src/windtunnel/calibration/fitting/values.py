"""Values: what was learned of each task, and what was not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from windtunnel.calibration.deployed import Platform
from windtunnel.calibration.fitting.lengths import Fitted
from windtunnel.model import Arrivals, Behavior, Cluster, Rule, Slowdown


@dataclass(frozen=True, slots=True)
class TaskFit:
    """What the tries of one task came to."""

    dag_id: str
    task_id: str
    tries: int
    """That ran, to their end or not."""
    failed: int
    """Of these; those that a timeout ended, too."""
    fits: tuple[tuple[str, Fitted], ...]
    """What was fitted: the key of a rule (``duration``, ``true_after``, ...), and how well."""
    rule: Rule | None
    """What its tries do; ``None``: nothing could be learned."""
    notes: tuple[str, ...] = ()
    """What to know of it: what was left out, what is a guess."""
    queued_s: float | None = None
    """From queued to its start, the median over its tries; ``None``: no try has both."""

    @property
    def name(self) -> str:
        """``dag_id.task_id``."""
        return f"{self.dag_id}.{self.task_id}"

    def fit(self, what: str) -> Fitted | None:
        """How well that was fitted; ``None``: it wasn't."""
        return dict(self.fits).get(what)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a deployment's tasks do, as its past tells."""

    source: str
    release: str
    since: datetime | None
    until: datetime | None
    runs: int
    tries: int
    tasks: tuple[TaskFit, ...]
    slowdowns: tuple[Slowdown, ...] = ()
    arrivals: tuple[Arrivals, ...] = ()
    """How often something outside triggers DAGs; a scenario says it, and not a behavior."""
    unknown: tuple[str, ...] = ()
    """What could not be learned, in words."""
    platform: Platform = field(default_factory=Platform)
    """What the scheduler and the executor take."""
    cluster: Cluster = field(default_factory=Cluster)
    """The deployment with these figures, and with what its database says of it."""

    @property
    def behavior(self) -> Behavior:
        """What tasks do, to be simulated."""
        rules = tuple(task.rule for task in self.tasks if task.rule is not None)
        return Behavior(rules=rules, slowdowns=self.slowdowns)
