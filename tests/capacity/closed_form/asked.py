"""Asked: the estimates of one fleet, by simulating it until they are as precise as was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import windtunnel
from capacity.closed_form.fleets import Known
from windtunnel.capacity import Estimate, Looks, is_enough, look_until, mean, share
from windtunnel.capacity.days.warm_up import is_steady
from windtunnel.engine import Simulation, compiled
from windtunnel.engine.luck import draw
from windtunnel.engine.program import Program
from windtunnel.model import Deadline, Question, Scenario, Setting
from windtunnel.trace import RunState, TaskState

NEVER = float("inf")


@dataclass(frozen=True)
class Values:
    """What one simulation came to; times in seconds since its start."""

    due: list[float]
    """Of each task instance, when its run was due; no fleet has several runs of several tasks."""
    queued: list[float]
    """How long each waited."""
    landed: list[float]
    """How long after it was due the run of each landed."""
    end: float


@dataclass
class Simulations:
    """Those of one scenario in one repetition, made when they are needed."""

    scenario: Scenario
    seed: int
    made: list[Values] = field(default_factory=list)
    _program: Program | None = None

    def of(self, first: int, last: int) -> list[Values]:
        """Some of them."""
        self._program = self._program or compiled(self.scenario)
        while len(self.made) < last:
            seed = draw(self.seed, "day", len(self.made)) % 10**9
            scenario = self.scenario.model_copy(update={"seed": seed})
            trace = Simulation(scenario, program=self._program).run()
            started: dict[int, int] = {}
            landed: dict[int, int] = {}
            for at, who, state in trace.history:
                if who >= 0 and state == TaskState.RUNNING:
                    started.setdefault(who, at)
                elif who < 0 and state == RunState.SUCCESS:
                    landed[~who] = at
            due = [trace.runs[run].created_us for run in trace.ti_run]
            self.made.append(
                Values(
                    [at / 1e6 for at in due],
                    [_after(started, who, at) for who, at in enumerate(due)],
                    [_after(landed, trace.ti_run[who], at) for who, at in enumerate(due)],
                    trace.end_us / 1e6,
                )
            )
        return self.made[first:last]


def _after(when: dict[int, int], who: int, since: int) -> float:
    return (when[who] - since) / 1e6 if who in when else NEVER


def estimate_share(
    known: Known,
    simulations: Simulations,
    looks: Looks,
    *,
    required: float | None = None,
    precision: float | None = None,
) -> Estimate:
    """The share on time."""

    def of(made: Sequence[Values], confidence: float) -> Estimate:
        cut = [
            [(at, float(took <= known.within_s)) for at, took in _known_by(known, one, 1.0)]
            for one in made
        ]
        kept = _warm(known, cut)
        return share([(int(sum(one)), len(one)) for one in kept], confidence)

    return look_until(
        simulations.of,
        of,
        looks,
        lambda one: is_enough(one, precision=precision, required=required),
    )


def estimate_mean(
    known: Known, simulations: Simulations, looks: Looks, *, precision: float
) -> Estimate:
    """The mean of what took so long."""
    assert known.mean_s is not None
    long = 20 * known.mean_s / known.within_s if known.within_s else 40 * known.mean_s

    def of(made: Sequence[Values], confidence: float) -> Estimate:
        return mean(_warm(known, [_known_by(known, one, long) for one in made]), confidence)

    return look_until(simulations.of, of, looks, lambda one: is_enough(one, precision=precision))


@dataclass(frozen=True)
class Planned:
    """What a plan says of the share on time."""

    low: float
    high: float
    days: int


def planned(known: Known, seed: int, *, required: float, days: int) -> Planned:
    """The share on time, as a plan with nothing to choose has it."""
    how = {"within_s": known.within_s} if known.what == "within" else {"queued_s": known.within_s}
    deadline = Deadline(of=known.of if known.what == "within" else f"{known.of}.*", **how)
    setting = Setting(name="parallelism", values=(known.scenario.cluster.parallelism,))
    question = Question(vary=(setting,), deadlines=(deadline,), share=required, days=days)
    scenario = known.scenario.model_copy(update={"seed": 1 + 7919 * seed})
    (point,) = windtunnel.plan(scenario, question).points
    return Planned(point.kept[0].low, point.kept[0].high, point.days)


def _known_by(known: Known, one: Values, times: float) -> list[tuple[float, float]]:
    """(when due, how long it took) of those of which that is known by the end, be it on time or
    not; for a mean those that are nearly certain to have ended."""
    took = one.queued if known.what == "queued" else one.landed
    margin = known.within_s * times or times
    return [each for each in zip(one.due, took, strict=True) if each[0] < one.end - margin]


def _warm(known: Known, each: Sequence[Sequence[tuple[float, float]]]) -> list[list[float]]:
    """What each simulation says, without its beginning where that is no part of the question."""
    begin = 0.0
    if is_steady(known.scenario):
        begin = max((at for one in each for at, _ in one), default=0.0) / 2
    return [[worth for at, worth in one if at >= begin] for one in each]
