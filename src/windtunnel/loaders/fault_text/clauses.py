"""Clauses: the parts of a fault behind what it strikes, such as ``at 02:10 for 30m every 1d``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.loaders.durations import parse_duration

NUMBER = r"\d+(?:\.\d+)?"
UNIT = r"(?:ms|[smhdw])"
LENGTH = rf"(\+?{NUMBER}(?:\s*{UNIT})?(?:\s*{NUMBER}\s*{UNIT})*)"
CLOCK = r"((?:\d{4}-\d\d-\d\d[T ])?\d{1,2}:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?)"
UNITS_ALONE = {"minute": 60.0, "hour": 3600.0, "day": 86400.0, "week": 604800.0}


@dataclass(frozen=True)
class Clause:
    """One clause: how it is written, and the field and value that it gives."""

    shown: str
    pattern: str
    name: str
    value: Callable[[str], Any] = lambda text: text
    opening: str = ""
    """How one that is written wrong begins; by default as this one."""

    def opens(self, text: str) -> bool:
        """Whether a text begins like this clause, right or wrong."""
        opening = self.opening or re.escape(self.shown.split()[0])
        return re.match(rf"(?:{opening})(?=\s|$)", text) is not None

    def match(self, text: str) -> re.Match[str] | None:
        """This clause at the beginning of a text."""
        return re.match(rf"{self.pattern}(?=\s|$)", text)


def _seconds(text: str) -> float:
    return parse_duration(text.lstrip("+"))


def _period(text: str) -> float:
    return UNITS_ALONE.get(text) or _seconds(text)


def clock(text: str) -> str:
    """A time of day, or a date and time, as the model reads it: ``2:10`` is ``02:10``.

    Raises:
        InvalidInput: there is no such time.
    """
    day, _, time = text.replace(" ", "T").rpartition("T")
    time = time if time[1] != ":" else f"0{time}"
    said = f"{day}T{time}" if day else time
    try:
        datetime.fromisoformat(said if day else f"2026-01-01T{time}")
    except ValueError:
        what = "date and time" if day else "time of day"
        raise InvalidInput(f"{text!r} is no {what}; write '02:10' or '2026-03-01T02:10'") from None
    return said


def _flag(word: str) -> Clause:
    return Clause(word, f"({word})", word, lambda _: True)


AT_TIME = Clause("at 02:10", rf"at {CLOCK}", "at_time", clock)
AT = Clause("at +10m", rf"at {LENGTH}", "at_s", _seconds)
FOR = Clause("for 30m", rf"for {LENGTH}", "for_s", _seconds)
EVERY = Clause("every 1d", rf"every ({'|'.join(UNITS_ALONE)}|{LENGTH[1:]}", "every_s", _period)
TIMES = Clause("3 times", r"(\d+) times", "times", int, r"\S+ times")
TRIES = Clause(
    "try 1",
    r"(?:try|tries) (\d+(?:,\s*\d+)*)",
    "tries",
    lambda t: tuple(map(int, t.split(","))),
    "try|tries",
)
WITH = Clause("with 10%", rf"with ({NUMBER})\s*%", "probability", lambda text: float(text) / 100)
AFTER = Clause("after 5m", rf"after {LENGTH}", "after_s", _seconds)
FINAL = Clause("not retryable", r"(not retryable)", "retryable", lambda _: False, "not|retryable")
RAISING = Clause("raising AirflowFailException", r"raising (\S+)", "raising")
FACTOR = Clause("x3", rf"x\s*({NUMBER})", "factor", float, r"x(?:\s*[-+.\d]\S*)?")
BY = Clause("by 2h", rf"by {LENGTH}", "by_s", _seconds)
TO = Clause("to 2", r"to (-?\d+)(?: slots?)?", "slots", int)
GROUP = Clause("in group big", r"in (?:group )?(\S+)", "group")
NOTICED = Clause(
    "noticed at once",
    r"noticed (at once|by (?:the )?heartbeat)",
    "noticed",
    lambda text: text if text == "at once" else "heartbeat",
)
NOTICE = Clause(
    "notice 2m", rf"(?:with )?notice(?: of)? {LENGTH}", "notice_s", _seconds, "(?:with )?notice"
)
WRITTEN = Clause("results written", r"(results written)", "results_written", lambda _: True)
MESSAGES = Clause("messages lost", r"(messages lost)", "messages_lost", lambda _: True)
WAITING = Clause("waiting", r"(waiting)", "waits", lambda _: True)
SLOW_BY = Clause("by 2s", rf"by {LENGTH}", "by_s", _seconds)
SCHEDULER = Clause("of scheduler 2", r"of scheduler (\d+)", "scheduler", int, "of scheduler")
RUN = Clause("run manual__1", r"run (\S+)", "run_id")
STATES = Clause(
    "in any state",
    r"in (any state|states? [a-z_]+(?:,\s*[a-z_]+)*)",
    "states",
    lambda text: () if text == "any state" else tuple(re.findall(r"[a-z_]+", text)[1:]),
)
WITHOUT = Clause("without load", r"without (\S+)", "without", lambda text: tuple(text.split(",")))
FROM = Clause("from dags_v2", r"from (\S+)", "folder")
AS = Clause("as success", r"as ([a-z]+)", "state")

PINNED = _flag("pinned")

ONCE = (AT, AT_TIME)
AGAIN = (*ONCE, EVERY, TIMES)
WINDOW = (*ONCE, FOR, EVERY, TIMES)
OF_TRIES = (TRIES, WITH, *WINDOW)
BESIDE = (RUN, _flag("upstream"), _flag("downstream"), _flag("past"), _flag("future"))
