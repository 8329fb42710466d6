"""Outlook: when a timeout will end what waits now, for those who look on."""

from __future__ import annotations

from windtunnel.engine.agenda import NEVER
from windtunnel.engine.parts import Parts
from windtunnel.engine.program import micros
from windtunnel.engine.tries.pokes import poke_too_late
from windtunnel.engine.world import UP_FOR_RESCHEDULE
from windtunnel.model import ExternalTaskSensor, Sensor


def is_called_back(parts: Parts, ti: int) -> bool:
    """Whether the triggerer is done with a task instance: it only needs a worker now."""
    attempt = parts.attempts.running.get(ti)
    return ti in parts.triggerer.resuming or (attempt is not None and attempt.resumed)


def gives_up(parts: Parts, ti: int) -> tuple[int, str] | None:
    """When a timeout of its own ends the wait of a task instance, and which one; None if none
    does. One that must first get a slot gives up later, if it doesn't get it at once, and a
    reschedule sensor then pokes at other times: up to one poke earlier, too."""
    world = parts.world
    attempt, deferral = parts.attempts.running.get(ti), parts.triggerer.deferred.get(ti)
    kind = world.runs[world.ti_run[ti]].dag.kind[world.ti_task[ti]]
    if attempt is not None and attempt.waits and getattr(kind, "mode", "poke") == "poke":
        ends = [(attempt.gives_up, "its timeout"), (attempt.deadline, "execution_timeout")]
        return min(((at, what) for at, what in ends if at is not None), default=None)
    if deferral is not None:
        what = "execution_timeout" if deferral.cut else "its timeout"
        return None if deferral.gives_up is None else (deferral.gives_up, what)
    pokes = parts.attempts.pokes
    first = pokes.timeout_from.get(ti)
    if first is None or not isinstance(kind, Sensor | ExternalTaskSensor):
        return None
    poke = pokes.last_us.get(ti, 0)
    if attempt is not None and attempt.ends < NEVER:  # else it is still at its steps
        ends_at, poke = attempt.ends, attempt.ends - attempt.started
    elif world.state[ti] == UP_FOR_RESCHEDULE:
        ends_at = max(world.now, world.due[ti]) + poke
    else:
        ends_at = world.now + poke
    jitter = parts.attempts.dated_jitter(ti, first)
    return poke_too_late(kind, ends_at, poke, first, jitter), "its timeout"


def gives_up_resource(parts: Parts, ti: int) -> tuple[int, str] | None:
    """When a timeout ends the wait of a task instance for a resource, and which one."""
    attempt = parts.attempts.running.get(ti)
    if attempt is None or attempt.plan.course is None:
        return None
    course = attempt.plan.course
    limit = parts.courses.supplies.all[course.waits_for].given.wait_at_most_s
    tired = None if limit is None else course.waits_since + micros(limit)
    ends = [(tired, "wait_at_most"), (attempt.deadline, "execution_timeout")]
    return min(((at, what) for at, what in ends if at is not None), default=None)
