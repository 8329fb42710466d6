"""Recheck: what was stored is simulated again, as it was, or with the DAGs of today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from windtunnel.detect import Finding, detect
from windtunnel.engine import simulate
from windtunnel.errors import InvalidInput, WindtunnelError
from windtunnel.model import Dag, Scenario
from windtunnel.search.shrinking.cuts import with_tasks
from windtunnel.search.shrinking.shrink import is_same
from windtunnel.search.store import Counterexample, drop, names, recall
from windtunnel.trace import Trace

Verdict = Literal["FAILED", "FIXED", "CHANGED"]
"""It still shows its finding; nothing any more; or something else, or can't be shown as it was."""


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What became of a stored counterexample."""

    name: str
    stored: Counterexample
    verdict: Verdict
    why: str
    """Empty where the verdict says it all."""
    scenario: Scenario
    """What was simulated."""
    trace: Trace
    found: tuple[Finding, ...]
    """What it showed."""

    @property
    def kept(self) -> Finding:
        """What was found when it was stored."""
        return self.stored.finding


def recheck(name: str, kept: Counterexample, today: Scenario | None = None) -> Rechecked:
    """Simulate a counterexample again: as it was stored, or with the DAGs, tasks, cluster and
    behavior of *today*.

    Raises:
        InvalidInput: today has none of its DAGs.
    """
    missing: list[str] = []
    scenario = kept.scenario if today is None else rebased(kept, today, missing)
    if scenario == kept.scenario:
        scenario = kept.scenario
    trace = simulate(scenario)
    found = detect(scenario, trace)
    same = tuple(one for one in found if is_same(one, kept.finding))
    others = tuple(one for one in found if one.certain)
    why = f"{_and(missing)} not there any more" if missing else ""
    if same:
        verdict: Verdict = "FAILED"
        found = same
    elif others:
        verdict, found = "CHANGED", others
        why = "; ".join(filter(None, (f"it shows {_titles(others)} instead", why)))
    else:
        # A DAG that was only renamed is not fixed.
        verdict, found = ("CHANGED" if missing else "FIXED"), ()
    return Rechecked(name, kept, verdict, why, scenario, trace, found)


def recheck_all(store: Path, today: Scenario) -> Iterator[Rechecked]:
    """All that is stored of the same scenario: of the same name, with a DAG in common."""
    here = {dag.dag_id for dag in today.fleet.dags}
    for name in names(store):
        try:
            kept = recall(store, name)
            if kept.scenario.name == today.name and here & _dags(kept.scenario):
                yield recheck(name, kept, today)
        except WindtunnelError:
            continue  # a file that can't be read is told when somebody asks for it


Found = list[tuple[Finding, Scenario]]


def with_stored(found: Found, stored: list[Rechecked]) -> Found:
    """What a search found, with what the stored counterexamples still show. Their own scenario
    stays with them, so that they keep their ids."""
    all_ = list(found)
    for one in stored:
        for finding in one.found:
            same = [n for n, (other, _) in enumerate(all_) if _are_one(other, finding)]
            if same and one.verdict == "FAILED":
                all_[same[0]] = (all_[same[0]][0], one.scenario)
            elif not same:
                all_.append((finding, one.scenario))
    return all_


def unchanged(stored: list[Rechecked], scenario: Scenario) -> Counterexample | None:
    """The stored counterexample whose scenario this is, if it is the same today: it is as small as
    it was."""
    same = (one.stored for one in stored if scenario is one.stored.scenario)
    return next((one for one in same if one.finding.case is not None), None)


def settled(
    stored: list[Rechecked], findings: list[Finding], store: Path | None
) -> tuple[Rechecked, ...]:
    """What became of the stored counterexamples, now that the search is over, too. Those that show
    nothing any more, and those whose finding is stored under another id now, are removed."""
    told: list[Rechecked] = []
    now = {finding.counterexample for finding in findings}
    for one in stored:
        again = [f for f in findings if _are_one(f, one.kept)]
        if one.name not in now and store is not None:
            drop(store, one.name)
        if one.verdict != "FAILED" and again:
            why = f"in another way, as {again[0].counterexample or again[0].code}"
            told.append(replace(one, verdict="FAILED", why=why))
        else:
            told.append(one)
    return tuple(told)


def _are_one(one: Finding, other: Finding) -> bool:
    return one.identity == other.identity or is_same(one, other)


def _dags(scenario: Scenario) -> set[str]:
    return {dag.dag_id for dag in scenario.fleet.dags}


def rebased(kept: Counterexample, today: Scenario, missing: list[str]) -> Scenario:
    """The DAGs and tasks of a counterexample as they are today, on the cluster and with the
    behavior of today; what has been added to these DAGs since is there, too. *missing* receives
    what isn't there any more.

    Raises:
        InvalidInput: none of its DAGs is.
    """
    now = {dag.dag_id: dag for dag in today.fleet.dags}
    dags: list[Dag] = []
    for then in kept.scenario.fleet.dags:
        dag = now.get(then.dag_id)
        if dag is None:
            missing.append(f"DAG {then.dag_id}")
            continue
        had = {task.task_id for task in then.tasks}
        ids = {task.task_id for task in dag.tasks}
        missing += [f"{dag.dag_id}.{gone}" for gone in sorted(had - ids)]
        left_out = {one for dag_id, one in kept.left_out if dag_id == dag.dag_id}
        some = with_tasks(dag, ids - left_out)
        if then.dag_id in kept.unscheduled:
            some = some.model_copy(update={"schedule": None})
        dags.append(some)
    if not dags:
        raise InvalidInput(
            f"{kept.finding.counterexample}: none of its DAGs is here: {_and(missing)}"
        )
    there = {dag.dag_id for dag in dags}
    asked = {
        name: tuple(one for one in getattr(kept.scenario, name) if one.dag_id in there)
        for name in ("manual_runs", "arrivals")
    }
    return kept.scenario.model_copy(
        update={
            "fleet": kept.scenario.fleet.model_copy(update={"dags": tuple(dags)}),
            "cluster": today.cluster,
            "behavior": today.behavior,
            "resources": today.resources,
            **asked,
        }
    )


def _titles(findings: tuple[Finding, ...]) -> str:
    return _and(list(dict.fromkeys(f"{one.code} {one.title}" for one in findings)))


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
