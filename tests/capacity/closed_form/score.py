"""Scores the intervals on fleets whose answer is known in closed form.

    python tests/capacity/closed_form/score.py [--times 200] [--only TEXT] [--ways plan,side]

Each fleet is simulated again and again, with other seeds, until its estimate is as precise as was
asked, and until it is known on which side of a required share it is, by the estimates alone and as
`windtunnel.plan` does it; this prints how often the truth was within the interval. It exits with 0
if that is 94 % of the times or more for each.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from capacity.closed_form.asked import Simulations, estimate_mean, estimate_share, planned
from capacity.closed_form.fleets import Known, fleets
from windtunnel.capacity import growing
from windtunnel.sweep import sweep

LEAST = 0.94
LOOKS = growing(20, 80)
PRECISION, RELATIVE = 0.05, 0.2
NEAR = 0.02
"""So far beside the truth is the share that is required: decided by some and not by others."""

Item = tuple[str, int, str]


def once(_: None, item: Item) -> dict[str, Any]:
    """The estimates of one fleet, with one seed: by what one stops at, whether it holds the truth,
    how many simulations it took, how wide it is."""
    name, seed, asked = item
    known = next(one for one in fleets() if one.name == name)
    simulations = Simulations(known.scenario, seed)
    return {way: _asked(known, way, simulations) for way in ways(known) if way in asked}


def _asked(known: Known, way: str, simulations: Simulations) -> tuple[bool, int, float]:
    truth: float | None = known.truth
    if way == "plan":
        kept = planned(known, simulations.seed, required=_beside(known), days=LOOKS.at[-1])
        return kept.low <= known.truth <= kept.high, kept.days, kept.high - kept.low
    if way == "mean":
        truth = known.mean_s
        assert truth is not None
        found = estimate_mean(known, simulations, LOOKS, precision=RELATIVE * truth)
    elif way == "side":
        found = estimate_share(known, simulations, LOOKS, required=_beside(known))
    else:
        found = estimate_share(known, simulations, LOOKS, precision=PRECISION)
    assert truth is not None
    return found.holds(truth), found.n, found.high - found.low


def _beside(known: Known) -> float:
    return min(0.99, max(0.01, known.truth + (NEAR if known.truth < 0.5 else -NEAR)))


def ways(known: Known) -> Iterator[str]:
    """What is asked of a fleet; only a plan sees to it that a queue is warm in a short window."""
    yield "plan"
    if "short window" in known.name:
        return
    yield "precision"
    yield "side"
    if known.mean_s is not None and known.scenario.arrivals:
        yield "mean"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--only", default="")
    parser.add_argument("--ways", default="plan,precision,side,mean")
    asked = parser.parse_args(arguments)
    print(f"{'fleet':<32} {'stops at':<10} {'truth':>8} {'holds':>8} {'n':>6} {'width':>7}")
    rows = low = 0
    for known in fleets():
        if asked.only not in known.name:
            continue
        items: list[Item] = [(known.name, seed, asked.ways) for seed in range(asked.times)]
        answers = list(sweep(once, None, items))
        for way in answers[0]:
            found = [answer[way] for answer in answers]
            holds, n, wide = (sum(of) / len(found) for of in zip(*found, strict=True))
            truth = known.mean_s if way == "mean" else known.truth
            rows, low = rows + 1, low + (holds < LEAST)
            print(
                f"{known.name:<32} {way:<10} {truth:>8.4g} {holds:>8.1%} {n:>6.0f} {wide:>7.3g}",
                flush=True,
            )
    print(f"{rows} rows, {low} of them below {LEAST:.0%}")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
