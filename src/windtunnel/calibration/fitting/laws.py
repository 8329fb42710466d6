"""Laws: distributions of SciPy, fitted to times of which some were cut short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from windtunnel.errors import InvalidInput
from windtunnel.model import Distribution, Gamma, LogNormal, Weibull

How = Literal["constant", "lognormal", "gamma", "weibull", "sample"]
MANY = 2_000
"""Of more, so many quantiles are fitted: they say the same, and a fit takes as long as it has
observations."""
KEPT = 40
"""Values in a sample that is written down."""
BEYOND = 3.0
"""What was cut short took at most so many times as long as the longest that was seen to its end: a
tail that nobody saw is a guess."""
SHORTEST_S = 0.001


@dataclass(frozen=True, slots=True)
class Lengths:
    """Measured times, in seconds."""

    exact: tuple[float, ...] = ()
    cut: tuple[float, ...] = ()
    """Those that were cut short, as by a timeout: they would have taken longer."""
    between: tuple[tuple[float, float], ...] = ()
    """Those that are known to lie between two bounds, as between two pokes; 0: or shorter."""

    def __len__(self) -> int:
        return len(self.exact) + len(self.cut) + len(self.between)


CANDIDATES: tuple[How, ...] = ("lognormal", "gamma", "weibull")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One distribution with its parameters."""

    name: How
    shape: float
    scale: float
    likely: float
    """The logarithm of how likely what was measured is."""
    law: Any
    """SciPy's own."""

    @classmethod
    def of(cls, name: How, lengths: Lengths) -> Candidate:
        """The law of this name that makes these times likeliest."""
        known = stats()
        family = {
            "lognormal": known.lognorm,
            "gamma": known.gamma,
            "weibull": known.weibull_min,
        }[name]
        data = _data(known, lengths)
        first = _guess(name, lengths)
        shape, _, scale = family.fit(data, first[0], floc=0, scale=first[1])
        law = family(shape, scale=scale)
        return cls(name, float(shape), float(scale), _likelihood(law, lengths), law)

    @property
    def mean(self) -> float:
        """In seconds."""
        return float(self.law.mean())

    def given(self) -> Distribution:
        """As a behavior says it."""
        shape = float(f"{self.shape:.4g}")
        if self.name == "lognormal":
            return LogNormal(median_s=rounded(self.scale), sigma=shape)
        if self.name == "gamma":
            return Gamma(mean_s=rounded(self.mean), shape=shape)
        return Weibull(scale_s=rounded(self.scale), shape=shape)

    def distance(self, points: Any, shares: Any) -> float:
        """From the measured shares below points, on both sides of each step."""
        own = self.law.cdf(points)
        before = [0.0, *shares[:-1]]
        return float(max(abs(own - shares).max(), abs(own - before).max()))

    def filled(self, points: Any, shares: Any) -> list[float]:
        """Measured quantiles; those beyond what was ever seen to its end are its own, but not
        without end."""
        most, found = BEYOND * float(points[-1]), []
        for n in range(KEPT):
            share = (n + 0.5) / KEPT
            place = int(shares.searchsorted(share))
            beyond = place >= len(points)
            found.append(min(float(self.law.ppf(share)), most) if beyond else float(points[place]))
        return sorted(found)


def stats() -> Any:
    """SciPy's distributions and tests.

    Raises:
        InvalidInput: SciPy is not installed.
    """
    try:
        # Imported here: few people need it, and it is an extra.
        from scipy import stats as found  # noqa: PLC0415
    except ModuleNotFoundError:
        raise InvalidInput("calibrating needs SciPy: pip install 'windtunnel[calibrate]'") from None
    return found


def best_of(lengths: Lengths) -> Candidate:
    """The law that makes what was measured likeliest."""
    return max((Candidate.of(name, lengths) for name in CANDIDATES), key=lambda one: one.likely)


def law_of(lengths: Lengths) -> Any:
    """It, as SciPy's own."""
    return best_of(lengths).law


def _data(known: Any, lengths: Lengths) -> Any:
    """The observations as SciPy takes them."""
    share = min(1.0, MANY / len(lengths))
    exact, cut = (_thinned(some, share) for some in (lengths.exact, lengths.cut))
    between = [(max(low, SHORTEST_S), max(high, 2 * SHORTEST_S)) for low, high in lengths.between]
    if not cut and not between:
        return exact
    below = [high for (low, _), (_, high) in zip(lengths.between, between, strict=True) if not low]
    within = [pair for (low, _), pair in zip(lengths.between, between, strict=True) if low]
    return known.CensoredData(exact, right=cut, left=below, interval=within or None)


def _thinned(values: Sequence[float], share: float) -> list[float]:
    """Quantiles of values, as many as that share of them."""
    ordered = sorted(max(value, SHORTEST_S) for value in values)
    if share == 1.0 or not ordered:
        return ordered
    kept = max(1, round(share * len(ordered)))
    return [ordered[(2 * n + 1) * len(ordered) // (2 * kept)] for n in range(kept)]


def _guess(name: How, lengths: Lengths) -> tuple[float, float]:
    """Shape and scale to begin with, as if nothing was cut short."""
    import numpy as np  # noqa: PLC0415

    seen = [*lengths.exact, *lengths.cut, *((low + high) / 2 for low, high in lengths.between)]
    logs = np.log(np.maximum(seen, SHORTEST_S))
    spread = max(float(logs.std()), 0.01)
    middle = float(np.exp(logs.mean()))
    if name == "lognormal":
        return spread, middle
    if name == "gamma":
        shape = 1 / spread**2
        return shape, middle / shape
    return 1.28 / spread, middle * 1.3


def _likelihood(law: Any, lengths: Lengths) -> float:
    import numpy as np  # noqa: PLC0415

    exact = np.maximum(np.asarray(lengths.exact, dtype=float), SHORTEST_S)
    low = np.asarray([pair[0] for pair in lengths.between], dtype=float)
    high = np.maximum([pair[1] for pair in lengths.between], SHORTEST_S)
    inside = np.log(np.maximum(law.cdf(high) - law.cdf(low), 1e-300)) if len(low) else 0.0
    return float(
        law.logpdf(exact).sum()
        + law.logsf(np.asarray(lengths.cut, dtype=float)).sum()
        + np.sum(inside)
    )


def rounded(seconds: float) -> float:
    """Four digits, and no more than milliseconds: the rest is not known."""
    return float(f"{max(round(seconds, 3), 0.0):.4g}")
