"""The store of counterexamples: a folder of JSON files that replay byte for byte.

The folder ignores itself in git. An id is made from the counterexample's content, so the same
failure has the same id on every machine.
"""

from __future__ import annotations

import re
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from windtunnel.detect import Finding
from windtunnel.errors import InvalidInput
from windtunnel.model import Scenario
from windtunnel.model.base import Value
from windtunnel.search.shrinking.shrink import Shrunk

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
"""Without the characters that people mistake for each other."""


class Counterexample(Value):
    """A scenario together with what it shows."""

    format: Literal["windtunnel.counterexample/2"] = "windtunnel.counterexample/2"
    """Those of format 1 numbered their choices instead of naming them."""
    finding: Finding
    scenario: Scenario
    left_out: tuple[tuple[str, str], ...] = ()
    """dag_id and task_id of what its DAGs had when it was stored, and it doesn't need."""
    unscheduled: tuple[str, ...] = ()
    """Those of its DAGs whose schedule it doesn't need."""


def counterexample(finding: Finding, shown_by: Scenario, small: Shrunk | None) -> Counterexample:
    """What is stored of a finding: the smallest scenario that shows it, under its id."""
    # Who replays it wants to see it, whoever accepts it by then.
    whole = shown_by.model_copy(update={"accept": {}})
    least = whole if small is None else small.shown.scenario
    left_out, unscheduled = [], []
    for dag in least.fleet.dags:
        before = whole.fleet.dag(dag.dag_id)
        kept = {task.task_id for task in dag.tasks}
        left_out += [(dag.dag_id, t.task_id) for t in before.tasks if t.task_id not in kept]
        if before.schedule is not None and dag.schedule is None:
            unscheduled.append(dag.dag_id)
    case = None if small is None else small.case
    told = {"case": case, "counterexample": identify(least, finding)}
    return Counterexample(
        finding=finding.model_copy(update=told),
        scenario=least,
        left_out=tuple(left_out),
        unscheduled=tuple(unscheduled),
    )


def renewed(stored: Counterexample, finding: Finding) -> Counterexample:
    """The same counterexample, with what is known of its finding today."""
    told = {"case": stored.finding.case, "counterexample": identify(stored.scenario, finding)}
    return stored.model_copy(update={"finding": finding.model_copy(update=told)})


def identify(scenario: Scenario, finding: Finding) -> str:
    """The id of a counterexample: ``wt1-`` and eight characters.

    It is made from what the finding is about and from the scenario that shows it. Only what differs
    from the defaults counts, so that a release with another setting in it gives the same failure
    the same id."""
    text = "\n".join((*finding.identity, scenario.model_dump_json(exclude_defaults=True)))
    number = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
    letters = ""
    for _ in range(8):
        number, rest = divmod(number, len(ALPHABET))
        letters += ALPHABET[rest]
    return f"wt1-{letters}"


def keep(store: Path, counterexample: Counterexample) -> Path:
    """Write a counterexample under its id.

    Raises:
        InvalidInput: the folder can't be written.
    """
    name = counterexample.finding.counterexample
    path = store / f"{name}.json"
    try:
        store.mkdir(parents=True, exist_ok=True)
        (store / ".gitignore").write_text("*\n", encoding="utf-8")
        partial = path.with_suffix(".part")
        partial.write_text(counterexample.model_dump_json(indent=1) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise InvalidInput(
            f"{store}: the counterexample {name} can't be stored here ({error.strerror}). "
            "Name another folder with --store."
        ) from error
    return path


def drop(store: Path, name: str) -> None:
    """Remove a counterexample, and the patches of its fixes; what is gone already, or can't be
    removed, is no trouble."""
    for path in (store / f"{name}.json", *(store / "patches").glob(f"*-{name}-*.patch")):
        with suppress(OSError):
            path.unlink()


def names(store: Path) -> list[str]:
    """The ids of what is stored, in a fixed order."""
    return sorted(path.stem for path in store.glob("wt1-*.json"))


def recall(store: Path, name: str) -> Counterexample:
    """Read a counterexample.

    Raises:
        InvalidInput: there is none of this id, or its file can't be read.
    """
    path = store / f"{name}.json"
    if not re.fullmatch(r"wt1-[0-9A-Za-z]+", name) or not path.is_file():
        known = names(store)
        have = ", ".join(known) if known else "none"
        raise InvalidInput(
            f"{name}: no such counterexample in {store} (stored there: {have}). "
            "`windtunnel check` stores what it finds."
        )
    try:
        return Counterexample.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise InvalidInput(
            f"{path}: not a counterexample that this version of windtunnel can read ({first}). "
            "Run `windtunnel check` again."
        ) from error
