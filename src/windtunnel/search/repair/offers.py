"""Offers: what might cure a finding, by its code; settings that take no part in it are none.

Not for every code is there something: of WT111, WT112, WT116, WT117, WT221, WT230, WT401 and WT903
it is the DAG file that says something else than was meant, and no other value of a setting helps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from windtunnel.detect import Finding
from windtunnel.model import ExternalTaskSensor, Scenario
from windtunnel.search.repair import data, limits, rooms, settings, waits
from windtunnel.search.repair.change import Offer, Tries

Source = Callable[[Scenario, Finding], Iterator[Offer]]


def offers(scenario: Scenario, finding: Finding) -> list[Offer]:
    """Everything that is worth a simulation, what changes least first."""
    sources = BY_CODE.get(finding.code, ())
    found = [offer for source in sources for offer in source(scenario, finding)]
    return [offer for offer in found if not isinstance(offer, list) or offer]


def _stuck_in_the_past(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    yield from settings.past(scenario, finding)


def _more_room(scenario: Scenario, finding: Finding) -> Iterator[Offer]:
    """Not more workers: if those that are there are gone, more of them would be, too."""
    there = tuple(limit for limit in finding.limits if limit.kind != "worker slots")
    yield from limits.larger(scenario, finding.model_copy(update={"limits": there}))


def _more_tries(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    """Of those that a sensor waits for."""
    for _, task in settings.parties(scenario, finding):
        kind = task.kind
        if isinstance(kind, ExternalTaskSensor):
            names = [(kind.external_dag_id, one) for one in kind.external_task_ids]
            yield from settings.retries(scenario, names, (1, 2, 3))


def _one_try(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    names = [name for name, _ in settings.parties(scenario, finding)]
    note = "what fails then stays failed until somebody looks"
    yield from settings.retries(scenario, names, (0,), note)


def _all_intervals(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    yield from settings.catchup(scenario, [finding.dag_id or ""], to=True)


def _no_catchup(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    dags = sorted({p.dag_id for p in (*finding.holding, *finding.waiting)} | {finding.dag_id or ""})
    note = "intervals that were missed get no run"
    yield from settings.catchup(scenario, dags, to=False, note=note)


def _visibility(scenario: Scenario, _: Finding) -> Iterator[Tries]:
    yield from settings.visibility(scenario)


def _unpaused(scenario: Scenario, _: Finding) -> Iterator[Tries]:
    yield from settings.unpaused(scenario)


def _own_runs(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    dags = {party.dag_id for party in finding.holding} | {finding.dag_id or ""}
    for dag_id in sorted(dags):
        yield from settings.own_runs(scenario, dag_id)


def _sooner_retries(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    yield from settings.retry_delay(scenario, finding.dag_id, finding.line)


def _joined(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    dag_id = finding.dag_id or ""
    yield from settings.joined(scenario, dag_id, finding.about.removeprefix(f"{dag_id}."))


def _longer_runs(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    yield from settings.dagrun_timeout(scenario, [finding.dag_id or ""])


BY_CODE: dict[str, tuple[Source, ...]] = {
    "WT101": (
        limits.larger, waits.other_ways, limits.smaller, data.lock_order, settings.priorities,
        _no_catchup, waits.timeouts,
    ),
    "WT102": (_more_room, _stuck_in_the_past, waits.other_ways, waits.timeouts, _no_catchup),
    "WT103": (waits.in_vain, _more_tries, waits.timeouts),
    "WT104": (limits.larger, settings.priorities, limits.smaller),
    "WT105": (limits.larger, waits.other_ways, settings.priorities, settings.poke_less_often),
    "WT110": (rooms.for_tasks,),
    "WT113": (rooms.other_dates,),
    "WT114": (_unpaused,),
    "WT115": (data.lease,),
    "WT118": (limits.larger, waits.other_ways),
    "WT120": (_visibility,),
    "WT121": (_visibility,),
    "WT201": (_one_try,),
    "WT202": (data.one_at_a_time, data.guarded),
    "WT204": (_one_try, data.safe_to_repeat),
    "WT210": (data.lock_order, data.one_at_a_time),
    "WT211": (data.a_pool_as_large, limits.larger),
    "WT220": (_all_intervals, limits.larger),
    "WT222": (_own_runs,),
    "WT223": (_longer_runs,),
    "WT301": (_joined,),
    "WT302": (_longer_runs,),
    "WT402": (rooms.fewer_at_once,),
    "WT403": (limits.larger, _no_catchup),
    "WT404": (rooms.pool_of_queue, limits.larger, rooms.longer_in_the_queue),
    "WT501": (_sooner_retries,),
}  # fmt: skip
