"""The list of faults, as `windtunnel run --faults-help` prints it."""

from __future__ import annotations

from collections.abc import Iterable

from windtunnel.report.wrap import wrap


def faults_text(faults: Iterable[tuple[str, str, str, str, str]], *, width: int = 80) -> str:
    """(name, meaning, clauses, fields, example) of each, as a person reads it on a terminal."""
    lines = [
        "What can go wrong. A fault has a name, after a colon what it strikes, and",
        "clauses in any order. 'at +10m' counts from the scenario's start, 'at 02:10'",
        "is the first such time after it; without 'for' it lasts until the end.",
    ]
    for name, meaning, clauses, fields, example in faults:
        lines += ["", name]
        lines += wrap(meaning.replace("`", ""), first="  ", width=width)
        lines += wrap(clauses, first="  clauses      ", width=width)
        lines += wrap(fields, first="  in a table   ", width=width)
        lines += wrap(f'--fault "{example}"', first="  for example  ", width=width)
    return "\n".join(lines)
