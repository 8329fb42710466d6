"""Nursery: a process that loads all callables once, and forks a child for each try.

It never runs a callable itself, has one thread, and ends with the simulation, all children with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import select
import shutil
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.execute.apart.child import Loaded, live
from windtunnel.execute.apart.wire import GoneError, hear, instant, say
from windtunnel.execute.around import entrance_of, runs_of
from windtunnel.execute.backend import backend_of, serde_of
from windtunnel.execute.clock import SimulatedClock
from windtunnel.loaders.folder import Bodies, importable
from windtunnel.loaders.settings import Settings
from windtunnel.loaders.standin.values import tasks_run
from windtunnel.model import Profile, XComBackend


def main(descriptor: int) -> None:
    """The program of the process."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    silent = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(silent, standard)
    control = socket.socket(fileno=descriptor)
    with contextlib.suppress(GoneError):
        try:
            _serve(control)
        except GoneError:
            raise
        except InvalidInput as error:
            say(control, {"invalid": str(error)})
        except BaseException:
            say(control, {"mistake": traceback.format_exc()})


def _serve(control: socket.socket) -> None:
    hello = hear(control)
    settings = Settings.model_validate_json(json.dumps(hello["settings"]))
    bodies = Bodies(settings, hello["files"])
    said = [[*name, runs.kind, runs.pushes] for name, runs in runs_of(bodies).items()]
    say(control, {"bodies": said})
    start = instant(hear(control)["start"])
    with contextlib.ExitStack() as ends:
        # Whoever made the folder may have been killed.
        ends.callback(shutil.rmtree, hello["folder"], ignore_errors=True)
        ends.enter_context(importable(settings, settings.roots))
        tell = ends.enter_context(tasks_run())
        clock = SimulatedClock(start, tell)
        clock.begin()
        for body in bodies.values():
            if (function := entrance_of(body)) is not None:
                clock.reach(function)
        profile = Profile.model_validate(hello["profile"])
        backend = XComBackend.model_validate(hello["backend"])
        backend_of(profile, backend, serde_of(profile, backend))  # now, if it can't be used
        loaded = Loaded(
            bodies,
            profile,
            backend,
            hello["memory_mb"],
            clock,
        )
        gc.collect()
        gc.freeze()  # children share these pages as long as nobody touches them
        say(control, {"ready": True})
        _Nursery(control, loaded).run()


PR_SET_CHILD_SUBREAPER = 36
"""Of ``prctl`` on Linux: orphans below this process become its children."""


class _Nursery:
    """Bears children, and buries them."""

    def __init__(self, control: socket.socket, loaded: Loaded) -> None:
        self._control, self._loaded = control, loaded
        self._children: dict[int, None] = {}
        self._woken, woken = os.pipe()
        for end in (self._woken, woken):
            os.set_blocking(end, False)
        _adopt_strays()
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def run(self) -> None:
        """Until nobody wants a child any more."""
        try:
            while True:
                waited: list[Any] = [self._control, self._woken]
                ready = select.select(waited, [], [])[0]
                if self._woken in ready:
                    os.read(self._woken, 4096)
                    self._bury()
                if self._control in ready and not self._bear():
                    return
        finally:
            for pid in (*self._children, *_offspring()):
                end_all_of(pid)

    def _bear(self) -> bool:
        """Fork a child, if one is wanted."""
        asked, lines, _, _ = socket.recv_fds(self._control, 1, 1)
        if not asked:
            return False
        line = socket.socket(fileno=lines[0])
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            self._control.close()
            live(self._loaded, line)
        line.close()
        self._children[pid] = None
        say(self._control, {"born": pid})
        return True

    def _bury(self) -> None:
        while self._children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._children:
                del self._children[pid]
                end_all_of(pid)
                for stray in _offspring() - self._children.keys():
                    end_all_of(stray)
                say(self._control, {"died": pid, "status": status})


def _adopt_strays() -> None:
    """What leaves the group of its try becomes a child of this process, where the system can do
    that, and not one of nobody's."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _offspring() -> set[int]:
    """All children of this process."""
    try:
        found = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    except OSError:
        return set()
    return {int(pid) for pid in found.split()}


def end_all_of(pid: int) -> None:
    """End a child and all that it started and left in its group."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(OSError):
            kill(pid, signal.SIGKILL)


__all__ = ["end_all_of", "main"]
