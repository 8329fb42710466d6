"""Saying: a `Fault` in the words that `parse_fault` reads, however it was written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, time
from typing import Any

from windtunnel.loaders.durations import in_words
from windtunnel.loaders.fault_text.forms import FORMS
from windtunnel.loaders.fault_text.subjects import SHARES
from windtunnel.model import ClockJump, ExecutorSlotsLeaked, Fault, OfWorkers, Windowed

NAMED = 3
"""Faults that are said one by one; of the others only how many they are."""
SUBJECTS = ("tasks", "pool", "resource", "dags", "dag_id", "triggerer", "scheduler")
"""Fields that say what is struck, the first that there is."""


def said_faults(faults: Sequence[Fault]) -> str:
    """Several faults: the first few, and how many more there are."""
    told = "; ".join(said_fault(fault) for fault in faults[:NAMED])
    return told + (f"; and {len(faults) - NAMED} more" if len(faults) > NAMED else "")


def said_fault(fault: Fault) -> str:
    """One fault, as ``worker lost: 1 of 4 at +10m``."""
    form = next(form for form in FORMS if form.model is type(fault))
    struck, subject = _subject(fault)
    words = [subject, *(_clause(fault, c.name) for c in form.clauses if c.name not in struck)]
    details = " ".join(word for word in words if word)
    return f"{form.name}: {details}" if details else form.name


def _subject(fault: Fault) -> tuple[set[str], str]:
    """The fields that the subject says, and how."""
    if isinstance(fault, OfWorkers):
        return {"count", "of", "share"}, _workers(fault)
    if isinstance(fault, ExecutorSlotsLeaked):
        return {"slots"}, str(fault.slots)
    if isinstance(fault, ClockJump):
        sign = "-" if fault.by_s < 0 else "+"
        return {"by_s"}, f"{sign}{in_words(abs(fault.by_s))}"
    name = next((name for name in SUBJECTS if name in type(fault).model_fields), "")
    return {name}, str(getattr(fault, name)) if name else ""


def _workers(fault: OfWorkers) -> str:
    if fault.share is not None:
        return next((word for word, part in SHARES.items() if part == fault.share), "") or _percent(
            fault.share
        )
    return f"{fault.count}" + ("" if fault.of is None else f" of {fault.of}")


def _clause(fault: Fault, name: str) -> str:
    """One clause; nothing where the fault has the default."""
    value = getattr(fault, name)
    if name == "at_s" and not isinstance(fault, Windowed):
        # What happens once says when, also at the start itself.
        return "" if getattr(fault, "at_time", None) is not None else f"at +{in_words(value)}"
    if value == type(fault).model_fields[name].default:
        return ""
    return SAID[name](value)


def _percent(part: float) -> str:
    return f"{part * 100:.10g}%"


def _at(at: datetime | time) -> str:
    return at.isoformat(timespec="minutes" if not at.second else "seconds")


def _listed(names: Sequence[Any]) -> str:
    return ",".join(map(str, names))


SAID: dict[str, Callable[[Any], str]] = {
    "at_s": lambda s: f"at +{in_words(s)}",
    "at_time": lambda at: f"at {_at(at)}",
    "for_s": lambda s: f"for {in_words(s)}",
    "every_s": lambda s: f"every {in_words(s)}",
    "times": lambda number: f"{number} times",
    "tries": lambda tries: f"try {_listed(tries)}",
    "probability": lambda part: f"with {_percent(part)}",
    "after_s": lambda s: f"after {in_words(s)}",
    "retryable": lambda _: "not retryable",
    "raising": lambda name: f"raising {name}",
    "factor": lambda factor: f"x{factor:g}",
    "by_s": lambda s: f"by {in_words(s)}",
    "slots": lambda slots: f"to {slots}",
    "group": lambda name: f"in group {name}",
    "noticed": lambda how: "noticed at once" if how == "at once" else "noticed by heartbeat",
    "notice_s": lambda s: f"notice {in_words(s)}",
    "results_written": lambda _: "results written",
    "messages_lost": lambda _: "messages lost",
    "waits": lambda _: "waiting",
    "scheduler": lambda number: f"of scheduler {number}",
    "run_id": lambda run: f"run {run}",
    "states": lambda states: f"in states {_listed(states)}" if states else "in any state",
    "without": lambda names: f"without {_listed(names)}",
    "folder": lambda folder: f"from {folder}",
    "state": lambda state: f"as {state}",
    "upstream": lambda _: "upstream",
    "downstream": lambda _: "downstream",
    "past": lambda _: "past",
    "future": lambda _: "future",
    "pinned": lambda _: "pinned",
}
"""How the value of a field is said, where it is not the default."""
