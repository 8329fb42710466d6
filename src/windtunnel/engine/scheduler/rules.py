"""Trigger rules and retry delays as pure functions.

From Airflow: ``ti_deps/deps/trigger_rule_dep.py: _evaluate_direct_relatives`` and
``models/taskinstance.py: next_retry_datetime``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import sha1

from windtunnel.model import TriggerRule
from windtunnel.trace.states import TaskState


@dataclass(slots=True)
class Counts:
    """Direct upstream task instances of one task instance, by state; ``expected`` is their
    number."""

    expected: int
    success: int = 0
    skipped: int = 0
    failed: int = 0
    upstream_failed: int = 0
    removed: int = 0
    setups: int = 0
    setups_success: int = 0
    setups_skipped: int = 0

    @property
    def done(self) -> int:
        """How many are finished."""
        return self.success + self.skipped + self.failed + self.upstream_failed + self.removed


def verdict(rule: TriggerRule, c: Counts, map_index: int) -> TaskState | None:
    """The state that the rule writes by itself, if any: upstream_failed, skipped or removed."""
    done = c.done >= c.expected
    bad = c.failed + c.upstream_failed
    match rule:
        case TriggerRule.ALL_SUCCESS:
            if bad:
                return TaskState.UPSTREAM_FAILED
            if c.skipped:
                return TaskState.SKIPPED
            if c.removed and c.success and map_index >= c.success:
                return TaskState.REMOVED
        case TriggerRule.ALL_FAILED:
            if c.success or c.skipped:
                return TaskState.SKIPPED
        case TriggerRule.ONE_SUCCESS:
            if done and c.done == c.skipped:
                return TaskState.SKIPPED
            if done and not c.success:
                return TaskState.UPSTREAM_FAILED
        case TriggerRule.ONE_FAILED:
            if done and not bad:
                return TaskState.SKIPPED
        case TriggerRule.ONE_DONE:
            if done and not (c.failed or c.success):
                return TaskState.SKIPPED
        case TriggerRule.NONE_FAILED:
            if bad:
                return TaskState.UPSTREAM_FAILED
        case TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS:
            if bad:
                return TaskState.UPSTREAM_FAILED
            if c.skipped == c.expected:
                return TaskState.SKIPPED
            if done and not c.success:
                return TaskState.UPSTREAM_FAILED
        case TriggerRule.NONE_SKIPPED:
            if c.skipped:
                return TaskState.SKIPPED
        case TriggerRule.ALL_SKIPPED:
            if c.success or bad:
                return TaskState.SKIPPED
        case TriggerRule.ALL_DONE_MIN_ONE_SUCCESS:
            if c.skipped:
                return TaskState.SKIPPED
            if c.success + bad + c.removed >= c.expected - c.skipped and not c.success:
                return TaskState.UPSTREAM_FAILED
        case TriggerRule.ALL_DONE_SETUP_SUCCESS:
            if done and c.setups and c.setups_skipped >= c.setups:
                return TaskState.SKIPPED
            if done and c.setups and not c.setups_success:
                return TaskState.UPSTREAM_FAILED
    return None


def is_met(rule: TriggerRule, c: Counts, forgiven: int) -> bool:
    """Whether the task may start; ``forgiven`` is the number of removed upstreams that don't
    count."""
    bad = c.failed + c.upstream_failed
    done = c.done >= c.expected
    match rule:
        case TriggerRule.ALL_SUCCESS:
            return c.expected - c.success - forgiven <= 0
        case TriggerRule.ALL_FAILED:
            return c.expected - bad - forgiven <= 0
        case TriggerRule.ALL_DONE:
            return done
        case TriggerRule.ONE_SUCCESS:
            return c.success > 0
        case TriggerRule.ONE_FAILED:
            return bad > 0
        case TriggerRule.ONE_DONE:
            return c.success + c.failed > 0
        case TriggerRule.NONE_FAILED:
            return c.expected - c.success - c.skipped - forgiven <= 0
        case TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS:
            return c.expected - c.success - c.skipped - forgiven <= 0 and c.success > 0
        case TriggerRule.NONE_SKIPPED:
            return done and not c.skipped
        case TriggerRule.ALL_SKIPPED:
            return c.expected - c.skipped <= 0
        case TriggerRule.ALL_DONE_MIN_ONE_SUCCESS:
            enough = c.success + bad >= c.expected - c.skipped - c.removed
            return not c.skipped and enough and c.success > 0
        case TriggerRule.ALL_DONE_SETUP_SUCCESS:
            return done and (not c.setups or c.setups_success > 0)
    return True


def spread(text: str) -> int:
    """A large number for a text: the hash that Airflow uses for its jitter."""
    return int(sha1(text.encode(), usedforsecurity=False).hexdigest(), 16)


def retry_delay_us(
    delay_us: int,
    multiplier: float,
    max_delay_us: int | None,
    cap_us: int,
    *,
    dag_id: str,
    task_id: str,
    logical_date: str,
    try_number: int,
) -> int:
    """Microseconds between the end of a failed try and the moment its retry is due.

    With backoff, Airflow's jitter is a hash, not luck: ``models/taskinstance.py:
    next_retry_datetime``. The map index is not hashed, so all instances of a mapped task retry
    together.
    """
    if not multiplier:
        return delay_us
    try:
        base = max(1, math.ceil(delay_us / 1_000_000 * multiplier ** (try_number - 1)))
    except OverflowError:
        return cap_us if max_delay_us is None else min(cap_us, max_delay_us)
    jitter = spread(f"{dag_id}#{task_id}#{logical_date}#{try_number}") % base
    delay = min((base + jitter) * 1_000_000, cap_us)
    return delay if max_delay_us is None else min(delay, max_delay_us)
