"""The text of a test file, as somebody would write it who had the finding before them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from windtunnel.detect import Finding
from windtunnel.loaders import repository_of
from windtunnel.regression.attempts import Attempt, Shown
from windtunnel.regression.names import function_name
from windtunnel.report import story
from windtunnel.report.case_text import case_text
from windtunnel.report.wrap import wrap

WIDTH = 84
"""Of a docstring's lines, without its indentation: 88 columns are what formatters allow."""
FOLDER = "REPOSITORY"
STORED = "windtunnel"
"""Folder beside the test in which what is replayed is kept."""


def test_text(finding: Finding, shown: Shown, *, file: Path, command: str) -> str:
    """The whole file.

    Args:
        finding: What it is about.
        shown: How it is shown.
        file: Where the text will be; paths are told from there.
        command: What found it, as somebody would type it.
    """
    attempt = shown.attempt
    place = _Places(file, attempt.target)
    body = [*_call(attempt, place), "", *_assertion(finding, shown)]
    marker = _marker(attempt)
    heading = [*place.definitions(), "", ""] if place.is_used else []
    imports = [
        *(["from pathlib import Path"] if place.is_used else []),
        *([""] if place.is_used and marker else []),
        *(["import pytest"] if marker else []),
    ]
    return "\n".join(
        [
            *_docstring([_title(finding), "", *_about(finding, command)], ""),
            "",
            *([*imports, ""] if imports else []),
            *(heading or [""]),
            *marker,
            f"def {function_name(finding)}(windtunnel):",
            *_docstring(list(_story(finding, attempt)), "    "),
            *body,
            "",
        ]
    )


def _title(finding: Finding) -> str:
    """Without its line, which will be another soon."""
    dag = f" of DAG {finding.dag_id}" if finding.dag_id else ""
    return f"{finding.code} {finding.title}{dag}{f' ({finding.file})' if finding.file else ''}."


def _about(finding: Finding, command: str) -> list[str]:
    said = f"Written by `{command}`; yours to change. It fails as long as this is found."
    return [*wrap(said, width=WIDTH), f"What it means: windtunnel explain {finding.code}"]


def _story(finding: Finding, attempt: Attempt) -> Iterator[str]:
    """Who waits for whom, until when; and what has to happen for that, if it is not the usual."""
    lines = story(finding, width=WIDTH)
    yield from (line[2:] for line in lines)
    if attempt.replayed is None:
        return
    yield ""
    said = (
        "It takes some bad luck: what goes another way than usual is kept in "
        f"{STORED}/{attempt.replayed.finding.counterexample}.json, beside this file."
    )
    yield from wrap(said, width=WIDTH)
    if finding.case is not None:
        yield ""
        for line in case_text(finding.case, beside=finding.since, width=WIDTH):
            yield line[2:]


class _Places:
    """Paths as the test says them: from the root of its repository; where it is in none, from the
    folder that it, what it simulates and the current folder share."""

    def __init__(self, file: Path, target: str) -> None:
        folder = file.resolve().parent
        shared = [Path.cwd().resolve(), folder]
        shared += [Path(target).resolve()] if Path(target).exists() else []
        self._root = repository_of(folder) or Path(os.path.commonpath(shared))
        self._up = len(folder.relative_to(self._root).parts)
        self.is_used = False

    def said(self, path: str | Path) -> str:
        """As Python: ``REPOSITORY / "dags"``."""
        whole = Path(path).resolve()
        # What shares no more with it than the disk is where it is.
        if self._root == Path(self._root.anchor) or not whole.is_relative_to(self._root):
            return literal(str(whole))
        self.is_used = True
        inner = whole.relative_to(self._root).as_posix()
        return FOLDER if inner == "." else f"{FOLDER} / {literal(inner)}"

    def definitions(self) -> list[str]:
        """What ``REPOSITORY`` is."""
        own = "Path(__file__)"
        return [
            f"{FOLDER} = {own}.parent" if not self._up else f"{FOLDER} = {own}.parents[{self._up}]"
        ]


def _call(attempt: Attempt, place: _Places) -> list[str]:
    asked = attempt.asked
    there = Path(attempt.target).exists()
    target = place.said(attempt.target) if there else literal(attempt.target)
    cluster = asked.cluster and (
        place.said(asked.cluster) if Path(asked.cluster).exists() else literal(asked.cluster)
    )
    if attempt.replayed is not None:
        name = attempt.replayed.finding.counterexample
        arguments = [f'Path(__file__).parent / "{STORED}/{name}.json"', target]
        place.is_used = True
        arguments += [f"cluster={cluster}"] if cluster else []
        return ["    report = windtunnel.replay(", *_lines(arguments), "    )"]
    told = {
        "start": asked.start and literal(asked.start),
        "window": asked.window and literal(asked.window),
        "cluster": cluster,
        "runs": _several(asked.trigger),
        "backfills": _several(asked.backfills),
        "faults": _several(asked.faults),
        "seed": None if asked.seed is None else str(asked.seed),
    }
    arguments = [target, *(f"{name}={value}" for name, value in told.items() if value)]
    return ["    run = windtunnel.simulate(", *_lines(arguments), "    )"]


def _lines(arguments: list[str]) -> list[str]:
    return [f"        {argument}," for argument in arguments]


def _several(words: tuple[str, ...]) -> str:
    """A list in one line, or with a line for each, as formatters have it."""
    if not words:
        return ""
    line = f"[{', '.join(map(literal, words))}]"
    if len(line) <= 60:
        return line
    return "\n".join(["[", *(f"            {literal(word)}," for word in words), "        ]"])


def _marker(attempt: Attempt) -> list[str]:
    """Settings that only the marker has."""
    told = [f"profile={literal(attempt.asked.profile)}"] if attempt.asked.profile else []
    if attempt.asked.airflow != "auto":
        told.append(f"airflow={literal(attempt.asked.airflow)}")
    return [f"@pytest.mark.windtunnel({', '.join(told)})"] if told else []


def _assertion(finding: Finding, shown: Shown) -> list[str]:
    """That it is gone; whatever else is shown is not looked at, as far as code and DAG tell."""
    outcome = "run" if shown.attempt.replayed is None else "report"
    if not shown.others:
        return [f"    assert not {outcome}.findings"]
    code = literal(finding.code)
    if finding.dag_id is None or all(one.code != finding.code for one in shown.others):
        return [f"    assert {code} not in [finding.code for finding in {outcome}.findings]"]
    return [
        f"    found = [(finding.code, finding.dag_id) for finding in {outcome}.findings]",
        f"    assert ({code}, {literal(finding.dag_id)}) not in found",
    ]


def literal(text: str) -> str:
    """A string as formatters write it: in double quotes, unless that takes more backslashes."""
    said = repr(text)
    if '"' in text or not said.startswith("'"):
        return said
    return f'"{said[1:-1]}"'


def _docstring(lines: list[str], indent: str) -> list[str]:
    lines = [line.rstrip().replace("\\", "\\\\").replace('"""', '\\"\\"\\"') for line in lines]
    first, *rest = lines
    if not rest:
        return [f'{indent}"""{first}"""']
    return [
        f'{indent}"""{first}',
        *(f"{indent}{line}" if line else "" for line in rest),
        f'{indent}"""',
    ]
