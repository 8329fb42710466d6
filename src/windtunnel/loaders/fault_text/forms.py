"""Forms: how each kind of fault is said, for those who read it and for those who ask."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from windtunnel.loaders.fault_text.clauses import (
    AFTER,
    AGAIN,
    AS,
    AT,
    BESIDE,
    BY,
    EVERY,
    FACTOR,
    FINAL,
    FOR,
    FROM,
    GROUP,
    MESSAGES,
    NOTICE,
    NOTICED,
    OF_TRIES,
    ONCE,
    PINNED,
    RAISING,
    RUN,
    SCHEDULER,
    SLOW_BY,
    STATES,
    TO,
    WAITING,
    WINDOW,
    WITHOUT,
    WRITTEN,
    Clause,
)
from windtunnel.loaders.fault_text.subjects import (
    Subject,
    jump,
    machines,
    named,
    nothing,
    numbered,
    slots,
    tasks,
    workers,
)
from windtunnel.loaders.forms import human_name
from windtunnel.model import (
    ApiServerDown,
    BrokerDown,
    Cleared,
    ClockJump,
    DagChanged,
    DagPaused,
    DagProcessorDown,
    DagUnpaused,
    DatabaseDown,
    DatabaseSlow,
    DiskFull,
    ExecutorSlotsLeaked,
    HeartbeatLost,
    LateData,
    LimitNotKept,
    OutOfMemory,
    PoolDeleted,
    PoolResized,
    ResourceDown,
    ResourceResized,
    ResultLost,
    RunMarked,
    SchedulerDown,
    SchedulerLost,
    SchedulerPaused,
    SpotLoss,
    TaskFails,
    TaskHangs,
    TaskIsSlow,
    TaskLostByExecutor,
    TaskMarked,
    TriggererDown,
    TriggererLost,
    WorkerLost,
    WorkersDrained,
)

NAMES = {"tasks", "pool", "resource", "dags", "dag_id"}
"""Fields for the name of what is struck, or a pattern over such names."""
WHEN = {"at": AT, "for": FOR, "every": EVERY}


@dataclass(frozen=True)
class Form:
    """How one kind of fault is said."""

    name: str
    model: Any
    subject: Subject
    clauses: tuple[Clause, ...]
    example: str

    @property
    def counts(self) -> bool:
        """Whether what it strikes is counted, or is the only one: it has no name."""
        return not NAMES & set(self.model.model_fields)

    @property
    def fields(self) -> list[str]:
        """Its fields, as they are written in a table of a scenario file."""
        names = [human_name(name) for name in self.model.model_fields]
        return [name for name in names if name not in ("type", "at_time")]


FORMS = (
    Form(
        "task fails", TaskFails, tasks, (RAISING, *OF_TRIES, AFTER, FINAL),
        "task fails: etl.load try 1 raising ConnectionError",
    ),
    Form("task hangs", TaskHangs, tasks, OF_TRIES, "task hangs: etl.load try 1"),
    Form(
        "task is slow", TaskIsSlow, tasks, (FACTOR, *OF_TRIES), "task is slow: etl.* x3 with 50%"
    ),
    Form(
        "out of memory", OutOfMemory, tasks, (*OF_TRIES, AFTER),
        "out of memory: etl.load try 1 after 2m",
    ),
    Form("heartbeat lost", HeartbeatLost, tasks, OF_TRIES, "heartbeat lost: etl.load try 1"),
    Form(
        "result lost", ResultLost, tasks, (*OF_TRIES, NOTICED), "result lost: etl.load try 1"
    ),
    Form(
        "task lost by executor", TaskLostByExecutor, tasks, OF_TRIES,
        "task lost by executor: etl.load for 10m",
    ),
    Form("late data", LateData, tasks, (BY,), "late data: etl.wait by 2h"),
    Form(
        "worker lost", WorkerLost, workers, (*WINDOW, GROUP, NOTICED, WRITTEN),
        "worker lost: 1 of 4 at +10m for 30m",
    ),
    Form(
        "spot loss", SpotLoss, workers, (*WINDOW, GROUP, NOTICE, NOTICED),
        "spot loss: a third of the workers at 02:10 for 10m",
    ),
    Form(
        "workers drained", WorkersDrained, workers, (*WINDOW, GROUP), "workers drained: 2 at +10m"
    ),
    Form("disk full", DiskFull, machines, (*WINDOW, GROUP), "disk full: 1 of 4 for 30m"),
    Form(
        "pool resized", PoolResized, named("pool"), (TO, *WINDOW),
        "pool resized: db to 1 at +10m for 1h",
    ),
    Form("pool deleted", PoolDeleted, named("pool"), WINDOW, "pool deleted: db at +10m for 1h"),
    Form(
        "resource down", ResourceDown, named("resource"), (WAITING, *WINDOW),
        "resource down: warehouse at +10m for 30m",
    ),
    Form(
        "resource resized", ResourceResized, named("resource"), (TO, *WINDOW),
        "resource resized: warehouse to 2 at +10m for 1h",
    ),
    Form("dag paused", DagPaused, named("dags"), WINDOW, "dag paused: etl at +10m for 1h"),
    Form("dag unpaused", DagUnpaused, named("dags"), WINDOW, "dag unpaused: nightly at +1h"),
    Form(
        "cleared", Cleared, tasks, (*AGAIN, STATES, *BESIDE),
        "cleared: etl.load in any state downstream at +2h",
    ),
    Form(
        "task marked", TaskMarked, tasks, (AS, *AGAIN, *BESIDE),
        "task marked: etl.load as success at +15m",
    ),
    Form(
        "run marked", RunMarked, named("dags"), (AS, *AGAIN, RUN),
        "run marked: etl as failed at +15m",
    ),
    Form(
        "dag changed", DagChanged, named("dag_id"), (WITHOUT, FROM, PINNED, *ONCE),
        "dag changed: etl without load at +10m",
    ),
    Form("scheduler down", SchedulerDown, nothing, WINDOW, "scheduler down: at +10m for 5m"),
    Form(
        "scheduler paused", SchedulerPaused, numbered("scheduler"), WINDOW,
        "scheduler paused: 1 at +10m for 2m",
    ),
    Form(
        "scheduler lost", SchedulerLost, numbered("scheduler"), WINDOW,
        "scheduler lost: 2 at +10m for 5m",
    ),
    Form("database down", DatabaseDown, nothing, WINDOW, "database down: at +10m for 5m"),
    Form(
        "database slow", DatabaseSlow, nothing, (FACTOR, SLOW_BY, *WINDOW),
        "database slow: x5 by 2s at +10m for 30m",
    ),
    Form("api server down", ApiServerDown, nothing, WINDOW, "api server down: at +10m for 5m"),
    Form("broker down", BrokerDown, nothing, (*WINDOW, MESSAGES), "broker down: at +10m for 5m"),
    Form("triggerer down", TriggererDown, nothing, WINDOW, "triggerer down: at +10m for 5m"),
    Form(
        "triggerer lost", TriggererLost, numbered("triggerer"), WINDOW,
        "triggerer lost: 1 at +10m for 5m",
    ),
    Form(
        "dag processor down", DagProcessorDown, nothing, WINDOW,
        "dag processor down: at +10m for 30m",
    ),
    Form(
        "executor slots leaked", ExecutorSlotsLeaked, slots, (SCHEDULER, *AGAIN),
        "executor slots leaked: 4 at +1h every 1h",
    ),
    Form("clock jump", ClockJump, jump, WINDOW, "clock jump: +1h at +2h for 10m"),
    Form("limit not kept", LimitNotKept, named("dags"), WINDOW, "limit not kept: etl for 1h"),
)  # fmt: skip


def faults_help() -> list[tuple[str, str, str, str, str]]:
    """(name, meaning, clauses, fields, example) of every fault, for people."""
    return [
        (
            form.name,
            _meaning(form.model),
            _clauses(form),
            ", ".join(form.fields),
            form.example,
        )
        for form in FORMS
    ]


def _clauses(form: Form) -> str:
    """Its own clauses, and behind them which of those that say when."""
    own = ", ".join(clause.shown for clause in form.clauses if clause not in WINDOW)
    when = ", ".join(word for word, clause in WHEN.items() if clause in form.clauses)
    return "; ".join(part for part in (own, when) if part)


def _meaning(model: Any) -> str:
    """The first paragraph of its docstring, without the place in Airflow's source."""
    text = " ".join((model.__doc__ or "").split("\n\n")[0].split())
    text = re.sub(r" \(``[^)]*\)(?=[.:,;])", "", text)
    return re.sub(r"``(\w+?)(_s)?``", r"`\1`", text)
