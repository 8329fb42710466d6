"""Every example of the documentation is run; what can't be is listed here, with the reason."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from docsite import commands
from shown import Block, Folder, blocks, is_shown, read, steps
from windtunnel.loaders.forms import Mistakes, to_machine
from windtunnel.loaders.question_text import read_question
from windtunnel.model import Cluster, Fleet, Scenario

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
GRANTED = Path(__file__).parent / "granted"
"""The repository that pages talk of which show no DAG files of their own."""
TOLD_APART = ("faults", "backfills")
"""Keys of a scenario that may be texts; what reads them is tested elsewhere."""
DATA = {"toml", "json", "yaml", "ini"}
LEFT_OUT = {
    ("how-to/backtest", "$ windtunnel backtest --from airflow.db --since 2026-11-27T01:25"): (
        "needs a database that Airflow filled; tests/backtest/test_document.py runs it"
    ),
    ("index", "$ windtunnel check nested_deadlock"): "tests/e2e/test_readme.py runs it",
    (
        "how-to/other-tools",
        "SELECT what, sum(seconds) / 3600 AS hours",
    ): ("SQL, for whoever has DuckDB; tests/report/exports holds the columns"),
    ("how-to/hypothesis", "The operator did, within 3 s from 2026-01-01T00:00:00+00:00:"): (
        "what a failing machine prints; tests/strategies/test_document.py holds it"
    ),
}
"""Blocks that are not run here: (page, first line) and why."""


def named(page: Path) -> str:
    return page.relative_to(ROOT / "docs").with_suffix("").as_posix()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_the_examples_of_a_page_do_what_it_shows(page, tmp_path, monkeypatch):
    every = [one for one in blocks(page.read_text("utf-8")) if not left_out(page, one)]
    monkeypatch.chdir(tmp_path)
    if not any(one.title and one.title.startswith("dags/") for one in every):
        shutil.copytree(GRANTED, tmp_path, dirs_exist_ok=True)
    folder = Folder(tmp_path)
    for block in every:
        if mistake := what_is_wrong(block, folder, f"docs/{named(page)}.md"):
            pytest.fail(f"docs/{named(page)}.md:{block.line}: {mistake}", pytrace=False)


def what_is_wrong(block: Block, folder: Folder, name: str) -> str | None:
    """Run one block."""
    if block.title:
        folder.write(block)
    if block.language in DATA:
        read(block)
        return keys_of_nothing(block) if block.language == "toml" else None
    if block.language == "console":
        for command, expected in steps(block.text):
            printed = folder.run(command)
            if not is_shown(expected, printed, whole=True):
                return f"$ {command}\n{printed}"
    elif block.language == "sh":
        wrong = {line: unknown(line) for line in block.text.splitlines()}
        return "; ".join(f"{line}: {said}" for line, said in wrong.items() if said)
    elif block.language == "diff":
        folder.change(block)
    elif block.title:
        pass
    elif block.language == "text":
        if not is_shown(block.text, folder.printed, whole=False):
            return f"not a part of what was printed:\n{folder.printed}"
    elif block.language == "python":
        folder.execute(block, name)
    else:
        return f"{block.language!r} is no language of an example"
    return None


def keys_of_nothing(block: Block) -> str | None:
    """What of a TOML file windtunnel doesn't know, whichever of its files it is."""
    data = tomllib.loads(block.text)
    if "tool" in data:
        return None
    told = []
    for model, extra in ((Scenario, ("dags", "cluster")), (Cluster, ()), (Fleet, ("format",))):
        mistakes = Mistakes(model.__name__)
        tables = {k: v for k, v in data.items() if k not in TOLD_APART and k not in extra}
        if model is Scenario and "plan" in tables:
            read_question(tables.pop("plan"), mistakes)
        to_machine(model, tables, "", mistakes, extra=extra)
        told.append(mistakes.found)
    return "; ".join(min(told, key=len)) or None


def left_out(page: Path, block: Block) -> bool:
    return (named(page), block.first) in LEFT_OUT


def unknown(line: str) -> str | None:
    """What of a command line of windtunnel's there isn't."""
    words = re.findall(r"[^\s#]+|#.*", line)
    if words[:1] != ["windtunnel"]:
        return None
    known = dict(commands.all_commands())
    name = max((n for n in known if words[: n.count(" ") + 1] == n.split()), key=len, default=None)
    if name is None:
        return "no such command"
    options = {n for one in commands.parameters(known[name]) for n in commands.names_of(one)}
    said = {word for word in words if re.fullmatch(r"--[a-z][\w-]*", word)}
    return ", ".join(sorted(said - options - {"--help"})) or None


def test_what_is_left_out_is_there():
    there = {(named(page), one.first) for page in PAGES for one in blocks(page.read_text("utf-8"))}
    assert set(LEFT_OUT) <= there


def test_left_out_lines_may_be_any():
    assert is_shown("a\n...\nd\n", "a\nb\nc\nd\n", whole=True)
    assert is_shown("a\n...\n", "a\nb\n", whole=True)
    assert not is_shown("a\n...\nd\n", "a\nb\n", whole=True)
    assert not is_shown("a\n", "a\nb\n", whole=True)
    assert is_shown("b\n", "a\nb\nc\n", whole=False)
    assert not is_shown("b\n", "ab\nc\n", whole=False)


def test_an_option_that_is_not_there_is_seen():
    assert unknown("windtunnel check dags/ --seed 3  # --not-one") is None
    assert unknown("windtunnel check dags/ --sead 3") == "--sead"
    assert unknown("windtunnel chek dags/") == "no such command"


def test_a_key_that_is_not_there_is_seen():
    def told(text: str) -> str | None:
        return keys_of_nothing(Block("toml", None, text, 1))

    assert told("parallelism = 3\n[pools.db]\nslots = 2") is None
    assert told("[[behavior.rules]]\ntasks = 'etl.*'\nduration = '5m'") is None
    assert "did you mean 'parallelism'" in told("paralelism = 3\n[pools.db]\nslots = 2")
    assert "must be a duration" in told("[[behavior.rules]]\nduration = '5 minuets'")
