"""Items: one test for each check, listed under its DAG file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_windtunnel.checked import Checked
from pytest_windtunnel.checks import LOADING, REACHED, Check
from pytest_windtunnel.words import in_short
from windtunnel.report import findings_text, headline


class CheckedFile(pytest.File):
    """A DAG file, or the path that was named for all of them, with its checks."""

    def __init__(self, *, checks: tuple[Check, ...], checked: Checked, **how: Any) -> None:
        super().__init__(**how)
        self.checks = checks
        self.checked = checked

    def collect(self) -> Iterator[pytest.Item]:
        """One item for each check."""
        for check in self.checks:
            name = check.name
            yield CheckItem.from_parent(
                self, name=name, nodeid=f"{self.nodeid}::{name}", check=check, checked=self.checked
            )


class CheckError(Exception):
    """A check that found something: its message is what people read, ``short`` the gist of it."""

    def __init__(self, text: str, short: str, file: Path, line: int | None) -> None:
        super().__init__(text)
        self.short = short
        self.file = file
        self.line = line


class CheckItem(pytest.Item):
    """One check. All of a fleet look at one search, which the first of them makes."""

    obj = None  # plugins look for the function of a test here

    def __init__(self, *, check: Check, checked: Checked, **how: Any) -> None:
        super().__init__(**how)
        self.check = check
        self.checked = checked
        self.add_marker("windtunnel")

    def settle_check(self) -> None:
        """Have the fleet checked, before pytest sets this test up and any timeout of it runs: the
        time is not this test's own. A DAG of which no run started is skipped."""
        if self.check.family == LOADING:
            return
        outcome = self.checked.outcome()
        why = outcome.skipped.get(self.check)
        if why and not outcome.findings.get(self.check) and not outcome.accepted.get(self.check):
            self.add_marker(pytest.mark.skip(reason=why))

    def runtest(self) -> None:
        """Fail with what was found.

        Raises:
            CheckError: something was.
        """
        if self.check.family == LOADING:
            self._not_loaded()
            return
        outcome = self.checked.outcome()
        if outcome.mistake:
            raise self._failed(outcome.mistake, f"not checked: {outcome.mistake.splitlines()[0]}")
        if self.check.family == REACHED and outcome.unreached:
            said = "\n  ".join(["No simulation came to:", *outcome.unreached])
            raise self._failed(said, f"never reached: {'; '.join(outcome.unreached)}")
        findings = outcome.findings.get(self.check, ())
        for one in findings:
            self._tell("finding", headline(one))
            if one.counterexample:
                self._tell("replay", one.counterexample)
        if findings:
            raise self._failed(findings_text(findings), in_short(findings))
        accepted = outcome.accepted.get(self.check, ())
        if accepted:
            for said in accepted:
                self._tell("accepted", said)
            pytest.xfail("; ".join(accepted))

    def _tell(self, what: str, said: str) -> None:
        """Keep it for reports, once, however often this runs."""
        told = (f"windtunnel_{what}", said)
        if told not in self.user_properties:
            self.user_properties.append(told)

    def _not_loaded(self) -> None:
        problems = self.checked.checks().problems.get(self.check, ())
        if problems:
            shown = os.path.relpath(self.path, self.config.invocation_params.dir)
            said = [
                f"{shown}:{one.line}: {one.message}"
                if one.line
                else f"{shown}: {one.message}"
                if one.file
                else one.message
                for one in problems
            ]
            raise self._failed("\n".join(said), problems[0].message.splitlines()[0])

    def _failed(self, text: str, short: str) -> CheckError:
        file, line = self.checked.place_of(self.check)
        return CheckError(text, short, file, line)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it is, and its name; that of a file with the file."""
        file, line = self.checked.place_of(self.check)
        name = self.name if self.check.subject else f"{self.path.name}{self.name}"
        return file, (line or 1) - 1, name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The message of a failed check and nothing else; its short form for short lines."""
        if not isinstance(excinfo.value, CheckError):
            return super().repr_failure(excinfo, style)
        shown = excinfo.getrepr(style="value")
        crash = shown.reprcrash
        if crash is not None:
            crash.path, crash.lineno = str(excinfo.value.file), excinfo.value.line or 1
            crash.message = excinfo.value.short
        if self.config.getoption("tbstyle", "auto") == "line":
            shown.reprtraceback.reprentries = []
        return shown
