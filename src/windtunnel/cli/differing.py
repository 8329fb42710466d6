"""``windtunnel diff``: what a change makes different: of DAG files, of settings, of the release."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from windtunnel import api
from windtunnel.cli.exits import BAD_INPUT, CLEAN, FINDINGS
from windtunnel.cli.grouping import grouped
from windtunnel.cli.options import (
    STORE,
    Backfills,
    Faults,
    From,
    LoadOptions,
    Seed,
    Store,
    Trigger,
    Window,
)
from windtunnel.cli.outputs import HTML, Pages, outputs
from windtunnel.cli.profiles import OPTION
from windtunnel.cli.terminal import Terminal
from windtunnel.comparison import Comparison, compare
from windtunnel.errors import InvalidInput
from windtunnel.loaders import (
    ReadScenario,
    checked_out,
    is_commit,
    parse_profiles,
    parse_setting,
    search_profile,
    with_setting,
)
from windtunnel.model import PROFILES, Scenario, SearchProfile
from windtunnel.report import comparison_json, comparison_markdown, comparison_text
from windtunnel.target import Asked, read, sources_of


class Form(StrEnum):
    """How the difference is written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


FORMS: dict[Form, Callable[[Comparison, tuple[str, str]], str]] = {
    Form.TEXT: comparison_text,
    Form.JSON: comparison_json,
    Form.MARKDOWN: comparison_markdown,
}
SIDES = 2

Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="TEXT",
        help="Another value of a setting in AFTER: 'pool db=4', 'parallelism=64'. Repeatable.",
    ),
]
Clusters = Annotated[
    list[str] | None,
    typer.Option(
        "--cluster",
        metavar="FILE",
        help="The deployment, as `run` takes it; twice: before and after.",
    ),
]
Profiles = Annotated[
    list[str] | None,
    typer.Option(
        OPTION,
        metavar="NAME",
        help="The Airflow release that decides, twice: before and after; and how hard to search "
        "(dev, ci, nightly).",
    ),
]


@grouped
def diff(
    before: Annotated[
        str,
        typer.Argument(
            metavar="BEFORE",
            help="As it was: a DAG file, a folder, a scenario, or a path in a commit, as git "
            "writes it: main:dags.",
            show_default=False,
        ),
    ],
    after: Annotated[
        str | None,
        typer.Argument(
            metavar="[AFTER]",
            help="As it is after the change; without it BEFORE, and only what the options change.",
            show_default=False,
        ),
    ] = None,
    *,
    changed: Settings = None,
    cluster: Clusters = None,
    profile: Profiles = None,
    window: Window = None,
    start: From = None,
    trigger: Trigger = None,
    backfill: Backfills = None,
    fault: Faults = None,
    seed: Seed = None,
    simulations: Annotated[
        int | None,
        typer.Option("--simulations", min=1, metavar="N", help="How many of each, at most."),
    ] = None,
    later_than: Annotated[
        str | None,
        typer.Option(
            "--fail-if-later",
            metavar="TIME",
            help="Exit with 1, too, if a dag run ends later by more than this: 5m.",
        ),
    ] = None,
    loading: LoadOptions,
    store: Store = STORE,
    reports: Pages = None,
    form: Annotated[Form, typer.Option("--format", help="How it is written.")] = Form.TEXT,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="No colours, even on a terminal.")
    ] = False,
) -> None:
    """Compare two settings, commits or releases: what is later, waits more, can go wrong now."""
    terminal = Terminal(color=not no_color)
    out = outputs(reports, "a difference", (HTML, Form.JSON, Form.MARKDOWN))
    releases, search = _profiles(profile or (), before)
    clusters = _two(cluster or (), "--cluster")
    most = None if later_than is None else api.length(later_than, f"--fail-if-later {later_than}")
    targets = (before, after or before)
    _check_two_sides(targets, [clusters, releases], changed or [])
    asked = Asked(
        None,
        window,
        start,
        seed=seed,
        trigger=tuple(trigger or ()),
        airflow=loading.airflow,
        how=loading.how(),
        faults=tuple(fault or ()),
        backfills=tuple(backfill or ()),
    )
    sides = [
        (target, replace(asked, cluster=file, profile=release))
        for target, file, release in zip(targets, clusters, releases, strict=True)
    ]
    with ExitStack() as stack:
        stack.enter_context(terminal.only_reports(form is not Form.TEXT))
        tell = stack.enter_context(terminal.stages())
        (one, _), (other, sources) = _both(sides, tell, stack)
        told = compare(
            one.scenario,
            _with(other.scenario, changed or ()),
            seeds=None if simulations is None else simulations - 1,
            profile=search,
            store=store,
            sources=sources,
            progress=tell,
        )
    names = _names(targets, clusters, releases, changed or ())
    terminal.show(FORMS[form](told, names))
    title = f"windtunnel diff: {' → '.join(names)}"
    out.write_page(told, title, {form: partial(FORMS[form], told, names) for form in FORMS})
    raise typer.Exit(_code(told, most))


def _profiles(
    names: Sequence[str], target: str
) -> tuple[tuple[str | None, str | None], SearchProfile]:
    """The release of each side, and how hard to search."""
    releases = [name for name in names if name in PROFILES]
    place = None if is_commit(target) else target
    _, search = parse_profiles([n for n in names if n not in PROFILES], place, said=OPTION)
    return _two(releases, OPTION), search or search_profile("ci", place)


def _check_two_sides(
    targets: tuple[str, str], options: Sequence[tuple[str | None, str | None]], changed: list[str]
) -> None:
    """Refuse one and the same on both sides: whoever forgot the other would hear that all is well.

    Raises:
        InvalidInput: there is nothing to compare.
    """
    one, other = map(Path, targets)
    if one == other and all(before == after for before, after in options) and not changed:
        raise InvalidInput(
            f"{targets[0]}: there is nothing to compare it with, both sides would be the same; "
            "name what is after the change (windtunnel diff main:dags dags), or what is different "
            f"there: --set 'pool db=4', --cluster twice, {OPTION} twice"
        )


def _two(given: Sequence[str], option: str) -> tuple[str | None, str | None]:
    """One value for both sides, or one for each.

    Raises:
        InvalidInput: there are more.
    """
    if len(given) > SIDES:
        raise InvalidInput(f"{option} is given {len(given)} times; once for both, or twice")
    if not given:
        return None, None
    return given[0], given[-1]


def _both(
    sides: Sequence[tuple[str, Asked]], tell: api.Progress | None, stack: ExitStack
) -> list[tuple[ReadScenario, Path | None]]:
    """What both targets name, in the window of the first, whatever would be chosen for the
    schedules of the other."""
    found: list[tuple[ReadScenario, Path | None]] = []
    for target, asked in sides:
        ask = asked
        if found:
            first = found[0][0].scenario
            length = f"{first.duration_s:g}s"
            ask = replace(asked, start=first.start.isoformat(), window=length)
        found.append(_read(target, ask, tell, stack))
    return found


def _read(
    target: str, asked: Asked, tell: api.Progress | None, stack: ExitStack
) -> tuple[ReadScenario, Path | None]:
    """What a target names, and where its DAG files are, if somebody may change them there."""
    if not is_commit(target):
        found = read(target, asked, tell)
        return found, sources_of(target, found)
    folder = stack.enter_context(TemporaryDirectory(prefix="windtunnel-"))
    return read(str(checked_out(target, Path(folder))), asked, tell), None


def _with(scenario: Scenario, settings: Sequence[str]) -> Scenario:
    """With other values of some settings.

    Raises:
        InvalidInput: one is no setting, or has several values.
    """
    for text in settings:
        setting = parse_setting(text)
        if len(setting.values) != 1:
            raise InvalidInput(f"--set {text!r}: one value; `check --vary` tries several")
        try:
            scenario = with_setting(scenario, setting.name, setting.values[0])
        except InvalidInput as error:
            raise InvalidInput(str(error).replace("vary", "--set", 1)) from None
    return scenario


def _names(
    targets: Sequence[str],
    clusters: Sequence[str | None],
    releases: Sequence[str | None],
    changed: Sequence[str],
) -> tuple[str, str]:
    """What the two are called: the target, and what else is different."""
    said = [pair for pair in (clusters, releases) if pair[0] != pair[1]]
    before, after = ([target, *(pair[n] for pair in said)] for n, target in enumerate(targets))
    after += [f"with {one}" for one in changed]
    return ", ".join(filter(None, before)), ", ".join(filter(None, after))


def _code(told: Comparison, most: float | None) -> int:
    if told.after.problems or not told.after.result.ran:
        return BAD_INPUT
    is_late = most is not None and told.later_s > most
    return FINDINGS if told.difference.new or is_late else CLEAN
