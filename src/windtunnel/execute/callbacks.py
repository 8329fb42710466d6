"""Callbacks: what a DAG file asked to be called when a try begins or ends.

From Airflow: ``sdk/execution_time/task_runner.py: finalize`` (3.x), ``models/taskinstance.py:
_run_finished_callback`` (2.x). What one raises is logged, and changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from windtunnel.engine.tries.plans import Plan
from windtunnel.execute.facts import TryFacts
from windtunnel.loaders.standin.placeholder import InertBase, Survivor

log = logging.getLogger("airflow.task")


def call_back(kind: str, context: dict[str, Any], render: Callable[..., Any]) -> None:
    """Call what a task has for this: ``on_success_callback`` and the like."""
    given = getattr(context["task"], kind, None)
    for callback in given if isinstance(given, list | tuple) else [given]:
        if callback is None:
            continue
        try:
            _call(callback, context, render)
        except Exception:
            log.exception("Failed to run task callback %s", kind)


def _call(callback: Any, context: dict[str, Any], render: Callable[..., Any]) -> None:
    notify = getattr(type(callback), "notify", None)
    if notify is None or not hasattr(notify, "__code__"):
        if not isinstance(callback, Survivor | InertBase):  # of something that isn't installed
            _invoke(callback, context)
        return
    for name in getattr(callback, "template_fields", None) or ():
        setattr(callback, name, render(getattr(callback, name), context))
    _invoke(notify, callback, context)


def _invoke(function: Any, *args: Any) -> Any:
    return function(*args)


def ending(plan: Plan, facts: TryFacts) -> tuple[str, str] | None:
    """Which callback the end of a try calls, and the state that it sees; None: it isn't over."""
    if plan.outcome == "success":
        return None if plan.true_at is None else ("on_success_callback", "success")
    if plan.outcome == "skip":
        return "on_skipped_callback", "skipped"
    if plan.outcome == "fail" and facts.try_number <= facts.max_tries:
        return "on_retry_callback", "up_for_retry"
    return "on_failure_callback", "failed"
