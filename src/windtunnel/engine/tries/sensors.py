"""Sensors: what follows from each poke of a try that waits for something.

From Airflow: ``sdk/bases/sensor.py`` and the standard provider's ``sensors/external_task.py`` and
``operators/trigger_dagrun.py``.
"""

from __future__ import annotations

from windtunnel.engine.agenda import NEVER
from windtunnel.engine.program import micros
from windtunnel.engine.tries.attempts import Attempt, Attempts
from windtunnel.engine.tries.plans import Planner
from windtunnel.engine.tries.pokes import pause_us, poke_after, reschedule_us
from windtunnel.engine.tries.triggered import Refusal
from windtunnel.engine.tries.triggerer import Triggerer
from windtunnel.engine.tries.waits import CrossDagWaits
from windtunnel.engine.world import UP_FOR_RESCHEDULE, World
from windtunnel.model import ExternalTaskSensor, Sensor, TriggerDagRun


class Sensors:
    """All tries that poke."""

    def __init__(
        self,
        world: World,
        planner: Planner,
        attempts: Attempts,
        triggerer: Triggerer,
        waits: CrossDagWaits,
    ) -> None:
        self._world = world
        self._planner = planner
        self._attempts = attempts
        self._triggerer = triggerer
        self._waits = waits

    # -- waiting for something outside of the fleet -------------------------------------------

    def end_poke(self, ti: int, attempt: Attempt, kind: Sensor) -> None:
        """The last poke of a stay on the worker is over."""
        world, plan = self._world, attempt.plan
        true = plan.true_at is not None and world.now >= plan.true_at
        if true or attempt.cut:
            self._attempts.conclude(ti, attempt)
        elif plan.live and kind.mode == "poke":
            self._poke_live(ti, attempt, kind)
        elif kind.mode == "poke" or self._is_out_of_time(ti, attempt, kind):
            self._give_up(ti, kind)
        else:
            self._poke_again(ti, kind)

    def _poke_live(self, ti: int, attempt: Attempt, kind: Sensor) -> None:
        """A real sensor in poke mode sleeps on its worker, then its callable runs again."""
        now = self._world.now
        if attempt.asleep:
            attempt.asleep = False
            attempt.plan = self._planner.plan(ti)
            self._attempts.plan_end(ti, attempt)
        elif now - attempt.started > micros(kind.timeout_s):
            self._give_up(ti, kind)
        else:
            attempt.asleep = True
            attempt.pokes += 1
            self._attempts.end_at(ti, attempt, now + self._pause_us(ti, attempt, kind))

    def _pause_us(self, ti: int, attempt: Attempt, kind: Sensor) -> int:
        if not kind.exponential_backoff:
            return max(1, micros(kind.poke_interval_s))
        elapsed = self._world.now - attempt.started
        return pause_us(kind, elapsed, attempt.pokes, self._attempts.jitter(ti))

    def _is_out_of_time(self, ti: int, attempt: Attempt, kind: Sensor | ExternalTaskSensor) -> bool:
        first = self._attempts.pokes.timeout_from.get(ti, attempt.started)
        return self._world.now - first > micros(kind.timeout_s)

    def _poke_again(self, ti: int, kind: Sensor | ExternalTaskSensor) -> None:
        now, late = self._world.now, self._world.profile.sensor_timeout_from_first_reschedule
        began = self._attempts.running[ti].started
        started = self._attempts.pokes.timeout_from.get(ti, began)
        self._attempts.pokes.note(ti, began, now, counts_from=now if late else began)
        self._attempts.free(ti)
        jitter = self._attempts.dated_jitter(ti, started)
        due = now + reschedule_us(kind, now - started, jitter)
        self._attempts.wait_until(ti, UP_FOR_RESCHEDULE, due, strictly=False)

    def _give_up(self, ti: int, kind: Sensor | ExternalTaskSensor) -> None:
        """AirflowSensorTimeout: final, whatever retries are left."""
        self._waits.before_forced_end(f"the timeout of {self._attempts.label(ti)}")
        if kind.soft_fail:
            self._attempts.skip(ti)
        else:
            self._attempts.fail(ti, "sensor timeout", retryable=False)

    # -- waiting for other DAGs ---------------------------------------------------------------

    def look_at_other_dag(
        self, ti: int, attempt: Attempt, kind: TriggerDagRun | ExternalTaskSensor
    ) -> bool:
        """Own work done, or a poke: look, and end, wait on, or defer. Returns whether it left."""
        if attempt.resumed:
            if attempt.gives_up is not None:
                self._waits.forget(ti)
                self._attempts.fail_after_deferral(ti)
            else:
                self._conclude_wait(ti, attempt, kind, self._waits.verdict(ti))
            return True
        if not attempt.waits:
            if attempt.plan.outcome != "success":
                self._attempts.conclude(ti, attempt)
                return True
            refusal = self._waits.begin(ti, kind)
            if refusal is not None:
                self._refuse(ti, refusal)
                return True
            attempt.waits = True
            bounded = self._world.profile.execution_timeout_bounds_triggered_wait
            if isinstance(kind, TriggerDagRun) and not bounded:
                attempt.deadline = None
        verdict = self._waits.verdict(ti)
        if verdict is not None:
            self._conclude_wait(ti, attempt, kind, verdict)
            return True
        if kind.deferrable:
            self._triggerer.defer(ti, attempt, kind)
            return True
        return self._waits_on(ti, attempt, kind)

    def _waits_on(
        self, ti: int, attempt: Attempt, kind: TriggerDagRun | ExternalTaskSensor
    ) -> bool:
        """Not yet: it goes on waiting, unless its time is over. Returns whether it left."""
        if isinstance(kind, ExternalTaskSensor):
            if attempt.gives_up is not None and self._world.now >= attempt.gives_up:
                self._give_up(ti, kind)
                return True
            if kind.mode == "reschedule":
                if self._is_out_of_time(ti, attempt, kind):
                    self._give_up(ti, kind)
                else:
                    self._poke_again(ti, kind)
                return True
            last = attempt.started + micros(kind.timeout_s) + 1
            attempt.gives_up = self._poke_after(ti, attempt, kind, last)
        if (attempt.gives_up, attempt.deadline, attempt.doom) != (None, None, None):
            self._attempts.end_at(ti, attempt, attempt.gives_up or NEVER)
        return False

    def _refuse(self, ti: int, refusal: Refusal) -> None:
        """There is nothing to wait for."""
        if refusal.outcome == "skip":
            self._attempts.skip(ti)
        else:
            self._attempts.fail(ti, refusal.why, retryable=refusal.outcome == "fail")

    def _conclude_wait(
        self,
        ti: int,
        attempt: Attempt,
        kind: TriggerDagRun | ExternalTaskSensor,
        verdict: str | None,
    ) -> None:
        self._attempts.pokes.forget(ti)
        self._waits.forget(ti)
        sensor = kind if isinstance(kind, ExternalTaskSensor) else None
        if verdict == "success":
            self._attempts.succeed(ti, attempt.plan)
        elif verdict == "skipped" or (verdict and sensor and sensor.soft_fail):
            self._attempts.skip(ti)
        elif verdict is None and sensor:
            self._give_up(ti, sensor)
        else:
            self._attempts.fail(ti, verdict)

    def _poke_after(
        self, ti: int, attempt: Attempt, kind: TriggerDagRun | ExternalTaskSensor, instant: int
    ) -> int:
        jitter = self._attempts.jitter(ti)
        return poke_after(attempt.started, attempt.plan, kind, instant, jitter)

    def notice(self) -> None:
        """Runs or task instances ended: those who wait for them see it at their next poke."""
        world = self._world
        ended, world.ended = world.ended, []
        for ti in self._waits.touched_by(ended):
            if self._waits.verdict(ti) is None:
                continue
            wait = self._waits.of(ti)
            assert wait is not None
            kind = wait.kind  # a later version of its DAG may lack the task
            attempt = self._attempts.running.get(ti)
            deferral = self._triggerer.deferred.get(ti)
            if attempt is not None and attempt.waits:
                seen = self._poke_after(ti, attempt, kind, world.now)
                self._attempts.end_at(ti, attempt, seen)
            elif deferral is not None:
                interval = max(1, micros(kind.poke_interval_s))
                pokes = -(-(world.now - deferral.since) // interval)
                self._triggerer.fire_at(ti, deferral.since + pokes * interval)
