"""What is proved of which DAG, as text: in full, and as the lines of a check."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from windtunnel.model import Scenario
from windtunnel.report.wrap import wrap
from windtunnel.search import DagProof, Proof
from windtunnel.slices.certificate import Stuck
from windtunnel.units import count

NAMED = 12
NO_SOLVER = "z3 is not installed"
STUCK = 6
PLACES = {
    "ready": "ready, and some limit is full",
    "queued": "queued, and no worker has room",
    "not begun": "waits for its upstream tasks, or for the run before",
}
KINDS = {
    "blocked": "waits with its slots",
    "deferred": "waits deferred",
    "rescheduled": "waits between two pokes",
}


def proof_text(scenario: Scenario, proof: Proof, *, width: int = 80) -> str:
    """What is proved, what may be stuck, what is not covered, and what that rests on."""
    dags = count(len(scenario.fleet.dags), "DAG")
    blocks = [
        _proved([one for one in proof.dags if one.verdict == "proved"], dags, width),
        _candidates([one for one in proof.dags if one.verdict == "candidate"], dags, width),
        _uncovered([one for one in proof.dags if one.verdict == "not covered"], dags, width),
        _assumptions(proof.assumptions, width),
        wrap(_verdict(proof), width=width),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def proof_lines(proof: Proof | None, never_ran: Collection[str], *, width: int) -> list[str]:
    """Of a check: one line each for what is proved, what was searched, and what is not covered."""
    if proof is None:
        return []
    lines: list[str] = []
    said = {
        "Proved, whatever takes how long, to have no deadlock: ": proof.proved,
        "Searched for deadlocks, which could not be excluded: ": proof.candidates,
        "Not covered by proofs, searched: ": proof.not_covered,
    }
    for first, dag_ids in said.items():
        ran = [one for one in dag_ids if one not in never_ran]
        if ran:
            lines += wrap(f"{_names(ran)}{_hint(proof, ran)}.", first=first, then="  ", width=width)
    return lines


def _hint(proof: Proof, dag_ids: Sequence[str]) -> str:
    """What would make more of them provable, if that is easy."""
    for dag_id in dag_ids:
        for why in proof.of(dag_id).why:
            if why.startswith(NO_SOLVER):
                return f" ({why})"
    return ""


def _proved(proofs: Sequence[DagProof], dags: str, width: int) -> list[str]:
    if not proofs:
        return []
    lines = [f"Proved to have no deadlock, whatever takes how long ({len(proofs)} of {dags}):"]
    alone = [one.dag_id for one in proofs if not one.rests_on]
    if alone:
        said = f"{_names(alone)}: no limit can be full of tasks that wait"
        lines += wrap(said, first="  ", then="    ", width=width)
    alike: dict[tuple[object, ...], list[DagProof]] = {}
    for one in proofs:
        if one.rests_on:
            alike.setdefault((one.rests_on, one.waiting), []).append(one)
    for same in alike.values():
        facts = _names([str(fact) for fact in same[0].rests_on])
        said = f"{_names([one.dag_id for one in same])}: rests on {facts}"
        for pool, tasks in same[0].waiting:
            said += f"; in pool {pool} only these wait with their slots: {_names(tasks)}"
        lines += wrap(said, first="  ", then="    ", width=width)
    return lines


def _candidates(proofs: Sequence[DagProof], dags: str, width: int) -> list[str]:
    if not proofs:
        return []
    lines = [f"May be stuck, as far as is known ({len(proofs)} of {dags}):"]
    alike: dict[frozenset[Stuck], list[str]] = {}
    for one in proofs:
        alike.setdefault(frozenset(one.stuck), []).append(one.dag_id)
    for together, dag_ids in alike.items():
        lines += wrap(f"{_names(dag_ids)}, where this comes together:", first="  ", width=width)
        stuck = sorted(together, key=lambda one: (_rank(one.phase), one.dag, one.task, one.k))
        for each in stuck[:STUCK]:
            name = f"{each.dag}.{each.task} (run {each.k + 1})"
            lines += wrap(f"{name} {_place(each.phase)}", first="    ", then="      ", width=width)
        if len(stuck) > STUCK:
            lines.append(f"    and {len(stuck) - STUCK} more")
    return lines


def _rank(phase: str) -> int:
    """Those that hold something first, those that only wait for others last."""
    order = ["blocked", "deferred", "rescheduled", "ready", "queued"]
    kind = phase.partition(" ")[0]
    return order.index(kind) if kind in order else len(order)


def _place(phase: str) -> str:
    if phase in PLACES:
        return PLACES[phase]
    kind, _, rest = phase.partition(" ")
    if kind in KINDS:
        return KINDS[kind]
    if rest and kind in PLACES:
        return f"comes back from its wait: {PLACES[kind]}"
    return phase


def _uncovered(proofs: Sequence[DagProof], dags: str, width: int) -> list[str]:
    if not proofs:
        return []
    lines = [f"Not covered ({len(proofs)} of {dags}):"]
    by_reason: dict[str, list[str]] = {}
    for one in proofs:
        by_reason.setdefault("; ".join(one.why), []).append(one.dag_id)
    for why, dag_ids in by_reason.items():
        lines += wrap(f"{_names(dag_ids)}: {why}", first="  ", then="    ", width=width)
    return lines


def _assumptions(assumptions: Sequence[str], width: int) -> list[str]:
    lines = ["Assumed:"]
    for one in assumptions:
        lines += wrap(one, first="  ", then="    ", width=width)
    return lines


def _verdict(proof: Proof) -> str:
    return (
        f"{len(proof.proved)} proved, {len(proof.candidates)} may be stuck, "
        f"{len(proof.not_covered)} not covered."
    )


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
