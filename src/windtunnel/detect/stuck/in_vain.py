"""Waits across DAGs that can never come true: for what failed, was skipped, or never comes (WT103).

The sensor or trigger doesn't know: it looks on until a timeout ends it by force.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from windtunnel.detect.finding import Finding
from windtunnel.detect.stuck.cores import WaitGraph
from windtunnel.detect.stuck.ends import end
from windtunnel.detect.stuck.later import BY_HAND, Later, may_be_mended
from windtunnel.detect.stuck.sinks import behind, cannot_go_on, held, is_in_vain, numbers, sinks
from windtunnel.detect.stuck.words import party, place
from windtunnel.model import Cron, Every, ExternalTaskSensor, Scenario, TriggerDagRun
from windtunnel.trace import Actor, RunState, TaskState, Trace, Wish

CODE = "WT103"
DAY_S = 86_400.0
Target = tuple[str, tuple[str, ...]]
"""DAG and tasks that are waited for; no tasks: its run as a whole."""
Sight = tuple[WaitGraph, list[Actor]]
"""A snapshot, and who waits for one thing in it."""
BY_STATE = {
    TaskState.FAILED: "failed_states",
    TaskState.UPSTREAM_FAILED: "failed_states",
    TaskState.SKIPPED: "skipped_states",
}
"""State of what an ExternalTaskSensor looks at -> the argument that would end the wait at once."""


def find_waits_in_vain(
    scenario: Scenario, trace: Trace, graphs: Iterable[WaitGraph], known: Iterable[Finding] = ()
) -> list[Finding]:
    """One finding for each thing that is waited for, at the snapshot where most wait for it.

    Where a timeout ended one of the *known* findings by force, others may wait in vain for what it
    ended: that is no trouble of its own.
    """
    dates = _Dates(scenario)
    sights: dict[Target, list[Sight]] = {}
    for graph in graphs:
        at_us = graph.snapshot.at_us
        here: dict[Target, list[Actor]] = {}
        for actor in sinks(graph):
            wish = actor.wish
            if wish is not None and is_in_vain(wish) and not dates.tell(trace, actor, wish):
                here.setdefault((wish.dag_id, wish.task_ids), []).append(actor)
        if here and not may_be_mended(scenario, at_us, BY_HAND):
            for target, actors in here.items():
                sights.setdefault(target, []).append((graph, actors))
    if not sights:
        return []
    seen = [(graph, actor) for many in sights.values() for graph, some in many for actor in some]
    over = {a.wish.over for _, a in seen if a.wish is not None and a.wish.over is not None}
    later = Later(trace, (actor for _, actor in seen), over)
    parties = (party for finding in known for party in (*finding.holding, *finding.waiting))
    ended = frozenset((party.dag_id, party.run, party.task_id) for party in parties)
    waits = _Waits(scenario, trace, later, ended)
    found = (waits.finding(target, many) for target, many in sights.items())
    return [finding for finding in found if finding is not None]


class _Dates:
    """What both DAGs' schedules say by themselves, and so is told without a simulation (WT113,
    WT114)."""

    def __init__(self, scenario: Scenario) -> None:
        self._dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
        self._also = set(scenario.triggered)
        """DAGs of which runs come from elsewhere, too."""
        for dag in scenario.fleet.dags:
            kinds = (task.kind for task in dag.tasks)
            self._also.update(k.trigger_dag_id for k in kinds if isinstance(k, TriggerDagRun))

    def tell(self, trace: Trace, actor: Actor, wish: Wish) -> bool:
        """Whether the schedules alone say that this wish is in vain."""
        own, other = self._dags[actor.dag_id], self._dags[wish.dag_id]
        task = own.find(actor.task_id)
        if other.is_paused or task is None:
            return True
        if wish.date_us is None or not isinstance(task.kind, ExternalTaskSensor):
            return False
        planned = isinstance(own.schedule, Cron | Every) and isinstance(
            other.schedule, Cron | Every
        )
        elsewhere = other.dag_id in self._also or other.asset_condition is not None
        if not planned or elsewhere or task.kind.execution_date_fn:
            return False
        return other.start_date is None or trace.at(wish.date_us) >= other.start_date


@dataclass(frozen=True, slots=True)
class _Why:
    """Why a wish can't come true."""

    since_us: int
    words: str
    state: TaskState | None = None
    """State in which the task ended that is waited for."""


class _Waits:
    """The waits of one simulation."""

    def __init__(
        self,
        scenario: Scenario,
        trace: Trace,
        later: Later,
        ended: frozenset[tuple[str, str, str]],
    ) -> None:
        self._scenario = scenario
        self._trace = trace
        self._later = later
        self._ended = ended

    def finding(self, target: Target, sights: list[Sight]) -> Finding | None:
        """All that wait for one thing, at the largest sight of it; None if nobody does in vain."""
        best: tuple[WaitGraph, list[tuple[Actor, _Why]]] | None = None
        for graph, actors in sights:
            real = [(one, why) for one in actors if (why := self._lasting(graph, one))]
            if real and (best is None or len(real) > len(best[1])):
                best = graph, real
        return None if best is None else self._made(target, *best)

    def _lasting(self, graph: WaitGraph, actor: Actor) -> _Why | None:
        """Why it waits in vain; None if it went on after all, or has had no time to look again."""
        if self._later.went_on(actor, graph.snapshot):
            return None
        assert actor.wish is not None
        why = self._why(actor.wish, graph.snapshot.at_us)
        until, _ = end(graph, numbers(graph, [actor]))
        dag = next((d for d in self._scenario.fleet.dags if d.dag_id == actor.dag_id), None)
        task = None if dag is None else dag.find(actor.task_id)
        if why is None or task is None:
            return None
        kind = task.kind
        if isinstance(kind, ExternalTaskSensor) and kind.soft_fail and kind.timeout_s < DAY_S:
            return None  # that it does not come is meant, and said
        again_us = getattr(kind, "poke_interval_s", 0.0) * 1e6
        return why if until is None or until - why.since_us > again_us else None

    def _why(self, wish: Wish, at_us: int) -> _Why | None:
        if wish.over is None:
            assert wish.date_us is not None
            date = self._trace.at(wish.date_us).isoformat()
            return _Why(0, f"no run of {wish.dag_id} has the logical date {date}, and none will")
        record = self._trace.runs[wish.over]
        if any(self._is_ended(wish, record.name, *one) for one in self._ended):
            return None
        if not wish.task_ids:
            since, state = self._later.state_at(~wish.over, at_us)
            return _Why(since, f"{record.name} ended as {RunState(state).label}")
        ids = self._trace.task_ids[record.dag]
        states = [
            self._later.state_at(ti, at_us)
            for ti in self._later.instances[wish.over]
            if ids[self._trace.ti_task[ti]] in wish.task_ids
        ]
        bad = [TaskState(state) for _, state in states if state != TaskState.SUCCESS]
        if not bad:
            return None  # it looks for what that DAG doesn't have
        return _Why(max(states)[0], f"it is {bad[0].label} in {record.name}", bad[0])

    def _is_ended(self, wish: Wish, name: str, dag_id: str, run: str, task_id: str) -> bool:
        """Whether a task of another finding is what is waited for, or in its run."""
        return (dag_id, run) == (wish.dag_id, name) and task_id in (wish.task_ids or (task_id,))

    def _made(self, target: Target, graph: WaitGraph, waits: list[tuple[Actor, _Why]]) -> Finding:
        actors = [actor for actor, _ in waits]
        roots = numbers(graph, actors)
        until, ended_by = end(graph, roots)
        first, why = waits[0]
        others = behind(self._trace, graph, roots, until)
        file, line = place(self._scenario, first.dag_id, first.task_id)
        dag_id, task_ids = target
        what = ", ".join(f"{dag_id}.{task}" for task in task_ids) or f"a run of {dag_id}"
        many = len({actor.name for actor in actors}) > 1
        who = f"{len(actors)} tasks wait" if many else f"{first.name} waits"
        since = min(max(actor.since_us, why.since_us) for actor, why in waits)
        return Finding(
            code=CODE,
            title="Wait that can never come true",
            summary=f"{who} for {what}, which can't come true any more: {why.words}."
            f"{cannot_go_on(len(others))}",
            about=what,
            dag_id=first.dag_id,
            file=file,
            line=line,
            since=self._trace.at(since),
            until=None if until is None else self._trace.at(until),
            ended_by=ended_by,
            holding=tuple(
                party(self._trace, actor, held(graph, actor), (f"{what} ({reason.words})",))
                for actor, reason in waits
            ),
            waiting=others,
            notes=tuple(self._notes(first, why)),
        )

    def _notes(self, first: Actor, why: _Why) -> Iterable[str]:
        """What the sensor might have been told."""
        dag = self._scenario.fleet.dag(first.dag_id)
        kind = dag.task(first.task_id).kind
        name = None if why.state is None else BY_STATE.get(why.state)
        if name is not None and why.state is not None and isinstance(kind, ExternalTaskSensor):
            yield f"{name} doesn't name {why.state.label!r}: the sensor doesn't take it for an end."
        elif isinstance(kind, ExternalTaskSensor) and why.words.endswith("ended as failed"):
            yield "failed_states doesn't name 'failed': the sensor doesn't take it for an end."
