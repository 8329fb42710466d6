"""How findings read when a test fails: in one line where they are asserted on, in full below it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from windtunnel import Finding
from windtunnel.report import finding_text, headline

STORE = ".windtunnel"
"""Folder for counterexamples below pytest's rootdir; `windtunnel replay` looks there by default."""
SEEN = pytest.StashKey[list["Findings"]]()


class Findings(tuple[Finding, ...]):
    """Findings whose repr is one line: what ``assert not run.findings`` prints."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self:
            return "<no findings>"
        noun = "finding" if len(self) == 1 else "findings"
        return f"<{len(self)} {noun}: {'; '.join(headline(one) for one in self)}>"


def note(item: pytest.Item, findings: Iterable[Finding]) -> Findings:
    """Remember what a simulation in this test found, in case the test fails. Of a test that
    Hypothesis runs many times only the last one counts: it ends with the case that it shows."""
    seen = Findings(findings)
    before = (
        [] if getattr(_function(item), "is_hypothesis_test", False) else item.stash.get(SEEN, [])
    )
    item.stash[SEEN] = [*before, seen]
    return seen


def _function(item: pytest.Item) -> object:
    return getattr(item, "obj", None)


def explain(item: pytest.Item, report: pytest.TestReport) -> None:
    """Add the findings of a failed test to its report, each of them once."""
    texts = [finding_text(one) for seen in item.stash.get(SEEN, []) for one in seen]
    root = item.config.rootpath
    if root != Path.cwd() and any("windtunnel replay" in text for text in texts):
        texts.append(f"Counterexamples are in {root / STORE}: name it with --store to replay them.")
    if texts:
        report.sections.append(("windtunnel findings", "\n\n".join(dict.fromkeys(texts))))
