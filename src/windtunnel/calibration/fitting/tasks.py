"""Tasks: what the tries of one task say of what it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from windtunnel.calibration.fitting.choices import Runs, decided_of
from windtunnel.calibration.fitting.coming_up import while_coming_up
from windtunnel.calibration.fitting.drift import change_in
from windtunnel.calibration.fitting.kinds import looks_of
from windtunnel.calibration.fitting.laws import Lengths
from windtunnel.calibration.fitting.lengths import FEW, Fitted, fitted
from windtunnel.calibration.fitting.outcomes import OWN, failures_of, odds_of
from windtunnel.calibration.fitting.tries import (
    Tries,
    queued_of,
    seconds_of,
    tries_of_task,
    without_stopped,
)
from windtunnel.calibration.fitting.values import TaskFit
from windtunnel.calibration.fitting.waits import Key, deferrals_of, fired_of, truths_of
from windtunnel.calibration.past import Happened, PastRun, PastTry, Poke
from windtunnel.model import Dag, ExternalTaskSensor, Rule, Sensor, Task
from windtunnel.units import clock, count, duration


@dataclass(frozen=True, slots=True)
class Around:
    """What is known beside the tries of a task."""

    runs: Mapping[tuple[str, str], PastRun]
    latest: Runs
    pokes: Mapping[Key, Sequence[Poke]]
    log: Mapping[Key, Sequence[Happened]]
    latency_s: float
    until: datetime
    slow: Mapping[object, float]
    """How many times as long everything took, by the stretch that a try began in."""
    since: datetime | None = None
    """Where the past begins."""


class Learner:
    """Learns what one task does."""

    def __init__(
        self,
        key: tuple[str, str],
        given: Sequence[PastTry],
        known: tuple[Dag, Task] | None,
        around: Around,
    ) -> None:
        self._key = key
        self._dag: Dag | None = None
        self._task: Task | None = None
        if known is not None:
            self._dag, self._task = known
        self._around = around
        self._looks = looks_of(self._task, given)
        given, stopped = without_stopped(given, around.runs, around.until)
        self._tries = tries_of_task(given, self._task, around.until)
        self._queued_s = queued_of(given)
        self._fits: list[tuple[str, Fitted]] = []
        self._notes: list[str] = []
        if stopped:
            self._notes.append(
                f"{count(stopped, 'try', 'tries')} failed when all that is known ends, in a run "
                "that goes on, as where a deployment is stopped: taken for cut short"
            )
        self._said: dict[str, Any] = {}

    def fit(self) -> TaskFit | None:
        """What it does; ``None``, if it never was on a worker."""
        tries = self._tries
        if self._looks == "never runs" or not (tries.ended or tries.running):
            return None
        learn = {
            "works": self._work,
            "waits": self._wait,
            "waits deferred": self._wait_deferred,
            "defers": self._defer,
            "waits for DAGs": self._pass,
        }[self._looks]
        learn()
        self._end()
        if self._dag is not None and self._task is not None:
            self._said |= decided_of(self._dag, self._task, self._around.latest)
        self._tell()
        rule = Rule(tasks=".".join(self._key), **self._said) if self._said else None
        failed = len(tries.failed) + len(tries.timed_out)
        ran = tries.ended + len(tries.running)
        return TaskFit(
            *self._key, ran, failed, tuple(self._fits), rule, tuple(self._notes), self._queued_s
        )

    # -- what kinds of tasks do -----------------------------------------------------------------

    def _work(self) -> None:
        tries = self._of_today(self._settled(self._tries))
        failed = tuple(self._seconds(one) for one in tries.failed)
        cut = (*(self._seconds(one) for one in tries.timed_out), *tries.running)
        done = Lengths(
            exact=tuple(self._seconds(one) for one in tries.succeeded or tries.skipped), cut=cut
        )
        told = failures_of(tries, done)
        if told.at_end:
            done = replace(done, exact=(*done.exact, *failed))
        elif told.cut:
            done = replace(done, cut=(*done.cut, *failed))
        if not self._put("duration", fitted(done)) and failed:
            self._put("duration", fitted(Lengths(exact=failed)))
            self._notes.append("no success: how long it takes to its end is not known")
        elif len(failed) >= OWN and not told.at_end:
            self._put("fails_after", fitted(Lengths(exact=failed)))

    def _wait(self) -> None:
        kind = self._task.kind if self._task is not None else None
        sensor = kind if isinstance(kind, Sensor) else None
        tries, around = self._tries, self._around
        truths = truths_of(sensor, tries.succeeded, self._gave_up(), around.pokes, around.runs)
        if not tries.succeeded:
            self._notes.append("no success: when its condition comes true is not known")
        if not self._put("true_after", truths.fit()) and truths.at_once:
            self._notes.append("its condition was always true when it first looked")
        quick = [seconds_of(one) for one in tries.succeeded if self._is_one_poke(one)]
        if len(quick) >= OWN:
            self._put("duration", fitted(Lengths(exact=(sorted(quick)[len(quick) // 2],))))

    def _wait_deferred(self) -> None:
        self._put("true_after", fired_of(self._tries.succeeded, self._around.runs).fit())

    def _defer(self) -> None:
        found = deferrals_of(self._tries.succeeded, self._around.log, self._around.latency_s)
        if not found.waited:
            self._work()
            return
        if not self._put("duration", fitted(Lengths(exact=found.before))):
            self._notes.append(
                "no log of when it deferred: its first stay on a worker is in fire_after"
            )
            self._said["duration_s"] = 0.0
        self._put("fire_after", fitted(Lengths(exact=found.waited)))
        self._put("resume_duration", fitted(Lengths(exact=found.resumed)))

    def _pass(self) -> None:
        """What it waits for is simulated."""

    # -- parts ----------------------------------------------------------------------------------

    def _put(self, what: str, fit: Fitted | None) -> bool:
        if fit is None:
            return False
        self._fits.append((what, fit))
        self._said[f"{what}_s"] = fit.given
        return True

    def _seconds(self, one: PastTry) -> float:
        """How long a try took, had it begun in an ordinary stretch."""
        return seconds_of(one) / self._around.slow.get(stretch_of(one), 1.0)

    def _settled(self, tries: Tries) -> Tries:
        """Those since the deployment had come up."""
        first = while_coming_up(tries.succeeded, self._around.since)
        if not first:
            return tries
        said = "try" if len(first) == 1 else f"{len(first)} tries"
        self._notes.append(
            f"its first {said} took more than twice as long as any other, as where a deployment "
            "has just come up: left out"
        )
        left = tuple(one for one in tries.succeeded if one not in first)
        return replace(tries, succeeded=left)

    def _of_today(self, tries: Tries) -> Tries:
        """Those since the task took another time, if it ever did."""
        change = change_in(tries.succeeded)
        if change is None:
            return tries
        self._notes.append(
            f"takes {change.times:.2g} times as long since {clock(change.since)} UTC, as after a "
            "change of its code: only tries from then on were used"
        )

        def later(some: Sequence[PastTry]) -> tuple[PastTry, ...]:
            return tuple(one for one in some if one.start and one.start >= change.since)

        return replace(
            tries,
            succeeded=later(tries.succeeded),
            skipped=later(tries.skipped),
            failed=later(tries.failed),
            timed_out=later(tries.timed_out),
        )

    def _is_one_poke(self, one: PastTry) -> bool:
        kind = self._task.kind if self._task is not None else Sensor()
        return isinstance(kind, Sensor) and seconds_of(one) < kind.poke_interval_s / 2

    def _gave_up(self) -> list[PastTry]:
        """Tries of a sensor that its own timeout ended."""
        kind = self._task.kind if self._task is not None else None
        if not isinstance(kind, Sensor | ExternalTaskSensor):
            return []
        failed = (*self._tries.failed, *self._tries.skipped)
        return [one for one in failed if seconds_of(one) >= kind.timeout_s]

    def _end(self) -> None:
        given_up = {*self._gave_up()}
        left = [one for one in self._tries.failed if one not in given_up]
        skipped = [one for one in self._tries.skipped if one not in given_up]
        tries = replace(self._tries, failed=tuple(left), skipped=tuple(skipped))
        odds = odds_of(tries, self._task)
        if odds is not None:
            self._said["outcomes"] = odds
            if self._looks == "waits":
                self._said.setdefault("duration_s", 1.0)

    def _tell(self) -> None:
        tries = self._tries
        if tries.ended and tries.ended < FEW:
            self._notes.append(f"only {tries.ended} {'try' if tries.ended == 1 else 'tries'}")
        if not tries.ended:
            longest = max(tries.running)
            self._notes.append(f"none has ended; it has run for {duration(longest)}")
        fit = dict(self._fits).get("duration")
        if fit is not None and fit.cut * 2 > fit.n:
            self._notes.append("most were cut short: how long it takes is a guess")


def stretch_of(one: PastTry) -> object:
    """The day (UTC) that a try began in."""
    return None if one.start is None else one.start.date()
