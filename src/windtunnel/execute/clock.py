"""Clock: inside a callable every way to ask for the time, or to wait, is simulated.

freezegun answers the questions. Sleeping, also in asyncio and in threads of a callable's own, costs
no wall time and makes the task longer.
"""

from __future__ import annotations

import asyncio.selector_events
import contextlib
import datetime as datetime_module
import os
import queue
import selectors
import sys
import threading
import time
import types
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, SupportsIndex

import freezegun
import freezegun.api

from windtunnel.execute.classes import namespaces
from windtunnel.execute.strands import Strand
from windtunnel.execute.threads import Sleeper, Threads

REAL_TIME = ("concurrent.", "multiprocessing", "queue", "selectors", "subprocess", "threading")
"""Modules that wait for something real: theirs is the real clock."""
WAIT_FOR_PROCESSES = ("multiprocessing", "subprocess")
"""Modules that sleep while they wait for another process."""
MICRO = 1_000_000
_real_sleep = time.sleep


class SimulatedClock:
    """While it is in force, the time is what it was last set to. One at a time."""

    def __init__(self, start: datetime, tell: Callable[[datetime], None]) -> None:
        self._tell = tell
        """Told the time whenever it moves."""
        self._now = start
        self._process = os.getpid()
        self._threads = Threads(start, self._move_to)
        self._freezer = freezegun.freeze_time(start, ignore=["windtunnel", *REAL_TIME])
        self._frozen: Any = None
        self._undo: list[tuple[Any, str, Any]] = []
        self._reached: set[int] = set()
        self._fakes: dict[int, Any] = {}
        self._limit = freezegun.api.call_stack_inspection_limit

    def begin(self) -> None:
        """Put the real clock away."""
        real: list[Any] = [datetime_module.datetime, datetime_module.date]
        real += [getattr(time, name) for name in TIME_NAMES]
        self._frozen = self._freezer.start()
        # Only who asks decides whether it is told the real time, not who called it. DAG files ask,
        # too, and their modules are called windtunnel_dag_file_...
        freezegun.api.call_stack_inspection_limit = 1
        freezegun.api.ignore_lists[-1] = REAL_TIME
        for fake, was in ((freezegun.api.FakeDatetime, real[0]), (freezegun.api.FakeDate, real[1])):
            self._replace(fake, PYDANTIC, _schema_of(was))
            self._replace(fake, "__repr__", _repr_of(was))
        fakes: list[Any] = [datetime_module.datetime, datetime_module.date]
        fakes += [getattr(time, name) for name in TIME_NAMES]
        self._fakes = {id(was): fake for was, fake in zip(real, fakes, strict=True)}
        self._fakes[id(_real_sleep)] = self._sleep
        for name, module in list(sys.modules.items()):
            if not name.startswith((*REAL_TIME, "windtunnel.")) and isinstance(
                module, types.ModuleType
            ):
                self._replace_in(vars(module), {id(_real_sleep): self._sleep})
        loop = asyncio.selector_events.BaseSelectorEventLoop
        self._replace(loop, "__init__", self._looping(loop.__init__))
        self._replace(threading.Thread, "start", self._starting(threading.Thread.start))
        for owner, name in ((threading.Thread, "join"), (threading.Condition, "wait")):
            self._replace(owner, name, self._waiting(getattr(owner, name)))
        # Who waits at one that is written in C can't be seen.
        self._replace(queue, "SimpleQueue", queue._PySimpleQueue)  # type: ignore[attr-defined]

    def end(self) -> None:
        """Bring the real clock back."""
        for owner, name, value in reversed(self._undo):
            if isinstance(owner, dict):
                owner[name] = value
            elif value is None:
                delattr(owner, name)
            else:
                setattr(owner, name, value)
        self._undo.clear()
        freezegun.api.call_stack_inspection_limit = self._limit
        self._freezer.stop()

    def run(self, strand: Strand, now: datetime, error: BaseException | None = None) -> None:
        """Let a strand run from now on until it sleeps or ends."""
        self.enter(strand, now)
        strand.resume(error)
        strand.ahead_us = self.ahead_us(strand)
        self._threads.leave()
        if strand.asleep_us is None:
            self._threads.forget(strand)

    def end_of(self, strand: Strand) -> None:
        """Let a strand end where it sleeps; no time passes for it any more."""
        self._threads.enter(strand, self._now)
        strand.give_up()
        self._threads.leave()
        self._threads.forget(strand)

    def enter(self, strand: Sleeper, now: datetime) -> None:
        """It is now, and this strand goes on."""
        self._process = os.getpid()
        self._move_to(now)
        self._threads.enter(strand, now)

    def ahead_us(self, strand: Sleeper) -> int:
        """Time that passed since it went on: it waited for threads of its own that slept."""
        return self._threads.ahead_us(strand)

    def now(self) -> datetime:
        """The simulated now."""
        return self._now

    def _move_to(self, instant: datetime) -> None:
        self._now = instant
        self._frozen.move_to(instant)
        self._tell(instant)

    # -- waiting ------------------------------------------------------------------------------

    def _sleep(self, seconds: SupportsIndex | float) -> None:
        """``time.sleep``."""
        asks = str(sys._getframe(1).f_globals.get("__name__", ""))
        length = float(seconds)
        if length < 0:
            raise ValueError("sleep length must be non-negative")
        if asks.startswith(WAIT_FOR_PROCESSES):
            _real_sleep(length)
        elif length:
            self.wait(length)

    def wait(self, seconds: float) -> None:
        """Time passes for whoever calls."""
        us = max(1, round(seconds * MICRO))
        if os.getpid() != self._process:  # one that a callable started has nobody to wait for
            self._move_to(self._now + timedelta(microseconds=us))
            return
        thread = threading.current_thread()
        strand = self._threads.runs(thread)
        if strand is not None:
            strand.sleep(us)
        elif not self._threads.sleep(thread, us):
            _real_sleep(seconds)  # it is nobody's

    def waiting(self) -> contextlib.AbstractContextManager[None]:
        """Inside the ``with`` block the current thread waits for another one."""
        return self._threads.waiting()

    def _starting(self, start: Callable[[Any], None]) -> Callable[[Any], None]:
        """``Thread.start``, which notes how far a thread is when it begins, and whose it is."""

        def started(thread: Any) -> None:
            with self._threads.starting(thread):
                start(thread)

        return started

    def _waiting(self, wait: Callable[..., Any]) -> Callable[..., Any]:
        """``Thread.join`` and the like: who waited for a thread is as far as it is."""

        def waited(what: Any, timeout: float | None = None) -> Any:
            with self._threads.waiting():
                return wait(what, timeout)

        return waited

    def _looping(self, make: Callable[..., None]) -> Callable[..., None]:
        """An event loop's constructor: its timers are simulated."""

        def made(loop: Any, selector: Any = None) -> None:
            if selector is None and self._threads.runs(threading.current_thread()):
                selector = _Selector(self, loop)
            make(loop, selector)
            # A timer is due one resolution before its time; simulated time has microseconds.
            loop._clock_resolution = max(loop._clock_resolution, 1 / MICRO)

        return made

    # -- names --------------------------------------------------------------------------------

    def reach(self, function: Callable[..., Any]) -> None:
        """Let a function and all that it reaches see simulated time.

        freezegun knows the modules that Python knows. DAG files are not among them any more once
        they are loaded."""
        for namespace in namespaces(function):
            if id(namespace) not in self._reached:
                self._reached.add(id(namespace))
                self._replace_in(namespace, self._fakes)

    def _replace_in(self, namespace: dict[str, Any], fakes: dict[int, Any]) -> None:
        for name, value in list(namespace.items()):
            fake = fakes.get(id(value))
            if fake is not None:
                self._undo.append((namespace, name, value))
                namespace[name] = fake

    def _replace(self, owner: Any, name: str, value: Any) -> None:
        self._undo.append((owner, name, getattr(owner, name, None)))
        setattr(owner, name, value)


PYDANTIC = "__get_pydantic_core_schema__"


def _repr_of(real: Any) -> Callable[[Any], str]:
    """Dates print as what they are in Airflow."""

    def printed(value: Any) -> str:
        _, _, arguments = real.__repr__(value).partition("(")
        return f"datetime.{real.__name__}({arguments}"

    return printed


def _schema_of(real: type) -> Any:
    """Lets pydantic take a class of freezegun's for the real one, in models of modules that are
    imported while tasks run."""
    return classmethod(lambda _, __, handler: handler.generate_schema(real))


TIME_NAMES = (
    "gmtime",
    "localtime",
    "monotonic",
    "monotonic_ns",
    "perf_counter",
    "perf_counter_ns",
    "strftime",
    "time",
    "time_ns",
)


class _Selector(selectors.DefaultSelector):
    """Waits for what an event loop waits for; when that is a timer, time passes instead."""

    def __init__(self, clock: SimulatedClock, loop: Any) -> None:
        super().__init__()
        self._clock = clock
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        """What is ready; else, after so many seconds of simulated time, nothing."""
        if timeout is None or timeout <= 0:
            with self._clock.waiting() if timeout is None else contextlib.nullcontext():
                return super().select(timeout)
        ready = super().select(0)
        with self._clock.waiting():
            while not ready and self._works_beside():
                ready = super().select(0.01)
        if not ready:
            self._clock.wait(timeout)
        return ready

    def _works_beside(self) -> bool:
        """Whether threads of the loop's executor are at work, or being waited for at its end: what
        they do takes real time."""
        executor = getattr(self._loop, "_default_executor", None)
        if executor is not None and getattr(self._loop, "_executor_shutdown_called", False):
            return True
        threads = len(getattr(executor, "_threads", ()))
        idle = getattr(getattr(executor, "_idle_semaphore", None), "_value", threads)
        return bool(threads > idle)
