"""What was found with each value of a setting: a line for each stretch of values that are alike."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from windtunnel.report.wrap import wrap
from windtunnel.search import Tried, Varied
from windtunnel.units import count


def varied_text(varied: Sequence[Varied], *, width: int) -> list[str]:
    """Nothing, if nothing was varied."""
    lines: list[str] = []
    for one in varied:
        lines.append(f"Varied {one.setting}:")
        for codes, alike in groupby(one.tried, key=lambda tried: tried.codes):
            same = list(alike)
            lines += wrap(
                f"{_values(same)}: {_found(codes, same)}", first="  ", then="    ", width=width
            )
        lines += wrap(_answer(one), first="  ", width=width)
    return lines


def _values(same: Sequence[Tried]) -> str:
    first, last = same[0].value, same[-1].value
    if last - first + 1 == len(same) and len(same) > 2:
        return f"{first} to {last}"
    return ", ".join(str(one.value) for one in same)


def _found(codes: Sequence[str], same: Sequence[Tried]) -> str:
    if codes:
        return ", ".join(codes)
    fewest, most = (f(one.simulations for one in same) for f in (min, max))
    often = count(most, "simulation") if fewest == most else f"{fewest} to {most} simulations"
    each = " each" if len(same) > 1 else ""
    sure = ", in which nothing could go another way" if all(one.all_ways for one in same) else ""
    return f"nothing found in {often}{each}{sure}"


def _answer(one: Varied) -> str:
    largest = one.tried[-1].value
    if one.clean_from is None:
        if one.clean:
            return "No size is enough from which on nothing is found: larger ones are worse again."
        return "None of these values is enough."
    tried = f"as far as was tried (up to {largest})"
    return f"No finding for {one.setting} >= {one.clean_from}, {tried}. Not found is not proved."
