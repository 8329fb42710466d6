"""Behavior files: what tasks do, in a TOML file of its own, as `calibrate` writes it."""

from __future__ import annotations

from pathlib import Path

from windtunnel.errors import InvalidInput
from windtunnel.loaders.forms import Mistakes, build, to_machine
from windtunnel.loaders.history import with_histories
from windtunnel.loaders.text_file import read_toml
from windtunnel.model import Behavior, Fleet
from windtunnel.model.pattern import is_name

FORMAT = "windtunnel.behavior/1"


def read_behavior(path: str | Path) -> Behavior:
    """Read a behavior file: the keys of ``[behavior]`` of a scenario file, at its top.

    Raises:
        InvalidInput: it is missing, or has mistakes.
    """
    file = Path(path)
    data = read_toml(file)
    mistakes = Mistakes(str(file))
    given = data.pop("format", FORMAT)
    if given != FORMAT:
        mistakes.add("format", given, f"this version reads {FORMAT!r} only")
        mistakes.report()
    table = with_histories(data, file.parent, mistakes.add, "")
    behavior = build(Behavior, to_machine(Behavior, table, "", mistakes), mistakes)
    mistakes.report()
    if behavior is None:
        raise InvalidInput(f"{file}: can't be used")
    return behavior


def behavior_for(behavior: Behavior, fleet: Fleet) -> Behavior:
    """The behavior without rules that name a task of a DAG that isn't there: a file that was
    measured speaks of all DAGs of a deployment."""
    known = tuple(f"{dag.dag_id}." for dag in fleet.dags)
    kept = [one for one in behavior.rules if not is_name(one.tasks) or one.tasks.startswith(known)]
    return behavior.model_copy(update={"rules": tuple(kept)})
