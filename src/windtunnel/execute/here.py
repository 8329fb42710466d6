"""Here: callables run in this process, each in a strand."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Mapping
from datetime import datetime

from windtunnel.engine.tries.plans import Plan
from windtunnel.execute.answers import Answers
from windtunnel.execute.around import entrance_of, runs_of, surroundings
from windtunnel.execute.backend import backend_of, serde_of
from windtunnel.execute.calls import Call
from windtunnel.execute.clock import SimulatedClock
from windtunnel.execute.console import Console
from windtunnel.execute.facts import TryFacts
from windtunnel.execute.steps import Name, Runs, Step
from windtunnel.execute.strands import Strand
from windtunnel.loaders.standin.exceptions import AirflowTaskTimeout
from windtunnel.loaders.standin.values import tasks_run
from windtunnel.model import Profile, XComBackend
from windtunnel.model.body import Body

HANGS = (
    "windtunnel: {} works for a minute of real time now. If it hangs (does it wait for a lock that "
    "another callable holds while it sleeps?), interrupt, and run with --isolate\n"
)


class Here:
    """The place beside the engine: nothing keeps a callable from reaching this process.

    Args:
        bodies: what each task runs.
        profile: the release.
        backend: how XComs are stored.
    """

    def __init__(self, bodies: Mapping[Name, Body], profile: Profile, backend: XComBackend) -> None:
        self._bodies, self._profile, self._backend = bodies, profile, backend
        self._strands: dict[int, Strand] = {}
        """Callables that sleep, by task instance."""
        self._ends = contextlib.ExitStack()

    def bodies(self) -> dict[Name, Runs]:
        """The tasks that have a body. DAG files are executed now, while the clock is the real
        one."""
        return runs_of(self._bodies)

    def begin(self, answers: Answers, start: datetime) -> None:
        """Put the real clock away."""
        backend_of(self._profile, self._backend, serde_of(self._profile, self._backend))
        tell = self._ends.enter_context(tasks_run())
        self._answers = answers
        self._console = Console()
        self._ends.callback(self._console.close)
        self._clock = SimulatedClock(start, tell)
        self._clock.begin()
        self._ends.callback(self._clock.end)
        self._ends.callback(self._give_up)

    def start(self, facts: TryFacts, now: datetime, seed: str) -> Step:
        """Begin a try in a strand of its own."""
        body = self._bodies[facts.run.dag_id, facts.task_id]
        function = entrance_of(body)
        if function is not None:
            self._clock.reach(function)
        around = surroundings(self._answers, body, self._profile, self._backend)
        strand = Strand(Call(around, facts, self._bodies, now).work)
        strand.seed = seed
        strand.late = lambda: self._console.say(HANGS.format(f"{facts.run.dag_id}.{facts.task_id}"))
        return self._step(facts.number, strand, now, None)

    def go_on(self, ti: int, now: datetime, *, timed_out: bool) -> Step:
        """Its sleep is over, or ``execution_timeout`` cuts it short."""
        error = AirflowTaskTimeout("execution_timeout passed") if timed_out else None
        return self._step(ti, self._strands.pop(ti), now, error)

    def drop(self, ti: int, now: datetime) -> str:  # noqa: ARG002 - it sees the time that it saw
        """End a try where it sleeps."""
        strand = self._strands.pop(ti)
        with self._console.watching(strand) as written:
            self._clock.end_of(strand)
        return "".join(written)

    def end(self) -> None:
        """End what still sleeps, and bring the real clock back."""
        self._ends.close()

    def _give_up(self) -> None:
        for ti in list(self._strands):
            self.drop(ti, self._clock.now())

    def _step(self, ti: int, strand: Strand, now: datetime, error: BaseException | None) -> Step:
        with self._console.watching(strand) as written, _drawing(strand):
            self._clock.run(strand, now, error)
        text = "".join(written)
        if strand.asleep_us is not None:
            self._strands[ti] = strand
            return Step(text, strand.ahead_us, asleep_us=strand.asleep_us)
        if strand.error is not None:
            raise strand.error
        plan: Plan = strand.result
        return Step(text, strand.ahead_us, plan=plan)


@contextlib.contextmanager
def _drawing(strand: Strand) -> Iterator[None]:
    """Inside the ``with`` block random numbers are the try's own: the same in every simulation."""
    kept = random.getstate()
    if strand.chance is None:
        random.seed(strand.seed)
    else:
        random.setstate(strand.chance)
    try:
        yield
    finally:
        strand.chance = random.getstate()
        random.setstate(kept)
