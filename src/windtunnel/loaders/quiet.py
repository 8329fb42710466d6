"""Quiet: while DAG files run, the network is shut; what they do to the process is undone."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import signal
import socket
import threading
import warnings
from collections.abc import Iterator
from typing import Any

from windtunnel.loaders.standin.exceptions import NetworkRefusedError


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Swallow output and warnings, forbid the network, restore environment, folder and logging."""
    environment, folder = dict(os.environ), os.getcwd()
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    swallowed = io.StringIO()
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(swallowed),
        contextlib.redirect_stderr(swallowed),
        _no_network(),
        _signals(),
    ):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            root.setLevel(level)
            root.handlers[:] = handlers
            os.chdir(folder)
            if os.environ != environment:
                os.environ.clear()
                os.environ.update(environment)


class TimedOut(BaseException):
    """A file took longer than it may."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TimedOut` inside the ``with`` block when so many seconds have passed.

    It needs signals, and so the main thread and a system that has them; elsewhere nothing is
    limited. Code that never comes back from C isn't stopped by it."""
    if not _has_alarms():
        yield
        return

    def strike(*_: Any) -> None:
        raise TimedOut

    before = signal.signal(signal.SIGALRM, strike)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _has_alarms() -> bool:
    in_main = threading.current_thread() is threading.main_thread()
    return hasattr(signal, "setitimer") and in_main


HANDLED = tuple(
    getattr(signal, name)
    for name in (
        "SIGINT",
        "SIGTERM",
        "SIGHUP",
        "SIGQUIT",
        "SIGUSR1",
        "SIGUSR2",
        "SIGCHLD",
        "SIGPIPE",
    )
    if hasattr(signal, name)
)
"""Signals that programs handle."""


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """Signal handlers are restored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in HANDLED}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)


@contextlib.contextmanager
def _no_network() -> Iterator[None]:
    """Sockets of this process can't connect, and names aren't looked up."""
    real_connect, real_connect_ex = socket.socket.connect, socket.socket.connect_ex
    real_lookup = socket.getaddrinfo

    def refuse(address: Any) -> None:
        raise NetworkRefusedError(
            f"the file tries to reach {_place(address)} while it is loaded; windtunnel never "
            "touches the network. Move the call into a task"
        )

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            refuse(address)
        real_connect(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            refuse(address)
        return real_connect_ex(self, address)

    def lookup(host: Any, port: Any, *_: Any, **__: Any) -> Any:
        refuse((host, port))

    _patch(connect, connect_ex, lookup)
    try:
        yield
    finally:
        _patch(real_connect, real_connect_ex, real_lookup)


def _patch(connect: Any, connect_ex: Any, lookup: Any) -> None:
    socket.socket.connect = connect  # type: ignore[method-assign]
    socket.socket.connect_ex = connect_ex  # type: ignore[method-assign]
    socket.getaddrinfo = lookup


def _place(address: Any) -> str:
    if isinstance(address, tuple) and len(address) >= 2:
        host = address[0].decode() if isinstance(address[0], bytes) else address[0]
        return f"{host}:{address[1]}" if address[1] else f"{host}"
    return str(address)
