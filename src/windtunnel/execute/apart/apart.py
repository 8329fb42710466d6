"""Apart: each try runs in a process of its own, within limits; what happens to it is told."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from windtunnel.engine.tries.plans import Plan
from windtunnel.errors import InvalidInput
from windtunnel.execute.answers import Answers
from windtunnel.execute.apart import limits
from windtunnel.execute.apart.child import plan_of
from windtunnel.execute.apart.nursery import end_all_of
from windtunnel.execute.apart.wire import GoneError, answer, hear, say
from windtunnel.execute.console import written_to
from windtunnel.execute.facts import TryFacts
from windtunnel.execute.steps import Name, Runs, Step
from windtunnel.loaders.settings import Settings
from windtunnel.model import Isolation, Profile, XComBackend

PROGRAM = (
    "import sys; sys.path[:] = {!r}; from windtunnel.execute.apart.nursery import main; main({})"
)
LOOK_S = 0.25
"""How often it is looked what a process that works takes of the machine."""
MOST_WRITTEN_MB = 1024
"""What a try may write to its output."""
START_S = 60.0
"""How long an interpreter may take to start, before it loads DAG files."""
BURIAL_S = 5.0
"""How long a process that has closed its line may take to end."""


@dataclass(eq=False, slots=True)
class _Child:
    """The process of one try, seen from here."""

    pid: int
    line: socket.socket
    output: IO[bytes]
    path: Path
    read: int = 0
    """Bytes of its output that were read."""


class Apart:
    """The place outside of this process.

    Args:
        settings: with which the DAG files were loaded.
        files: the DAG files.
        profile: the release.
        backend: how XComs are stored.
        isolation: the limits of each try.
    """

    def __init__(
        self,
        settings: Settings,
        files: Sequence[str],
        *,
        profile: Profile,
        backend: XComBackend,
        isolation: Isolation,
    ) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="windtunnel-output-"))
        self._hello = {
            "folder": str(self._folder),
            "settings": settings,
            "files": list(files),
            "profile": profile,
            "backend": backend,
            "memory_mb": isolation.memory_mb,
        }
        self._isolation = isolation
        self._patience_s = START_S + len(files) * settings.import_timeout_s
        self._children: dict[int, _Child] = {}
        """Of tries that sleep, by task instance."""
        self._control: socket.socket | None = None
        self._nursery: subprocess.Popen[bytes] | None = None
        self._died: dict[int, int] = {}
        """Status of processes that have ended, by pid."""
        self._start = ""
        self._number = 0

    # -- the nursery --------------------------------------------------------------------------

    def bodies(self) -> dict[Name, Runs]:
        """The tasks that have a body; DAG files are executed, in another process."""
        heard = self._open()
        return {(dag_id, task_id): Runs(kind, pushes) for dag_id, task_id, kind, pushes in heard}

    def begin(self, answers: Answers, start: datetime) -> None:
        """The simulation begins."""
        self._answers = answers
        self._start = start.isoformat()
        self._say_start()

    def end(self) -> None:
        """End all processes."""
        for child in self._children.values():
            self._bury(child)
        self._children.clear()
        self._close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _open(self) -> list[list[Any]]:
        ours, theirs = socket.socketpair()
        with theirs:
            program = PROGRAM.format(sys.path, theirs.fileno())
            self._nursery = subprocess.Popen(
                [sys.executable, "-c", program], pass_fds=[theirs.fileno()]
            )
        self._control = ours
        try:
            say(ours, self._hello)
            if not select.select([ours], [], [], self._patience_s)[0]:
                self._nursery.kill()
            heard = hear(ours)
        except GoneError:
            raise InvalidInput(
                "--isolate: the process that loads the DAG files for their callables "
                f"{_ended(self._nursery.wait())}"
            ) from None
        bodies: list[list[Any]] = _sound(heard)["bodies"]
        return bodies

    def _say_start(self) -> None:
        assert self._control is not None
        say(self._control, {"start": self._start})
        _sound(hear(self._control))

    def _close(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._nursery is not None:
            try:
                self._nursery.wait(BURIAL_S)
            except subprocess.TimeoutExpired:
                self._nursery.kill()
                self._nursery.wait()
            self._nursery = None

    def _open_again(self) -> None:
        """A callable has ended the nursery. Those under way don't need it."""
        self._close()
        self._open()
        self._say_start()

    # -- tries --------------------------------------------------------------------------------

    def start(self, facts: TryFacts, now: datetime, seed: str) -> Step:
        """Begin a try in a process of its own."""
        try:
            child = self._born()
        except GoneError:
            self._open_again()
            child = self._born()
        first = {
            "facts": facts,
            "now": now.isoformat(),
            "seed": seed,
            "variables": self._answers.variables,
            "output": str(child.path),
        }
        return self._step(facts.number, child, first)

    def go_on(self, ti: int, now: datetime, *, timed_out: bool) -> Step:
        """Its sleep is over, or ``execution_timeout`` cuts it short."""
        return self._step(
            ti, self._children.pop(ti), self._wake("timed out" if timed_out else "slept", now)
        )

    def drop(self, ti: int, now: datetime) -> str:
        """End a try where it sleeps."""
        child = self._children.pop(ti)
        return self._step(ti, child, self._wake("ended", now)).text

    def _wake(self, why: str, now: datetime) -> dict[str, Any]:
        variables = self._answers.variables
        return {"wake": why, "now": now.isoformat(), "variables": variables}

    def _born(self) -> _Child:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                if self._control is None:
                    raise GoneError
                socket.send_fds(self._control, [b"+"], [theirs.fileno()])
                while "born" not in (heard := self._hear_of()):
                    pass
            except OSError as error:
                ours.close()
                raise GoneError(str(error)) from None
        self._number += 1
        path = self._folder / str(self._number)
        return _Child(heard["born"], ours, path.open("w+b", buffering=0), path)

    def _hear_of(self) -> dict[str, Any]:
        """What the nursery says next.

        Raises:
            GoneError: nothing any more.
        """
        if self._control is None:
            raise GoneError
        try:
            heard = _sound(hear(self._control))
        except GoneError:
            self._close()
            raise
        if "died" in heard:
            self._died[heard["died"]] = heard["status"]
        return heard

    def _step(self, ti: int, child: _Child, said: dict[str, Any]) -> Step:
        """Let a try go on until it sleeps or ends, whichever way."""
        why: str | None
        try:
            say(child.line, said)
            heard, why = self._waited(child)
        except GoneError:
            heard, why = {}, self._why_gone(child)
        if why is None and "sleep_us" in heard:
            self._children[ti] = child
            text = self._read(child)
            return Step(text, heard["ahead_us"], asleep_us=heard["sleep_us"])
        self._bury(child)
        text = self._read(child)
        child.output.close()
        if why is not None:
            return Step(text, plan=Plan(0, "fail", error=why))
        _sound(heard)
        return Step(text, heard["ahead_us"], plan=plan_of(heard))

    def _waited(self, child: _Child) -> tuple[dict[str, Any], str | None]:
        """The frame with which it sleeps or ends; or why it had to be ended.

        Raises:
            GoneError: it has ended in another way.
        """
        deadline = time.monotonic() + self._isolation.wall_s
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return {}, f"no answer for {self._isolation.wall_s:g} s of wall time"
            lines = [line for line in (child.line, self._control) if line is not None]
            ready = select.select(lines, [], [], min(left, LOOK_S))[0]
            if child.line in ready:
                heard = hear(child.line)
                if "ask" not in heard:
                    return heard, None
                say(child.line, answer(self._answers, heard))
            elif self._control in ready:
                if self._has_died(child):
                    raise GoneError
            elif (too_much := self._takes_too_much(child)) is not None:
                return {}, too_much

    def _has_died(self, child: _Child) -> bool:
        """Whether the nursery says so; it may be gone itself."""
        try:
            return bool(self._hear_of().get("died") == child.pid)
        except GoneError:
            return False

    def _takes_too_much(self, child: _Child) -> str | None:
        if os.fstat(child.output.fileno()).st_size > MOST_WRITTEN_MB * limits.MB:
            return f"more than {MOST_WRITTEN_MB} MB of output"
        most = self._isolation.memory_mb
        if not limits.IS_HELD and limits.resident_mb(child.pid) > most:
            return f"more than {most} MB of memory"
        return None

    def _why_gone(self, child: _Child) -> str:
        """How a process ended that said nothing of it."""
        deadline = time.monotonic() + BURIAL_S
        while self._control is not None and child.pid not in self._died:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._control], [], [], left)[0]:
                break
            self._has_died(child)
        if child.pid not in self._died:
            return "its process closed the line to the simulation"
        return f"its process {_ended(os.waitstatus_to_exitcode(self._died[child.pid]))}"

    def _read(self, child: _Child) -> str:
        text = written_to(child.output, child.read)
        child.read = os.fstat(child.output.fileno()).st_size
        return text

    def _bury(self, child: _Child) -> None:
        """End a process and all that it started; its output remains to be read."""
        child.line.close()
        if child.pid not in self._died:
            end_all_of(child.pid)
        with contextlib.suppress(OSError):
            child.path.unlink()


def _sound(heard: dict[str, Any]) -> dict[str, Any]:
    """A frame, unless it tells of a mistake, of the user's or ours."""
    if "invalid" in heard:
        raise InvalidInput(heard["invalid"])
    if "mistake" in heard:
        raise RuntimeError(f"in the process of a callable:\n{heard['mistake']}")
    return heard


def _ended(code: int) -> str:
    """How a process ended."""
    if code < 0:
        return f"was killed by signal {-code} ({signal.Signals(-code).name})"
    return f"ended with exit code {code}"
