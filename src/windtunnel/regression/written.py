"""Writes the test files, and says what it did; what somebody has changed stays as it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from windtunnel.detect import Finding
from windtunnel.errors import InvalidInput
from windtunnel.regression.attempts import Attempts
from windtunnel.regression.names import file_name
from windtunnel.regression.text import STORED, test_text
from windtunnel.report import headline
from windtunnel.result import Report
from windtunnel.search import Counterexample
from windtunnel.target import Asked


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the test for one finding."""

    finding: Finding
    file: Path | None
    what: Literal["written", "as it was", "kept", "not written"]

    def __str__(self) -> str:
        if self.what == "not written":
            return (
                f"No test for {headline(self.finding)}: its DAGs, loaded from where they are and "
                "simulated once, don't show it"
            )
        if self.what == "kept":
            return (
                f"Kept {self.file}: it says something else than what would be written; delete it "
                "to have it written anew"
            )
        said = "Wrote" if self.what == "written" else "Already there:"
        return f"{said} {self.file}: fails until {headline(self.finding)} is gone"


def check_folder(folder: Path) -> None:
    """
    Raises:
        InvalidInput: it is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise InvalidInput(f"--write-test {folder}: is a file; name a folder of tests")


def write_tests(
    folder: Path,
    report: Report,
    *,
    target: str,
    asked: Asked,
    store: Path,
    command: str,
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[Written, ...]:
    """A test file for each finding, in a folder of tests.

    Args:
        folder: Where; it is made if it isn't there.
        report: What a check came to.
        target: What was checked, as the command line names it.
        asked: What the command line says beside that.
        store: Where the check kept its counterexamples.
        command: The command line, to be told in the files.
        progress: Called on the way.

    Raises:
        InvalidInput: the folder is none, or can't be written.
    """
    check_folder(folder)
    attempts = Attempts(target, asked, report.scenario, store)
    told = list({finding.identity: finding for finding in reversed(report.findings)}.values())
    taken: set[str] = set()
    written: list[Written] = []
    for number, finding in enumerate(reversed(told)):
        if progress is not None:
            progress("Writing tests", number, len(told))
        file = folder / file_name(finding, taken)
        shown = attempts.shown(finding)
        if shown is None:
            written.append(Written(finding, None, "not written"))
            continue
        text = test_text(finding, shown, file=file, command=command)
        what = _write(file, text, shown.attempt.replayed)
        written.append(Written(finding, file, what))
    return tuple(written)


def _write(
    file: Path, text: str, replayed: Counterexample | None
) -> Literal["written", "as it was", "kept"]:
    try:
        if file.exists():
            return "as it was" if file.read_text("utf-8") == text else "kept"
        file.parent.mkdir(parents=True, exist_ok=True)
        if replayed is not None:
            _store(file.parent / STORED, replayed)
        file.write_text(text, "utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InvalidInput(f"--write-test: {file}: can't be read or written: {why}") from None
    return "written"


def _store(folder: Path, replayed: Counterexample) -> None:
    """What is replayed, as short as it can be told: only what differs from defaults."""
    folder.mkdir(parents=True, exist_ok=True)
    finding = replayed.finding.model_copy(update={"fixes": (), "no_help": (), "fixes_left": 0})
    least = replayed.model_copy(update={"finding": finding})
    whole = least.model_dump(mode="json")
    data = _named(whole, least.model_dump(mode="json", exclude_defaults=True))
    name = f"{replayed.finding.counterexample}.json"
    (folder / name).write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _named(whole: Any, lean: Any) -> Any:
    """The lean form, with what says of which form and type a value is."""
    if isinstance(lean, dict):
        kept = [key for key in whole if key in lean or key in ("type", "format")]
        return {key: _named(whole[key], lean.get(key, whole[key])) for key in kept}
    if isinstance(lean, list):
        return [_named(one, other) for one, other in zip(whole, lean, strict=True)]
    return lean
