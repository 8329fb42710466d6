"""Fit: the platforms on which executions take as long as they really took.

Makespans alone can't tell a machine with few slots from one that starts its tasks slowly. So there
are several candidates: each number of slots a machine, with start-up, transfers, or some of both;
and where that does not suffice, a scheduler that starts one task after the other. Of each, the size
is fitted; and what is predicted is the mean over all of them, where those count most that explain
the fitted executions best. One best candidate would be more often far off.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import exp, log

from windtunnel.calibration.platforms.families import same_application
from windtunnel.calibration.platforms.platform import Platform, Setting, simulated
from windtunnel.loaders.execution import Execution
from windtunnel.sweep import HERE, Backend, sweep

SPREAD = 0.3
"""Two candidates whose mean deviations differ by this much, over one execution, differ by e in
weight."""
NOISE = 0.05
"""Two runs of one workflow on the same machines differ by 2 to 10 %."""
EXTRA = 0.25
"""How much longer a run takes, in the mean, of which something isn't in its trace."""
STEPS = 12
"""Sizes tried of one candidate, at most."""
LARGEST, SMALLEST = 4.0**12, 4.0**-6
FIRST_START_S, FIRST_PER_GB_S, FIRST_DISPATCH_S = 10.0, 3.0, 1.0
GOOD = 0.08
"""Executions that are reproduced no worse leave nothing for another figure to explain."""
CLOSE = 0.03

Deviations = list[float]
"""Logarithms of taken over simulated, an execution each: positive where reality took longer."""
Loss = Callable[[Deviations], float]


@dataclass(frozen=True)
class Candidate:
    """A platform that was fitted."""

    platform: Platform
    loss: float
    """How far it is off on the fitted executions; about their mean deviation."""
    weight: float
    """How much it counts, among all."""


@dataclass(frozen=True)
class Fitted:
    """What was learned of a platform."""

    candidates: tuple[Candidate, ...]
    """The best first."""
    one_sided: bool
    """Whether executions that took longer than simulated were forgiven more."""

    @property
    def best(self) -> Platform:
        """The platform that explains the fitted executions best."""
        return self.candidates[0].platform


def fit(executions: Sequence[Execution], *, on: Backend = HERE) -> Fitted:
    """Fit platforms to what *executions* took.

    Where they are of one application, deviations count alike on both sides. Runs of different
    applications on one machine differ by what no trace has - images that were pulled, tries that
    failed - and that only ever adds: those that took much longer than the rest pull little.
    """
    alike = same_application(executions)
    loss = _mean_size if alike else _forgiving
    measure = _Measure(tuple(executions), on)
    found: list[tuple[float, Platform]] = []
    start_s, per_gb = FIRST_START_S, FIRST_PER_GB_S
    for slots in _numbers_of_slots(executions):
        pure = Platform(slots=slots, start_s=start_s)
        sizes = [start_s * _size(measure, pure, loss)]
        # With more slots it is more: what was found is where to look next.
        start_s = 2 * sizes[0] or FIRST_START_S
        found.append(_sized(measure, Platform(slots=slots, start_s=sizes[0]), loss))
        if not (alike and any(any(one.gigabytes) for one in executions)):
            continue
        pure = Platform(slots=slots, seconds_per_gb=per_gb)
        sizes.append(per_gb * _size(measure, pure, loss))
        per_gb = 2 * sizes[1] or FIRST_PER_GB_S
        found.append(_sized(measure, Platform(slots=slots, seconds_per_gb=sizes[1]), loss))
        half = Platform(slots=slots, start_s=sizes[0] / 2, seconds_per_gb=sizes[1] / 2)
        found.append(_sized(measure, _times(half, _size(measure, half, loss)), loss))
    if alike and min(one for one, _ in found) > GOOD:
        # With a slot for each core, the last that was tried.
        found += _dispatched(measure, loss, *sizes)
    found = [one for n, one in enumerate(found) if one[1] not in [other for _, other in found[:n]]]
    return Fitted(_weighted(found, len(executions)), one_sided=not alike)


def predict(fitted: Fitted, executions: Sequence[Execution], *, on: Backend = HERE) -> list[float]:
    """What each of *executions* takes, in seconds."""
    measure = _Measure(tuple(executions), on)
    columns = [measure.seconds(one.platform) for one in fitted.candidates]
    weights = [one.weight for one in fitted.candidates]
    return [
        exp(sum(w * log(s) for w, s in zip(weights, row, strict=True)))
        for row in zip(*columns, strict=True)
    ]


def _dispatched(
    measure: _Measure, loss: Loss, start_s: float, per_gb: float = 0.0
) -> Iterator[tuple[float, Platform]]:
    """A scheduler that takes its time for each task, alone or with half of the other figures."""
    pure = Platform(dispatch_s=FIRST_DISPATCH_S)
    dispatch_s = FIRST_DISPATCH_S * _size(measure, pure, loss)
    yield _sized(measure, Platform(dispatch_s=dispatch_s), loss)
    half = dispatch_s / 2
    mixes = [Platform(dispatch_s=half, start_s=start_s / 2)]
    if per_gb:
        mixes.append(Platform(dispatch_s=half, seconds_per_gb=per_gb / 2))
    for one in mixes:
        yield _sized(measure, _times(one, _size(measure, one, loss)), loss)


def _sized(measure: _Measure, platform: Platform, loss: Loss) -> tuple[float, Platform]:
    fitted = _times(platform, 1.0)
    return loss(measure.of(fitted)), fitted


class _Measure:
    """Simulates executions on platforms, and remembers."""

    def __init__(self, executions: tuple[Execution, ...], on: Backend) -> None:
        self._executions = executions
        self._on = on
        self._known: dict[Platform, list[float]] = {}

    def seconds(self, platform: Platform) -> list[float]:
        if platform not in self._known:
            figures = (
                platform.slots,
                platform.start_s,
                platform.seconds_per_gb,
                platform.dispatch_s,
            )
            items: list[Setting] = [(n, *figures) for n in range(len(self._executions))]
            answers = sweep(simulated, self._executions, items, on=self._on)
            self._known[platform] = [max(one, 1e-6) for one in answers]
        return self._known[platform]

    def of(self, platform: Platform) -> Deviations:
        took = zip(self._executions, self.seconds(platform), strict=True)
        return [log(one.took_s / seconds) for one, seconds in took]


def _numbers_of_slots(executions: Sequence[Execution]) -> list[int | None]:
    most = max(max(one.cores) for one in executions)
    fewer, number = [], 1
    while number < most:
        fewer.append(number)
        number *= 2 if number < 16 else 4
    return [*fewer, None]


def _size(measure: _Measure, start: Platform, loss: Loss) -> float:
    """How many times *start* fits best. The makespan grows with it, piece by piece about linear."""
    if not (start.start_s or start.seconds_per_gb or start.dispatch_s):
        return 0.0
    tried = {0.0: measure.of(_times(start, 0.0))}
    size = 1.0
    while min(tried.setdefault(size, measure.of(_times(start, size)))) > -0.1 and size < LARGEST:
        size *= 4
    while max(tried.setdefault(size, measure.of(_times(start, size)))) < 0 and size > SMALLEST:
        size /= 4
    for _ in range(STEPS):
        size = _between(tried, loss)
        near = min(tried, key=lambda one: abs(one - size))
        if abs(near - size) <= CLOSE * size:
            break
        tried[size] = measure.of(_times(start, size))
    return min(tried, key=lambda one: (loss(tried[one]), one))


def _between(tried: dict[float, Deviations], loss: Loss) -> float:
    """Where the loss is least, if what lies between two sizes lies on a line."""
    sizes = sorted(tried)
    best = (loss(tried[sizes[0]]), sizes[0])
    for low, high in itertools.pairwise(sizes):
        for part in range(1, 21):
            share = part / 20
            ends = zip(tried[low], tried[high], strict=True)
            there = [a + share * (b - a) for a, b in ends]
            best = min(best, (loss(there), low + share * (high - low)))
    return best[1]


def _times(platform: Platform, size: float) -> Platform:
    # Rounded, so that one platform is simulated once.
    return Platform(
        slots=platform.slots,
        start_s=round(platform.start_s * size, 3),
        seconds_per_gb=round(platform.seconds_per_gb * size, 3),
        dispatch_s=round(platform.dispatch_s * size, 3),
    )


def _mean_size(deviations: Deviations) -> float:
    return sum(map(abs, deviations)) / len(deviations)


def _forgiving(deviations: Deviations) -> float:
    """A square as far as noise goes, then a line on the side of those that took longer: what a
    normal deviation with an exponential one added to it costs, as in stochastic frontiers."""
    bend = NOISE * NOISE / EXTRA
    costs = (
        d * d / (2 * NOISE * NOISE) if d < bend else d / EXTRA - bend / (2 * EXTRA)
        for d in deviations
    )
    return EXTRA * sum(costs) / len(deviations)


def _weighted(found: list[tuple[float, Platform]], executions: int) -> tuple[Candidate, ...]:
    found = sorted(found, key=lambda one: (one[0], repr(one[1])))
    weights = [exp((found[0][0] - loss) * executions / SPREAD) for loss, _ in found]
    return tuple(
        Candidate(platform, loss, weight / sum(weights))
        for (loss, platform), weight in zip(found, weights, strict=True)
    )
