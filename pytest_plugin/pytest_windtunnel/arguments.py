"""Arguments: which of the paths on pytest's command line ask for checks, and for which of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Argument:
    """One path of the command line, perhaps with the name of a test in it."""

    text: str
    path: Path
    """Absolute, without links."""
    name: str = ""
    """What stands behind the first ``::``."""

    def concerns(self, places: Iterable[Path]) -> bool:
        """Whether it is, holds, or lies in one of the *places*."""
        return any(_within(self.path, one) or _within(one, self.path) for one in places)

    def asks_for(self, file: Path, subject: str, name: str) -> bool:
        """Whether it asks for one check.

        Args:
            file: What the check is listed under.
            subject: The first part of its name: ``etl``.
            name: All of its name: ``etl[WT1 no progress]``.
        """
        if self.name:
            return self.path == file and self.name in (subject, name)
        return _within(file, self.path)


def parsed(texts: Sequence[str], start: Path) -> tuple[Argument, ...]:
    """The arguments, as pytest takes them apart; relative paths begin at *start*."""
    found = []
    for text in texts:
        path, _, name = text.partition("::")
        found.append(Argument(text, Path(os.path.realpath(start / path)), name))
    return tuple(found)


def named_by(config: pytest.Config) -> tuple[Argument, ...] | None:
    """What the command line names; None if it names nothing, and everything is collected."""
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return None
    return parsed(config.args, config.invocation_params.dir)


def _within(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents
