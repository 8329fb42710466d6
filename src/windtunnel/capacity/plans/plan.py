"""Plan: what each setting comes to, which one is enough, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from windtunnel.capacity.days.warm_up import NOTHING, WarmUp
from windtunnel.model import Assumption, Problem, Question, Scenario

Verdict = Literal["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class Kept:
    """How often one thing that was asked for holds at one setting."""

    what: str
    """In words: ``etl by 07:00``."""
    estimate: float
    """Share of what was due that was on time, from 0 to 1."""
    low: float
    """The true share is between this and ``high``, with the confidence that was asked for."""
    high: float
    due: int
    """Runs (of a queue time: task instances) that were due, in all simulations."""
    late: int
    usual_s: float | None = None
    """Half of the runs landed so long after they were due, or earlier; None: less than half of them
    landed."""
    worst_s: float | None = None
    """As many as the share that was asked for landed so long after they were due, or earlier."""


@dataclass(frozen=True, slots=True)
class Point:
    """What one choice of all settings comes to."""

    settings: tuple[tuple[str, int], ...]
    """Name and value of each, in the order of the question."""
    verdict: Verdict
    """Whether everything that was asked for holds on the share that was asked for."""
    days: int
    """Simulations, each of the whole window, with luck of its own."""
    kept: tuple[Kept, ...]
    """Each deadline, in the order of the question; last, if that was looked at, that nothing
    deadlocked and nothing was used up."""
    waits: tuple[tuple[str, float], ...] = ()
    """Task-seconds of waiting by limit in one simulation, on average; the longest first."""
    findings: tuple[tuple[str, int], ...] = ()
    """Codes of what was found, and in how many of the simulations."""
    late_seeds: tuple[int, ...] = ()
    """Seeds of some simulations in which something was late."""
    worker_hours: float | None = None
    """Of all workers in 24 h. None: no workers are counted."""
    busy_worker_hours: float | None = None
    """Of workers that are there only while they run something: in 24 h, on average."""
    cost: float | None = None
    """For 24 h, in the unit in which a worker's hour was given; None: it was not."""
    warm_up: WarmUp = NOTHING
    """What is simulated before each window, of a load that is the same at each hour."""
    more_days: int | None = None
    """Simulations after which the answer is likely to be known; None: it is known."""

    @property
    def least(self) -> Kept:
        """What holds least often."""
        return min(self.kept, key=lambda one: (one.low, one.estimate))

    @property
    def estimate(self) -> float:
        """Share of what was due that was on time; of several deadlines that of the worst."""
        return self.least.estimate

    @property
    def low(self) -> float:
        """Lower end of the interval of that share."""
        return self.least.low

    @property
    def high(self) -> float:
        """Upper end of the interval of that share."""
        return self.least.high

    @property
    def binds(self) -> str | None:
        """The limit that is waited for longest; None: nothing waits for a limit."""
        return self.waits[0][0] if self.waits else None


@dataclass(frozen=True, slots=True)
class StaticFormula:
    """The usual division: peak of the tasks at once ÷ slots of a worker times a buffer."""

    peak: int
    """Tasks at once, if workers were without end; the largest of some simulations."""
    slots: int
    """Of one worker."""
    buffer: float
    workers: int
    """What it comes to."""
    why: tuple[str, ...]
    """Why it says something else; a sentence each. Empty: it says the same."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer to a question."""

    question: Question
    scenario: Scenario
    """What was simulated, with its settings as they are."""
    points: tuple[Point, ...]
    """All that were simulated, in the order in which they are wanted: the first one that is enough
    is the answer."""
    answer: Point | None
    """The one that is wanted most of those that are enough; None: none is, as far as is known."""
    perhaps: Point | None
    """One that is wanted more and may be enough: not known yet."""
    simulations: int
    """In all."""
    knee: Point | None = None
    """Where the curve over the first setting bends: beyond it, more brings little."""
    formula: StaticFormula | None = None
    drawn: bool = True
    """Whether anything is drawn. If not, all days are the same, and one is enough."""
    searched: str = ""
    """Which of the settings were tried, and what follows for the others."""
    assumptions: tuple[Assumption, ...] = ()
    """What the input did not say, and what was taken instead; what a day is."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Parts of the input that could not be used."""
        return self.scenario.fleet.problems
