"""Verdicts: findings sorted into what is wrong, what could happen, and what somebody accepts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from windtunnel.detect.finding import Finding
from windtunnel.model import Accepts


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding that somebody lives with."""

    finding: Finding
    by: tuple[str, ...]
    """The globs over dag_id that accept it, one for each DAG that takes part."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What was found, by what follows from it."""

    findings: tuple[Finding, ...]
    possible: tuple[Finding, ...]
    """What could happen, and was not shown."""
    accepted: tuple[Accepted, ...]


def sort_out(
    accept: Accepts, findings: Iterable[Finding], *, known: Iterable[Finding] = ()
) -> Verdicts:
    """Each finding at its place, in the given order. That limits could be filled is left out where
    one of these findings, or of those that are *known* beside them, shows that they are."""
    found = list(findings)
    shown = {limit for one in (*found, *known) if one.certain for limit in one.limits}
    judged = [
        judge(accept, one)
        for one in found
        if one.certain or not one.limits or not shown.issuperset(one.limits)
    ]
    return Verdicts(
        tuple(one for one in judged if isinstance(one, Finding) and one.certain),
        tuple(one for one in judged if isinstance(one, Finding) and not one.certain),
        tuple(one for one in judged if isinstance(one, Accepted)),
    )


def judge(accept: Accepts, finding: Finding) -> Finding | Accepted:
    """A finding is accepted if it is for each DAG that takes part: whoever accepts what ``etl``
    does to itself has not accepted what it does to ``mart``. One without any is accepted by ``*``
    alone."""
    taking_part = finding.dag_ids or ("",)
    found = {dag_id: _accepting(accept, dag_id, finding.code) for dag_id in taking_part}
    by = {glob: None for glob in found.values() if glob is not None}
    if not by:
        return finding
    others = [dag_id for dag_id, glob in found.items() if glob is None]
    if others:
        said = f"It is accepted for {_and(by)}; {_and(others)} takes part, too, and does not accept"
        return finding.model_copy(update={"notes": (*finding.notes, f"{said} it.")})
    reasons = dict.fromkeys(accept[glob][finding.code] for glob in by)
    return Accepted(finding, tuple(by), "; ".join(reason for reason in reasons if reason))


def _accepting(accept: Accepts, dag_id: str, code: str) -> str | None:
    for glob, codes in accept.items():
        if code in codes and fnmatchcase(dag_id, glob):
            return glob
    return None


def unused(accept: Accepts, accepted: Iterable[Accepted]) -> Iterator[tuple[str, str]]:
    """(glob, code) of what is accepted and was not found."""
    used = {(glob, one.finding.code) for one in accepted for glob in one.by}
    for glob, codes in accept.items():
        for code in codes:
            if (glob, code) not in used:
                yield glob, code


def _and(names: Iterable[str]) -> str:
    return " and ".join(names)
