"""A view of the report: what it is called, its data, and the script that draws them.

A view is a Python module with a function from a `Subject` to plain JSON data, a file in ``static``
that exports ``draw(root, data, page)``, and a line in `windtunnel.report.html.views.VIEWS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from windtunnel.detect import Finding
from windtunnel.model.question import Deadline
from windtunnel.report.summary import Summary, summarize
from windtunnel.result import Report, Result
from windtunnel.result.landings import LandingTimes, landing_times
from windtunnel.trace import Wait, Waits

Json = Mapping[str, Any]


def _nowhere(_: Finding) -> Result | None:
    return None


@dataclass(frozen=True)
class Subject:
    """What a page is about, and what several views need, made once."""

    outcome: object
    """What a command came to: a `Result`, a `Report`, a plan, a difference..."""
    title: str
    """The command and its target: ``windtunnel check dags/``."""
    deadlines: tuple[Deadline, ...] = ()
    """What has to be on time, where somebody said so."""

    shows: Callable[[Finding], Result | None] = _nowhere
    """A simulation that shows a finding, if there is one beside `result`: its counterexample."""

    @cached_property
    def result(self) -> Result | None:
        """The simulation whose task instances are shown: of a report its first one."""
        if isinstance(self.outcome, Result):
            return self.outcome
        found = getattr(self.outcome, "result", None)
        return found if isinstance(found, Result) else None

    @cached_property
    def report(self) -> Report | None:
        """The check, if it is one."""
        return self.outcome if isinstance(self.outcome, Report) else None

    @cached_property
    def landings(self) -> list[LandingTimes]:
        """When the runs of each DAG landed, by DAG and deadline."""
        if self.result is None:
            return []
        return landing_times(self.result.dag_runs(), self.result.scenario, self.deadlines)

    @cached_property
    def summary(self) -> Summary | None:
        """The numbers of the simulation, added up."""
        return None if self.result is None else summarize(self.result.trace, self.waits.__getitem__)

    @cached_property
    def waits(self) -> Sequence[Sequence[Wait]]:
        """Where the time of each task instance went, by its number."""
        if self.result is None:
            return ()
        trace = self.result.trace
        waits = Waits(trace)
        return [waits.of(ti) for ti in range(len(trace.ti_run))]


@dataclass(frozen=True, slots=True)
class View:
    """One section of the page."""

    id: str
    """Lower case, with hyphens: its place in the page's address (``#critical-path``)."""
    title: str
    """What its link and heading say."""
    data: Callable[[Subject], Json | None]
    """Plain JSON data, the same for the same subject; None: it has nothing to show here, and is
    left out."""
    script: str
    """File in ``static``, an ES module that exports ``draw(root, data, page)``; called once, when
    the view is first looked at."""
    style: str = ""
    """File in ``static``, if it has styles of its own."""
    about: str = ""
    """What is to be seen and how to read it, in a sentence or two; below the heading."""
