"""Every example of the documentation is run; what can't be is listed here, with the reason."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from docsite import commands
from shown import Block, Folder, blocks, is_shown, read, steps

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
GRANTED = Path(__file__).parent / "granted"
"""The repository that pages talk of which show no DAG files of their own."""
DATA = {"toml", "json", "yaml", "ini"}
LEFT_OUT = {
    ("index", "$ windtunnel check nested_deadlock"): "the README shows it whole, and is run",
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
    elif block.language == "console":
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


def test_the_finding_of_the_home_page_is_the_one_of_the_readme():
    (shown,) = (one for one in blocks(read_page("index")) if one.language == "console")
    (whole,) = (
        one
        for one in blocks((ROOT / "README.md").read_text("utf-8"))
        if one.first.startswith("WT101")
    )
    ((_, expected),) = steps(shown.text)
    assert is_shown(expected, whole.text, whole=True)


def read_page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text("utf-8")


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
