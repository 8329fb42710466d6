"""A load as text and as JSON: what each file came to, what was wrong, what was assumed."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from windtunnel.loaders import Loaded, LoadedFile
from windtunnel.model import Problem
from windtunnel.report.table import table
from windtunnel.report.wrap import wrap
from windtunnel.units import count

FORMAT = "windtunnel.load/1"
IDS = 3
"""DAG ids of one file that are shown."""
FILES = 3
"""Files of one assumption that are named."""


def load_text(loaded: Loaded, *, width: int = 80) -> str:
    """File by file, then problems by cause, then assumptions."""
    blocks = [
        _summary(loaded, width),
        _files(loaded, width),
        _problems(loaded.fleet.problems, width),
        _assumptions(loaded, width),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def load_json(loaded: Loaded) -> str:
    """The same for programs; the same files give the same bytes."""
    fleet = loaded.fleet
    tasks = {dag.dag_id: len(dag.tasks) for dag in fleet.dags}
    told = {
        "format": FORMAT,
        "dags": len(fleet.dags),
        "tasks": sum(tasks.values()),
        "files": [_file_json(file, tasks) for file in loaded.files],
        "problems": [problem.model_dump(mode="json") for problem in fleet.problems],
        "assumptions": [
            {"subject": subject, "assumed": assumed, "files": files}
            for (subject, assumed), files in _by_assumption(loaded).items()
        ],
    }
    return json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False)


def _file_json(file: LoadedFile, tasks: dict[str, int]) -> dict[str, Any]:
    return {
        "file": file.file,
        "loaded_with": file.loaded_with,
        "dags": [{"dag_id": i, "tasks": tasks[i]} for i in file.dag_ids if i in tasks],
        "problems": [problem.message for problem in file.problems],
    }


def _summary(loaded: Loaded, width: int) -> list[str]:
    fleet = loaded.fleet
    tasks = sum(len(dag.tasks) for dag in fleet.dags)
    broken = sum(1 for file in loaded.files if file.problems and not file.dag_ids)
    with_dags = sum(1 for file in loaded.files if file.dag_ids)
    text = (
        f"{count(len(fleet.dags), 'DAG')} with {count(tasks, 'task')} from "
        f"{count(with_dags, 'file')}"
    )
    if broken:
        text += f"; {count(broken, 'file')} can't be used"
    others = len(loaded.files) - with_dags - broken
    if others:
        text += f"; {count(others, 'file')} without DAGs"
    return wrap(text, first="Loaded  ", width=width)


def _files(loaded: Loaded, width: int) -> list[str]:
    if not loaded.files:
        return []
    tasks = {dag.dag_id: len(dag.tasks) for dag in loaded.fleet.dags}
    rows = [
        (
            file.file,
            "-" if file.problems and not file.dag_ids else file.loaded_with,
            str(sum(tasks.get(i, 0) for i in file.dag_ids)),
            _ids(file),
        )
        for file in loaded.files
    ]
    header = ("Files", "loaded with", "tasks", "DAGs")
    return table(header, rows, left=frozenset({0, 1, 3}), width=width)


def _ids(file: LoadedFile) -> str:
    if not file.dag_ids:
        return "can't be used" if file.problems else "none"
    shown = ", ".join(file.dag_ids[:IDS])
    more = len(file.dag_ids) - IDS
    return f"{shown} and {more} more" if more > 0 else shown


def _problems(problems: Sequence[Problem], width: int) -> list[str]:
    by_cause: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_cause[problem.cause].append(problem)
    lines = []
    for cause, found in by_cause.items():
        lines.append(f"{count(len(found), 'problem')}: {cause}")
        for problem in found:
            lines += wrap(str(problem), first="  ", then="    ", width=width)
    return lines


def _by_assumption(loaded: Loaded) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for file in loaded.files:
        for assumption in file.assumptions:
            found.setdefault((assumption.subject, assumption.assumed), []).append(file.file)
    for assumption in loaded.fleet.assumptions:
        found.setdefault((assumption.subject, assumption.assumed), [])
    return found


def _assumptions(loaded: Loaded, width: int) -> list[str]:
    """Each assumption once; those that many files share first."""
    found = _by_assumption(loaded)
    if not found:
        return []
    order = Counter({key: len(files) for key, files in found.items()})
    lines = [f"Assumed ({len(found)})"]
    for (subject, assumed), _ in order.most_common():
        files = found[subject, assumed]
        named = ", ".join(files[:FILES])
        more = f" and {len(files) - FILES} more" if len(files) > FILES else ""
        where = f" ({named}{more})" if named else ""
        lines += wrap(f"{subject}: {assumed}{where}", first="  ", then="    ", width=width)
    return lines
