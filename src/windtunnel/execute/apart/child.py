"""Child: the process of one try, forked from one that has all callables loaded."""

from __future__ import annotations

import dataclasses
import os
import random
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Mapping
from typing import Any, NoReturn

from windtunnel.engine.tries.plans import Plan
from windtunnel.execute.apart import limits
from windtunnel.execute.apart.wire import Asking, GoneError, hear, instant, say
from windtunnel.execute.around import surroundings
from windtunnel.execute.calls import Call
from windtunnel.execute.clock import SimulatedClock
from windtunnel.execute.console import caught
from windtunnel.execute.facts import TryFacts
from windtunnel.execute.steps import Name
from windtunnel.execute.strands import StrandEnded
from windtunnel.loaders.standin import session
from windtunnel.loaders.standin.exceptions import AirflowTaskTimeout
from windtunnel.model import Profile, XComBackend
from windtunnel.model.body import Body


@dataclasses.dataclass(frozen=True)
class Loaded:
    """What all tries have in common."""

    bodies: Mapping[Name, Body]
    profile: Profile
    backend: XComBackend
    memory_mb: int
    clock: SimulatedClock


def live(loaded: Loaded, line: socket.socket) -> NoReturn:
    """Run one try, and end the process."""
    try:
        os.setsid()
        mine = os.getpid()
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        first = hear(line)
        with open(first["output"], "ab", buffering=0) as output, caught(output):
            told = _Try(loaded, line, first).run()
        if os.getpid() == mine:  # else it is a fork that the callable made, and let go on
            say(line, told)
    except GoneError:
        pass  # the simulation is over
    finally:
        os._exit(0)


class _Try:
    """The one try of this process; to the clock it is the strand that runs."""

    def __init__(self, loaded: Loaded, line: socket.socket, first: dict[str, Any]) -> None:
        self._loaded, self._line = loaded, line
        self._clock = loaded.clock
        self._ask = Asking(line)
        self._facts = TryFacts.model_validate(first["facts"])
        self._began = instant(first["now"])
        self._given_up = False
        self.thread = threading.current_thread()
        random.seed(first["seed"])
        self._enter(first)
        now = session.current()
        now.variables = _Variables(now.variables, self._ask)

    def run(self) -> dict[str, Any]:
        """What is said at its end."""
        loaded = self._loaded
        limits.hold_to(loaded.memory_mb)
        body = loaded.bodies[self._facts.run.dag_id, self._facts.task_id]
        around = surroundings(self._ask, body, loaded.profile, loaded.backend)
        try:
            call = _LimitedCall(around, self._facts, loaded.bodies, self._began)
            call.memory_mb = loaded.memory_mb
            plan = call.work()
        except GoneError:
            raise
        except BaseException:
            return {"mistake": traceback.format_exc()}
        return {"end": dataclasses.asdict(plan), "ahead_us": self._clock.ahead_us(self)}

    def sleep(self, us: int) -> None:
        """Called by the clock: the try sleeps."""
        if self._given_up:
            raise StrandEnded
        sys.stdout.flush()
        say(self._line, {"sleep_us": us, "ahead_us": self._clock.ahead_us(self)})
        heard = hear(self._line)
        if heard["wake"] == "ended":
            self._given_up = True
            raise StrandEnded
        self._enter(heard)
        if heard["wake"] == "timed out":
            raise AirflowTaskTimeout("execution_timeout passed")

    def _enter(self, heard: dict[str, Any]) -> None:
        """Time has passed, and others have set Variables."""
        self._clock.enter(self, instant(heard["now"]))
        variables = session.current().variables
        for key, value in heard["variables"].items():
            if value is None:
                dict.pop(variables, key, None)
            else:
                dict.__setitem__(variables, key, value)


class _LimitedCall(Call):
    """Says so if its memory was all that it lacked."""

    memory_mb = 0

    def failed(self, error: BaseException) -> Plan:
        """What it did, if it raised this."""
        limits.let_go()  # what is said of it needs memory, too
        plan = super().failed(error)
        if isinstance(error, MemoryError):
            plan.error = f"{plan.error}\nmore than {self.memory_mb} MB of memory"
        return plan


class _Variables(dict[str, Any]):
    """Airflow Variables; what a task sets, all tasks see."""

    def __init__(self, known: Mapping[str, Any], ask: Asking) -> None:
        super().__init__(known)
        self._ask = ask

    def __setitem__(self, key: str, value: Any) -> None:
        self._ask.set_variable(key, value)
        super().__setitem__(key, value)

    def pop(self, key: str, *default: Any) -> Any:
        """It is gone for all."""
        if key in self:
            self._ask.set_variable(key, None)
        return super().pop(key, *default)


def plan_of(heard: dict[str, Any]) -> Plan:
    """What a child said of how its try ended."""
    end = heard["end"]
    follow = end["follow"]
    return Plan(**end | {"follow": tuple(follow) if isinstance(follow, list) else follow})
