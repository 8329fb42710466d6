"""One finding as a person reads it: what stands still, who holds what, until when, the cure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from rich.cells import cell_len

from windtunnel.detect.finding import Finding, Party
from windtunnel.report.case_text import case_text
from windtunnel.report.fixes_text import fixes_text
from windtunnel.report.wrap import wrap
from windtunnel.units import clock, count, duration

SHOWN = 12
"""Parties listed by name in each group; the JSON form has all."""
NOT_YET = "none"
"""Airflow's missing state: the scheduler has not come to this task yet."""


def finding_text(finding: Finding, *, width: int = 80) -> str:
    """The finding in lines of at most *width* columns, unless an id or a command is longer."""
    return "\n".join(
        [
            _title(finding, width),
            *story(finding, width=width),
            *_notes(finding, width),
            *_case(finding, width),
            *fixes_text(finding, width=width),
            *_again(finding),
        ]
    )


def story(finding: Finding, *, width: int = 80) -> list[str]:
    """What stands still, until when, who holds what and who waits for it, in indented lines."""
    return [
        *wrap(finding.summary, first="  ", width=width),
        *_how_long(finding, width),
        *_holders(finding, width),
        *_waiters(finding, width),
        *_cycle(finding, width),
    ]


def headline(finding: Finding) -> str:
    """The finding in one line: code, title, where."""
    return finding.headline


def _title(finding: Finding, width: int) -> str:
    left, right = f"{finding.code} {finding.title}", finding.place
    gap = width - cell_len(left) - cell_len(right)
    if not right:
        return left
    return f"{left}{' ' * gap}{right}" if gap >= 2 else f"{left}\n  {right}"


def _how_long(finding: Finding, width: int) -> list[str]:
    if finding.since is None:
        return []
    if not (finding.holding or finding.waiting):
        return wrap(
            f"First at {clock(finding.since)} (virtual time, UTC).", first="  ", width=width
        )
    what = "From" if any(one.does for one in finding.holding) else "No progress after"
    begins = f"{what} {clock(finding.since)} (virtual time, UTC)"
    return wrap(f"{begins} {_end(finding, finding.since)}", first="  ", width=width)


def _end(finding: Finding, since: datetime) -> str:
    if finding.until is None:
        return f"until {finding.ended_by}." if finding.ended_by else "for ever: nothing ends it."
    lasts = duration((finding.until - since).total_seconds())
    until = f"until {clock(finding.until, beside=since)} ({lasts} later)"
    return f"{until}: {finding.ended_by}." if finding.ended_by else f"{until}."


def _holders(finding: Finding, width: int) -> list[str]:
    """Those that hold something, told once for all that hold the same."""
    lines: list[str] = []
    held = [one for one in finding.holding if not one.does]
    for does in dict.fromkeys(one.does for one in finding.holding if one.does):
        alike = [one for one in finding.holding if one.does == does]
        who = f"{alike[0].name} ({alike[0].run}): {does}"
        if len(alike) > 1:
            who = f"{_names(alike)}: each {does}"
        lines += wrap(who, first="  - ", width=width)
    for (operator, holds), alike in _alike(held, lambda one: (one.operator, one.holds)):
        each = ", each" if len(alike) > 1 else ","
        does = f"holding {', '.join(holds)}" if holds else "waiting"
        told = f"{count(len(alike), f'{operator} task')}{each} {does}:"
        lines += wrap(told, first="  ", width=width)
        shown = [(_label(one, alike), one) for one in alike[:SHOWN]]
        widest = max(cell_len(label) for label, _ in shown)
        for label, one in shown:
            lines += _holder(label, widest, one, finding.since or one.since, width)
        lines += _others(alike)
    return lines


def _holder(label: str, widest: int, one: Party, beside: datetime, width: int) -> list[str]:
    since = f"since {clock(one.since, beside=beside)}"
    wanted = f"waits for {', '.join(one.waits_for)}" if one.waits_for else ""
    left = f"    {label:<{widest}}  {since}  "
    if cell_len(left) + cell_len(wanted) <= width:
        return [(left + wanted).rstrip()]
    if cell_len(left.rstrip()) <= width:
        return [left.rstrip(), *wrap(wanted, first="      ", width=width)]
    return [f"    {label}", *wrap(f"{since}  {wanted}", first="      ", width=width)]


def _label(one: Party, among: Sequence[Party]) -> str:
    """The name, with the run if several runs of the task are listed."""
    several = sum(1 for other in among if other.name == one.name) > 1
    return f"{one.name} ({one.run})" if several else one.name


def _waiters(finding: Finding, width: int) -> list[str]:
    """Those that only wait, told once for all that wait for the same."""
    parties = finding.waiting
    offered = [one for one in parties if one.state != NOT_YET]
    lines: list[str] = []
    for (state, wanted), alike in _alike(offered, lambda one: (one.state, one.waits_for)):
        what = f", waiting for {', '.join(wanted)}" if wanted else ""
        lines += wrap(f"{count(len(alike), 'task')} {state}{what}:", first="  ", width=width)
        lines += wrap(_names(alike), first="    ", width=width)
    behind = [one for one in parties if one.state == NOT_YET]
    if behind:
        lines.append(f"  {count(len(behind), 'task')} behind these in their DAGs:")
        holding = {one.name for one in finding.holding}
        if any(one.name in holding for one in behind):  # of another run than those above
            behind = [one.model_copy(update={"name": f"{one.name} ({one.run})"}) for one in behind]
        lines += wrap(_names(behind), first="    ", width=width)
    return lines


def _alike(
    parties: Sequence[Party], key: Callable[[Party], tuple[str, tuple[str, ...]]]
) -> list[tuple[tuple[str, tuple[str, ...]], list[Party]]]:
    """The parties by what they have in common, in order of first appearance."""
    groups: dict[tuple[str, tuple[str, ...]], list[Party]] = {}
    for one in parties:
        groups.setdefault(key(one), []).append(one)
    return list(groups.items())


def _names(parties: Sequence[Party]) -> str:
    """Names, each once, with the number of its runs."""
    times: dict[str, int] = {}
    for one in parties:
        times[one.name] = times.get(one.name, 0) + 1
    shown = list(times.items())[:SHOWN]
    left = len(parties) - sum(number for _, number in shown)
    more = f", and {left} more" if left else ""
    return ", ".join(f"{one} ({n} runs)" if n > 1 else one for one, n in shown) + more


def _others(parties: Sequence[Party]) -> list[str]:
    if len(parties) <= SHOWN:
        return []
    return [f"    ... and {len(parties) - SHOWN} more (--format json lists all)"]


def _cycle(finding: Finding, width: int) -> list[str]:
    return wrap(" -> ".join(finding.cycle), first="  cycle: ", width=width) if finding.cycle else []


def _notes(finding: Finding, width: int) -> list[str]:
    return [line for note in finding.notes for line in wrap(note, first="  ", width=width)]


def _case(finding: Finding, width: int) -> list[str]:
    if finding.case is None:
        return []
    return case_text(finding.case, beside=finding.since, width=width)


def _again(finding: Finding) -> list[str]:
    if finding.counterexample is None:
        return []
    return ["  Reproduce with:", f"    windtunnel replay {finding.counterexample}"]
