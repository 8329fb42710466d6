"""Compares what the stand-in and a real Airflow make of a folder: real_score.py DIR.

Both loaders read the same files. Prints what only one of them could load, then every field of a DAG
or task in which the two fleets differ, with examples. Exits 0 if there is no difference.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from windtunnel.loaders import Loaded, load
from windtunnel.model import Dag, Task, TaskGroup

Difference = tuple[str, str, Any, Any]
"""(place, field, of the one, of the other)"""
SHOWN = 120


def differences(one: BaseModel, other: BaseModel, place: str) -> Iterator[Difference]:
    """Every field in which two DAGs differ, tasks and groups by their ids."""
    for name in type(one).model_fields:
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine == theirs:
            continue
        if name in ("tasks", "groups"):
            yield from _by_id(mine, theirs, place, name)
        elif isinstance(mine, BaseModel) and type(mine) is type(theirs):
            yield from ((p, f"{name}.{f}", a, b) for p, f, a, b in differences(mine, theirs, place))
        else:
            yield place, name, mine, theirs


def _by_id(mine: Any, theirs: Any, place: str, name: str) -> Iterator[Difference]:
    ours, others = _named(mine), _named(theirs)
    if list(ours) != list(others):
        yield place, f"{name} (ids in order)", list(ours), list(others)
    for key in ours.keys() & others.keys():
        yield from differences(ours[key], others[key], f"{place}.{key}")


def _named(values: tuple[Task | TaskGroup, ...]) -> dict[str, Task | TaskGroup]:
    return {v.task_id if isinstance(v, Task) else v.group_id: v for v in values}


def compare(real: Loaded, stand_in: Loaded) -> tuple[list[str], dict[str, list[Difference]]]:
    """What only one of them loaded, and the differences by field."""
    ours: dict[str, Dag] = {dag.dag_id: dag for dag in real.fleet.dags}
    theirs: dict[str, Dag] = {dag.dag_id: dag for dag in stand_in.fleet.dags}
    only = [f"only Airflow loads {dag_id}" for dag_id in ours if dag_id not in theirs]
    only += [f"only the stand-in loads {dag_id}" for dag_id in theirs if dag_id not in ours]
    by_field: dict[str, list[Difference]] = defaultdict(list)
    for dag_id in ours.keys() & theirs.keys():
        for found in differences(ours[dag_id], theirs[dag_id], dag_id):
            by_field[found[1]].append(found)
    return only, dict(sorted(by_field.items(), key=lambda item: (-len(item[1]), item[0])))


def main() -> int:
    """Compare one folder; 0 if both loaders come to the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder of DAG files")
    parser.add_argument("--airflow-python", help="interpreter of the environment with Airflow")
    parser.add_argument("--examples", type=int, default=3, help="how many of each are printed")
    asked = parser.parse_args()
    real = load(asked.folder, airflow="real", airflow_python=asked.airflow_python)
    profile = getattr(real, "profile", None)
    stand_in = load(asked.folder, airflow="stand-in", profile=profile)
    only, by_field = compare(real, stand_in)
    print(f"{len(real.fleet.dags)} DAGs by Airflow {getattr(real, 'airflow', '')}")
    print(*only, sep="\n")
    for name, cases in by_field.items():
        print(f"{name}: {len(cases)} differ")
        for place, _, mine, theirs in sorted(cases, key=str)[: asked.examples]:
            shown = [str(value)[:SHOWN] for value in (mine, theirs)]
            print(f"  {place}: Airflow {shown[0]}, stand-in {shown[1]}")
    return 1 if only or by_field else 0


if __name__ == "__main__":
    sys.exit(main())
