"""Compare: both scenarios are searched alike, and each finding of one is tried on the other, so
that what is called new is not only what the search came across this time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from windtunnel import api
from windtunnel.api import Progress
from windtunnel.comparison.changed import Change, changes
from windtunnel.detect import Finding
from windtunnel.errors import InvalidInput
from windtunnel.model import Scenario, SearchProfile
from windtunnel.result import Difference, Report, diff, moved_runs
from windtunnel.search import Counterexample, Deciding, deciding, recall, recheck

RULES_WORK = 2_000_000
"""State changes that looking for the rules that decide something may come to: some ten seconds."""


@dataclass(frozen=True, repr=False)
class Comparison:
    """What is different after a change, and what it rests on."""

    before: Report
    after: Report
    changes: tuple[Change, ...]
    """What is said otherwise; empty: nothing that is simulated."""
    difference: Difference
    """Of the first, calm simulations; ``new`` and ``gone`` of all."""
    deciding: Deciding | None
    """Which rules of another release decide something here; None: both are one release."""

    @property
    def later_s(self) -> float:
        """How much later a dag run ends, at most, in seconds; 0: none does."""
        return max((run.later_s or 0.0 for run in self.difference.later), default=0.0)

    def __repr__(self) -> str:
        return f"<Comparison: {self.difference!r}>"


def compare(
    before: Scenario,
    after: Scenario,
    *,
    seeds: int | None = None,
    profile: SearchProfile | str = "ci",
    store: Path | None = None,
    sources: Path | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Search two scenarios, and say what is different in the second.

    Both take the window and the seed of the first, so that what differs comes from the change.

    Args:
        before: As it was.
        after: As it is after the change.
        seeds: Simulations of each beside the first one; None: as many as the profile allows.
        profile: How hard to search.
        store: Folder for counterexamples; None keeps none.
        sources: As for `windtunnel.check`, of the second.
        progress: Called on the way.

    Raises:
        InvalidInput: a value can't be used.
    """
    tell = progress or (lambda *_: None)
    same = {name: getattr(before, name) for name in ("start", "duration_s", "seed")}
    after = after.model_copy(update=same)
    with _folder(store) as folder:
        ask = partial(api.check, seeds=seeds, store=folder, profile=profile, progress=progress)
        one, other = ask(before), ask(after, sources=sources if store else None)
        new = _not_shown_by(one, other, folder)
        gone = _not_shown_by(other, one, folder)
    if store is None:
        new, gone = _unkept(new), _unkept(gone)
        one, other = (replace(r, findings=_unkept(r.findings)) for r in (one, other))
    difference = replace(diff(one, other), new=new, gone=gone)
    rules = None
    if before.cluster.airflow != after.cluster.airflow:
        rules = deciding(
            other.result.scenario,
            other.result.trace,
            before.cluster.airflow,
            budget=RULES_WORK,
            tell=partial(tell, "Trying rules"),
        )
    return Comparison(one, other, tuple(changes(before, after)), difference, rules)


@contextmanager
def _folder(store: Path | None) -> Iterator[Path]:
    if store is not None:
        yield store
        return
    with TemporaryDirectory(prefix="windtunnel-") as folder:
        yield Path(folder)


def _not_shown_by(report: Report, other: Report, store: Path) -> tuple[Finding, ...]:
    """Those of the other's findings that neither were found here, nor show themselves where their
    counterexample is simulated with what is here."""
    known = {finding.identity for finding in report.findings}
    strange = [finding for finding in other.findings if finding.identity not in known]
    moved = moved_runs(other, report) if strange else {}
    return tuple(one for one in strange if not _shows(report.scenario, one, store, moved))


def _shows(
    scenario: Scenario, finding: Finding, store: Path, moved: Mapping[tuple[str, str], str]
) -> bool:
    name = finding.counterexample
    if name is None:
        return False
    kept = recall(store, name)
    tried = [kept, _moved(kept, scenario, moved)] if moved else [kept]
    try:
        return any(recheck(name, one, scenario).verdict == "FAILED" for one in tried)
    except InvalidInput:
        return False  # none of its DAGs is there


def _moved(
    kept: Counterexample, scenario: Scenario, moved: Mapping[tuple[str, str], str]
) -> Counterexample:
    """What a counterexample is where its runs have other dates: the same choices about the runs
    that are in their place, in the whole window, because the short one may be over by then."""
    choices = kept.scenario.choices and tuple(
        one.model_copy(update={"actor": _renamed(one.actor, moved)})
        for one in kept.scenario.choices
    )
    whole = {"start": scenario.start, "duration_s": scenario.duration_s, "choices": choices}
    return kept.model_copy(update={"scenario": kept.scenario.model_copy(update=whole)})


def _renamed(
    actor: tuple[str | int, ...], moved: Mapping[tuple[str, str], str]
) -> tuple[str | int, ...]:
    dag_id, run, *rest = *actor, "", ""
    there = moved.get((str(dag_id), str(run)))
    return actor if there is None else (dag_id, there, *rest[: len(actor) - 2])


def _unkept(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(one.model_copy(update={"counterexample": None}) for one in findings)
