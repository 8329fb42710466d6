"""Platform: what a deployment's scheduler and executor take, learned from what it did.

Four figures stand between the durations of tasks and the time at which a run lands: how often the
scheduler looks, how late it sees that a run is due, how long a queued task needs to start, and how
long a slot stays taken after its task has ended. And two limits do: where tasks wait in the queue,
it is for a slot of a worker; where the scheduler doesn't queue them, it is for ``parallelism``.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from statistics import median

from windtunnel.calibration.deployed.held import queued_and_held
from windtunnel.calibration.deployed.limits import FEW, Crowd, limit_of
from windtunnel.calibration.deployed.slots import by_host, learned, slots_shown, stays_of
from windtunnel.calibration.past import Past, PastTry
from windtunnel.model import Cluster, Distribution, Fleet, Sample, SchedulerLoop, WorkerGroup

LOOKED_AT = 3_000
"""The latest tries that are looked at: a deployment changes, too."""
SHORTEST_LOOP_S = 0.02
SEQUENTIAL = "SequentialExecutor"
CHANGED, LEAST_S = 0.25, 0.3
"""By which share, and how much at least, a figure must differ to be told."""
LOOPS = ("a scheduler loop", "creating a due run, beyond that")
TRIMMED = 0.1
"""Share of values at each end that a mean leaves out."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What was learned; None: there was too little to learn it from."""

    look_s: float | None = None
    """From something that the scheduler has to see until it does, on average: half a loop."""
    due_late_s: float | None = None
    """How much later than that it creates a run that is due."""
    start_s: float | None = None
    """From queued to start, where a slot is free."""
    end_s: tuple[float, ...] | None = None
    """From the end of a task until its slot takes the next one: a sample."""
    slots: int | None = None
    """Tries that ran at once at most while others waited in the queue: so many slots there are. Of
    each host, if there are several."""
    parallelism: int | None = None
    """Tries that were queued or running at once at most while others were ready and were not
    queued: so many all schedulers together allow."""
    most: int = 0
    """Tries that were queued or running at once at most."""
    hosts: int = 1
    """Hosts that ran tries at the same time; 0: as many as there were tries, as with pods."""
    in_loop: bool = False
    """Tries ran inside of the scheduler's loop, as those of SequentialExecutor do."""

    def on(self, cluster: Cluster) -> Cluster:
        """The cluster with these figures in the place of those that nobody measured."""
        return self._with_end(self.with_limits(self._with_loop(cluster)))

    def with_limits(self, cluster: Cluster) -> Cluster:
        """Where nobody said what tasks run on: what they seem to have run on."""
        if cluster.executor is not None or cluster.workers is not None:
            return cluster
        if self.in_loop:
            return cluster.model_copy(update={"executor": SEQUENTIAL})
        said = "parallelism" in cluster.model_fields_set
        local = self._local_slots(cluster)
        if local is not None and (not said or local == cluster.parallelism):
            changes: dict[str, object] = {"executor": "LocalExecutor", "parallelism": local}
            return cluster.model_copy(update=changes)
        changes = {}
        if not said:
            # Without a limit to be seen there may have been as many as there were.
            allowed = self.parallelism or max(self.most, cluster.executor_slots)
            changes["parallelism"] = max(1, allowed // cluster.schedulers)
        if self.slots is not None:
            changes["workers"] = (WorkerGroup(count=max(1, self.hosts), slots=self.slots),)
        return cluster.model_copy(update=changes)

    def said(self) -> list[str]:
        """The figures in words, those that could not be learned last."""
        known, unknown = [], []
        for value, name in (
            (_twice(self.look_s), LOOPS[0]),
            (self.due_late_s, LOOPS[1]),
            (self.start_s, "starting a queued task"),
            (_mean(self.end_s or ()), "freeing a slot after its task"),
        ):
            if value is None:
                unknown.append(name)
            else:
                known.append(f"{name} {value:.2f} s")
        if self.slots is not None:
            where = f"on each of {self.hosts} hosts" if self.hosts > 1 else "on its only host"
            known.append(f"task slots {where}: {self.slots}, as no more ran while others waited")
        if self.parallelism is not None:
            known.append(
                f"parallelism: {self.parallelism}, as no more were queued or running while others "
                "were ready"
            )
        if self.in_loop:
            known.append("one task at a time, for which the loop waits (SequentialExecutor)")
            unknown = [name for name in unknown if name not in LOOPS]
        return [*known, *(f"{name}: not learned" for name in unknown)]

    def completed(self, other: Platform) -> Platform:
        """With what another look learned, where this one could not."""
        unknown = {f.name: getattr(other, f.name) for f in fields(self) if _lacks(self, f.name)}
        if self.slots is None and self.parallelism is None:
            unknown |= {"hosts": other.hosts, "in_loop": other.in_loop}
        return replace(self, most=max(self.most, other.most), **unknown)

    def limited_as(self, other: Platform) -> Platform:
        """With the limits of another one."""
        names = ("slots", "parallelism", "most", "hosts", "in_loop")
        return replace(self, **{name: getattr(other, name) for name in names})

    def changes(self, then: Platform) -> Iterator[str]:
        """What took another time in the window, in words."""
        for was, became, name in (
            (_twice(self.look_s), _twice(then.look_s), "a scheduler loop took"),
            (self.start_s, then.start_s, "starting a queued task took"),
            (_mean(self.end_s or ()), _mean(then.end_s or ()), "freeing a slot took"),
        ):
            if was is None or became is None:
                continue
            if abs(became - was) > max(LEAST_S, CHANGED * was):
                yield f"{name} {became:.1f} s then, and {was:.1f} s before"

    def _with_loop(self, cluster: Cluster) -> Cluster:
        loop = cluster.loop or SchedulerLoop(per_run_s=0, per_task_s=0)
        period = loop.duration_s + loop.idle_sleep_s
        if self.look_s is not None:
            period = max(SHORTEST_LOOP_S, 2 * self.look_s)
        busy = max(SHORTEST_LOOP_S, period - loop.idle_sleep_s)
        start = busy + loop.hand_over_s
        if self.start_s is not None:
            pod = cluster.kubernetes_executor.pod_start_s if _has_pods(cluster) else 0.0
            start = max(0.0, self.start_s - pod)
            # Airflow queues somewhere in its loop, the simulation at its begin, and both hand over
            # at its end: what is longer than that is counted as sleep.
            busy = min(busy, max(start, SHORTEST_LOOP_S))
        changes = {
            "duration_s": busy,
            "per_run_s": 0.0,
            "per_task_s": 0.0,
            "idle_sleep_s": max(0.0, period - busy),
            "hand_over_s": max(0.0, start - busy),
        }
        if self.due_late_s is not None:
            changes["due_late_s"] = self.due_late_s
        return cluster.model_copy(update={"loop": loop.model_copy(update=changes)})

    def _local_slots(self, cluster: Cluster) -> int | None:
        """Slots of LocalExecutor, if that is what makes tasks wait like this: where it counts what
        it handed out, before the queue, and in the queue where it doesn't."""
        if self.hosts != 1:
            return None
        if cluster.airflow.local_executor_counts_running:
            fewer = self.slots is not None and self.slots < (self.parallelism or math.inf)
            return None if fewer else self.parallelism
        return self.slots if self.parallelism is None else None

    def _with_end(self, cluster: Cluster) -> Cluster:
        if not self.end_s:
            return cluster
        end: Distribution = Sample(values_s=self.end_s)
        if {"LocalExecutor", SEQUENTIAL} & {*cluster.executor_names}:
            local = cluster.local_executor.model_copy(update={"end_s": end})
            return cluster.model_copy(update={"local_executor": local})
        if cluster.workers is None:
            return cluster
        groups = tuple(group.model_copy(update={"end_s": end}) for group in cluster.workers)
        return cluster.model_copy(update={"workers": groups})


def _twice(value: float | None) -> float | None:
    return None if value is None else 2 * value


def _lacks(platform: Platform, name: str) -> bool:
    return getattr(platform, name) is None


def platform_of(
    past: Past, cluster: Cluster, fleet: Fleet | None = None, *, slots_differ: bool = False
) -> Platform:
    """What the past tells of a deployment.

    Args:
        past: what happened.
        cluster: its settings, as far as they are known.
        fleet: its DAGs: in 2.x only they tell since when a task was ready.
        slots_differ: whether it had another number of slots than the cluster says.
    """
    tries = [one for one in past.tries if one.queued and (one.start or one.state == "queued")]
    tries = sorted(tries, key=lambda one: (one.start or one.queued, one.key))[-LOOKED_AT:]
    limited = _Limited()
    if slots_differ or (cluster.executor is None and cluster.workers is None):
        limited = _limited(past, tries, cluster, fleet)
    begun = [one for one in tries if one.start]
    places = _places(begun, cluster, limited, None if slots_differ else _slots_said(cluster))
    in_loop = SEQUENTIAL in cluster.executor_names or (
        # What runs one task at a time in 2.x is its default executor.
        cluster.executor is None
        and (places.inferred, places.hosts) == (1, 1)
        and cluster.airflow.old_executors
    )
    look = _look_s(past, in_loop=in_loop)
    found = [learned(stays_of(some), slots) for slots, some in places.groups]
    starts = [value for one in found for value in one.starts_s]
    ends = sorted(value for one in found for value in one.ends_s)
    return Platform(
        look_s=look,
        due_late_s=None if look is None or in_loop else _due_late_s(past, look),
        start_s=_mean(starts) if len(starts) >= FEW else None,
        end_s=tuple(ends) if len(ends) >= FEW else None,
        slots=places.inferred,
        parallelism=limited.parallelism,
        most=limited.most,
        hosts=places.hosts,
        in_loop=in_loop,
    )


@dataclass(frozen=True, slots=True)
class _Limited:
    """How many tries were queued or running at once at most, and whether no more were allowed."""

    most: int = 0
    parallelism: int | None = None


def _limited(
    past: Past, tries: Sequence[PastTry], cluster: Cluster, fleet: Fleet | None
) -> _Limited:
    stays, waits = queued_and_held(past, tries, cluster, fleet)
    most = Crowd((begin, end, 1) for begin, end in stays).peak
    return _Limited(most, limit_of(stays, waits))


@dataclass(frozen=True, slots=True)
class _Places:
    groups: list[tuple[int, list[PastTry]]]
    """Slots, and the tries that shared them."""
    inferred: int | None
    hosts: int


def _places(
    tries: Sequence[PastTry], cluster: Cluster, limited: _Limited, slots: int | None
) -> _Places:
    """Which tries shared how many slots."""
    on_host = dict(by_host(tries))
    busy = {host: some for host, some in on_host.items() if len(stays_of(some)) >= FEW}
    beside = {"LocalExecutor", SEQUENTIAL} & {*cluster.executor_names}
    enough = max(1, len(tries))
    if beside and slots is not None:
        return _Places([(slots, list(tries))], None, 1)
    if _has_pods(cluster) or not busy or len(busy) * 2 < len(on_host):
        return _Places([(enough, list(tries))], None, 0)
    at_once = _at_once(busy.values())
    if slots is not None:
        return _Places([(slots, some) for some in busy.values()], None, at_once)
    shown = [slots_shown(stays_of(some)) for some in busy.values()]
    inferred = max((one for one in shown if one is not None), default=None)
    if inferred is None and at_once == 1 and cluster.airflow.local_executor_counts_running:
        enough = limited.parallelism or enough  # LocalExecutor has as many slots
    return _Places([(inferred or enough, some) for some in busy.values()], inferred, at_once)


def _at_once(groups: Iterable[Sequence[PastTry]]) -> int:
    """How many hosts there were at the same time: one that begins anew may have another name."""
    spans = []
    for some in groups:
        starts = [one.start.timestamp() for one in some if one.start]
        ends = [one.end.timestamp() for one in some if one.end]
        spans.append((min(starts), max((*starts, *ends)), 1))
    return Crowd(spans).peak


def _slots_said(cluster: Cluster) -> int | None:
    """Slots of one host, as the settings say."""
    if "LocalExecutor" in cluster.executor_names:
        return cluster.executor_slots
    if SEQUENTIAL in cluster.executor_names:
        return 1
    if cluster.workers:
        return cluster.workers[0].slots
    return None


def _has_pods(cluster: Cluster) -> bool:
    return "KubernetesExecutor" in cluster.executor_names


def _look_s(past: Past, *, in_loop: bool) -> float | None:
    """From the end of a run's last task until the scheduler says that the run is over; where tasks
    run inside of its loop, from the end of the last one of all: that it waits for them is
    simulated."""
    ends = sorted(one.end for one in past.tries if one.end is not None)
    last: dict[tuple[str, str], datetime] = {}
    for one in past.tries:
        if one.end is not None and (one.run not in last or last[one.run] < one.end):
            last[one.run] = one.end
    gaps = [
        (run.end - (_last(ends, run.end) if in_loop else last[run.key])).total_seconds()
        for run in past.runs
        if run.end is not None and run.key in last and not run.cleared
    ]
    gaps = [gap for gap in gaps[-LOOKED_AT:] if gap >= 0]
    return _mean(gaps) if len(gaps) >= FEW else None


def _last(ends: Sequence[datetime], until: datetime) -> datetime:
    return ends[max(0, bisect_right(ends, until) - 1)]


def _due_late_s(past: Past, look: float) -> float | None:
    """How much later than its loops explain the scheduler creates runs that are due."""
    up = min((run.queued for run in past.runs if run.queued), default=None)
    gaps = [
        (run.queued - run.run_after).total_seconds()
        for run in past.runs
        if run.run_type == "scheduled"
        and run.queued
        and run.run_after
        and not run.cleared
        # What was due before anything came at all was due while nobody looked.
        and up is not None
        and run.run_after >= up
    ]
    # Most come when they are due; what max_active_runs or a pause held back says nothing of it.
    gaps = [gap for gap in gaps[-LOOKED_AT:] if gap >= 0]
    return max(0.0, median(gaps) - look) if len(gaps) >= FEW else None


def _mean(values: Iterable[float]) -> float | None:
    """Their mean without the largest and smallest tenth."""
    ordered = sorted(values)
    cut = int(len(ordered) * TRIMMED)
    kept = ordered[cut : len(ordered) - cut]
    return sum(kept) / len(kept) if kept else None
