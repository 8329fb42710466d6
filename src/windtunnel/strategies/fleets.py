"""Fleets and DAGs: small ones, as strange as Airflow allows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st

from windtunnel.errors import InvalidInput
from windtunnel.model import Cron, Dag, Every, Fleet, OtherSchedule, Schedule, Task, TriggerRule
from windtunnel.strategies.drawing import HOUR_S, START, Draw, many, maybe, one_of, pick, seldom
from windtunnel.strategies.features import Feature, chosen
from windtunnel.strategies.kinds import Place, Sketch, drawn_kind

NAMES = "abcdefghijklmnopqrstuvwxyz"
POOLS = ("default_pool", "db", "api")
QUEUES = ("default", "heavy")
SCHEDULES: tuple[Schedule, ...] = (
    Cron(expression="@hourly"),
    Cron(expression="*/30 * * * *"),
    Every(seconds=HOUR_S),
    Every(seconds=1200.0),
    Cron(expression="@hourly", timetable="interval"),
    Cron(expression="15 * * * *"),
)
RULES = (
    "all_done", "none_failed", "one_success", "one_failed", "none_failed_min_one_success",
    "one_done", "all_failed", "none_skipped", "all_skipped", "always",
)  # fmt: skip
MOST_UPSTREAM = 2


@dataclass(frozen=True, slots=True)
class _TaskSketch:
    """A task before it has a place."""

    back: tuple[int, ...]
    """Upstream tasks: how many tasks before this one, 0 is the one just before."""
    kind: Sketch
    expand: int | None
    """A length; 0: over the result of its first upstream task, if it has one."""
    updates: bool
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _DagSketch:
    tasks: tuple[_TaskSketch, ...]
    fed_by: int
    """Of which earlier DAG's asset updates start runs; 0: of none."""
    has_teardown: bool
    settings: dict[str, Any]


def fleets(
    *,
    most_dags: int = 3,
    most_tasks: int = 4,
    features: Collection[Feature] | None = None,
) -> st.SearchStrategy[Fleet]:
    """Small fleets of DAGs ``a``, ``b``, ... with tasks ``t0``, ``t1``, ...

    DAGs trigger only later ones, or themselves if they wait for it; assets are updated by earlier
    ones: so no fleet makes runs without end. Shrinks to one DAG with one task.

    Args:
        most_dags: DAGs at most, up to 26.
        most_tasks: Tasks of each DAG at most.
        features: What they may use; by default everything of `FEATURES`. Each fleet uses some.

    Raises:
        InvalidInput: a number is out of range, or a feature unknown.
    """
    if not 1 <= most_dags <= len(NAMES) or most_tasks < 1:
        raise InvalidInput(
            f"fleets: most_dags={most_dags}, most_tasks={most_tasks}: from 1 to {len(NAMES)} DAGs "
            "with at least one task each"
        )
    return _fleets(most_dags, most_tasks, chosen(features))


@st.composite
def _fleets(
    draw: Draw, most_dags: int, most_tasks: int, features: st.SearchStrategy[frozenset[Feature]]
) -> Fleet:
    used = draw(features)
    sketches = draw(many(_dag_sketches(used, most_tasks), most_dags, least=1))
    names = tuple(NAMES[: len(sketches)])
    sizes = tuple(len(sketch.tasks) for sketch in sketches)
    return Fleet(
        dags=tuple(_dag(sketch, Place(names, sizes, n)) for n, sketch in enumerate(sketches))
    )


def dags(
    dag_id: str = "a", *, most_tasks: int = 4, features: Collection[Feature] | None = None
) -> st.SearchStrategy[Dag]:
    """Single DAGs, that wait for themselves if for anything; see `fleets`.

    Raises:
        InvalidInput: a number is out of range, or a feature unknown.
    """
    if most_tasks < 1:
        raise InvalidInput(f"dags: most_tasks={most_tasks}: a DAG has at least one task")
    return _dags(dag_id, most_tasks, chosen(features))


@st.composite
def _dags(
    draw: Draw, dag_id: str, most_tasks: int, features: st.SearchStrategy[frozenset[Feature]]
) -> Dag:
    sketch = draw(_dag_sketches(draw(features), most_tasks))
    return _dag(sketch, Place((dag_id,), (len(sketch.tasks),), 0))


# -- sketches ---------------------------------------------------------------------------------


@cache
@st.composite
def _dag_sketches(draw: Draw, features: frozenset[Feature], most_tasks: int) -> _DagSketch:
    tasks = draw(many(_task_sketches(features), most_tasks, least=1))
    settings: dict[str, Any] = {}
    if "schedules" in features and (schedule := maybe(draw, one_of(SCHEDULES), 2)) is not None:
        settings |= {"schedule": schedule, "start_date": START - timedelta(days=1)}
        settings["catchup"] = pick(draw, (None, True, False))
    if "run_limits" in features:
        settings["max_active_runs"] = maybe(draw, st.integers(1, 3), 2)
        settings["max_active_tasks"] = maybe(draw, st.integers(1, 4), 2)
        settings["max_consecutive_failed_dag_runs"] = maybe(draw, st.integers(1, 3), 6)
    if "timeouts" in features:
        settings["dagrun_timeout_s"] = maybe(draw, one_of((1800.0, 7200.0)), 4)
    return _DagSketch(
        tasks=tasks,
        fed_by=draw(st.integers(0, 2)) if "assets" in features else 0,
        has_teardown="setup_teardown" in features and draw(st.booleans()),
        settings=settings,
    )


@cache
@st.composite
def _task_sketches(draw: Draw, features: frozenset[Feature]) -> _TaskSketch:
    back = draw(many(st.integers(0, 2), MOST_UPSTREAM))
    kind = drawn_kind(draw, features)
    return _TaskSketch(
        back=back,
        kind=kind,
        expand=maybe(draw, st.integers(0, 3), 4) if "mapped" in features else None,
        updates="assets" in features and draw(st.booleans()),
        settings={
            name: value
            for feature, name, strategy in SETTINGS
            if feature in features and (value := draw(strategy)) is not None
        },
    )


SETTINGS: tuple[tuple[Feature, str, st.SearchStrategy[Any]], ...] = (
    ("pools", "pool", one_of(POOLS)),
    ("pools", "pool_slots", seldom(st.integers(1, 2), 4)),
    ("trigger_rules", "trigger_rule", seldom(one_of(RULES), 2)),
    ("priorities", "priority_weight", seldom(st.integers(1, 5), 2)),
    ("priorities", "weight_rule", seldom(one_of(("upstream", "absolute")), 4)),
    ("retries", "retries", seldom(st.integers(1, 2), 2)),
    ("retries", "retry_delay_s", seldom(one_of((60.0, 30.0, 600.0)), 2)),
    ("retries", "retry_exponential_backoff", seldom(st.just(2.0), 6)),
    ("task_limits", "max_active_tis_per_dag", seldom(st.integers(1, 2))),
    ("task_limits", "max_active_tis_per_dagrun", seldom(st.integers(1, 2))),
    ("depends_on_past", "depends_on_past", seldom(st.just(True))),
    ("depends_on_past", "wait_for_downstream", seldom(st.just(True), 6)),
    ("timeouts", "execution_timeout_s", seldom(one_of((300.0, 1800.0)), 4)),
    ("queues", "queue", one_of(QUEUES)),
)
"""Arguments of tasks: the feature that they belong to, and their values; None: not given."""


# -- in their place ---------------------------------------------------------------------------


def _dag(sketch: _DagSketch, place: Place) -> Dag:
    name = place.names[place.dag]
    tasks = [_task(one, number, place) for number, one in enumerate(sketch.tasks)]
    if sketch.has_teardown and len(tasks) > 1:
        tasks = _torn_down(tasks)
    settings = dict(sketch.settings)
    if sketch.fed_by and place.dag:
        source = place.names[(sketch.fed_by - 1) % place.dag]
        settings["asset_condition"] = _asset(source)
        if "schedule" not in settings:
            settings["schedule"] = OtherSchedule(description="assets", timetable="assets")
    return Dag(dag_id=name, tasks=tuple(tasks), **settings)


def _asset(dag_id: str) -> str:
    return f"asset_of_{dag_id}"


def _task(sketch: _TaskSketch, number: int, place: Place) -> Task:
    ups = sorted({number - 1 - back for back in sketch.back if back < number})
    upstream = tuple(f"t{up}" for up in ups)
    settings = dict(sketch.settings)
    if settings.get("wait_for_downstream"):
        settings["depends_on_past"] = True
    if sketch.expand:
        settings["expand"] = (sketch.expand,)
    elif sketch.expand == 0 and upstream:
        settings["expand"] = upstream[:1]
    if sketch.updates:
        settings["outlets"] = (_asset(place.names[place.dag]),)
    return Task(task_id=f"t{number}", kind=sketch.kind(place), upstream=upstream, **settings)


def _torn_down(tasks: list[Task]) -> list[Task]:
    """The first task is a setup and the last one its teardown. Right after a setup Airflow takes
    only ``all_success`` (``dag.py: validate_setup_teardown``)."""
    first, *between, last = tasks
    setup = first.model_copy(update={"is_setup": True, "expand": None})
    plain = {"trigger_rule": TriggerRule.ALL_SUCCESS}
    rest = [
        task.model_copy(update=plain if first.task_id in task.upstream else {}) for task in between
    ]
    teardown = last.model_copy(
        update={
            "is_teardown": True,
            "expand": None,
            "trigger_rule": TriggerRule.ALL_DONE_SETUP_SUCCESS,
            "upstream": tuple(dict.fromkeys((first.task_id, *last.upstream))),
        }
    )
    return [setup, *rest, teardown]
