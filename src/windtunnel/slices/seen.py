"""What is wrong in a state, as the state alone shows."""

from __future__ import annotations

from windtunnel.slices.fleet import RUNS, Slice, Work
from windtunnel.slices.state import DEAD, DEFERRED, Process, State

Access = tuple[frozenset[str], frozenset[str], dict[str, int]]
"""(what is written, what is read, how much of which limit is used)."""


class Watch:
    """Looks at the states of one slice. Names are ``dag.task``; ``dag.*`` for runs."""

    def __init__(self, of: Slice) -> None:
        self._of = of
        self._accesses: dict[tuple[int, int, int], Access] = {}
        self._matters = {n for n, dag in enumerate(of.dags) if dag.every_run_matters}

    def look(self, state: State) -> dict[str, frozenset[str]]:
        """Verdict -> who takes part in it."""
        found: dict[str, frozenset[str]] = {}
        of = self._of
        if of.watches_access:
            self._look_at_accesses(state, found)
        if state.committed:
            twice = {ti for ti, times in state.committed.items() if times > 1}
            if twice:
                found["double_effect"] = frozenset(map(of.name_of, twice))
        if state.lost & self._matters:
            found["lost_run"] = frozenset(f"{of.dags[dag].name}.*" for dag in state.lost)
        bound = of.bypass_bound
        if bound is not None:
            starved = {ti for ti, times in state.bypassed.items() if times > bound}
            if starved:
                found["starvation"] = frozenset(map(of.name_of, starved))
        many = {run // RUNS for run in state.runs if run % RUNS >= of.max_runs - 1}
        if many:
            found["runaway"] = frozenset(f"{of.dags[dag].name}.*" for dag in many)
        return found

    def _look_at_accesses(self, state: State, found: dict[str, frozenset[str]]) -> None:
        of = self._of
        live = [process for process in state.processes if process.kind != DEAD]
        accesses = [(process.ti, self._access(process)) for process in live]
        for number, (one, (writes, reads, _)) in enumerate(accesses):
            for other, (writes_too, reads_too, _) in accesses[number + 1 :]:
                if (writes and (writes & writes_too or writes & reads_too)) or reads & writes_too:
                    found["overlap"] = frozenset((of.name_of(one), of.name_of(other)))
        for limit, capacity in of.limits.items():
            users = [(ti, uses[limit]) for ti, (_, _, uses) in accesses if uses.get(limit)]
            for ti, instance in state.instances.items():
                if instance.state == DEFERRED:
                    users += [(ti, n) for name, n in of.tasks[ti].uses if name == limit]
            if sum(n for _, n in users) > capacity:
                found["overcommit"] = frozenset(of.name_of(ti) for ti, _ in users)

    def _access(self, process: Process) -> Access:
        of = self._of
        steps = of.tasks[process.ti].steps_of(process.tries)
        key = (process.ti, min(process.tries, 2), process.at)
        if key not in self._accesses:
            task = of.tasks[process.ti]
            step = steps[process.at] if process.at < len(steps) else None
            writes, reads, uses = task.writes, task.reads, dict(task.uses)
            if isinstance(step, Work):
                writes, reads = writes + step.writes, reads + step.reads
                for limit, units in step.uses:
                    uses[limit] = uses.get(limit, 0) + units
            k = str(process.ti // of.width % RUNS)
            self._accesses[key] = (
                frozenset(name.replace("{k}", k) for name in writes),
                frozenset(name.replace("{k}", k) for name in reads),
                uses,
            )
        return self._accesses[key]
