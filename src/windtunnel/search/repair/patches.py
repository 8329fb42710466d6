"""Patches: the fixes that are in DAG files, as files that ``git apply`` takes."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from windtunnel.detect import Finding, Fix
from windtunnel.model import Fleet
from windtunnel.search.repair.patch import diff, edited

FOLDER = "patches"


def with_patches(finding: Finding, fleet: Fleet, sources: Path, store: Path) -> Finding:
    """The finding with a patch written for each fix that is wholly in DAG files and clear.

    Args:
        finding: With its fixes.
        fleet: What the DAG files made.
        sources: The folder to which the paths of DAG files are relative.
        store: The folder in which patches are put, in one of their own.
    """
    fixes: list[Fix] = []
    taken: set[str] = set()
    for fix in finding.fixes:
        text = patch_of(fix, fleet, sources) if fix.edits else None
        written = None
        if text is not None:
            path = store / FOLDER / _name(finding, fix, taken)
            with suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="")
                written = path.as_posix()
        fixes.append(fix.model_copy(update={"patch": written}))
    return finding.model_copy(update={"fixes": tuple(fixes)})


def patch_of(fix: Fix, fleet: Fleet, sources: Path) -> str | None:
    """The patch of a fix, relative to the working directory; None if it can't be made."""
    parts = []
    for file in dict.fromkeys(edit.file for edit in fix.edits):
        place = sources / file
        with suppress(ValueError):
            path = Path(os.path.relpath(place)).as_posix()
            if path.startswith("../"):
                return None
        try:
            source = place.read_bytes().decode("utf-8")
        except (OSError, ValueError):
            return None
        after = edited(source, [edit for edit in fix.edits if edit.file == file], fleet)
        if after is None:
            return None
        parts.append(diff(path, source, after))
    return "".join(parts)


def _name(finding: Finding, fix: Fix, taken: set[str]) -> str:
    about = finding.counterexample or finding.dag_id or "fleet"
    name = f"{finding.code}-{about}-{fix.edits[0].argument}"
    number = 1
    while name in taken:
        number += 1
        name = f"{finding.code}-{about}-{fix.edits[0].argument}-{number}"
    taken.add(name)
    return f"{name}.patch"
