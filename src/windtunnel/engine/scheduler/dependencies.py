"""The pass: which task instances of one run become scheduled, and which states the rules write.

From Airflow: ``models/dagrun.py: task_instance_scheduling_decisions, _get_ready_tis`` and the
dependencies in ``ti_deps/deps/``. All dependencies are evaluated even if one already said no,
because they write states as they go.
"""

from __future__ import annotations

from heapq import heappop, heappush

from windtunnel.engine.program import EARLY_RULES
from windtunnel.engine.scheduler.rules import Counts, is_met, verdict
from windtunnel.engine.world import (
    FAILED,
    FINISHED,
    REMOVED,
    SCHEDULEABLE,
    SKIPPED,
    SUCCESS,
    UP_FOR_RESCHEDULE,
    UP_FOR_RETRY,
    UPSTREAM_FAILED,
    Run,
    World,
)
from windtunnel.model import TriggerRule

GOOD = frozenset({SUCCESS, SKIPPED})


def begin(world: World, run: Run) -> None:
    """A run just started: everything that may be ready without any upstream is looked at."""
    for task in run.dag.first_look:
        run.todo.extend(run.tis(task))
    world.mark(run)


def absorb(world: World, run: Run) -> None:
    """Count what finished since the last pass, and note what that may have made ready."""
    pending, run.pending = run.pending, []
    run.before.clear()
    dag, slot0 = run.dag, run.slot0
    left, simple, todo = world.up_left, dag.simple, run.todo
    for ti, old, new in pending:
        task = world.ti_task[ti]
        if new == SUCCESS and old not in FINISHED:
            for down in dag.downstream[task]:
                slot = slot0 + down
                left[slot] -= 1
                if not simple[down]:
                    _look_at(world, run, ti, task, down)
                elif not left[slot]:
                    todo.extend(run.tis(down))
        else:
            _count(world, run, task, old, -1)
            _count(world, run, task, new, 1)
            for down in dag.downstream[task]:
                _look_at(world, run, ti, task, down)
        for dependent in dag.setup_dependents[task]:
            todo.extend(run.tis(dependent))


def _count(world: World, run: Run, task: int, state: int, by: int) -> None:
    if state == SUCCESS:
        for down in run.dag.downstream[task]:
            world.up_left[run.slot0 + down] -= by
        return
    column = {
        SKIPPED: world.up_skipped,
        FAILED: world.up_failed,
        UPSTREAM_FAILED: world.up_upstream_failed,
        REMOVED: world.up_removed,
    }.get(state)
    if column is not None:
        for down in run.dag.downstream[task]:
            column[run.slot0 + down] += by


def _look_at(world: World, run: Run, ti: int, task: int, down: int) -> None:
    """Evaluate a downstream task next; in one mapped group, only the instance of the same index."""
    tis = run.tis(down)
    index = world.ti_map[ti]
    group = run.dag.mapped_group[down]
    paired = group is not None and group == run.dag.mapped_group[task]
    if world.profile.early_rules_see_all_instances:
        paired = paired and run.dag.rule[down] not in EARLY_RULES
    if paired and index >= 0 and len(tis) == len(run.tis(task)) and world.ti_map[tis[0]] >= 0:
        run.todo.append(tis[index])
    else:
        run.todo.extend(tis)


class Pass:
    """One dependency pass over one run."""

    def __init__(self, world: World, run: Run) -> None:
        self.world = world
        self.run = run
        self.ready: list[int] = []
        self._work: list[int] = []
        """A heap of the task instances still to evaluate: the pass goes in order of creation."""
        self.changed = False
        """Whether a dependency wrote a state, or a mapping expanded."""
        self.told = False
        """Whether one that tells did so: a remembered branch decision writes without telling."""

    def evaluate(self, only: frozenset[int] | None = None) -> None:
        """Evaluate all task instances that may have become ready; of tasks ``only``, if given."""
        world, run = self.world, self.run
        absorb(world, run)
        todo, run.todo = run.todo, []
        if only is not None:
            run.todo = [ti for ti in todo if world.ti_task[ti] not in only]
            todo = [ti for ti in todo if world.ti_task[ti] in only]
        self._work = sorted(set(todo)) if len(todo) > 1 else todo
        simple, left, state = run.dag.simple, world.up_left, world.state
        seen = -1
        while self._work:
            ti = heappop(self._work)
            if ti != seen and state[ti] in SCHEDULEABLE:
                task = world.ti_task[ti]
                if simple[task] and not state[ti] and not left[run.slot0 + task]:
                    self.ready.append(ti)
                else:
                    self._evaluate(ti)
            seen = ti

    def _evaluate(self, ti: int) -> None:
        world = self.world
        before = world.state[ti]
        met = self.is_met(ti)
        if not met:
            self.changed |= world.state[ti] != before
            return
        if world.ti_map[ti] < 0 and self.run.dag.mapped[world.ti_task[ti]]:
            self._expand(ti)
        else:
            self.ready.append(ti)

    def _expand(self, ti: int) -> None:
        """Dependencies of an unexpanded mapped task are met (``TaskMap.expand_mapped_task``)."""
        world = self.world
        self.changed = True
        length = mapped_length(world, self.run, world.ti_task[ti])
        if length is None:
            world.move(ti, UPSTREAM_FAILED)
        elif length == 0:
            world.move(ti, SKIPPED)
        else:
            for instance in (ti, *world.expand(ti, length)):
                self._evaluate(instance)
            self._look_at_group(ti)

    def _look_at_group(self, ti: int) -> None:
        """The group's next task expands with this one: no instance of index -1 is left to wait
        for."""
        world, run = self.world, self.run
        dag, task = run.dag, world.ti_task[ti]
        group = dag.mapped_group[task]
        if group is None:
            return
        for down in dag.downstream[task]:
            if dag.mapped_group[down] != group:
                continue
            for first in run.tis(down)[:1]:
                if first > ti:
                    heappush(self._work, first)
                else:
                    run.todo.append(first)
                    world.mark(run)

    def _write(self, ti: int, state: int) -> None:
        self.told |= self.world.move(ti, state)

    # -- the dependencies ---------------------------------------------------------------------

    def is_met(self, ti: int, *, ignore_periods: bool = False) -> bool:
        """Whether all dependencies are met; writes the states that they ask for."""
        world, run = self.world, self.run
        task = world.ti_task[ti]
        dag = run.dag
        met = ignore_periods or self._is_due(ti)
        if dag.tasks[task].depends_on_past:
            met &= self._past_is_good(task)
        if dag.upstream[task] and dag.rule[task] is not TriggerRule.ALWAYS:
            met &= self._rule_is_met(ti, task)
        if dag.skip_parents[task]:
            met &= self._was_not_skipped(ti, task)
        if dag.mapped[task]:
            met &= self._sources_are_good(ti, task)
        return met

    def _is_due(self, ti: int) -> bool:
        """A retry must lie strictly in the past, a reschedule may be now."""
        state = self.world.state[ti]
        if state == UP_FOR_RETRY:
            return self.world.due[ti] < self.world.now
        return state != UP_FOR_RESCHEDULE or self.world.due[ti] <= self.world.now

    def _past_is_good(self, task: int) -> bool:
        """``prev_dagrun_dep.py``: the same task in the previous run succeeded or was skipped."""
        world, run = self.world, self.run
        own = run.dag.tasks[task]
        previous = past_run(world, run, task)
        if previous is None or run.ordinal == 1:
            return True
        before = previous.tis(task)
        if not before:
            ignore = own.ignore_first_depends_on_past
            if ignore is None:
                ignore = world.profile.ignore_first_depends_on_past
            return ignore and not self._ran_before(task)
        if any(world.state[ti] not in GOOD for ti in before):
            return False
        if not own.wait_for_downstream:
            return True
        downstream = (ti for d in run.dag.downstream[task] for ti in previous.tis(d))
        return all(world.state[ti] in GOOD for ti in downstream)

    def _ran_before(self, task: int) -> bool:
        run = self.run
        before = self.world.runs_before(run.dag.number, run.logical_us)
        return any(other.tis(task) for other in before)

    def _rule_is_met(self, ti: int, task: int) -> bool:
        world, run = self.world, self.run
        index = world.ti_map[ti]
        met = self._setups_are_good(ti, task)
        if met is None:
            return False
        if world.state[ti] in FINISHED:
            return False
        rule = run.dag.rule[task]
        counts = self.counts(ti, task)
        state = verdict(rule, counts, index)
        if state is not None:
            self._write(ti, state)
            return False
        removed = counts.removed
        if world.profile.removed_counts_only_if_mapped and index < 0:
            removed = 0
        ready = met and is_met(rule, counts, removed)
        return ready and self._scope_is_done(ti, task)

    def _setups_are_good(self, ti: int, task: int) -> bool | None:
        """Indirect setups override the rule; None if they wrote a state."""
        world, run = self.world, self.run
        setups = run.dag.indirect_setups[task]
        if not setups:
            return True
        states = [self._seen(t) for s in setups for t in self._relevant(ti, task, s)]
        if FAILED in states or UPSTREAM_FAILED in states:
            self._write(ti, UPSTREAM_FAILED)
            return None
        if SKIPPED in states:
            self._write(ti, SKIPPED)
            return None
        return all(s == SUCCESS or (s == REMOVED and world.ti_map[ti] >= 0) for s in states)

    def _scope_is_done(self, ti: int, task: int) -> bool:
        """A 3.x teardown waits for everything between its setups and itself."""
        scope = self.run.dag.scope[task]
        if not scope or not self.world.profile.teardown_waits_for_scope:
            return True
        return all(self._seen(t) in FINISHED for s in scope for t in self._relevant(ti, task, s))

    def _seen(self, ti: int) -> int:
        """The state of a task instance as the pass knows it: changes made during it don't count."""
        before = self.run.before.get(ti)
        return self.world.state[ti] if before is None else before

    def counts(self, ti: int, task: int) -> Counts:
        """States of the direct upstream task instances that matter to this one."""
        world, run = self.world, self.run
        dag = run.dag
        if dag.mapped_group[task] is not None:
            return self._counts_in_group(ti, task)
        slot = run.slot0 + task
        counts = Counts(
            world.up_expected[slot],
            world.up_expected[slot] - world.up_left[slot],
            world.up_skipped[slot],
            world.up_failed[slot],
            world.up_upstream_failed[slot],
            world.up_removed[slot],
        )
        if dag.rule[task] is TriggerRule.ALL_DONE_SETUP_SUCCESS:
            self._count_setups(counts, ti, task)
        return counts

    def _counts_in_group(self, ti: int, task: int) -> Counts:
        run = self.run
        states = [
            self._seen(t) for u in run.dag.upstream[task] for t in self._relevant(ti, task, u)
        ]
        absent = sum(1 for u in run.dag.upstream[task] if not run.tis(u))
        counts = Counts(
            len(states) + absent,
            states.count(SUCCESS),
            states.count(SKIPPED),
            states.count(FAILED),
            states.count(UPSTREAM_FAILED),
            states.count(REMOVED),
        )
        if run.dag.rule[task] is TriggerRule.ALL_DONE_SETUP_SUCCESS:
            self._count_setups(counts, ti, task)
        return counts

    def _count_setups(self, counts: Counts, ti: int, task: int) -> None:
        dag = self.run.dag
        setups = [u for u in dag.upstream[task] if dag.tasks[u].is_setup]
        states = [self._seen(t) for s in setups for t in self._relevant(ti, task, s)]
        counts.setups = len(states)
        counts.setups_success = states.count(SUCCESS)
        counts.setups_skipped = states.count(SKIPPED)

    def _relevant(self, ti: int, task: int, upstream: int) -> list[int]:
        """Instances of an upstream task that this instance depends on
        (``get_relevant_upstream_map_indexes``)."""
        world, run = self.world, self.run
        dag = run.dag
        tis = run.tis(upstream)
        group = dag.mapped_group[task]
        if group is None or group != dag.mapped_group[upstream]:
            return tis
        index = world.ti_map[ti]
        expanded = bool(tis) and world.ti_map[tis[0]] >= 0
        if not expanded:
            return tis
        early = dag.rule[task] in EARLY_RULES
        if world.profile.early_rules_see_all_instances:
            early = early and dag.rule[task] is not TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS
            everything = early and dag.tasks[task].group == group
        else:
            everything = early and index < 0
        if everything:
            return tis
        # The unexpanded instance looks for index -1, which an expanded upstream no longer has.
        return [tis[index]] if 0 <= index < len(tis) else []

    def _was_not_skipped(self, ti: int, task: int) -> bool:
        """``not_previously_skipped_dep.py``: a finished branch or short circuit remembers."""
        world, run = self.world, self.run
        index = world.ti_map[ti]
        for parent in run.dag.skip_parents[task]:
            tis = run.tis(parent)
            if not any(self._seen(t) in FINISHED for t in tis):
                continue
            decision = self._decision(parent, index)
            if decision is not None and task not in decision:
                world.move(ti, SKIPPED)
                return False
        return True

    def _decision(self, parent: int, index: int) -> frozenset[int] | None:
        """What the parent follows, looked up under the map index that the release uses."""
        world, run = self.world, self.run
        own_mapping = run.dag.tasks[parent].expand is not None
        tis = run.tis(parent)
        expanded = bool(tis) and world.ti_map[tis[0]] >= 0
        if world.profile.mapped_branch_remembered:
            # 2.x asks under the child's own index, whatever the parent is.
            looked_up = index
        else:
            looked_up = index if own_mapping else -1
        for t in tis:
            if world.ti_map[t] == looked_up and (looked_up >= 0) == expanded:
                return run.decisions.get(t)
        return None

    def _sources_are_good(self, ti: int, task: int) -> bool:
        """``mapped_task_upstream_dep.py``: an unexpanded source that failed or was skipped
        decides."""
        world, run = self.world, self.run
        states = {
            world.state[t]
            for source in run.dag.map_sources[task]
            for t in run.tis(source)
            if world.ti_map[t] < 0 and world.state[t] in FINISHED
        }
        if not states or states == {SUCCESS}:
            return True
        if world.state[ti] not in (FAILED, UPSTREAM_FAILED):
            if FAILED in states or UPSTREAM_FAILED in states:
                self._write(ti, UPSTREAM_FAILED)
            elif SKIPPED in states:
                self._write(ti, SKIPPED)
        return False


def mapped_length(world: World, run: Run, task: int) -> int | None:
    """Number of instances of a mapped task now that its sources are done; None if unknowable."""
    length = 1
    for factor in run.dag.factors[task] or ():
        if isinstance(factor, int):
            length *= factor
            continue
        source = run.dag.index[factor]
        tis = run.tis(source)
        if tis and world.ti_map[tis[0]] >= 0:
            if any(world.state[t] not in FINISHED for t in tis):
                return None
            length *= sum(1 for t in tis if world.state[t] == SUCCESS)
        else:
            own = world.lengths.get(tis[0]) if tis else None
            if own is None:
                return None
            length *= own
    return length


def is_runnable(world: World, run: Run) -> tuple[bool, bool]:
    """Whether any unfinished task instance could still go on, delays aside, and whether looking
    changed a state and told so (``models/dagrun.py: _are_premature_tis``)."""
    evaluation = Pass(world, run)
    for task in range(run.dag.size):
        for ti in run.tis(task):
            if world.state[ti] not in FINISHED and evaluation.is_met(ti, ignore_periods=True):
                return True, evaluation.told
    return False, evaluation.told


def past_run(world: World, run: Run, task: int) -> Run | None:
    """The run in which depends_on_past looks for a task; None if it asks about none. With catchup
    only scheduled runs count, and none from before the start date; without it any run
    (``DagRun.get_previous_*``)."""
    if run.logical is None:
        return None
    catchup = run.dag.catchup
    for previous in world.runs_before(run.dag.number, run.logical_us):
        if not catchup or previous.kind != "manual":
            start = run.dag.tasks[task].start_date or run.dag.dag.start_date
            too_old = catchup and start and previous.logical and previous.logical < start
            return None if too_old else previous
    return None
