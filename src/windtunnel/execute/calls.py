"""Calls: one execution of what one task runs, from its context to the XComs that it leaves."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import types
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from windtunnel.engine.tries.plans import Plan
from windtunnel.execute.arguments import Arguments, with_context
from windtunnel.execute.callbacks import call_back, ending
from windtunnel.execute.context import Surroundings, TaskInstance, context_of
from windtunnel.execute.environment import variables_of
from windtunnel.execute.facts import TryFacts
from windtunnel.execute.failures import is_ours, outcome_of, told
from windtunnel.execute.store import RETURN_VALUE
from windtunnel.execute.strands import StrandEnded
from windtunnel.execute.xcoms import XComs
from windtunnel.loaders.standin import task_context
from windtunnel.loaders.standin.operators import MappedOperator
from windtunnel.model.body import Body

LONGEST_MAPPING = 1024
"""``[core] max_map_length``."""
NOT_YET = ("AirflowRescheduleException",)
FINAL_FOR_SENSORS = ("AirflowSensorTimeout", "AirflowTaskTimeout", "AirflowFailException")


class ResultError(TypeError):
    """A task returned something that can't be used as it must be."""


class Call:
    """One execution of one body; its `work` is what a strand runs."""

    def __init__(
        self,
        around: Surroundings,
        facts: TryFacts,
        bodies: Mapping[tuple[str, str], Body],
        started: datetime,
    ) -> None:
        self._around, self._facts, self._bodies = around, facts, bodies
        self._dag_id, self._task_id = facts.run.dag_id, facts.task_id
        self._body = bodies[self._dag_id, self._task_id]
        self._started = started
        self._context: dict[str, Any] = {}
        self._render: Callable[..., Any] = lambda content, *_: content

    def work(self) -> Plan:
        """Run it, and say what it did; sleeps are on top of the plan's duration."""
        try:
            plan = self._succeeded(self._returned())
        except BaseException as error:
            if is_ours(error):
                raise
            plan = self.failed(error)
            self._context["exception"] = error
            if isinstance(error, StrandEnded):
                return plan
        return self._ended(plan)

    def _returned(self) -> Any:
        """What it returns; to some releases ``sys.exit(0)`` is a return, too."""
        try:
            return self._called()
        except SystemExit as leaving:
            if leaving.code not in (None, 0) or not self._around.profile.exit_may_succeed:
                raise
            return None

    def _ended(self, plan: Plan) -> Plan:
        """Callbacks see what becomes of the try."""
        called = ending(plan, self._facts) if "ti" in self._context else None
        if called is None or (self._body.kind == "trigger" and plan.error is None):
            return plan
        kind, state = called
        self._context["ti"].becomes = state
        with task_context(self._context):
            call_back(kind, self._context, self._render)
        return plan

    def failed(self, error: BaseException) -> Plan:
        """What it did, if it raised this."""
        if self._body.kind == "sensor":
            plan = self._poke_failed(error)
            if plan is not None:
                return plan
        return Plan(0, outcome_of(error), error=told(error))

    # -- before -------------------------------------------------------------------------------

    def _called(self) -> Any:
        body = self._body
        task = copy.copy(body.task)
        around, facts = self._around, self._facts
        ti = TaskInstance(around, facts, task, self._started)
        context = ti.context = self._context = context_of(around, ti, facts)
        os.environ.update(variables_of(context, old=around.profile.context_has_old_names))
        with task_context(context):
            arguments = Arguments(body, ti.xcoms, context, self._splits)
            vars(task)["render_template"] = self._render = arguments.render
            if body.function is None:
                return self._of_operator(arguments, ti, context)
            args, kwargs = arguments.positional(), arguments.named()
            item = arguments.item()
            if body.expands_operator:
                args.extend(item.get("op_args", ()))
                kwargs.update(item.get("op_kwargs", {}))
            else:
                kwargs.update(item)
            if body.templates_dict is not None:
                context["templates_dict"] = arguments.value(body.templates_dict)
            kwargs = with_context(body.function, args, kwargs, context)
            self._begin(task, context)
            made = self._invoke(body.function, *args, **kwargs)
            result = self._awaited(made)
            self._hook(task, "post_execute", context, result)
            return result

    def _of_operator(self, arguments: Arguments, ti: TaskInstance, context: dict[str, Any]) -> Any:
        """The operator's own method, on a copy whose template fields are rendered."""
        body, task = self._body, ti.task
        if isinstance(task, MappedOperator):
            task = self._invoke(_instance_of, task, arguments.item())
        for name, value in arguments.fields().items():
            if not isinstance(ti.task, MappedOperator) or name in ti.task.shared:
                vars(task)[name] = value
        ti.task = context["task"] = task
        if body.kind == "trigger":
            return task.conf
        method = entrance(type(task))
        if method is None:
            raise ResultError(f"{type(task).__name__} has no execute method")
        self._begin(task, context)
        result = self._invoke(method, task, context)
        self._hook(task, "post_execute", context, result)
        return result

    def _begin(self, task: Any, context: dict[str, Any]) -> None:
        """What comes before the work, once for all pokes of a sensor in poke mode."""
        if not self._facts.pokes_again:
            self._hook(task, "pre_execute", context)
            call_back("on_execute_callback", context, self._render)

    def _hook(self, task: Any, name: str, *args: Any) -> None:
        """What a DAG file gave to be called before or after."""
        hook = getattr(task, name, None)
        if callable(hook):
            self._invoke(hook, *args)

    def _splits(self, task_id: str) -> bool:
        body = self._bodies.get((self._dag_id, task_id))
        return body is not None and body.multiple_outputs

    def _awaited(self, made: Any) -> Any:
        """What a callable made, once it is at its end."""
        if isinstance(made, types.GeneratorType):
            return self._drained(made)
        if not isinstance(made, types.CoroutineType):
            return made
        if self._around.profile.callables_may_be_async:
            return self._invoke(asyncio.run, made)
        made.close()  # nobody waits for it
        return made

    def _drained(self, steps: types.GeneratorType[Any, Any, Any]) -> Any:
        """What a generator returns at its end; what it yields are notes on assets."""
        while True:
            try:
                self._invoke(next, steps)
            except StopIteration as end:
                return end.value

    @staticmethod
    def _invoke(function: Any, *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    # -- after --------------------------------------------------------------------------------

    def _succeeded(self, result: Any) -> Plan:
        kind = self._body.kind
        if kind == "trigger":
            return self._triggers(result)
        if kind == "sensor":
            return self._poked(result)
        follow: tuple[str, ...] | None = ()
        if kind == "branch":
            follow = self._chosen(result)
        length = len(result) if isinstance(result, Collection) else None
        plan = Plan(0, follow=follow, condition=bool(result), length=length)
        if not (self._around.profile.skipping_returns_nothing and self._skips(plan)):
            self._push(result)
        return plan

    def _chosen(self, result: Any) -> tuple[str, ...]:
        """The tasks that a branch names (``skipmixin.py: skip_all_except``)."""
        is_many = isinstance(result, Iterable) and not isinstance(result, str)
        names = tuple(result) if is_many else () if result is None else (result,)
        odd = [name for name in names if not isinstance(name, str)]
        if odd:
            raise ResultError(f"{self._task_id} must return ids of tasks, and returned {odd[0]!r}")
        strangers = self._around.ask.strangers(self._facts.number, list(names))
        if strangers:
            raise ResultError(
                f"{self._task_id} returned {strangers[0]!r}, and {self._dag_id} has no task or "
                "group of this id"
            )
        return names

    def _poked(self, result: Any) -> Plan:
        if not getattr(result, "is_done", result):
            return Plan(0, true_at=None, live=True)
        self._push(getattr(result, "xcom_value", None))
        return Plan(0, true_at=0, live=True)

    def _poke_failed(self, error: BaseException) -> Plan | None:
        """What a poke that raised means, if it isn't a failure (``sdk/bases/sensor.py``)."""
        names = {cls.__name__ for cls in type(error).__mro__}
        task = self._body.task
        if names & set(NOT_YET):
            return Plan(0, true_at=None, live=True)
        if "AirflowSkipException" in names or not isinstance(error, Exception):
            return None
        skips = getattr(task, "never_fail", False)
        if names & set(FINAL_FOR_SENSORS):
            skips = skips or getattr(task, "soft_fail", False)
        elif getattr(task, "silent_fail", False):
            return Plan(0, true_at=None, live=True)
        return Plan(0, "skip", error=told(error), live=True) if skips else None

    def _triggers(self, conf: Any) -> Plan:
        """The run that TriggerDagRunOperator creates gets this ``conf``."""
        try:
            said = json.loads(json.dumps(conf or {}))
        except (TypeError, ValueError):
            raise ResultError("conf of TriggerDagRunOperator must be what JSON can say") from None
        if not isinstance(said, dict):
            raise ResultError(f"conf of TriggerDagRunOperator is {conf!r}; it must be a dict")
        self._around.ask.hand_conf(self._facts.number, said)
        return Plan(0)

    def _skips(self, plan: Plan) -> bool:
        """Whether it skips anything downstream."""
        ask, ti = self._around.ask, self._facts.number
        if self._body.kind == "short_circuit":
            return not plan.condition and ask.skips(ti, None)
        if self._body.kind != "branch":
            return False
        return ask.skips(ti, [str(name) for name in plan.follow or ()])

    def _push(self, result: Any) -> None:
        """Store what it returned (``_push_xcom_if_needed``)."""
        task = self._body.task
        value = result if task.do_xcom_push else None
        if self._facts.is_map_source and self._facts.map_index < 0:
            self._check_mappable(value)
        if value is None:
            return
        if self._body.multiple_outputs:
            self._push_each(value)
        self._store(RETURN_VALUE, value)

    def _store(self, key: str, value: Any) -> None:
        around = self._around
        XComs(around.ask, around.backend, self._facts, around.profile).push(key, value)

    def _push_each(self, value: Any) -> None:
        if not isinstance(value, Mapping):
            raise ResultError(
                f"{self._task_id} has multiple_outputs and returned {type(value).__name__}; it "
                "must return a dict"
            )
        for key, item in value.items():
            if not isinstance(key, str):
                raise ResultError(
                    f"{self._task_id} has multiple_outputs and returned the key {key!r}; keys must "
                    "be texts"
                )
            self._store(key, item)

    def _check_mappable(self, value: Any) -> None:
        if value is None:
            raise ResultError(
                f"a task is mapped over the result of {self._task_id}, which returned nothing; it "
                "must return a list or a dict"
            )
        if isinstance(value, str | bytes | bytearray) or not isinstance(value, Collection):
            raise ResultError(
                f"a task is mapped over the result of {self._task_id}, which returned "
                f"{type(value).__name__}; it must return a list or a dict"
            )
        if len(value) > LONGEST_MAPPING:
            raise ResultError(
                f"a task is mapped over the result of {self._task_id}, which has {len(value)} "
                f"items; [core] max_map_length allows {LONGEST_MAPPING}"
            )


def entrance(operator_class: type) -> Callable[..., Any] | None:
    """The method of a repository's operator class that does the work."""
    for name in ("execute", "poke", "choose_branch"):
        method: Callable[..., Any] | None = getattr(operator_class, name, None)
        if method is not None and not str(method.__module__).startswith("windtunnel."):
            return method
    return None


def _instance_of(task: MappedOperator, item: dict[str, Any]) -> Any:
    """The operator of one instance of a mapped task."""
    shared = {k: v for k, v in task.shared.items() if k not in ("dag", "task_group", "task_id")}
    made = task.operator_class(task_id=task.label, **shared, **item)
    vars(made).update(task_id=task.task_id, _dag=task.dag, task_group=task.task_group)
    return made
