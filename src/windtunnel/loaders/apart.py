"""Apart: DAG files are read by worker processes, several at a time, each within its limits."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from windtunnel.loaders.ordering import FIXED_HASHES
from windtunnel.loaders.reading import FileResult, not_read, too_slow
from windtunnel.loaders.settings import Settings
from windtunnel.loaders.worker import answer_of, receive, send, serve

GRACE_S, GRACE_SHARE = 1.0, 0.1
"""How much longer than the time limit a file may take before its process is killed: so many
seconds and such a share of the limit."""
FILES_PER_WORKER = 12
"""Fewer files than this aren't worth one more process."""
MOST_WORKERS = 8
PROGRAM = "import sys; sys.path[:] = {!r}; from windtunnel.loaders.worker import main; main()"
LOOK_S = 0.05
"""How often it is looked whether a silent worker is alive."""


def can_fork() -> bool:
    """Whether worker processes can be made by forking this one."""
    return hasattr(os, "fork")


def is_possible() -> bool:
    """Whether there can be worker processes at all."""
    return os.name == "posix"


@dataclass(eq=False)
class _Worker:
    """One worker process, seen from here."""

    pid: int
    requests: int
    answers: int
    file: str | None = None
    deadline: float = 0.0
    done: int = 0
    """Files that it has read."""

    def ask(self, file: str, *, chosen: bool, limit_s: float) -> None:
        """Let it read a file."""
        allowed = limit_s * (1 + GRACE_SHARE) + GRACE_S
        self.file, self.deadline = file, time.monotonic() + allowed
        with contextlib.suppress(OSError):
            send(self.requests, json.dumps({"file": file, "chosen": chosen}).encode())

    def end(self) -> int:
        """End it and all that it started; the status that the system gives."""
        for descriptor in (self.requests, self.answers):
            os.close(descriptor)
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.kill(self.pid, signal.SIGKILL)
        try:
            return os.waitpid(self.pid, 0)[1]
        except ChildProcessError:
            return 0

    def is_alive(self) -> bool:
        """Whether the process itself still runs; its children may hold its pipes open."""
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:
            return False


@dataclass(eq=False)
class Apart:
    """Reads files in worker processes.

    Args:
        settings: of the load.
        fresh: whether a worker is a new interpreter (isolated) and not a fork of this one.
        chosen: the one file that is read whatever is in it, if one was named.
        workers: how many there are at most.
        progress: called with (done, all) after each file.
    """

    settings: Settings
    fresh: bool = False
    chosen: str | None = None
    workers: int | None = None
    progress: Callable[[int, int], None] | None = None
    _busy: list[_Worker] = field(default_factory=list)
    _again: set[str] = field(default_factory=set)

    def read(self, files: Iterable[str]) -> dict[str, FileResult | None]:
        """The results by file; ``None`` for what is no DAG file."""
        waiting = deque(files)
        total = len(waiting)
        results: dict[str, FileResult | None] = {}
        count = self._count(total)
        try:
            while waiting or any(worker.file for worker in self._busy):
                self._hand_out(waiting, count)
                for worker in self._ready():
                    self._take(worker, waiting, results)
                if self.progress is not None:
                    self.progress(len(results), total)
        finally:
            for worker in self._busy:
                worker.end()
        return results

    def _count(self, total: int) -> int:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        most = min(MOST_WORKERS, cores) if self.workers is None else self.workers
        return max(1, min(most, -(-total // FILES_PER_WORKER)))

    def _hand_out(self, waiting: deque[str], count: int) -> None:
        while waiting:
            idle = next((w for w in self._busy if w.file is None), None)
            if idle is None:
                if len(self._busy) >= count:
                    return
                idle = self._start()
                self._busy.append(idle)
            file = waiting.popleft()
            limit = self.settings.import_timeout_s
            idle.ask(file, chosen=file == self.chosen, limit_s=limit)

    def _start(self) -> _Worker:
        # A fork of a process with several threads may find locks that nobody will release.
        if self.fresh or not can_fork() or threading.active_count() > 1:
            return self._spawned()
        return self._forked()

    def _forked(self) -> _Worker:
        requests, to_worker = os.pipe()
        from_worker, answers = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(to_worker)
                os.close(from_worker)
                for other in self._busy:
                    os.close(other.requests)
                    os.close(other.answers)
                serve(self.settings, requests, answers)
            finally:
                os._exit(0)
        os.close(requests)
        os.close(answers)
        return _Worker(pid, to_worker, from_worker)

    def _spawned(self) -> _Worker:
        requests, to_worker = os.pipe()
        from_worker, answers = os.pipe()
        # The worker is ended by its id, with its whole group: the object isn't needed.
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(sys.path)],
            stdin=requests,
            stdout=answers,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **FIXED_HASHES},
        )
        process.returncode = 0
        os.close(requests)
        os.close(answers)
        first = {"path": sys.path, "settings": self.settings.model_dump(mode="json")}
        worker = _Worker(process.pid, to_worker, from_worker)
        with contextlib.suppress(OSError):
            send(worker.requests, json.dumps(first).encode())
        return worker

    def _ready(self) -> list[_Worker]:
        """Workers that have answered, ended, or taken too long."""
        busy = [worker for worker in self._busy if worker.file is not None]
        readable = select.select([worker.answers for worker in busy], [], [], LOOK_S)[0]
        now = time.monotonic()
        return [
            worker
            for worker in busy
            if worker.answers in readable or now > worker.deadline or not worker.is_alive()
        ]

    def _take(
        self, worker: _Worker, waiting: deque[str], results: dict[str, FileResult | None]
    ) -> None:
        file = worker.file
        assert file is not None
        late = time.monotonic() > worker.deadline
        has_answered = bool(select.select([worker.answers], [], [], 0)[0])
        frame = receive(worker.answers) if has_answered else None
        if frame is not None:
            worker.file, worker.done = None, worker.done + 1
            results[file] = answer_of(frame)
            return
        self._busy.remove(worker)
        status = worker.end()
        if late:
            results[file] = too_slow(file, self.settings.import_timeout_s)
        elif worker.done and file not in self._again:
            # What an earlier file left behind may be to blame: once more, in a new process.
            self._again.add(file)
            waiting.appendleft(file)
        else:
            results[file] = not_read(file, _ended(status), lasting=False)


def _ended(status: int) -> str:
    """How a process ended, as a sentence about the file that it was reading."""
    if os.WIFSIGNALED(status):
        number = signal.Signals(os.WTERMSIG(status))
        why = {
            signal.SIGKILL: "; was there too little memory?",
            signal.SIGSEGV: "; does it recurse without end, or use a broken extension?",
        }.get(number, "")
        return f"kills its process while it is loaded ({number.name}){why}"
    code = os.waitstatus_to_exitcode(status)
    return f"ends its process while it is loaded (exit code {code}), as os._exit does"
