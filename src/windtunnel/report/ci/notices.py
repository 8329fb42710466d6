"""Notices: whatever a run or a check has to say about a line of a DAG file, one by one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from windtunnel.detect import Finding, Fix
from windtunnel.model import Dag, Fleet, Problem
from windtunnel.report.ci.replacements import Replacement, replacements
from windtunnel.report.finding_text import finding_text, story
from windtunnel.report.text import verdict_text
from windtunnel.result import Failure, Report, Result
from windtunnel.search import Unreached
from windtunnel.units import count

Level = Literal["error", "warning", "accepted"]
"""An error fails the command; a warning is what only could happen."""
UNWRAPPED = 10_000
"""Columns of lines that whoever shows them breaks."""
BROKEN, RAISED, UNREACHED = "broken-dag-file", "task-failed", "never-reached"
"""What stands for a code where there is none."""

CAUSES = {
    "import": "an import fails",
    "duplicate": "an id twice",
    "value": "a value that can't be used",
    "refused": "refused by Airflow",
}
"""Why something is not used, where the word alone does not say it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to say."""

    level: Level
    code: str
    """``WT101``; or what stands for it."""
    title: str
    """In a few words, without its place."""
    summary: str
    """What is wrong, in one line."""
    message: str
    """What a person needs to know, in lines that may be long."""
    text: str
    """All there is to say, as the terminal says it."""
    file: str | None
    """From the root of the repository, with ``/``; None: it belongs to no file."""
    line: int | None
    dag_id: str | None
    fingerprint: str
    """The same for the same trouble, on whichever line it stands."""
    reason: str = ""
    """Why it is accepted."""
    related: tuple[tuple[str, str, int | None], ...] = ()
    """What takes part: what it does, its file, its line."""
    fixes: tuple[tuple[str, tuple[Replacement, ...]], ...] = ()
    """What cures it, in words, and what it does to lines of files, where that is known."""

    @property
    def sentence(self) -> str:
        """All in one line."""
        return " ".join(f"{self.headline}: {self.summary}".split())

    @property
    def headline(self) -> str:
        """Code and title: ``WT101 Pool deadlock (etl)``."""
        code = f"{self.code} " if self.code.startswith("WT") else ""
        return f"{code}{self.title}{f' ({self.dag_id})' if self.dag_id else ''}"


@dataclass(frozen=True, slots=True)
class Told:
    """All that a CI service is told of one command."""

    command: str
    """``check`` or ``run``."""
    notices: tuple[Notice, ...]
    dags: tuple[tuple[str, str | None, int | None], ...]
    """Of each DAG that was looked at its dag_id, file and line."""
    verdict: str
    """In one sentence."""
    covered: str = ""
    """What was tried."""

    def of(self, level: Level) -> tuple[Notice, ...]:
        """The notices of one level."""
        return tuple(one for one in self.notices if one.level == level)


class Places:
    """Where DAG files are, seen from the root of the repository."""

    def __init__(
        self, root: Path, sources: Path | None, patches: Mapping[str, str] | None = None
    ) -> None:
        """*patches* are the texts of those that fixes name; paths in them are seen from the
        current folder."""
        self._root = root.resolve()
        self._sources = sources
        self._patches = patches or {}

    def file(self, name: str | None) -> str | None:
        """The path of a DAG file, as CI services want it."""
        if name is None or self._sources is None:
            return name
        return self._seen(self._sources / name)

    def fix(self, fix: Fix) -> tuple[Replacement, ...]:
        """What the patch of a fix does; nothing if it has none."""
        text = self._patches.get(fix.patch or "", "")
        return tuple(replace(one, file=self._seen(Path(one.file))) for one in replacements(text))

    def _seen(self, path: Path) -> str:
        whole = path.resolve()
        inside = whole.is_relative_to(self._root)
        return (whole.relative_to(self._root) if inside else whole).as_posix()


def told(
    outcome: Result | Report,
    places: Places,
    *,
    strict: bool = False,
    needed: Collection[str] = (),
) -> Told:
    """What a run or a check came to.

    Args:
        outcome: Its result.
        places: Where the DAG files are.
        strict: Whether what only could happen fails the command.
        needed: Kinds of things that some simulation has to come to, else the command fails.
    """
    fleet = outcome.scenario.fleet
    possible: Level = "error" if strict else "warning"
    report = outcome if isinstance(outcome, Report) else None
    result = outcome if isinstance(outcome, Result) else outcome.result
    missed = report.unreached if report else ()
    notices = [
        *(_problem(one, places) for one in outcome.problems),
        *(notice_of(one, fleet, places) for one in _once(outcome.findings)),
        *(notice_of(one, fleet, places, level=possible) for one in _once(outcome.possible)),
        *(
            notice_of(one.finding, fleet, places, level="accepted", reason=one.reason)
            for one in outcome.accepted
        ),
        *(_failure(one, fleet, places) for one in result.failures if one.state == "failed"),
        *(_unreached(one) for one in missed if one.kind in needed or "all" in needed),
    ]
    return Told(
        "check" if report else "run",
        tuple(notices),
        tuple((dag.dag_id, places.file(dag.file), dag.line) for dag in fleet.dags),
        _verdict(outcome, result, report),
        report.covered if report else "",
    )


def _verdict(outcome: Result | Report, result: Result, report: Report | None) -> str:
    """Who reads no more than this has to know that something was left out."""
    said = verdict_text(outcome, result, report.simulations if report else 1)
    left_out = count(len(outcome.problems), "problem")
    return f"{said} Not everything was used ({left_out})." if outcome.problems else said


def unusable(command: str, fleet: Fleet, places: Places) -> Told:
    """What there is to say where no DAG could be loaded."""
    files = count(len(fleet.problems), "problem")
    return Told(
        command,
        tuple(_problem(one, places) for one in fleet.problems),
        (),
        f"Nothing was tried: no DAG could be loaded ({files}).",
    )


def notice_of(
    finding: Finding,
    fleet: Fleet,
    places: Places,
    *,
    level: Level = "error",
    reason: str = "",
) -> Notice:
    """A finding; its message is the story of it, with the first fix."""
    lines = [line[2:] for line in story(finding, width=UNWRAPPED)]
    if finding.fixes:
        fix = finding.fixes[0]
        lines.append(f"Fix: {fix.setting}: {fix.before} -> {fix.after}")
    again = f"; windtunnel replay {finding.counterexample}" if finding.counterexample else ""
    lines.append(f"More: windtunnel explain {finding.code}{again}")
    return Notice(
        level,
        finding.code,
        finding.title if finding.certain else f"Could happen: {finding.title}",
        finding.summary,
        "\n".join(lines),
        finding_text(finding, width=100),
        places.file(finding.file),
        finding.line,
        finding.dag_id,
        fingerprint(*finding.identity, finding.file or ""),
        reason,
        tuple(_related(finding, {dag.dag_id: dag for dag in fleet.dags}, places)),
        tuple(
            (f"{fix.setting}: {fix.before} -> {fix.after}", changed)
            for fix in finding.fixes
            # A patch alone is not all of it where something else has to be set, too.
            if not fix.where and (changed := places.fix(fix))
        ),
    )


def fingerprint(*parts: str) -> str:
    """Letters for what makes something itself. Numbers in sentences may change; those in names,
    such as ``load_2``, are part of it."""
    text = "\n".join(re.sub(r"(?<![\w.])\d+\b", "#", part) for part in parts)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _once(findings: Sequence[Finding]) -> list[Finding]:
    """Findings that differ in nothing but when are one."""
    return list({one.identity: one for one in reversed(findings)}.values())[::-1]


def _related(
    finding: Finding, dags: dict[str, Dag], places: Places
) -> Iterator[tuple[str, str, int | None]]:
    seen = set()
    for party in (*finding.holding, *finding.waiting):
        dag = dags.get(party.dag_id)
        file = None if dag is None else places.file(dag.file)
        if dag is None or file is None or (party.dag_id, party.task_id) in seen:
            continue
        seen.add((party.dag_id, party.task_id))
        does = [party.does] if party.does else []
        does += [f"holds {', '.join(party.holds)}"] if party.holds else []
        does += [f"waits for {', '.join(party.waits_for)}"] if party.waits_for else []
        said = f"{party.dag_id}.{party.task_id}" + (f": {'; '.join(does)}" if does else "")
        yield said, file, dag.line_of(party.task_id) or dag.line


def _problem(one: Problem, places: Places) -> Notice:
    title = f"Not used: {CAUSES.get(one.cause, one.cause)}"
    return Notice(
        "error",
        BROKEN,
        title,
        one.message.partition("\n")[0],
        one.message,
        one.message,
        places.file(one.file),
        one.line,
        one.dag_id,
        fingerprint(BROKEN, one.cause, one.file or "", one.dag_id or "", one.message),
    )


def _failure(one: Failure, fleet: Fleet, places: Places) -> Notice:
    dag = next((dag for dag in fleet.dags if dag.dag_id == one.dag_id), None)
    last = one.traceback.strip().splitlines()[-1] if one.traceback.strip() else "failed"
    return Notice(
        "error",
        RAISED,
        f"{one.name} failed",
        last,
        last,
        one.traceback,
        None if dag is None else places.file(dag.file),
        None if dag is None else dag.line_of(one.task_id) or dag.line,
        one.dag_id,
        fingerprint(RAISED, one.dag_id, one.task_id, last),
    )


def _unreached(one: Unreached) -> Notice:
    said = f"{one.subject}: {one.why}"
    return Notice(
        "error", UNREACHED, f"Never reached: {one.subject}", said, said, said, None, None, None,
        fingerprint(UNREACHED, one.kind, one.subject),
    )  # fmt: skip
