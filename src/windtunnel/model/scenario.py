"""Scenario: the one unit that is run, searched, shrunk, stored and replayed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, JsonValue, model_validator

from windtunnel.model.accept import Accepts
from windtunnel.model.arrivals import Arrivals
from windtunnel.model.base import Seconds, Value
from windtunnel.model.behavior import Behavior, Rule
from windtunnel.model.chosen import Chosen
from windtunnel.model.cluster import Cluster
from windtunnel.model.dag import Fleet
from windtunnel.model.faults import Fault
from windtunnel.model.pattern import nearest
from windtunnel.model.resources import Resource, resource_named

FORMAT: Literal["windtunnel.scenario/1"] = "windtunnel.scenario/1"


class ManualRun(Value):
    """A run that a person (or the API) triggers."""

    dag_id: str
    """The DAG that is triggered."""
    run_id: str | None = None
    """``None``: ``manual__`` and its logical date."""
    at_s: Seconds = 0.0
    """Seconds since the scenario's start."""
    logical_date: AwareDatetime | Literal["now"] | None = "now"
    """Its logical date; ``now``: the moment at which it is triggered. ``None``: it has none."""
    conf: dict[str, JsonValue] = Field(default_factory=dict)
    """``dag_run.conf``: what real callables and templates see of it (``--execute``)."""


class AssetUpdate(Value):
    """Something outside of the fleet updates an asset (``POST /assets/events``)."""

    asset: str
    """Its URI, or its name, as the DAG files say it."""
    at_s: Seconds = 0.0
    """Seconds since the scenario's start."""
    every_s: Annotated[float, Field(gt=0)] | None = None
    """Again and again at this distance, until the window ends."""


class Backfill(Value):
    """Somebody asks for all runs of a DAG between two dates (``airflow backfill create``; in 2.x
    ``airflow dags backfill``)."""

    dag_id: str
    """The DAG whose dates are filled."""
    from_date: AwareDatetime
    """The first logical date."""
    to_date: AwareDatetime
    """The last logical date; both are included."""
    at_s: Seconds = 0.0
    """Seconds since the scenario's start."""
    max_active_runs: Annotated[int, Field(ge=1)] = 10
    """3.x: how many of its runs may run at once, whatever the DAG's own limit is. 2.x has only
    that one."""
    run_backwards: bool = False
    """The latest date first."""
    reprocess_behavior: Literal["none", "failed", "completed"] = "none"
    """3.x: which runs that are over already are run again: none, those that failed, or all."""

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        if self.from_date > self.to_date:
            raise ValueError("from_date is after to_date; swap them, and see run_backwards")
        return self


class Scenario(Value):
    """A fleet on a cluster, how its tasks behave, and what goes wrong, over a window of time.

    A run is a function of the scenario alone: ``seed`` keys all randomness and ``choices`` say
    what goes another way than it usually does. A counterexample *is* a scenario.
    """

    format: Literal["windtunnel.scenario/1"] = FORMAT
    name: str = ""
    """What reports call it; in a file the name of its folder, if nothing else is said."""
    fleet: Fleet
    cluster: Cluster = Cluster()
    """The deployment that the fleet runs on."""
    behavior: Behavior = Behavior()
    """How long tasks take, and how they end."""
    resources: dict[str, Resource] = Field(default_factory=dict)
    """What tries share beside Airflow's own limits, by name; rules say who needs what."""
    start: AwareDatetime
    """Where simulated time begins."""
    duration_s: Annotated[float, Field(gt=0)] = 86400.0
    """Length of the window: from the start up to, and without, the end."""
    manual_runs: tuple[ManualRun, ...] = ()
    """Runs that somebody triggers."""
    arrivals: tuple[Arrivals, ...] = ()
    """Runs that something outside triggers again and again."""
    backfills: tuple[Backfill, ...] = ()
    """Dates that somebody fills."""
    asset_updates: tuple[AssetUpdate, ...] = ()
    """Assets that something outside of the fleet updates."""
    faults: tuple[Fault, ...] = ()
    """What goes wrong."""
    backlog: Literal["done", "replayed"] = "done"
    """Runs that were due before the start: ``done`` when it begins, all successful, as on a
    deployment that was running; or ``replayed``: not one of them exists, and the scheduler creates
    what catchup asks for, as on the day on which the DAGs are first switched on."""
    every_run_matters: tuple[str, ...] = ()
    """Globs over dag_id: DAGs of which each interval, asset event and trigger should have a run of
    its own. Airflow may skip or merge them by design; of these DAGs it is a finding."""
    accept: Accepts = Field(default_factory=dict)
    """Findings that somebody knows and lives with: ``{"etl": ["WT113"]}``, or with a reason each,
    ``{"etl": {"WT113": "made by hand on Sundays"}}``. It changes nothing in the simulation."""
    jitter_s: Seconds = 0.0
    """How much later than it is due a scheduled run may come, at most."""
    faults_up_to: Annotated[int, Field(ge=0)] = 0
    """How many tries a search may let fail or die, wherever it likes, beside what is said here."""
    seed: int = 0
    """Key of everything that is drawn: the same seed, the same simulation."""
    choices: tuple[Chosen, ...] | None = None
    """What goes another way than it usually does. ``None``: ties go as Airflow would usually decide
    them, and the seed decides all else; given, nothing is drawn but arrivals: what is not among
    them takes the shortest time and does not go wrong."""

    @model_validator(mode="after")
    def _has_what_is_needed(self) -> Self:
        for number, rule in enumerate(self.behavior.rules):
            for name, count in _needed(rule):
                if said := self._shortage(name, count):
                    raise ValueError(f"behavior.rules[{number}] (tasks = {rule.tasks!r}): {said}")
        return self

    @property
    def triggered(self) -> frozenset[str]:
        """The ids of the DAGs of which somebody, or something outside, triggers runs."""
        by_hand = {run.dag_id for run in self.manual_runs}
        return frozenset(by_hand | {one.dag_id for one in self.arrivals})

    def _shortage(self, name: str, count: int) -> str:
        resource = resource_named(name, self.resources)
        if resource is None:
            return f"there is no resource {name!r}; {nearest(name, list(self.resources))}"
        if resource.slots is not None and count > resource.slots and resource.when_full == "wait":
            return f"it needs {count} of {name!r}, which has {resource.slots}"
        return ""


def _needed(rule: Rule) -> Iterator[tuple[str, int]]:
    """(resource, how many) of all that a rule takes."""
    yield from rule.needs.items()
    for step in rule.steps or ():
        if step.acquire is not None:
            yield step.acquire, step.slots
