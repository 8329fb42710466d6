"""``--report FORMAT=FILE``, and what a GitHub workflow is told without being asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from windtunnel import api
from windtunnel.api import Progress
from windtunnel.cli.handover import OTEL, TABLES, HandOver
from windtunnel.cli.terminal import Terminal
from windtunnel.cli.writable import ensure_writable
from windtunnel.detect import Finding
from windtunnel.errors import InvalidInput
from windtunnel.loaders import ReadScenario, repository_of
from windtunnel.model import Deadline
from windtunnel.report import check_json, run_json
from windtunnel.report.ci import Told, github, gitlab, junit, markdown, sarif, told, unusable
from windtunnel.report.ci.notices import Places
from windtunnel.result import Report, Result
from windtunnel.target import Asked, look, read_found, sources_of

FORMS: dict[str, Callable[[Told], str]] = {
    "junit": junit,
    "sarif": sarif,
    "markdown": markdown,
    "gitlab": gitlab,
    "github": github,
}
JSON = "json"
HTML = "html"
PERFETTO = "perfetto"
ANY = (HTML, *FORMS, JSON, PERFETTO, OTEL, *TABLES)
"""What `run` and `check` are written as; other commands have fewer forms."""
PAGE = "index.html"
"""The file in a folder that is named without a format."""

Reports = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="FOLDER or FORMAT=FILE",
        help="Write a report, too: into a folder as a page for people (index.html), or to a file "
        "as html, junit, sarif, markdown, gitlab (code quality), github (annotations), json, "
        "perfetto or otel (otel=http://localhost:4318 sends it); arrow and parquet take a folder. "
        "Repeatable.",
    ),
]
Pages = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="FOLDER or FORMAT=FILE",
        help="Write it, too: into a folder as a page for people (index.html), or to a file as html "
        "or json; a difference also as markdown. Repeatable.",
    ),
]


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the reports of one command go, beside the terminal."""

    files: tuple[tuple[str, Path], ...]
    """Format and file."""
    in_github: bool
    """Whether a GitHub workflow runs the command: its log is read for annotations."""
    summary: Path | None
    """The file that becomes the page of the workflow's job."""
    root: Path
    """The root of the repository: what paths are told from."""
    handed: HandOver = field(default_factory=HandOver)
    """What other tools are given of the simulation; of a check, of its first one."""

    def write(
        self,
        outcome: Result | Report,
        found: ReadScenario,
        target: str,
        terminal: Terminal,
        *,
        beside: bool,
        strict: bool = False,
        needed: set[str] | None = None,
        store: Path | None = None,
    ) -> None:
        """Write all of them. *beside*: what is printed goes to stderr, as programs read stdout;
        *store*: where counterexamples are, which the page shows step by step.

        Raises:
            InvalidInput: a file can't be written.
        """
        places = Places(self.root, sources_of(target, found), _patches(outcome))
        said = told(outcome, places, strict=strict, needed=needed or ())
        command = "check" if isinstance(outcome, Report) else "run"
        deadlines = () if found.question is None else found.question.deadlines
        forms: dict[str, Callable[[], str]] = {
            JSON: lambda: (
                check_json(outcome)
                if isinstance(outcome, Report)
                else run_json(outcome, deadlines=deadlines)
            ),
            HTML: lambda: _page(
                outcome,
                f"windtunnel {command} {target}",
                deadlines=deadlines,
                store=store,
            ),
            PERFETTO: lambda: _perfetto(_first(outcome)),
            OTEL: lambda: _otlp(_first(outcome)),
        }
        self._write(said, forms, terminal, beside=beside)
        self.handed.give(_first(outcome))

    def write_page(
        self, outcome: object, title: str, others: Mapping[str, Callable[[], str]]
    ) -> None:
        """Write what is no simulation: a plan, a backtest, a difference.

        Args:
            outcome: What the page is about.
            title: Of the page.
            others: The forms beside the page; no other one was asked for.

        Raises:
            InvalidInput: a file can't be written.
        """
        failed = []
        for form, file in self.files:
            text = _page(outcome, title) if form == HTML else others[form]()
            failed += _put(file, text, f"--report {form}={file}")
        if failed:
            raise InvalidInput("\n".join(failed))

    def write_unusable(self, command: str, found: ReadScenario, target: str) -> None:
        """Write what is known where no DAG could be loaded.

        Raises:
            InvalidInput: a file can't be written.
        """
        place = Path(target)
        places = Places(self.root, place if place.is_dir() else place.parent)
        said = unusable(command, found.scenario.fleet, places)
        self._write(said, {}, Terminal(), beside=False)

    def _write(
        self,
        said: Told,
        forms: Mapping[str, Callable[[], str]],
        terminal: Terminal,
        *,
        beside: bool,
    ) -> None:
        if self.in_github:
            terminal.command(github(said), beside=beside)
        failed = []
        for form, file in self.files:
            if form in FORMS:
                failed += _put(file, FORMS[form](said), f"--report {form}={file}")
            elif form in forms:
                failed += _put(file, forms[form](), f"--report {form}={file}")
        if self.summary is not None:
            failed += _put(self.summary, markdown(said), "GITHUB_STEP_SUMMARY", more=True)
        if failed:
            raise InvalidInput("\n".join(failed))


def usable(
    target: str, asked: Asked, tell: Progress | None, out: Outputs, command: str
) -> ReadScenario:
    """What a target names, as `windtunnel.target.read`; if there is no DAG in it, the reports say
    why not.

    Raises:
        InvalidInput: no such target, no DAG in it, or a value that can't be used.
    """
    found = look(target, asked, tell)
    if not found.scenario.fleet.dags and found.scenario.fleet.problems:
        out.write_unusable(command, found, target)
    return read_found(found, asked)


def outputs(
    asked: Sequence[str] | None, of: str = "a simulation", forms: Sequence[str] = ANY
) -> Outputs:
    """What was asked for, and what the environment of a workflow asks for.

    Args:
        asked: Each ``--report``.
        of: What it reports, in words.
        forms: What that can be written as.

    Raises:
        InvalidInput: a report is neither a folder nor FORMAT=FILE, the format is none of these, two
            are one file, or it can't be written. Whoever calls this before anything is simulated
            loses no time.
    """
    in_github = os.environ.get("GITHUB_ACTIONS") == "true"
    summary = os.environ.get("GITHUB_STEP_SUMMARY") if in_github else None
    workspace = os.environ.get("GITHUB_WORKSPACE") if in_github else None
    handed = HandOver()
    files = _named(asked or (), handed, of, forms)
    ensure_writable((f"--report {form}={file}", file) for form, file in files)
    ensure_writable((f"--report {form}={place}", place / "slots") for form, place in handed.tables)
    return Outputs(
        files,
        in_github,
        Path(summary) if summary else None,
        _root(Path.cwd(), workspace),
        handed,
    )


def _named(
    asked: Sequence[str], handed: HandOver, of: str, forms: Sequence[str]
) -> tuple[tuple[str, Path], ...]:
    """Formats and files, in the order of the command line; what is no file is *handed* over."""
    files: dict[Path, str] = {}
    for one in asked:
        form, file = _form_and_file(one)
        if form not in forms:
            raise InvalidInput(f"--report {one}: {_instead(of, forms)}")
        if file == "-":
            raise InvalidInput(
                f"--report {one}: is no file; on stdout there is the text, or --format json"
            )
        if handed.takes(form, file):
            continue
        if Path(file) in files:
            raise InvalidInput(f"--report {one}: the file is that of another report already")
        files[Path(file)] = form
    return tuple((form, file) for file, form in files.items())


def _form_and_file(one: str) -> tuple[str, str]:
    """A folder gets the page; a format alone is a file that was forgotten."""
    form, equals, file = one.partition("=")
    if not equals and form and form not in ANY and not Path(form).is_file():
        return HTML, str(Path(form) / PAGE)
    if form not in ANY or not file:
        raise InvalidInput(
            f"--report {one}: write a folder, such as out/, or FORMAT=FILE, such as "
            f"junit=windtunnel.xml; formats: {', '.join(ANY)}"
        )
    return form, file


def _instead(of: str, forms: Sequence[str]) -> str:
    if not forms:
        return f"{of} has no report, but --format json"
    others = " or as ".join(form for form in forms if form != HTML)
    return f"{of} is written as a page (out/) or as {others}"


def _first(outcome: Result | Report) -> Result:
    return outcome.result if isinstance(outcome, Report) else outcome


def _perfetto(result: Result) -> str:
    from windtunnel.report.exports import perfetto  # noqa: PLC0415 - nobody else waits for it

    return perfetto(result)


def _otlp(result: Result) -> str:
    from windtunnel.report.exports import otlp_json, spans  # noqa: PLC0415 - as above

    return otlp_json(spans(result))


def _page(
    outcome: object,
    title: str,
    *,
    deadlines: tuple[Deadline, ...] = (),
    store: Path | None = None,
) -> str:
    from windtunnel.report.html import Subject, page  # noqa: PLC0415 - nobody else waits for it

    def shows(finding: Finding) -> Result | None:
        """The counterexample of a finding, simulated once more."""
        if store is None or finding.counterexample is None:
            return None
        with suppress(InvalidInput):  # then the page goes without
            return api.replay(finding.counterexample, store=store).result
        return None

    return page(Subject(outcome, title, deadlines, shows))


def _patches(outcome: Result | Report) -> dict[str, str]:
    """The texts of the patches that fixes name; one that can't be read is left out."""
    found = {}
    for finding in (*outcome.findings, *outcome.possible):
        for fix in finding.fixes:
            if fix.patch is not None:
                with suppress(OSError, UnicodeDecodeError):
                    found[fix.patch] = Path(fix.patch).read_text("utf-8")
    return found


def _root(here: Path, workspace: str | None) -> Path:
    """The workflow's checkout, else the repository around the current folder, else that folder."""
    if workspace and here.is_relative_to(Path(workspace).resolve()):
        return Path(workspace)
    return repository_of(here) or here


def _put(file: Path, text: str, said: str, *, more: bool = False) -> list[str]:
    """Write a file; why it can't be, if it can't. One that fails does not keep the next away."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a" if more else "w", encoding="utf-8") as opened:
            opened.write(text if text.endswith("\n") else f"{text}\n")
    except OSError as error:
        return [f"{said}: can't be written: {error.strerror}"]
    return []
