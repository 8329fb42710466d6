"""Scores the loaders against what real Airflow loaded: score.py REPO_DIR GROUND_TRUTH.json.

The folder is loaded and every DAG of the dump is compared, field by field. Prints which files load,
``equal N of M DAGs``, the differences by field with an example each, and what could not be
compared. Exits 0 only at or above ``--at-least``. What the recording's environment had and this one
hasn't is given by ``--env``, ``--variables`` and ``--path``.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from ground_truth import differences, profile_of

from windtunnel.loaders import load, read_supplied
from windtunnel.model import PROFILES, Dag, Fleet

Json = Mapping[str, Any]
SHOWN = 300
"""Characters of a value that are printed."""


@dataclass
class Score:
    """How a loaded folder compares with a dump."""

    equal: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    """dag_id -> why it isn't there."""
    unequal: dict[str, list[tuple[str, str, Any, Any]]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """DAGs of the dump."""
        return len(self.equal) + len(self.missing) + len(self.unequal)

    @property
    def share(self) -> float:
        """The share of them that is equal; 1 if there are none."""
        return len(self.equal) / self.total if self.total else 1.0

    def by_field(self) -> dict[str, list[tuple[str, str, Any, Any]]]:
        """Field -> (dag_id, task_id, wanted, found)."""
        found: dict[str, list[tuple[str, str, Any, Any]]] = defaultdict(list)
        for dag_id, details in self.unequal.items():
            for name, task_id, wanted, ours in details:
                found[name].append((dag_id, task_id, wanted, ours))
        return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def folder_of(root: Path, files: Json) -> Path:
    """The folder below the repository that the dump's file names are relative to.

    It is the one in which most of them exist; the outermost of several."""
    names = list(files)
    best, most = root, sum((root / name).is_file() for name in names)
    if most == len(names):
        return root
    firsts = {(root / name).name for name in names[:5]}
    candidates = {
        Path(*file.parts[: -len(Path(name).parts)])
        for name in names[:5]
        for file in root.rglob(Path(name).name)
        if file.parts[-len(Path(name).parts) :] == Path(name).parts and file.name in firsts
    }
    for folder in sorted(candidates, key=lambda f: (len(f.parts), str(f))):
        there = sum((folder / name).is_file() for name in names)
        if there > most:
            best, most = folder, there
    return best


def score(folder: Path, truth: Json, options: Mapping[str, Any]) -> tuple[Score, Fleet]:
    """Load a folder and compare it with a dump."""
    profile = profile_of(truth["meta"])
    fleet = load(folder, profile=profile, **options).fleet
    loaded = {dag.dag_id: dag for dag in fleet.dags}
    problems = {p.file: p.message for p in fleet.problems}
    told = Score()
    for dag_id, wanted in truth["dags"].items():
        name = wanted["file"]
        dag = loaded.get(dag_id)
        if dag is None or dag.file != name:
            dag = alone(folder / name, dag_id, profile, options) or dag
        if dag is None:
            told.missing[dag_id] = f"{name}: {problems.get(name, 'no DAG of this id')}"
            continue
        subdag = is_subdag(dag_id, truth["dags"])
        details = list(differences(wanted, dag, PROFILES[profile], is_subdag=subdag))
        if details:
            told.unequal[dag_id] = details
        else:
            told.equal.append(dag_id)
    return told, fleet


def is_subdag(dag_id: str, dags: Json) -> bool:
    """Whether a DAG runs only as a SubDagOperator of another."""
    parent, _, task_id = dag_id.rpartition(".")
    task = dags.get(parent, {"tasks": {}})["tasks"].get(task_id, {})
    return "SubDagOperator" in (task.get("task_type"), *task.get("bases", ()))


def alone(file: Path, dag_id: str, profile: str, options: Mapping[str, Any]) -> Dag | None:
    """A DAG of one file, where another file has one of the same id: a dump holds the last one."""
    if not file.is_file():
        return None
    fleet = load(file, profile=profile, **options).fleet
    return next((dag for dag in fleet.dags if dag.dag_id == dag_id), None)


def defines_a_dag(file: Path) -> bool:
    """Whether the text of a file makes a DAG: ``DAG(...)``, ``SomeDag(...)`` or ``@dag``."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False
    for node in ast.walk(tree):
        made = node.func if isinstance(node, ast.Call) else None
        names = [made] if made is not None else getattr(node, "decorator_list", [])
        for name in names:
            text = getattr(name, "attr", getattr(name, "id", ""))
            if text in ("DAG", "dag") or text.endswith(("DAG", "Dag")):
                return True
    return False


def report(told: Score, fleet: Fleet, folder: Path, truth: Json, *, every: bool) -> str:
    """The score for people."""
    lines = [*_files(fleet, folder, truth)]
    lines.append(f"equal {len(told.equal)} of {told.total} DAGs")
    for dag_id, why in told.missing.items():
        lines.append(f"  missing {dag_id}: {why[:SHOWN]}")
    for name, cases in told.by_field().items():
        dags = len({dag_id for dag_id, *_ in cases})
        lines.append(f"  {name}: {len(cases)} differ, in {dags} DAGs")
        for dag_id, task_id, wanted, ours in cases if every else cases[:2]:
            place = f"{dag_id}.{task_id}" if task_id else dag_id
            lines.append(
                f"    {place}: Airflow {str(wanted)[:SHOWN]}, windtunnel {str(ours)[:SHOWN]}"
            )
    stubs = sum(task["stub"] for dag in truth["dags"].values() for task in dag["tasks"].values())
    lines.append(
        "not compared: start and end dates, task owners, texts; fields that are null in the dump"
    )
    if stubs:
        lines.append(
            f"not compared for {stubs} tasks whose class was a stand-in in the dump, too: edges "
            "by results in arguments, sensor settings, kind"
        )
    return "\n".join(lines)


def _files(fleet: Fleet, folder: Path, truth: Json) -> list[str]:
    """Which files load: of those that define DAGs by their text, and of those Airflow loaded."""
    bad = {p.file for p in fleet.problems if p.cause not in ("duplicate", "empty")}
    by_text = [name for name in truth["files"] if defines_a_dag(folder / name)]
    loading = [name for name in by_text if name not in bad]
    real = [name for name, said in truth["files"].items() if said["ok"] and said["dags"]]
    lines = [
        f"files: {len(loading)} of {len(by_text)} that define DAGs load; Airflow loaded {len(real)}"
    ]
    messages = {p.file: str(p) for p in fleet.problems}
    lines += [f"  not loaded {messages[name][:SHOWN]}" for name in by_text if name in bad]
    return lines


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path, help="the repository, or its folder of DAG files")
    parser.add_argument("truth", type=Path, help="what real Airflow loaded, as JSON")
    parser.add_argument("--at-least", type=float, default=1.0, help="share of DAGs, 0 to 1")
    parser.add_argument("--airflow", default="stand-in", help="what loads the files")
    parser.add_argument("--path", action="append", default=[], help="one more import folder")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--variables", type=Path, help="Airflow Variables, as JSON")
    parser.add_argument("--every", action="store_true", help="print every difference")
    return parser.parse_args()


def main() -> int:
    """Score one folder; 0 if enough DAGs are equal."""
    asked = arguments()
    truth = json.loads(asked.truth.read_text("utf-8"))
    folder = folder_of(asked.repository, truth["files"])
    os.environ.update(pair.split("=", 1) for pair in asked.env)
    options = {
        "airflow": asked.airflow,
        "import_paths": asked.path,
        "supplied": read_supplied(variables=asked.variables),
    }
    told, fleet = score(folder, truth, options)
    print(report(told, fleet, folder, truth, every=asked.every))
    return 0 if told.share >= asked.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
