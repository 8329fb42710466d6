"""Wire: what the simulation and the process of a callable say to each other, in frames of JSON."""

from __future__ import annotations

import json
import os
import socket
import threading
from datetime import datetime
from typing import Any

from pydantic_core import to_jsonable_python

from windtunnel.execute.facts import RunFacts, TryFacts
from windtunnel.execute.questions import UnknownResultError, Where, XComTooLargeError
from windtunnel.loaders.worker import receive, send

REFUSALS = {cls.__name__: cls for cls in (UnknownResultError, XComTooLargeError)}
"""Errors that cross as what they are."""


class GoneError(ConnectionError):
    """The other side is not there any more."""


def say(line: socket.socket, said: dict[str, Any]) -> None:
    """Send a frame.

    Raises:
        GoneError: nobody is there.
    """
    try:
        send(line.fileno(), json.dumps(to_jsonable_python(said)).encode())
    except OSError as error:
        raise GoneError(str(error)) from None


def hear(line: socket.socket) -> dict[str, Any]:
    """Wait for a frame.

    Raises:
        GoneError: nobody is there.
    """
    try:
        frame = receive(line.fileno())
    except OSError as error:
        raise GoneError(str(error)) from None
    if frame is None:
        raise GoneError("it has closed the line")
    heard: dict[str, Any] = json.loads(frame)
    return heard


def instant(said: str) -> datetime:
    """A time of day out of a frame."""
    return datetime.fromisoformat(said)


class Asking:
    """`Questions`, asked over a line; threads of a callable take turns."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._turn = threading.Lock()
        self._pid = os.getpid()

    def _ask(self, question: str, *given: Any) -> Any:
        if os.getpid() != self._pid:
            raise RuntimeError(
                "XComs, states and Variables can't be reached from a process that a task started"
            )
        with self._turn:
            say(self._line, {"ask": question, "given": given})
            heard = hear(self._line)
        if "refused" in heard:
            raise REFUSALS[heard["refused"]](heard["why"])
        return heard["answer"]

    def state(self, ti: int) -> str:
        """See `Questions`; so for all that follow."""
        return str(self._ask("state", ti))

    def run_state(self, run: int) -> str:
        """The state of a run."""
        return str(self._ask("run_state", run))

    def instances(self, run: int) -> list[TryFacts]:
        """All task instances of a run."""
        return [TryFacts.model_validate(facts) for facts in self._ask("instances", run)]

    def previous(self, run: int, state: str | None) -> RunFacts | None:
        """The run before a run."""
        found = self._ask("previous", run, state)
        return None if found is None else RunFacts.model_validate(found)

    def skips(self, ti: int, follow: list[str] | None) -> bool:
        """Whether a branch skips anything."""
        return bool(self._ask("skips", ti, follow))

    def strangers(self, ti: int, names: list[str]) -> list[str]:
        """Names of no task."""
        found: list[str] = self._ask("strangers", ti, names)
        return found

    def hand_conf(self, ti: int, conf: dict[str, Any]) -> None:
        """``conf`` of a run that will be triggered."""
        self._ask("hand_conf", ti, conf)

    def push(self, ti: int, key: str, stored: str, type_name: str) -> None:
        """Store a value."""
        self._ask("push", ti, key, stored, type_name)

    def refuse(self, ti: int, key: str, type_name: str, pushed_by: str | None) -> None:
        """A value isn't carried."""
        self._ask("refuse", ti, key, type_name, pushed_by)

    def result(self, ti: int, task_id: str, key: str) -> tuple[bool, list[str]]:
        """Another task's result."""
        many, values = self._ask("result", ti, task_id, key)
        return many, values

    def has(self, ti: int, task_id: str, key: str) -> bool:
        """Whether a key was pushed."""
        return bool(self._ask("has", ti, task_id, key))

    def latest(
        self, ti: int, where: Where, task_id: str, key: str | None, indexes: list[int] | None
    ) -> tuple[bool, list[str]]:
        """A task's XComs."""
        mapped, values = self._ask("latest", ti, where, task_id, key, indexes)
        return mapped, values

    def last(self, ti: int, where: Where, key: str | None, indexes: list[int] | None) -> str | None:
        """The last push of any task."""
        found: str | None = self._ask("last", ti, where, key, indexes)
        return found

    def kept(self, owner: str) -> dict[str, str]:
        """What a state store holds."""
        found: dict[str, str] = self._ask("kept", owner)
        return found

    def keep(self, owner: str, values: dict[str, str]) -> None:
        """It holds these from now on."""
        self._ask("keep", owner, values)

    def set_variable(self, key: str, value: str | None) -> None:
        """A Variable has another value."""
        self._ask("set_variable", key, value)


QUESTIONS = frozenset(name for name in vars(Asking) if not name.startswith("_"))


def answer(answers: Any, heard: dict[str, Any]) -> dict[str, Any]:
    """What is said to a question."""
    question = heard["ask"]
    assert question in QUESTIONS, f"nobody knows the question {question!r}"
    try:
        return {"answer": getattr(answers, question)(*heard["given"])}
    except (UnknownResultError, XComTooLargeError) as error:
        return {"refused": type(error).__name__, "why": str(error)}
