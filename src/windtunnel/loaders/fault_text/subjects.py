"""Subjects: what a fault strikes, as it stands before the clauses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from windtunnel.loaders.durations import parse_duration

Subject = Callable[[str], Mapping[str, Any]]

SHARES = {
    "all": 1.0,
    "half": 0.5,
    "a third": 1 / 3,
    "one third": 1 / 3,
    "two thirds": 2 / 3,
    "a quarter": 0.25,
    "one quarter": 0.25,
    "three quarters": 0.75,
}


def share(text: str) -> float | None:
    """The share that a text such as ``33%`` or ``a third`` says."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text)
    return SHARES.get(text) if found is None else float(found[1]) / 100


def workers(text: str) -> Mapping[str, Any]:
    """A number of workers, or a share of them."""
    said = re.sub(r"\s+(?:of (?:all|the|all the) )?workers?$", "", text)
    part = share(said)
    if part is not None:
        return {"share": part}
    found = re.fullmatch(r"(\d+)(?: of (\d+))?", said)
    if found is None:
        raise ValueError("a number of workers, such as '1', '1 of 4', '33%' or 'a third'")
    return {"count": int(found[1]), "of": None if found[2] is None else int(found[2])}


def machines(text: str) -> Mapping[str, Any]:
    """Workers as above, or the name of a group for all of its workers."""
    if re.fullmatch(r"[A-Za-z_][\w.-]*", text) and text not in SHARES:
        return {"group": text, "share": 1.0}
    return workers(text)


def tasks(text: str) -> Mapping[str, Any]:
    """A pattern over tasks."""
    if not text or (" " in text and "&" not in text):
        raise ValueError("a glob over dag_id.task_id, such as 'etl.load' or 'etl.*'")
    return {"tasks": text}


def named(name: str) -> Subject:
    """The name of one thing, or a glob."""

    def read(text: str) -> Mapping[str, Any]:
        if not text or " " in text:
            raise ValueError(f"the name of the {name.rstrip('s')}")
        return {name: text}

    return read


def numbered(name: str) -> Subject:
    """The number of one of several; nothing: the first."""

    def read(text: str) -> Mapping[str, Any]:
        found = re.fullmatch(r"(?:number )?(\d*)(?: of (\d+))?", text)
        if found is None:
            raise ValueError(f"the number of the {name}, such as '2', or nothing for the first")
        return {name: int(found[1] or 1)}

    return read


def jump(text: str) -> Mapping[str, Any]:
    """How far a clock jumps, forwards or backwards."""
    found = re.fullmatch(r"([+-]?)\s*(.+)", text)
    if found is None:
        raise ValueError("how far the clock jumps, such as '+1h' or '-30m'")
    length = parse_duration(found[2])
    return {"by_s": -length if found[1] == "-" else length}


def slots(text: str) -> Mapping[str, Any]:
    """A number of slots."""
    found = re.fullmatch(r"(\d+)(?: slots?)?", text)
    if found is None:
        raise ValueError("a number of slots, such as '4'")
    return {"slots": int(found[1])}


def nothing(text: str) -> Mapping[str, Any]:
    """It strikes what there is one of."""
    if text:
        raise ValueError(f"nothing before the clauses, but there is {text!r}")
    return {}
