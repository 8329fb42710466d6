"""Guesses: what a DAG file that failed may need to read, told from what it did before it failed.

A file that is deployed somewhere loads there. So what it asked for last and found missing is there;
a Variable that it compares with ``test`` and ``prod`` is one of these; a list of which it takes the
second item has two; a package has what it imports from it; and the network answers.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from windtunnel.loaders.standin.exceptions import NetworkRefusedError

MOST_ITEMS = 3
"""Items of an unknown list at most."""
PLACEHOLDER = "1"


@dataclass(frozen=True)
class Guesses:
    """What is taken for granted while a file is executed once more."""

    answers: Mapping[str, str] = field(default_factory=dict)
    """What a Variable, or an environment variable, reads as."""
    items: int = 1
    """How many items an unknown list has when it is looped over."""
    names: tuple[tuple[str, str], ...] = ()
    """Modules and names that the installed version of them lacks."""
    aside: tuple[str, ...] = ()
    """Installed modules that would reach the network."""

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.answers) + len(self.names) + len(self.aside) + self.items - 1


@dataclass
class Asked:
    """What a file asked for, in order, while it was executed."""

    absent: dict[str, None] = field(default_factory=dict)
    """What it was told that there is none of."""
    compared: dict[str, dict[str, None]] = field(default_factory=dict)
    """Unknown texts, and with what each was compared."""


def next_guess(
    guesses: Guesses, asked: Asked, error: BaseException | None, is_own: Callable[[str], bool]
) -> Guesses | None:
    """One guess more; ``None`` if there is nothing to go by. *is_own* tells the files of the
    repository."""
    network = list(_chain(error))
    if any(isinstance(one, NetworkRefusedError) for one in network):
        reached = next((name for one in network if (name := _called(one, is_own))), None)
        unheard = reached is not None and reached not in guesses.aside
        return replace(guesses, aside=(*guesses.aside, reached)) if unheard and reached else None
    if isinstance(error, IndexError) and guesses.items < MOST_ITEMS:
        return replace(guesses, items=guesses.items + 1)
    lacking = _lacking(error)
    if lacking is not None:
        unheard = lacking not in guesses.names
        return replace(guesses, names=(*guesses.names, lacking)) if unheard else None
    for subject, texts in asked.compared.items():
        if subject not in guesses.answers:
            return _with(guesses, subject, _likely(list(texts)))
    for subject in reversed(asked.absent):
        if subject not in guesses.answers:
            return _with(guesses, subject, PLACEHOLDER)
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those behind it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _called(error: BaseException, is_own: Callable[[str], bool]) -> str | None:
    """The installed package that code of the repository called when the error came. Of Python's own
    modules none: they may be asked for anything."""
    own, name = False, None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        before, own = own, is_own(frame.f_code.co_filename)
        if before and not own:
            name = str(frame.f_globals.get("__name__", "")) or None
    top = (name or "").partition(".")[0]
    return None if top in sys.stdlib_module_names else top or None


def _lacking(error: BaseException | None) -> tuple[str, str] | None:
    """The module and the name of an import that found the one without the other."""
    if type(error) is not ImportError or error.name is None:
        return None
    said = re.match(r"cannot import name '(\w+)' from '([\w.]+)' \((?!most likely)", str(error))
    return (said[2], said[1]) if said else None


def _with(guesses: Guesses, subject: str, text: str) -> Guesses:
    return replace(guesses, answers={**guesses.answers, subject: text})


def _likely(texts: list[str]) -> str:
    """The production's among some texts, else the first."""
    return next((text for text in texts if "prod" in text.lower()), texts[0])
