"""Covered: what a search tried, in words; no more than that."""

from __future__ import annotations

from windtunnel.lint.words import span
from windtunnel.model import Scenario
from windtunnel.search.explore import Exploration
from windtunnel.search.simulations import AS_IT_STANDS, CALM, CORNER

GROUPS = ("ties", "lengths", "amounts", "chances")


def covered(scenario: Scenario, exploration: Exploration, goes_wrong: str) -> str:
    """How many simulations of what, by whom, and what they decided; *goes_wrong* says what faults
    they had."""
    made = exploration.simulations
    plural = "" if made == 1 else "s"
    window = f"{_in_hours(scenario.duration_s)} from {scenario.start.isoformat()}"
    said = f"{made} simulation{plural} of {window}"
    if made == 1:
        return f"{said}, {_calmly(scenario)}; {goes_wrong}. Not found is not proved."
    if not exploration.questions:
        return (
            f"{said}; {goes_wrong}. No two things come at once for the same place, nothing has "
            "more than one length, and nothing happens by chance, so there is no other way for it "
            "to go. Other settings and faults were not tried."
        )
    return (
        f"{said}, {exploration.different} of them different: {_by_whom(exploration)}. They decided "
        f"{_decided(exploration)}; {goes_wrong}. Not found is not proved."
    )


def _in_hours(seconds: float) -> str:
    """Windows are days or hours; shorter ones in their own unit."""
    hours = seconds / 3600
    return f"{hours:g} h" if round(hours, 1) == hours else span(seconds)


def _calmly(scenario: Scenario) -> str:
    if scenario.choices is not None:
        return "as its choices say"
    return "in Airflow's usual order"


def _by_whom(exploration: Exploration) -> str:
    names = {
        AS_IT_STANDS: "as it stands",
        CALM: "with the shortest times",
        CORNER: "at extremes",
    }
    return ", ".join(f"{count} {names.get(by, by)}" for by, count in exploration.by.items())


def _decided(exploration: Exploration) -> str:
    told = [f"{exploration.asked[g]} {g}" for g in GROUPS if exploration.asked[g]]
    return " and ".join([", ".join(told[:-1]), told[-1]] if told[1:] else told)
