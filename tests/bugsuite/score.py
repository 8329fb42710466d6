"""Scores the search on a folder of small fleets with known verdicts.

    python tests/bugsuite/score.py DIR [--seeds 20] [--most 30000] [--only NAME...]

Each ``*.json`` in DIR is a fleet of the form windtunnel.bugfleet/1 with its ``expect``. For each of
them this prints what the search came to, what is expected, and how many simulations it took until
the first finding (geometric mean over the seeds), for the portfolio and for plain random search. It
exits with 0 if

* every bug was found with every seed, and no fleet shows what it should not: neither in any
  simulation, nor in any of its futures, all of which are walked;
* the tasks that take part were named as expected, in every counterexample;
* every listed fix is accepted and every change that does not help is rejected;
* each counterexample is minimal: it loses its finding when any part of it is left out;
* no fleet that can deadlock, under any lengths and arrivals, has a certificate that says otherwise;
* over the fleets that plain random search hits with a probability below 3 %, it takes at most a
  twentieth of plain random search's simulations, and on no fleet more than 1.5 times as many;
* a core simulates at least 1,000 times a second.

How probable it is that one plain random simulation hits is worked out exactly from all futures, and
so is the geometric mean of how many it takes; that is what the portfolio is compared with, since 20
seeds would say it only to a quarter. What the 20 seeds took is printed beside it. For the factor of
1.5 the portfolio gets 200 seeds where plain random search is quick, for the same reason.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from windtunnel.choices import Even, Stream
from windtunnel.errors import WindtunnelError
from windtunnel.slices import Simulation, Slice, changed, read_slice
from windtunnel.slices.certificate import Certificate, has_solver, prove
from windtunnel.slices.explore import Exploration
from windtunnel.slices.flight import Flyer
from windtunnel.slices.search import Found, search
from windtunnel.slices.shrink import Case, shows_without, shrink

RARE = 0.03
"""Probability below which a bug counts as rare."""
GAIN, LOSS = 20.0, 1.5
SAFE_SIMULATIONS = 400
PRECISE_SEEDS = 200
PRECISE_FROM = 0.02
SIMULATIONS_PER_SECOND = 1000
NO_FLEET = (
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    RecursionError,
    WindtunnelError,
)
"""What comes of a file that is no fleet of this form; the others are scored all the same."""


@dataclass
class Score:
    """What one fleet came to."""

    name: str
    verdicts: list[str]
    expected: list[str]
    states: int
    chance: float | None = None
    took: float | None = None
    """Simulations until found, geometric mean over the seeds."""
    precisely: float | None = None
    """The same over more seeds."""
    random_took: float | None = None
    random_exactly: float | None = None
    simulations_per_second: float = 0.0
    wrong: list[str] = field(default_factory=list)


def score(form: dict[str, Any], seeds: int, most: int) -> Score:
    """Search one fleet, and hold everything against what is expected of it."""
    of = read_slice(form)
    expect = form["expect"]
    futures = Exploration(of)
    verdicts = sorted(futures.found)
    made = Score(str(form["id"]), verdicts, sorted(expect["verdicts"]), len(futures.states))
    made.simulations_per_second = speed(of)
    if not futures.complete:
        made.wrong.append("its futures are too many to be walked")
    if verdicts != made.expected:
        made.wrong.append(f"shows {verdicts}, expected {made.expected}")
    made.wrong.extend(_settings(form))
    made.wrong.extend(_certificate(of, "deadlock" in expect.get("untimed", made.expected)))
    if made.expected:
        made.chance = futures.chance()
        cores = {_named(futures): expect.get("cores", [])}
        _score_search(of, made, cores, seeds, most)
    else:
        found = search(of, 0, SAFE_SIMULATIONS)
        if found is not None:
            made.wrong.append(f"flagged: {found.verdict} of {sorted(found.involved)}")
    return made


def _settings(form: dict[str, Any]) -> Iterator[str]:
    """Fixes that are rejected, and changes that are accepted and don't help."""
    expect = form["expect"]
    for change in (*expect.get("fixes", ()), *expect.get("not_fixes", ())):
        futures = Exploration(read_slice(changed(form, change["set"])))
        found = sorted(futures.found)
        if not futures.complete:
            yield f"after {change['set']}: too many futures"
        elif found != sorted(change["verdicts"]):
            yield f"after {change['set']}: {found}, expected {change['verdicts']}"


def _certificate(of: Slice, can_deadlock: bool) -> Iterator[str]:
    if can_deadlock and has_solver() and isinstance(prove(of), Certificate):
        yield "certified, though it can deadlock"


def _named(futures: Exploration) -> str:
    """The verdict of which the fleet says who takes part: that of the first bad state."""
    return next((min(found) for found in futures.verdicts if found), "")


def _score_search(
    of: Slice, made: Score, cores: dict[str, list[list[str]]], seeds: int, most: int
) -> None:
    took: list[int] = []
    seen: set[tuple[str, frozenset[str]]] = set()
    for seed in range(seeds):
        found = search(of, seed, most)
        if found is None or found.verdict not in made.expected:
            made.wrong.append(f"seed {seed}: {found.verdict if found else 'not found'}")
            continue
        took.append(found.simulations)
        if (found.verdict, found.involved) not in seen:
            seen.add((found.verdict, found.involved))
            made.wrong.extend(_counterexample(of, found, cores.get(found.verdict, [])))
    if not took:
        return
    assert made.chance is not None
    made.took = made.precisely = _mean(took)
    randomly = [search(of, seed, most, Even.name) for seed in range(seeds)]
    made.random_took = _mean([most if one is None else one.simulations for one in randomly])
    made.random_exactly = _expected(made.chance)
    if made.chance > PRECISE_FROM:
        more = (search(of, seed, most) for seed in range(seeds, PRECISE_SEEDS))
        made.precisely = _mean([*took, *(one.simulations for one in more if one is not None)])
    if made.precisely > LOSS * made.random_exactly:
        ratio = made.precisely / made.random_exactly
        made.wrong.append(f"takes {ratio:.2f} times as long as plain random search")


def _counterexample(of: Slice, found: Found, cores: list[list[str]]) -> Iterator[str]:
    """Whether it names the right tasks, and is minimal."""
    if cores and sorted(found.involved) not in map(sorted, cores):
        yield f"names {sorted(found.involved)}, expected one of {cores}"
    case = shrink(Case(of, found.answers), found.verdict)
    needless = shows_without(case, found.verdict)
    if needless is not None:
        yield f"a counterexample is not minimal: {needless}"


def _mean(took: list[int]) -> float:
    return math.exp(sum(map(math.log, took)) / len(took))


def _expected(chance: float) -> float:
    """Geometric mean of the number of the first hit, at this chance for each."""
    total, missed, number = 0.0, 1.0, 1
    while missed > 1e-12 and chance < 1:
        total += chance * missed * math.log(number)
        missed *= 1 - chance
        number += 1
    return math.exp(total)


def speed(of: Slice, simulations: int = 300) -> float:
    """Simulations per second, on this core now."""
    flyer, even = Flyer(Simulation(of)), Even(of.max_faults)
    began = time.process_time()
    for number in range(simulations):
        even.begin(Stream(0, "speed", number))
        flyer.fly(even)
    return simulations / max(time.process_time() - began, 1e-9)


def totals(scores: list[Score]) -> list[str]:
    """What is said at the end, and what is wrong over all; each line that says so starts with
    WRONG."""
    bugs = [one for one in scores if one.expected]
    found = [one for one in bugs if one.precisely and one.random_exactly]
    lines = [
        f"{len(scores)} fleets: {len(bugs)} with a bug, {len(scores) - len(bugs)} safe; "
        f"{sum(one.states for one in scores)} states; "
        f"{sum(bool(one.wrong) for one in scores)} fleets with something wrong"
    ]
    for said, some in (
        ("all with a bug", found),
        (f"rare (below {RARE:.0%})", [one for one in found if (one.chance or 1) < RARE]),
    ):
        if some:
            ours = math.exp(sum(math.log(one.took or 1) for one in some) / len(some))
            plain = math.exp(sum(math.log(one.random_exactly or 1) for one in some) / len(some))
            seeds = math.exp(sum(math.log(one.random_took or 1) for one in some) / len(some))
            lines.append(
                f"{said}: {len(some)} fleets, {ours:.2f} simulations until found; plain random "
                f"{plain:.2f} exactly, {seeds:.2f} with these seeds: "
                f"{plain / ours:.1f} times as many"
            )
            if said.startswith("rare") and plain < GAIN * ours:
                lines.append(f"WRONG: on rare bugs less than {GAIN:.0f} times as quick")
    if found:
        worst = max(found, key=lambda one: (one.precisely or 0) / (one.random_exactly or 1))
        ratio = (worst.precisely or 0) / (worst.random_exactly or 1)
        lines.append(f"worst against plain random: {ratio:.2f} times as many, {worst.name}")
    speeds = sorted(one.simulations_per_second for one in scores if one.simulations_per_second)
    if not speeds:
        return lines
    middle = math.exp(sum(map(math.log, speeds)) / len(speeds))
    lines.append(f"simulations per second and core: {middle:,.0f} (slowest {speeds[0]:,.0f})")
    if middle < SIMULATIONS_PER_SECOND:
        lines.append(f"WRONG: fewer than {SIMULATIONS_PER_SECOND:,} simulations per second")
    return lines


def _row(one: Score) -> str:
    def number(value: float | None, form: str = ".1f") -> str:
        return "-" if value is None else format(value, form)

    return (
        f"{one.name:<36}{','.join(one.verdicts) or 'safe':<15}"
        f"{','.join(one.expected) or 'safe':<15}{one.states:>7}{number(one.chance, '.5f'):>9}"
        f"{number(one.took):>8}{number(one.precisely):>9}{number(one.random_took):>9}"
        f"{number(one.random_exactly):>9}{one.simulations_per_second:>9,.0f}  "
        f"{'ok' if not one.wrong else 'WRONG'}"
    )


def main() -> int:
    """Score the fleets of a folder."""
    asked = argparse.ArgumentParser(description="Score the search on a folder of small fleets.")
    asked.add_argument("folder", type=Path)
    asked.add_argument("--seeds", type=int, default=20)
    asked.add_argument("--most", type=int, default=30_000, help="simulations of one search")
    asked.add_argument("--only", nargs="*", default=(), help="beginnings of names")
    options = asked.parse_args()
    files = sorted(
        path
        for path in options.folder.glob("*.json")
        if not options.only or path.name.startswith(tuple(options.only))
    )
    if not files:
        print(f"{options.folder}: no fleets (*.json) here", file=sys.stderr)
        return 2
    print(
        f"{'fleet':<36}{'verdict':<15}{'expected':<15}{'states':>7}{'chance':>9}{'took':>8}"
        f"{'(200)':>9}{'random':>9}{'exactly':>9}{'sims/s':>9}"
    )
    scores: list[Score] = []
    for path in files:
        try:
            form = json.loads(path.read_text(encoding="utf-8"))
            one = score(form, options.seeds, options.most)
        except NO_FLEET as error:
            one = Score(path.stem, [], ["?"], 0, wrong=[f"{path}: {error!r}"])
        scores.append(one)
        print(_row(one), flush=True)
        for line in one.wrong:
            print(f"    {line}", flush=True)
    print()
    said = totals(scores)
    print("\n".join(said))
    failed = any(one.wrong for one in scores) or any(line.startswith("WRONG") for line in said)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
