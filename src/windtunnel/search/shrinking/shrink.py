"""Shrink: the smallest scenario that still shows a finding.

DAGs, runs, tasks, faults and choices are left out, as long as the same finding is found, over the
same limits and with the same tasks in it; then choices become as small as they can be. At the end
nothing can be left out any more, unless the budget was too small for that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b

from pydantic import ValidationError

from windtunnel.choices import Calm
from windtunnel.detect import Case, Finding, Size, detect
from windtunnel.engine import simulate
from windtunnel.engine.dag_runs.drawn_arrivals import with_arrivals_drawn
from windtunnel.errors import WindtunnelError
from windtunnel.model import Chosen, Scenario
from windtunnel.search.shrinking.cuts import Item, cuts, of_dags
from windtunnel.search.shrinking.holders_first import HoldersFirst
from windtunnel.search.shrinking.minimal import minimal
from windtunnel.search.shrinking.timeline import timeline
from windtunnel.search.simulations import size_of
from windtunnel.search.steered import steered
from windtunnel.trace import Trace

BUDGET, FEWEST = 2000, 100
"""Simulations for all that was found, and for each."""
WORK = 200_000
"""State changes in all of these simulations."""
NO_SCENARIO = (WindtunnelError, ValueError, LookupError, AssertionError)
"""What is cut too far may not be a scenario any more. That is an answer: not this way."""
AFTERWARDS_S = (1, 60, 600, 3600, 6 * 3600, 24 * 3600)
"""So long after what was found has begun the window may end."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A scenario that shows a finding."""

    scenario: Scenario
    trace: Trace
    finding: Finding

    @property
    def size(self) -> Size:
        """How much there is in it."""
        scenario = self.scenario
        return Size(
            dags=len(scenario.fleet.dags),
            tasks=sum(len(dag.tasks) for dag in scenario.fleet.dags),
            runs=len(self.trace.runs),
            faults=len(scenario.faults),
            choices=len(scenario.choices or ()),
            hours=scenario.duration_s / 3600,
        )


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The smallest scenario that shows a finding, and how it is told."""

    shown: Shown
    case: Case


def shown(scenario: Scenario, finding: Finding, trace: Trace | None = None) -> Shown | None:
    """What this scenario shows of the finding; None if nothing, or if it is no scenario. The trace
    is given if it was simulated already."""
    try:
        trace = simulate(scenario) if trace is None else trace
        found = next((f for f in detect(scenario, trace) if is_same(f, finding)), None)
    except NO_SCENARIO:
        return None
    return None if found is None else Shown(scenario, trace, found)


def is_same(found: Finding, wanted: Finding) -> bool:
    """Whether it is the same trouble: the same code, about the same; else over the same limits,
    with the same tasks, ended by the same."""
    if wanted.about:
        # One of many that wait for the same is enough to show what they wait for.
        named = (found.code, found.about) == (wanted.code, wanted.about)
        return named and _holders(found) <= _holders(wanted)
    if (found.code, found.ended_by) != (wanted.code, wanted.ended_by):
        return False
    if found.holding or wanted.holding:
        return _holders(found) == _holders(wanted) and set(found.limits) == set(wanted.limits)
    return found.dag_id == wanted.dag_id


def _holders(finding: Finding) -> set[tuple[str, str]]:
    return {(party.dag_id, party.task_id) for party in finding.holding}


def shrink(
    scenario: Scenario,
    finding: Finding,
    *,
    share: int = 1,
    effort: float = 1.0,
    trace: Trace | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Shrunk | None:
    """The smallest scenario that shows a finding; None if the given one doesn't show it.

    *share* is among how many findings the budget is divided; *effort* how many times the usual
    budget there is; *trace* that of the scenario, if it was simulated already.
    """
    first = shown(scenario, finding, trace)
    return None if first is None else _Shrinking(first, share, effort, progress).shrunk()


class _Shrinking:
    """The search for the smallest case."""

    def __init__(
        self,
        first: Shown,
        share: int,
        effort: float,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._before = first.size
        self._best = first
        self._finding = first.finding
        self._budget = round(max(FEWEST, BUDGET // share) * effort)
        self._enough = round(WORK * effort) // share
        self._progress = progress
        self._made = self._work = 0
        self._refused: set[bytes] = set()
        """Digests: a large fleet is a long text."""

    def shrunk(self) -> Shrunk:
        """Cut until no cut is possible."""
        self._arrivals_as_runs()
        self._only_those_named()
        self._without_seed()
        self._shorten()
        self._try(_with_holders_first(self._best.scenario, self._finding))
        self._fewer_choices()
        before: Scenario | None = None
        while before is not self._best.scenario and not self._spent:
            before = self._best.scenario
            for cut in cuts(before):
                self._cut(*cut(self._best.scenario))
            self._start_later()
            self._shorten()
            self._without_seed()
            self._fewer_choices()
            self._smaller_choices()
        minimal_now = not self._spent
        self._tidy()
        best = self._best
        case = Case(
            before=self._before,
            after=best.size,
            minimal=minimal_now,
            simulations=self._made,
            by_seed=best.scenario.choices is None and self._draws,
            timeline=timeline(best.scenario, best.trace, best.finding),
        )
        return Shrunk(best, case)

    @property
    def _draws(self) -> bool:
        """Whether anything in the scenario is drawn by its seed."""
        return bool(simulate(self._best.scenario, Calm()).asked)

    @property
    def _spent(self) -> bool:
        return self._made >= self._budget or self._work >= self._enough

    def _try(self, candidate: Scenario, *, counts: bool = True) -> bool:
        """Whether this shows it, too; the best one from now on."""
        if candidate == self._best.scenario or (counts and self._spent):
            return False
        text = candidate.model_dump_json(exclude_defaults=True)
        key = blake2b(text.encode(), digest_size=16).digest()
        if key in self._refused:
            return False
        self._made += counts
        if self._progress is not None:
            self._progress(self._made, self._budget)
        case = shown(candidate, self._finding)
        if case is not None:
            self._work += size_of(case.trace)
            # Runs that make runs: the faster the work, the more of them.
            fewer = len(case.trace.runs) <= len(self._best.trace.runs)
            if fewer and _is_sound(candidate):
                self._best = case
                return True
        self._work += size_of(self._best.trace)
        self._refused.add(key)
        return False

    def _try_anew(self, candidate: Scenario) -> bool:
        """As `_try`; who comes first may be decided anew, because equals are others now."""
        if self._try(candidate):
            return True
        if not any(one.kind == "tie" for one in candidate.choices or ()) or self._spent:
            return False
        self._made += 1
        return self._try(_with_holders_first(candidate, self._finding))

    def _arrivals_as_runs(self) -> None:
        """Each run that arrives as one of its own, so that most of them can be left out."""
        self._try(with_arrivals_drawn(self._best.scenario), counts=False)

    def _only_those_named(self) -> None:
        """Only the DAGs that it names, first of all: most of a large fleet has nothing to do with
        it, and each simulation of all of it costs as much as hundreds of what is left."""
        finding = self._finding
        named = {one.dag_id for one in (*finding.holding, *finding.waiting) if one.dag_id}
        dag_ids, keep = of_dags(self._best.scenario)
        if some := [dag_id for dag_id in dag_ids if dag_id in named]:
            self._try_anew(keep(some))

    def _cut(self, items: list[Item], keep: Callable[[list[Item]], Scenario]) -> None:
        minimal(items, lambda some: self._try_anew(keep(some)))

    def _shorten(self) -> None:
        """End the window soon after it has happened."""
        scenario, since = self._best.scenario, self._best.finding.since
        if since is None:
            return
        begins = (since - scenario.start).total_seconds()
        for after in AFTERWARDS_S:
            length = float(int(begins) + after)
            if length >= scenario.duration_s:
                return
            if self._try(scenario.model_copy(update={"duration_s": length})):
                return

    def _start_later(self) -> None:
        """Leave out the first runs of the window."""
        scenario = self._best.scenario
        if scenario.faults or scenario.backfills or scenario.asset_updates or scenario.arrivals:
            return  # these count from the start
        dates = sorted({run.created_us for run in self._best.trace.runs} - {0}, reverse=True)
        for created in dates[:8]:
            if self._try(_starting(scenario, created // 1_000_000)):
                return

    def _without_seed(self) -> None:
        """Everything as short as it can be, instead of as it is drawn."""
        if self._best.scenario.choices is None:
            self._try(self._best.scenario.model_copy(update={"choices": ()}))

    def _fewer_choices(self) -> None:
        def keep(some: list[Chosen]) -> bool:
            return self._try(self._best.scenario.model_copy(update={"choices": tuple(some)}))

        if self._best.scenario.choices:
            minimal(self._best.scenario.choices, keep)

    def _smaller_choices(self) -> None:
        for number in range(len(self._best.scenario.choices or ())):
            least, most = 1, (self._best.scenario.choices or ())[number].value
            while least < most:
                middle = (least + most) // 2
                if self._try(_with_choice(self._best.scenario, number, middle)):
                    most = middle
                else:
                    least = middle + 1

    def _tidy(self) -> None:
        """Leave out what no longer has to do with anything."""
        for tidied in (_without_idle_rules, _without_idle_pools, _without_resources, _without_news):
            self._try(tidied(self._best.scenario), counts=False)


def _with_holders_first(scenario: Scenario, finding: Finding) -> Scenario:
    if scenario.choices is None or not finding.holding:
        return scenario
    try:
        return steered(scenario, HoldersFirst(scenario.choices, finding))[0]
    except NO_SCENARIO:
        return scenario


def _starting(scenario: Scenario, later_s: int) -> Scenario:
    """The same, beginning so much later, without what comes before."""
    moved = tuple(
        run.model_copy(update={"at_s": run.at_s - later_s})
        for run in scenario.manual_runs
        if run.at_s >= later_s
    )
    return scenario.model_copy(
        update={
            "start": scenario.start + timedelta(seconds=later_s),
            "duration_s": scenario.duration_s - later_s,
            "manual_runs": moved,
        }
    )


def _with_choice(scenario: Scenario, number: int, value: int) -> Scenario:
    choices = list(scenario.choices or ())
    choices[number] = choices[number].model_copy(update={"value": value})
    return scenario.model_copy(update={"choices": tuple(choices)})


def _without_idle_rules(scenario: Scenario) -> Scenario:
    behavior = scenario.behavior
    tasks = [(dag, task) for dag in scenario.fleet.dags for task in dag.tasks]
    used = {
        name: tuple(one for one in getattr(behavior, name) if any(one.is_for(*t) for t in tasks))
        for name in ("rules", "slowdowns")
    }
    return scenario.model_copy(update={"behavior": behavior.model_copy(update=used)})


def _without_idle_pools(scenario: Scenario) -> Scenario:
    used = {task.pool for dag in scenario.fleet.dags for task in dag.tasks}
    pools = {name: pool for name, pool in scenario.cluster.pools.items() if name in used}
    cluster = scenario.cluster.model_copy(update={"pools": pools})
    return scenario.model_copy(update={"cluster": cluster})


def _without_resources(scenario: Scenario) -> Scenario:
    return scenario.model_copy(update={"resources": {}})


def _without_news(scenario: Scenario) -> Scenario:
    """Problems and assumptions are those of the whole fleet, and told with it."""
    fleet = scenario.fleet.model_copy(update={"problems": (), "assumptions": ()})
    return scenario.model_copy(update={"fleet": fleet, "accept": {}})


def _is_sound(scenario: Scenario) -> bool:
    """Whether it can be read back from a file."""
    try:
        return Scenario.model_validate_json(scenario.model_dump_json()) == scenario
    except ValidationError:
        return False
