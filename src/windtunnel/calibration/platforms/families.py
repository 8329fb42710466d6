"""Families: which executions may be expected to have a platform in common."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from windtunnel.loaders.execution import Execution

ALIKE = 0.5
"""Two executions that have this share of their programs in common are of one application."""


@dataclass(frozen=True)
class Family:
    """Executions of one application on one platform; or of several, on a platform where each
    application ran once."""

    name: str
    fitted: tuple[Execution, ...]
    held_out: tuple[Execution, ...]


def same_application(executions: Sequence[Execution]) -> bool:
    """Whether all of them run mostly the same programs."""
    first = executions[0].programs
    return all(
        len(first & one.programs) >= ALIKE * min(len(first), len(one.programs))
        for one in executions
    )


def families(executions: Sequence[Execution], fitted: frozenset[str]) -> tuple[Family, ...]:
    """Executions by family, as their files are named: APPLICATION-PLATFORM-more-NUMBER.json.

    Args:
        executions: All of them.
        fitted: Files of those that are to be fitted. In a family of which none is named, that is
            every second one, by name.
    """
    groups: dict[tuple[str, ...], list[Execution]] = {}
    for one in sorted(executions, key=lambda each: _order(each.file)):
        groups.setdefault((one.system, *_words(one.file)), []).append(one)
    merged: dict[tuple[str, ...], list[Execution]] = {}
    for key, members in groups.items():
        alone = len(members) == 1 and len(key) == 3
        merged.setdefault((key[0], "", key[2]) if alone else key, []).extend(members)
    return tuple(_family(key, members, fitted) for key, members in merged.items())


def _family(key: tuple[str, ...], members: list[Execution], fitted: frozenset[str]) -> Family:
    name = "-".join(word for word in key[1:] if word) or PurePath(members[0].file).stem
    if len(members) > 1 and not same_application(members):
        name = f"{key[0]} on {name}"
    chosen = tuple(one for one in members if one.file in fitted) or tuple(members[::2])
    held_out = tuple(one for one in members if one not in chosen)
    return Family(name, chosen, held_out)


def _order(file: str) -> tuple[str, str]:
    return PurePath(file).name, file


def _words(file: str) -> list[str]:
    """Application and platform. What stands before ``__`` was a folder once."""
    stem = PurePath(file).stem.rpartition("__")[2]
    words = [word for word in stem.split("-") if not re.fullmatch(r"\d+", word)]
    return words[:2]
