"""Accesses: who read or wrote which data set, from when to when; told by steps, or by DAG code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from windtunnel.model import Fleet
from windtunnel.trace.states import TaskState
from windtunnel.trace.touches import Touch
from windtunnel.trace.trace import Trace, begins_try

BEGINS = frozenset({Touch.READ_BEGINS, Touch.WRITE_BEGINS, Touch.APPEND_BEGINS})
DONE = frozenset({Touch.READ_ENDS, Touch.WRITE_ENDS, Touch.APPEND_ENDS})


@dataclass(frozen=True, slots=True)
class Access:
    """One try that read, wrote or added to one data set."""

    dataset: str
    verb: str
    """``read``, ``write`` or ``append``."""
    ti: int
    try_number: int
    from_us: int
    to_us: int
    done: bool
    """False: the try, or the window, was over before."""
    declared: bool = False
    """Only ``inlets`` or ``outlets`` of the task tell of it: some time within the try."""


def accesses(trace: Trace, fleet: Fleet) -> list[Access]:
    """All of them, in order of their begin. A try none of whose steps reads or writes anything
    reads the ``inlets`` of its task and writes its ``outlets`` for as long as it runs."""
    told = list(told_accesses(trace))
    known = {(access.ti, access.try_number) for access in told}
    declared = [a for a in _declared(trace, fleet) if (a.ti, a.try_number) not in known]
    return sorted([*told, *declared], key=lambda access: access.from_us)


def told_accesses(trace: Trace) -> Iterator[Access]:
    """Those that steps tell of, in order of their end."""
    begun: dict[tuple[int, int, str], tuple[str, int]] = {}
    for at, ti, number, what, dataset in trace.touches:
        if what in BEGINS:
            begun[ti, number, dataset] = (what.label.partition(" ")[0], at)
        else:
            verb, since = begun.pop((ti, number, dataset))
            yield Access(dataset, verb, ti, number, since, at, what in DONE)
    for (ti, number, dataset), (verb, since) in begun.items():
        yield Access(dataset, verb, ti, number, since, trace.end_us, done=False)


def _declared(trace: Trace, fleet: Fleet) -> Iterator[Access]:
    dags = {dag.dag_id: [(t.inlets, t.outlets) for t in dag.tasks] for dag in fleet.dags}
    named = [dags.get(dag_id, []) for dag_id in trace.dag_ids]
    if not any(inlets or outlets for tasks in named for inlets, outlets in tasks):
        return
    for ti, number, begin, end, done in _stays(trace):
        tasks = named[trace.runs[trace.ti_run[ti]].dag]
        inlets, outlets = tasks[trace.ti_task[ti]] if tasks else ((), ())
        for verb, datasets in (("read", inlets), ("write", outlets)):
            for dataset in datasets:
                yield Access(dataset, verb, ti, number, begin, end, done, declared=True)


def _stays(trace: Trace) -> Iterator[tuple[int, int, int, int, bool]]:
    """(task instance, try, from, to, whether it succeeded) of each stay on a worker."""
    state: dict[int, int] = {}
    tries: dict[int, int] = {}
    since: dict[int, int] = {}
    for change, (at, who, new) in enumerate(trace.history):
        if who < 0:
            continue
        by_hand = change in trace.reasons
        if begins_try(state.get(who, TaskState.NONE), new, by_hand=by_hand):
            tries[who] = tries.get(who, 0) + 1
        if new == TaskState.RUNNING:
            since[who] = at
        elif who in since:
            yield who, tries.get(who, 0), since.pop(who), at, new == TaskState.SUCCESS
        state[who] = new
    for who, begin in since.items():
        yield who, tries.get(who, 0), begin, trace.end_us, False
