"""Faults as an operator would say them: ``worker lost: 1 of 4 at +10m`` becomes a `Fault`.

A fault has a name, after a colon what it strikes, and then clauses in any order.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from pydantic import ValidationError

from windtunnel.errors import InvalidInput
from windtunnel.loaders.durations import parse_duration
from windtunnel.model import (
    BrokerDown,
    Cleared,
    Cluster,
    DagPaused,
    Fault,
    Fleet,
    HeartbeatLost,
    LateData,
    PoolResized,
    SchedulerDown,
    TaskFails,
    TaskHangs,
    TaskIsSlow,
    TaskLostByExecutor,
    TriggererDown,
    WorkerLost,
    WorkersDrained,
)


@dataclass(frozen=True)
class Clause:
    """One clause: how it is written, and the field and value that it gives."""

    shown: str
    pattern: str
    name: str
    value: Callable[[str], Any] = lambda text: text

    def match(self, text: str) -> re.Match[str] | None:
        """This clause at the beginning of a text."""
        return re.match(rf"{self.pattern}(?=\s|$)", text)


def _seconds(text: str) -> float:
    return parse_duration(text.lstrip("+"))


_TIME = r"(\+?[\d.]+\s*[a-z]*)"
AT = Clause("at +10m", rf"at {_TIME}", "at_s", _seconds)
FOR = Clause("for 30m", rf"for {_TIME}", "for_s", _seconds)
TRIES = Clause(
    "try 1", r"(?:try|tries) (\d+(?:,\d+)*)", "tries", lambda t: tuple(map(int, t.split(",")))
)
WITH = Clause("with 10%", r"with ([\d.]+)\s*%", "probability", lambda text: float(text) / 100)
AFTER = Clause("after 5m", rf"after {_TIME}", "after_s", _seconds)
FINAL = Clause("not retryable", r"(not retryable)", "retryable", lambda _: False)
FACTOR = Clause("x3", r"x\s*([\d.]+)", "factor", float)
BY = Clause("by 2h", rf"by {_TIME}", "by_s", _seconds)
TO = Clause("to 2", r"to (-?\d+)(?: slots?)?", "slots", int)
GROUP = Clause("in group big", r"in (?:group )?(\S+)", "group")
AT_ONCE = Clause("noticed at once", r"noticed (at once)", "noticed")
RUN = Clause("run manual__1", r"run (\S+)", "run_id")
WINDOW = (AT, FOR)
OF_TRIES = (TRIES, WITH, AT, FOR)


def _count(text: str) -> dict[str, Any]:
    found = re.fullmatch(r"(\d+)(?: of (\d+))?", text)
    if found is None:
        raise ValueError("a number of workers, such as '1' or '1 of 4'")
    return {"count": int(found[1]), "of": None if found[2] is None else int(found[2])}


def _tasks(text: str) -> dict[str, Any]:
    if not text or " " in text:
        raise ValueError("a glob over dag_id.task_id, such as 'etl.load' or 'etl.*'")
    return {"tasks": text}


def _named(name: str) -> Callable[[str], dict[str, Any]]:
    def read(text: str) -> dict[str, Any]:
        if not text or " " in text:
            raise ValueError(f"the name of the {name.rstrip('s')}")
        return {name: text}

    return read


def _nothing(text: str) -> dict[str, Any]:
    if text:
        raise ValueError(f"nothing before the clauses, but there is {text!r}")
    return {}


@dataclass(frozen=True)
class Form:
    """How one kind of fault is said."""

    name: str
    model: Any
    subject: Callable[[str], dict[str, Any]]
    clauses: tuple[Clause, ...]
    example: str


FORMS = (
    Form("task fails", TaskFails, _tasks, (*OF_TRIES, AFTER, FINAL), "task fails: etl.load try 1"),
    Form("task hangs", TaskHangs, _tasks, OF_TRIES, "task hangs: etl.load try 1"),
    Form(
        "task is slow", TaskIsSlow, _tasks, (FACTOR, *OF_TRIES), "task is slow: etl.* x3 with 10%"
    ),
    Form(
        "heartbeat lost", HeartbeatLost, _tasks, OF_TRIES, "heartbeat lost: etl.load try 1"
    ),
    Form(
        "task lost by executor", TaskLostByExecutor, _tasks, OF_TRIES,
        "task lost by executor: etl.load for 10m",
    ),
    Form("late data", LateData, _tasks, (BY,), "late data: etl.wait by 2h"),
    Form(
        "worker lost", WorkerLost, _count, (*WINDOW, GROUP, AT_ONCE),
        "worker lost: 1 of 4 at +10m for 30m",
    ),
    Form(
        "workers drained", WorkersDrained, _count, (*WINDOW, GROUP), "workers drained: 2 at +10m"
    ),
    Form(
        "pool resized", PoolResized, _named("pool"), (TO, *WINDOW),
        "pool resized: db to 1 at +10m for 1h",
    ),
    Form("dag paused", DagPaused, _named("dags"), WINDOW, "dag paused: etl at +10m for 1h"),
    Form("scheduler down", SchedulerDown, _nothing, WINDOW, "scheduler down: at +10m for 5m"),
    Form("broker down", BrokerDown, _nothing, WINDOW, "broker down: at +10m for 5m"),
    Form("triggerer down", TriggererDown, _nothing, WINDOW, "triggerer down: at +10m for 5m"),
    Form("cleared", Cleared, _tasks, (AT, RUN), "cleared: etl.load at +2h"),
)  # fmt: skip


def parse_fault(text: str) -> Fault:
    """The fault that a line of text says.

    Raises:
        InvalidInput: there is no such fault, or a clause is missing, wrong or unknown; the message
            shows how it is said.
    """
    name, _, details = text.partition(":")
    form = next((f for f in FORMS if f.name == " ".join(name.split())), None)
    if form is None:
        raise InvalidInput(f"fault {text!r}: {_unknown(name.strip())}")
    try:
        subject, values = _read(form, details.strip())
        fault: Fault = form.model(**form.subject(subject), **values)
    except (ValidationError, ValueError, InvalidInput) as error:
        reason = _first(error)
        raise InvalidInput(f"fault {text!r}: {reason}. It is said like: {form.example}") from None
    return fault


def _read(form: Form, details: str) -> tuple[str, dict[str, Any]]:
    """(subject, fields) of what stands behind the colon."""
    values: dict[str, Any] = {}
    subject: list[str] = []
    rest = details
    while rest:
        found = next(((c, m) for c in form.clauses if (m := c.match(rest)) is not None), None)
        if found is None:
            if values:
                shown = ", ".join(repr(clause.shown) for clause in form.clauses)
                raise ValueError(f"{rest!r} is no clause of it; there are {shown}")
            word, _, rest = rest.partition(" ")
            subject.append(word)
            rest = rest.strip()
            continue
        clause, match = found
        if clause.name in values:
            raise ValueError(f"{match[0]!r} says a second time what was said before")
        values[clause.name] = clause.value(match[1].strip())
        rest = rest[match.end() :].strip()
    return " ".join(subject), values


def _first(error: Exception) -> str:
    """What is wrong, in few words."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]).removesuffix("_s")
        if first["type"] == "missing":
            return f"{name!r} is missing"
        return f"{name}: {first['msg'].lower()}"
    text = str(error)
    return text if isinstance(error, InvalidInput) or "is" in text.split() else f"expected {text}"


def _unknown(name: str) -> str:
    names = [form.name for form in FORMS]
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"unknown fault; did you mean {close[0]!r}?"
    return f"unknown fault; there are: {', '.join(names)}"


def check_targets(faults: Iterable[Fault], fleet: Fleet, cluster: Cluster) -> None:
    """Whether everything that the faults speak of exists.

    Raises:
        InvalidInput: a task, DAG, pool or worker group that isn't there, with near names.
    """
    for fault in faults:
        for wrong in _wrong_targets(fault, fleet, cluster):
            raise InvalidInput(f"fault {fault.type.replace('_', ' ')!r}: {wrong}")


def _wrong_targets(fault: Fault, fleet: Fleet, cluster: Cluster) -> Iterator[str]:
    if isinstance(fault, WorkerLost | WorkersDrained):
        yield from _wrong_workers(fault, cluster)
    elif isinstance(fault, PoolResized):
        used = {task.pool for dag in fleet.dags for task in dag.tasks}
        if fault.pool not in used and cluster.pool(fault.pool) is None:
            known = sorted({*used, *cluster.pools, "default_pool"})
            yield f"there is no pool {fault.pool!r}; {_near(fault.pool, known)}"
    elif isinstance(fault, DagPaused):
        names = [dag.dag_id for dag in fleet.dags]
        if not any(fnmatchcase(name, fault.dags) for name in names):
            yield f"no DAG matches {fault.dags!r}; {_near(fault.dags, names)}"
    elif not isinstance(fault, SchedulerDown | BrokerDown | TriggererDown):
        names = [f"{dag.dag_id}.{task.task_id}" for dag in fleet.dags for task in dag.tasks]
        if not any(fault.is_for(name) for name in names):
            yield f"no task matches {fault.tasks!r}; {_near(fault.tasks, names)}"


def _wrong_workers(fault: WorkerLost | WorkersDrained, cluster: Cluster) -> Iterator[str]:
    groups = cluster.workers
    if groups is None and cluster.executor is not None:
        return  # pods, or processes beside the scheduler: how many there are is seen when they run
    if not groups:
        yield "the cluster has no workers; give it some with [[workers]]"
        return
    names = [group.name for group in groups]
    if fault.group is not None and fault.group not in names:
        yield f"there is no worker group {fault.group!r}; {_near(fault.group, names)}"
        return
    total = sum(g.count for g in groups if fault.group in (None, g.name))
    if fault.of is not None and fault.of != total:
        yield f"it says {fault.count} of {fault.of} workers, but there are {total}"
    elif fault.count > total:
        yield f"it strikes {fault.count} workers, but there are {total}"


def _near(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    shown = ", ".join(known[:8])
    return f"there are: {shown}{', ...' if len(known) > 8 else ''}"


def faults_help() -> list[tuple[str, str, str, str]]:
    """(name, meaning, clauses, example) of every fault, for people."""
    return [
        (
            form.name,
            _meaning(form.model),
            ", ".join(clause.shown for clause in form.clauses),
            form.example,
        )
        for form in FORMS
    ]


def _meaning(model: Any) -> str:
    """The first paragraph of its docstring, without the place in Airflow's source."""
    text = " ".join((model.__doc__ or "").split("\n\n")[0].split())
    text = re.sub(r" \(``[^)]*``\)", "", text)
    return re.sub(r"``(\w+?)(_s)?``", r"`\1`", text)
