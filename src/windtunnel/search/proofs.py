"""prove: for which DAGs of a scenario a deadlock is excluded, whatever goes how fast.

What a proof says of slices holds of the scenario, because its slices can be stuck wherever the
simulation can. A candidate is no finding: it tells a search where to look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from windtunnel.model import Scenario
from windtunnel.search.calendar import calendar_of
from windtunnel.slices.certificate import (
    EFFORT,
    Candidate,
    Certificate,
    Exhausted,
    Fact,
    NotCovered,
    Question,
    Stuck,
    has_solver,
)
from windtunnel.slices.certificate import Proof as SliceProof
from windtunnel.slices.of_scenario import Part, slices_of

MOST_QUESTIONS = 40
"""DAGs that have to do with each other and are still asked about one by one."""
Waiting = Mapping[str, tuple[str, ...]]
POOL = "slots of pool "
Verdict = Literal["proved", "candidate", "not covered"]


@dataclass(frozen=True)
class DagProof:
    """What was found out of one DAG."""

    dag_id: str
    verdict: Verdict
    rests_on: tuple[Fact, ...] = ()
    """proved: limits that the proof needs; those that can't be full are not among them."""
    beside: tuple[str, ...] = ()
    """DAGs with which it shares limits, waits or locks, and that were looked at with it."""
    stuck: tuple[Stuck, ...] = ()
    """candidate: who would be stuck."""
    why: tuple[str, ...] = ()
    """not covered: the reasons."""
    waiting: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """proved: of each pool on which it rests, the tasks that can wait with their slots."""
    digest: str = ""
    """proved: SHA-256 of the script; empty where there was nothing to ask."""
    script: str = ""
    """proved: the question in SMT-LIB 2, which any solver answers with unsat."""


@dataclass(frozen=True)
class Proof:
    """What was found out of each DAG of a scenario."""

    dags: tuple[DagProof, ...]
    assumptions: tuple[str, ...]

    @property
    def proved(self) -> tuple[str, ...]:
        """DAGs of which no run is ever in a deadlock."""
        return self._with("proved")

    @property
    def candidates(self) -> tuple[str, ...]:
        """DAGs of which a run may be stuck, as far as was seen."""
        return self._with("candidate")

    @property
    def not_covered(self) -> tuple[str, ...]:
        """DAGs of which nothing is said."""
        return self._with("not covered")

    def of(self, dag_id: str) -> DagProof:
        """What was found out of this DAG.

        Raises:
            KeyError: the scenario has no such DAG.
        """
        for one in self.dags:
            if one.dag_id == dag_id:
                return one
        raise KeyError(dag_id)

    def _with(self, verdict: Verdict) -> tuple[str, ...]:
        return tuple(one.dag_id for one in self.dags if one.verdict == verdict)


def prove(scenario: Scenario, *, effort: int = EFFORT) -> Proof:
    """For which DAGs a deadlock is excluded.

    Without z3 (``pip install 'windtunnel[prove]'``), only DAGs are proved in which nothing waits.

    Args:
        scenario: The scenario. Its window says which dag runs are looked at.
        effort: How much the solver may think about one question: some ten seconds, if not said.
    """
    carryover = slices_of(scenario, calendar_of(scenario))
    found = {
        name: DagProof(name, "not covered", why=(why,)) for name, why in carryover.uncovered.items()
    }
    for part in carryover.parts:
        found.update({one.dag_id: one for one in _part(part, carryover.waiting, effort)})
    dags = tuple(found[dag.dag_id] for dag in scenario.fleet.dags)
    return Proof(dags, _assumptions(scenario))


def _part(part: Part, waiting: Waiting, effort: int) -> list[DagProof]:
    if part.of is None:
        rests_on = _told(part.spare)
        known = _waiting(waiting, rests_on)
        return [DagProof(name, "proved", rests_on, waiting=known) for name in part.dags]
    if not has_solver():
        why = ("z3 is not installed: pip install 'windtunnel[prove]'",)
        return [DagProof(name, "not covered", why=why) for name in part.dags]
    question = Question(part.of, part.loose, effort)
    answer = question.ask()
    if not isinstance(answer, Candidate):
        return [_said(answer, name, part, waiting) for name in part.dags]
    found: dict[str, DagProof] = {}
    for name in part.dags:
        if name in found:
            continue
        own = question.ask(name) if len(part.dags) <= MOST_QUESTIONS else answer
        found[name] = _said(own, name, part, waiting)
        if isinstance(own, Candidate):
            # Whoever else is stuck there needs no question of its own.
            for other in {one.dag for one in own.stuck} & set(part.dags):
                found.setdefault(other, _said(own, other, part, waiting))
    return [found[name] for name in part.dags]


def _said(answer: SliceProof, name: str, part: Part, waiting: Waiting) -> DagProof:
    beside = tuple(other for other in part.dags if other != name)
    match answer:
        case Certificate():
            rests_on = _told((*answer.rests_on, *part.spare))
            return DagProof(
                name,
                "proved",
                rests_on=rests_on,
                waiting=_waiting(waiting, rests_on),
                beside=beside,
                digest=answer.digest,
                script=answer.script,
            )
        case Candidate():
            own_first = sorted(answer.stuck, key=lambda one: one.dag != name)
            return DagProof(name, "candidate", beside=beside, stuck=tuple(own_first))
        case Exhausted():
            return DagProof(name, "proved", beside=beside)
        case NotCovered():
            return DagProof(name, "not covered", beside=beside, why=answer.reasons)


def _told(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Of each setting the sharpest; that there is one slot, or one run, at all, is left out."""
    found: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        if fact.bound == "at most":
            found[fact.setting, fact.bound] = fact
        elif fact.value > 1:
            known = found.get((fact.setting, fact.bound), fact)
            found[fact.setting, fact.bound] = max(known, fact, key=lambda one: one.value)
    return tuple(sorted(found.values()))


def _waiting(waiting: Waiting, facts: tuple[Fact, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    pools = (fact.setting.removeprefix(POOL) for fact in facts if fact.setting.startswith(POOL))
    return tuple((pool, waiting[pool]) for pool in sorted(set(pools)) if pool in waiting)


def _assumptions(scenario: Scenario) -> tuple[str, ...]:
    hours = scenario.duration_s / 3600
    faults = scenario.faults_up_to
    return (
        f"runs that are due within {hours:g} h from {scenario.start.isoformat()}; later ones are"
        " taken to come and to end",
        "every try that waits for nothing ends some time, however long it takes",
        "what is ready and fits is queued some time, in whatever order",
        "waits, resources and limits are those that the scenario names",
        "a rescheduled sensor that waits in vain counts as stuck; that sensors only take turns on"
        " the slots of what they wait for (WT105) is not excluded",
        "no timeout is counted on: a wait that only a timeout ends is a deadlock",
        "no try fails or dies, beside those that rules let fail"
        if not faults
        else f"at most {faults} tries fail or die, beside those that rules let fail",
    )
