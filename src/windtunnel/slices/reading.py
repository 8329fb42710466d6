"""The file form of a slice, ``windtunnel.bugfleet/1``: JSON, one fleet, settings, and what is known
of it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.slices.fleet import (
    RUNS,
    UNLIMITED,
    Acquire,
    Dag,
    Effect,
    Lock,
    Release,
    Slice,
    Step,
    Task,
    Trigger,
    Wait,
    WaitChild,
    Work,
    ordered,
)


def read_slice(form: Mapping[str, Any]) -> Slice:
    """The slice that this form describes.

    Raises:
        InvalidInput: it is not of this form.
    """
    try:
        return _slice(form)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        name = form.get("id", "the fleet") if isinstance(form, Mapping) else "the fleet"
        raise InvalidInput(
            f"{name}: not of the form windtunnel.bugfleet/1 ({type(error).__name__}: {error})"
        ) from error


def changed(form: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The form with other settings: dotted path -> value; None takes the setting away."""
    made: dict[str, Any] = copy.deepcopy(dict(form))
    for path, value in settings.items():
        *parents, last = path.split(".")
        place = made
        for part in parents:
            place = place.setdefault(part, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return made


def _slice(form: Mapping[str, Any]) -> Slice:
    settings = form.get("settings", {})
    if settings.get("max_runs", 12) > RUNS:
        raise ValueError(f"max_runs is more than {RUNS}")
    pools = dict(form.get("pools") or {"default_pool": UNLIMITED})
    first = next(iter(pools))
    dags = [_dag(name, dag, first) for name, dag in form["dags"].items()]
    return Slice(
        dags=ordered(dags),
        pools=pools,
        counts_deferred=frozenset(form.get("pools_include_deferred", ())),
        parallelism=settings.get("parallelism", UNLIMITED),
        worker_slots=form.get("worker_slots"),
        locks={name: _lock(lock) for name, lock in form.get("locks", {}).items()},
        limits=dict(form.get("limits", {})),
        tasks_limited_by=settings.get("max_active_tasks_scope", "run"),
        max_faults=settings.get("max_faults", 0),
        fault_chance=settings.get("fault_p", 0.1),
        zombie_timeout=settings.get("zombie_timeout", 2),
        clears_always=settings.get("clear_always", False),
        bypass_bound=settings.get("bypass_bound"),
        max_runs=settings.get("max_runs", 12),
    )


def _lock(form: Mapping[str, Any]) -> Lock:
    return Lock(form.get("capacity", 1), form.get("on_crash", "release") == "leak")


def _dag(name: str, form: Mapping[str, Any], first_pool: str) -> Dag:
    low, high = form.get("jitter", (0, 0))
    tasks = sorted(form["tasks"])
    known = set(tasks)
    for task in tasks:
        for other in form["tasks"][task].get("after", ()):
            if other not in known:
                raise ValueError(f"{name}.{task} is after {other!r}, which is no task of its DAG")
    if len(form.get("at", ())) > RUNS:
        raise ValueError(f"{name} has more than {RUNS} runs")
    return Dag(
        name=name,
        tasks=tuple(_task(task, form["tasks"][task], first_pool) for task in tasks),
        at=tuple(form.get("at", ())),
        jitter=(low, high),
        max_active_runs=form.get("max_active_runs", 16),
        max_active_tasks=form.get("max_active_tasks", UNLIMITED),
        catchup=form.get("catchup", True),
        on_assets=tuple(form.get("on_assets") or ()),
        asset_delay=form.get("asset_delay", 1),
        dagrun_timeout=form.get("dagrun_timeout"),
        kill_lag=form.get("kill_lag", 1),
        every_run_matters=form.get("every_run_matters", False),
        clear_after=form.get("clear_after"),
    )


def _task(name: str, form: Mapping[str, Any], first_pool: str) -> Task:
    steps = _steps(form)
    again = form.get("retry_steps")
    return Task(
        name=name,
        steps=steps,
        retry_steps=steps if again is None else tuple(_step(one) for one in again),
        pool=form.get("pool", first_pool),
        mode=form.get("mode", "poke"),
        slots=form.get("slots", 1),
        priority=form.get("priority", 1),
        after=tuple(form.get("after", ())),
        all_done=form.get("trigger_rule", "all_success") != "all_success",
        retries=form.get("retries", 0),
        retry_delay=form.get("retry_delay", 1),
        poke_interval=form.get("poke_interval", 1),
        reads=tuple(form.get("reads", ())),
        writes=tuple(form.get("writes", ())),
        uses=tuple(form.get("uses", {}).items()),
        depends_on_past=form.get("depends_on_past", False),
        wait_for_downstream=form.get("wait_for_downstream", False),
        max_active_tis=form.get("max_active_tis", UNLIMITED),
        queue=form.get("queue", "default"),
        faults=tuple((kind, step) for kind, step in form.get("faults", ())),
        updates=tuple(form.get("updates", ())),
    )


def _steps(form: Mapping[str, Any]) -> tuple[Step, ...]:
    if "steps" in form:
        return tuple(_step(one) for one in form["steps"])
    operator = form.get("op", "work")
    if operator == "work":
        low, high = form.get("duration", (1, 1))
        return (Work(low, high),)
    if operator == "sensor":
        wait = _wait(form["waits_for"])
        # A poke of a rescheduled sensor takes a tick, in which it has its slot.
        return (Work(1, 1), wait) if form.get("mode") == "reschedule" else (wait,)
    if operator == "trigger":
        made = Trigger(form["dag"], form.get("dedupe", False))
        return (made, WaitChild()) if form.get("wait", True) else (made,)
    raise ValueError(f"op {operator!r}: work, sensor or trigger")


def _wait(form: Mapping[str, Any]) -> Wait:
    return Wait(form["dag"], form.get("task"), form.get("offset", 0), form.get("run"))


def _step(form: Any) -> Step:
    kind, *rest = form
    if kind == "work":
        more = rest[2] if len(rest) > 2 else {}
        return Work(
            rest[0],
            rest[1],
            tuple(more.get("writes", ())),
            tuple(more.get("reads", ())),
            tuple(more.get("uses", {}).items()),
        )
    if kind in ("acquire", "release"):
        of_run = len(rest) > 2 and rest[2] == "run"
        return (Acquire if kind == "acquire" else Release)(rest[0], rest[1], of_run)
    if kind == "wait":
        return _wait(rest[0])
    if kind == "trigger":
        return Trigger(rest[0], bool(rest[1]) if len(rest) > 1 else False)
    if kind == "wait_child":
        return WaitChild()
    if kind == "effect":
        return Effect()
    raise ValueError(f"step {kind!r}: work, acquire, release, wait, trigger, wait_child or effect")
