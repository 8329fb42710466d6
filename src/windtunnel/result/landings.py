"""Landing times: how long after they were due the runs of each DAG landed, and against which
deadline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from windtunnel.model import Scenario
from windtunnel.model.question import Deadline
from windtunnel.result.dag_runs import DagRun
from windtunnel.units import duration


@dataclass(frozen=True, slots=True)
class Landed:
    """One dag run, or one task in it."""

    run: DagRun
    seconds: float | None
    """So long after the run was due it landed; None: it failed, or has not ended."""
    state: str
    """That of the run, or of the task in it."""
    deadline: datetime | None
    """In UTC; None: there is none."""

    @property
    def is_open(self) -> bool:
        """Whether it may still land: the window ended before."""
        return self.seconds is None and self.run.ended is None

    @property
    def allowed_s(self) -> float | None:
        """From when it was due to its deadline; None: there is none."""
        return None if self.deadline is None else (self.deadline - self.run.due).total_seconds()

    @property
    def late(self) -> bool:
        """Whether it missed its deadline, as far as the window goes."""
        if self.deadline is None:
            return False
        if self.seconds is not None:
            return self.run.due + timedelta(seconds=self.seconds) >= self.deadline
        trace = self.run.record.trace
        return not self.is_open or trace.at(trace.end_us) >= self.deadline


@dataclass(frozen=True, slots=True)
class LandingTimes:
    """The runs of one DAG, against one deadline or none."""

    name: str
    """The dag_id; ``dag_id.task_id`` where the deadline is one of a task."""
    deadline: str
    """In words: ``by 07:00``, ``within 2h``; empty: there is none."""
    source: str
    """Who says so: ``question``, ``sla``; empty: nobody."""
    runs: tuple[Landed, ...]
    """In order of when they were due."""

    @property
    def late(self) -> int:
        """Runs that missed the deadline."""
        return sum(one.late for one in self.runs)

    def share_s(self, share: float) -> float | None:
        """So long after they were due this share of the runs had landed (nearest rank); one that
        failed never lands, one that still goes on when the window ends is not counted. None: less
        than that share landed."""
        counted = [one.seconds for one in self.runs if not one.is_open]
        landed = sorted(seconds for seconds in counted if seconds is not None)
        rank = max(ceil(share * len(counted)), 1)
        return landed[rank - 1] if rank <= len(landed) else None

    @property
    def worst(self) -> Landed | None:
        """The run that landed latest, or the first that failed, if one did."""
        closed = [one for one in self.runs if not one.is_open]
        failed = [one for one in closed if one.seconds is None]
        return failed[0] if failed else max(closed, key=lambda one: one.seconds or 0, default=None)


def landing_times(
    runs: Sequence[DagRun], scenario: Scenario, deadlines: Iterable[Deadline] = ()
) -> list[LandingTimes]:
    """By DAG, each against the deadlines that there are for it: those of a question, the ``sla`` of
    its tasks in Airflow 2, else none."""
    by_dag: dict[str, list[DagRun]] = {}
    for run in sorted(runs, key=lambda run: (run.due, run.index)):
        by_dag.setdefault(run.dag_id, []).append(run)
    asked = list(deadlines)
    found: list[LandingTimes] = []
    for dag_id in sorted(by_dag):
        own = [*_asked(by_dag[dag_id], asked), *_slas(by_dag[dag_id], scenario)]
        whole = [one for one in own if one.name == dag_id]
        alone = LandingTimes(dag_id, "", "", tuple(_landed(r) for r in by_dag[dag_id]))
        found += own if whole else [alone, *own]
    return found


def _asked(runs: Sequence[DagRun], deadlines: Iterable[Deadline]) -> Iterator[LandingTimes]:
    dag_id, dag = runs[0].dag_id, runs[0].record.dag(runs[0].dag_id)
    for one in deadlines:
        task_id = None if one.of == dag_id else one.of.removeprefix(f"{dag_id}.")
        has_task = dag is not None and task_id is not None and dag.find(task_id) is not None
        if one.queued_s is not None or not (task_id is None or has_task):
            continue
        if one.by is not None:
            said = f"by {one.by:%H:%M:%S}".removesuffix(":00")
            ends = [run.landed_before(one.by).deadline for run in runs]
        else:
            assert one.within_s is not None
            said, within = f"within {duration(one.within_s)}", timedelta(seconds=one.within_s)
            ends = [run.due + within for run in runs]
        landed = (_landed(run, task_id, end) for run, end in zip(runs, ends, strict=True))
        yield LandingTimes(one.of, said, "question", tuple(landed))


def _slas(runs: Sequence[DagRun], scenario: Scenario) -> Iterator[LandingTimes]:
    """``sla`` of a task counts from when its run was due (``dag_processing/processor.py:
    manage_slas`` of 2.x); scheduled runs only. Airflow 3 has none."""
    dag = runs[0].record.dag(runs[0].dag_id)
    if dag is None or not scenario.cluster.airflow.has_slas:
        return
    scheduled = [run for run in runs if run.run_type == "scheduled"]
    for task in dag.tasks:
        if task.sla_s is not None and scheduled:
            allowed = timedelta(seconds=task.sla_s)
            landed = (_landed(run, task.task_id, run.due + allowed) for run in scheduled)
            name = f"{dag.dag_id}.{task.task_id}"
            yield LandingTimes(name, f"within {duration(task.sla_s)}", "sla", tuple(landed))


def _landed(run: DagRun, task_id: str | None = None, deadline: datetime | None = None) -> Landed:
    if task_id is None:
        took = run.landing_time
        return Landed(run, None if took is None else took.total_seconds(), str(run.state), deadline)
    own = [run.record.instances[ti] for ti in run.record.of_task(run.index, task_id)]
    states = sorted({one.state for one in own})
    ends = [one.ended_us for one in own if one.state == "success" and one.ended_us is not None]
    landed = run.record.trace.at(max(ends)) if ends and len(ends) == len(own) else None
    seconds = None if landed is None else max((landed - run.due).total_seconds(), 0.0)
    return Landed(run, seconds, ", ".join(states) or "none", deadline)


def latest(times: Iterable[LandingTimes]) -> Landed | None:
    """Of all runs that ended the one to ask about first: one that missed its deadline, and of these
    the one that took longest."""
    ended = [run for one in times for run in one.runs if run.run.ended is not None]
    return min(ended, key=_first_asked, default=None)


def _first_asked(one: Landed) -> tuple[bool, float, int]:
    took = ((one.run.ended or one.run.due) - one.run.due).total_seconds()
    return not one.late, -took, one.run.index
