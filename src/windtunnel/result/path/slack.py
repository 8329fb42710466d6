"""Slack: how much later a task instance could have ended without the end of a dag run being moved.

This is slack along dependencies, read off one simulation: upstream tasks, depends_on_past,
sensors, triggers and assets, also through other DAGs. Everything that comes after is taken to last
as long as it did: what ran, what a sensor needed to see that it need not wait any longer, and each
wait for a limit. Who would have come into a pool instead is another schedule, and only another
simulation shows it; so there is a second figure, for which waits for limits are given up first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from windtunnel.explain.enough import is_a_number
from windtunnel.model import ExternalTaskSensor
from windtunnel.result.path.causes import Causes
from windtunnel.result.record import Record
from windtunnel.trace import TaskState

ENDS, READY, BEGINS = "ends", "is ready", "begins"
Event = tuple[str, int]
"""What happens to whom: a task instance ends, or becomes ready; a run ends, or begins."""
Edge = tuple[Event, int, int]
"""What comes of an event, how much later that event could have come without anything else, and how
long what comes then waited for limits (microseconds)."""


@dataclass(frozen=True, slots=True)
class Slack:
    """Of one task instance, with regard to the end of one dag run."""

    least_s: float
    """With every wait for a limit as long as it was."""
    most_s: float
    """If what comes after it would only have waited less for limits, and got them when it did."""


def slack(record: Record, run: int) -> dict[int, Slack]:
    """By number of the task instance: the slack of all on which the end of a dag run depends, those
    of other DAGs too; nothing if it has not ended."""
    if record.runs[run].ended_us is None:
        return {}
    network = _Network(record, run)
    return {
        who: Slack(least / 1e6, most / 1e6)
        for (what, who), (least, most) in network.slack().items()
        if what == ENDS and who >= 0
    }


class _Network:
    """What has to happen before a run ends, event by event."""

    def __init__(self, record: Record, run: int) -> None:
        self._record = record
        self._causes = Causes(record)
        self._end: Event = (ENDS, ~run)
        self._after: dict[Event, list[Edge]] = {self._end: []}
        left = [self._end]
        while left:
            event = left.pop()
            for before, spare, waited in self._before(event):
                if before not in self._after:
                    self._after[before] = []
                    left.append(before)
                self._after[before].append((event, spare, waited))

    def slack(self) -> dict[Event, tuple[int, int]]:
        """The least and the most of each event: what comes after it decides, the tightest first."""
        found: dict[Event, tuple[int, int]] = {self._end: (0, 0)}
        for event in self._last_first():
            known = [edge for edge in self._after[event] if edge[0] in found]
            least = min((found[after][0] + spare for after, spare, _ in known), default=0)
            most = min((found[after][1] + spare + w for after, spare, w in known), default=0)
            found.setdefault(event, (least, most))
        return found

    def _last_first(self) -> Iterator[Event]:
        """Every event after those that come of it."""
        seen: set[Event] = set()
        for root in self._after:
            work = [(root, iter(self._after[root]))] if root not in seen else []
            seen.add(root)
            while work:
                event, rest = work[-1]
                ahead = next((after for after, _, _ in rest if after not in seen), None)
                if ahead is None:
                    work.pop()
                    yield event
                else:
                    seen.add(ahead)
                    work.append((ahead, iter(self._after[ahead])))

    def _before(self, event: Event) -> Iterator[Edge]:
        what, who = event
        if what == ENDS and who < 0:
            yield from self._before_end_of_run(~who)
        elif what == ENDS:
            yield from self._before_end(who)
        elif what == READY:
            yield from self._before_ready(who)
        else:
            yield from self._before_begin(who)

    def _before_end_of_run(self, run: int) -> Iterator[Edge]:
        ended = self._record.runs[run].ended_us
        own = [one.index for one in self._record.of_run(run)]
        last = None if ended is None else self._causes.last(own, ended)
        if ended is None or last is None:
            return
        for ti in own:
            over = self._causes.over(ti, ended)
            if over is not None:
                yield (ENDS, ti), last[0] - over, 0

    def _before_end(self, ti: int) -> Iterator[Edge]:
        """It was ready, and what it looked at in another DAG was over. A sensor that begins later
        sees that no later; a run that it triggers itself comes later, too."""
        ready, ended = self._ready(ti), self._record.instances[ti].ended_us
        if ready is None or ended is None:
            return
        seen = [(who, self._causes.over(who, ended)) for who in self._causes.awaited(ti)]
        looked, spare = self._began(ti, ready), 0
        task = self._record.task_of(ti)
        is_sensor = task is not None and isinstance(task.kind, ExternalTaskSensor)
        for who, over in seen:
            if over is not None and over >= looked:
                spare = max(spare, over - looked) if is_sensor else 0
                yield (ENDS, who), self._noticed(ti, over, ended) - over, 0
        yield (READY, ti), spare, self._waited(ti, ready)

    def _began(self, ti: int, ready: int) -> int:
        changes = self._record.changes.get(ti, ())
        begun = (TaskState.RUNNING, TaskState.DEFERRED)
        return next((at for _, at, state in changes if at >= ready and state in begun), ready)

    def _noticed(self, ti: int, over: int, ended: int) -> int:
        """When a sensor saw it: at a poke, or by its trigger."""
        task, changes = self._record.task_of(ti), self._record.changes.get(ti, ())
        kind = None if task is None else task.kind
        later = [(at, state) for _, at, state in changes if over <= at <= ended]
        if getattr(kind, "deferrable", False):
            return next((at for at, state in later if state == TaskState.SCHEDULED), ended)
        if isinstance(kind, ExternalTaskSensor) and kind.mode == "reschedule":
            return max((at for at, state in later if state == TaskState.RUNNING), default=ended)
        return ended

    def _waited(self, ti: int, ready: int) -> int:
        """How long it waited for limits from when it was ready until it first ran."""
        began = self._began(ti, ready)
        waits = self._record.waits.of(ti)
        return sum(
            min(w.to_us, began) - w.from_us
            for w in waits
            if ready <= w.from_us < began and is_a_number(w.limit) and w.limit != "max_active_runs"
        )

    def _ready(self, ti: int) -> int | None:
        """When it last became ready."""
        found, state = None, int(TaskState.NONE)
        for _, at, new in self._record.changes.get(ti, ()):
            found = at if state == TaskState.NONE else found
            state = new
        return found

    def _before_ready(self, ti: int) -> Iterator[Edge]:
        ready = self._ready(ti)
        assert ready is not None
        above = self._causes.above(ti)
        for who in (*above, *self._causes.before(ti)):
            over = self._causes.over(who, ready)
            if over is not None:
                yield (ENDS, who), ready - over, 0
        run = self._record.trace.ti_run[ti]
        started = self._record.started(run)
        if not above and started is not None:
            yield (BEGINS, run), max(ready - started, 0), 0

    def _before_begin(self, run: int) -> Iterator[Edge]:
        """Somebody triggered it, or updated its assets; a schedule waits for nobody."""
        created, started = self._record.trace.runs[run].created_us, self._record.started(run)
        held = (started or created) - created
        trigger = self._record.trace.triggered_by.get(run)
        for at, ti in self._causes.makers(run):
            what = READY if ti == trigger else ENDS
            if self._ready(ti) is not None:
                yield (what, ti), max(created - at, 0), held
