"""Program: a fleet compiled to integers, once, so that the scheduler never looks at a model again.

A task is its index in ``dag.tasks``; everything about it that the scheduler asks is a list at that
index.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from windtunnel.engine.dag_runs.timetable import Timetable
from windtunnel.engine.scheduler.weights import effective_weights
from windtunnel.model import (
    Behavior,
    Branch,
    Cluster,
    Dag,
    Deferrable,
    Empty,
    ExternalTaskSensor,
    Fleet,
    LatestOnly,
    RuleBook,
    Sensor,
    ShortCircuit,
    Task,
    TriggerDagRun,
    TriggerRule,
    Work,
)
from windtunnel.model.profile import Profile
from windtunnel.model.schedule import assets_in

MICRO = 1_000_000
UNLIMITED = 1 << 60
LARGE = 1000
"""Tasks of a DAG that is too large to remember what is below each of them."""
MAP_SHIFT, WEIGHT_SHIFT = 32, 54
"""A place in a lane is one integer: weight, then map index + 1, then task instance."""

EARLY_RULES = frozenset(
    {
        TriggerRule.ONE_SUCCESS,
        TriggerRule.ONE_FAILED,
        TriggerRule.ONE_DONE,
        TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
    }
)
"""Rules that a part of the upstreams can satisfy (``trigger_rule_dep.py: is_fast_triggered``)."""

STARTS_EARLY = frozenset(
    {TriggerRule.ONE_SUCCESS, TriggerRule.ONE_FAILED, TriggerRule.ONE_DONE, TriggerRule.ALWAYS}
)
"""Rules under which a task may run while an upstream still does."""


def micros(seconds: float) -> int:
    """Seconds as integer microseconds."""
    return round(seconds * MICRO)


class Columns:
    """What a new run of a DAG appends to the world's columns."""

    __slots__ = ("need", "tasks", "unmapped", "weight", "zeros")

    def __init__(self, need: list[int], weight: list[int]) -> None:
        size = len(need)
        self.need = array("i", need)
        self.tasks = array("i", range(size))
        self.unmapped = array("i", (-1,)) * size
        self.weight = array("i", weight)
        self.zeros = array("i", bytes(4 * size))


class DagProgram:
    """One DAG, compiled. Lists are indexed by task; of bytes, 1 is yes."""

    def __init__(
        self,
        number: int,
        rank: int,
        dag: Dag,
        cluster: Cluster,
        absent: frozenset[int] = frozenset(),
    ) -> None:
        profile = cluster.airflow
        self.absent = absent
        """Tasks that only other versions of the DAG have: they keep their numbers."""
        self.number = number
        self.rank = rank if profile.ties_by_dag_id else 0
        """Place among equal candidates."""
        self.dag = dag
        self.dag_id = dag.dag_id
        tasks = dag.tasks
        self.tasks = tasks
        self.size = len(tasks)
        self.ids = tuple(task.task_id for task in tasks)
        self.index = {task_id: i for i, task_id in enumerate(self.ids)}
        self.upstream = [tuple(sorted({self.index[u] for u in t.upstream})) for t in tasks]
        self.downstream = _inverted(self.upstream)
        self.rule = [_effective_rule(t) for t in tasks]
        self.weight = effective_weights(tasks, self.upstream, self.downstream)
        self.code: list[int] = []
        """Weight and task: the place in its lane of a task instance of number 0 + task."""
        self.need = [len(ups) for ups in self.upstream]
        """Number of direct upstream tasks."""
        self.columns = Columns(self.need, self.weight)
        self.kind = [t.kind for t in tasks]
        self.is_empty = bytes(_is_empty(task, profile) for task in tasks)
        self.skips = bytes(isinstance(k, Branch | ShortCircuit | LatestOnly) for k in self.kind)
        self.skip_parents = [tuple(u for u in ups if self.skips[u]) for ups in self.upstream]
        self.max_active_tasks = _either(dag.max_active_tasks, cluster.max_active_tasks_per_dag)
        self.max_active_runs = _either(dag.max_active_runs, cluster.max_active_runs_per_dag)
        most = cluster.max_consecutive_failed_dag_runs_per_dag
        self.most_failures = _either(dag.max_consecutive_failed_dag_runs, most)
        self.timeout_us = None if dag.dagrun_timeout_s is None else micros(dag.dagrun_timeout_s)
        default = profile.catchup_default
        if cluster.catchup_by_default is not None:
            default = cluster.catchup_by_default
        self.catchup = default if dag.catchup is None else dag.catchup
        self.timetable = Timetable(dag, profile, self.catchup)
        self._compile_assets()
        self._compile_mapping()
        self._compile_setups()
        self.past = {i: self.upstream[i] for i, t in enumerate(tasks) if t.depends_on_past}
        """Tasks with depends_on_past, and their upstreams."""
        self.has_past = bool(self.past)
        self.has_limits = any(
            t.max_active_tis_per_dag is not None or t.max_active_tis_per_dagrun is not None
            for t in tasks
        )
        self.exempt = bytes(
            t.depends_on_past
            or t.max_active_tis_per_dag is not None
            or t.max_active_tis_per_dagrun is not None
            for t in tasks
        )
        """Tasks that, unfinished, switch Airflow's own deadlock verdict off."""
        self.exempt_count = sum(self.exempt)
        self.has_mapped = any(self.mapped)
        self.pools: list[int] = []
        """Number of each task's pool."""
        self.has_dates = bool(absent) or any(t.start_date or t.end_date for t in tasks)
        """Whether some runs may lack some tasks and have others."""
        self.own_lane = bytes(
            t.max_active_tis_per_dag is not None
            or t.max_active_tis_per_dagrun is not None
            or t.pool_slots > 1
            for t in tasks
        )
        """Tasks that can be passed over as a whole while others of their run go on."""
        self.may_skip_running = any(
            self.skip_parents[i] and self.rule[i] in STARTS_EARLY for i in range(self.size)
        )
        self.simple = bytes(self._is_simple(i) for i in range(self.size))
        """Tasks that are ready exactly when all their upstream tasks succeeded."""
        self.first_look = tuple(
            i
            for i in range(self.size)
            if not self.upstream[i] or self.rule[i] is TriggerRule.ALWAYS or not self.simple[i]
        )
        """Tasks that may be ready without any upstream."""
        self.plain = all(self._is_plain(i) for i in range(self.size))
        """Whether success of its tasks has no effect but on the tasks directly downstream."""

    def _is_simple(self, i: int) -> bool:
        plain = not (
            self.mapped[i]
            or self.tasks[i].depends_on_past
            or self.indirect_setups[i]
            or any(self.mapped[u] for u in self.upstream[i])
        )
        # A skip parent's decision reaches an unmapped task as its state, before the rule is asked.
        return plain and bool(self.upstream[i]) and self.rule[i] is TriggerRule.ALL_SUCCESS

    def _is_plain(self, i: int) -> bool:
        limited = self.mapped[i] or self.is_map_source[i] or self.exempt[i] or self.own_lane[i]
        in_scope = self.setup_dependents[i] or self.indirect_setups[i] or self.scope[i]
        simple = bool(self.simple[i]) or not self.upstream[i]
        return isinstance(self.kind[i], Work) and simple and not limited and not in_scope

    def _compile_assets(self) -> None:
        self.awaited = self.dag.awaited
        self.awaited_assets = frozenset(assets_in(self.awaited))
        self.updates: list[tuple[str, ...]] = [()] * self.size
        """Assets of which each task's success is an event that some DAG of the fleet waits for."""

    def _compile_mapping(self) -> None:
        groups = {g.group_id: g for g in self.dag.groups}
        self.group_factors: list[tuple[int | str, ...] | None] = []
        self.mapped_group: list[str | None] = []
        for task in self.tasks:
            group = task.group
            while group is not None and group in groups and groups[group].expand is None:
                group = groups[group].parent
            inside = group if group in groups else None
            self.mapped_group.append(inside)
            self.group_factors.append(groups[inside].expand if inside else None)
        self.factors = [
            task.expand if task.expand is not None else self.group_factors[i]
            for i, task in enumerate(self.tasks)
        ]
        self.mapped = bytes(f is not None for f in self.factors)
        self.map_sources = [
            tuple(self.index[f] for f in factors or () if isinstance(f, str))
            for factors in self.factors
        ]
        self.is_map_source = bytearray(self.size)
        for sources in self.map_sources:
            for source in sources:
                self.is_map_source[source] = True

    def _compile_setups(self) -> None:
        """Indirect setups of each task, and what each teardown must also wait for.

        From Airflow: ``_shared/dagnode/node.py: get_upstreams_only_setups`` and
        ``trigger_rule_dep.py: _evaluate_teardown_scope``.
        """
        self.indirect_setups: list[tuple[int, ...]] = [()] * self.size
        self.scope: list[tuple[int, ...]] = [()] * self.size
        self.setup_dependents: list[tuple[int, ...]] = [()] * self.size
        if not any(t.is_setup or t.is_teardown for t in self.tasks):
            return
        above = [self.above(i) for i in range(self.size)]
        below = [self.below(i) for i in range(self.size)]
        dependents: list[set[int]] = [set() for _ in range(self.size)]
        for i, task in enumerate(self.tasks):
            if task.is_teardown:
                setups = [u for u in self.upstream[i] if self.tasks[u].is_setup]
                indirect = above[i] - set(self.upstream[i])
                self.scope[i] = tuple(sorted(indirect & set().union(*(below[s] for s in setups))))
                for member in self.scope[i]:
                    dependents[member].add(i)
                continue
            relevant = [
                u
                for u in above[i] - set(self.upstream[i])
                if self.tasks[u].is_setup and self._covers(u, below[i])
            ]
            self.indirect_setups[i] = tuple(sorted(relevant))
            for setup in relevant:
                dependents[setup].add(i)
        self.setup_dependents = [tuple(sorted(d)) for d in dependents]

    def _covers(self, setup: int, below: set[int]) -> bool:
        teardowns = [d for d in self.downstream[setup] if self.tasks[d].is_teardown]
        return not teardowns or any(t in below for t in teardowns)

    @cached_property
    def has_one_pool(self) -> bool:
        """Whether all its tasks are in one pool; for a DAG that does not change."""
        return len(set(self.pools)) == 1

    @cached_property
    def leaves(self) -> tuple[int, ...]:
        """Tasks whose states decide the run's (``models/dagrun.py: _tis_for_dagrun_state``)."""

        ignored = {
            i
            for i, task in enumerate(self.tasks)
            if task.is_teardown and not task.on_failure_fail_dagrun
        }

        found = tuple(
            i
            for i in range(self.size)
            if i not in ignored and ignored.issuperset(self.downstream[i])
        )
        return found or tuple(i for i in range(self.size) if not self.downstream[i])

    def roots_of(self, name: str) -> tuple[int, ...]:
        """The task of this id, or the root tasks of the group of this id."""
        if name in self.index:
            return (self.index[name],)
        members = self.members_of(name)
        return tuple(i for i in members if not set(members) & set(self.upstream[i]))

    def members_of(self, group: str) -> list[int]:
        """The tasks in the group of this id, and in the groups in it."""
        return [i for i, task in enumerate(self.tasks) if self._inside(task.group, group)]

    def _inside(self, group: str | None, name: str) -> bool:
        parents = {g.group_id: g.parent for g in self.dag.groups}
        while group is not None and group != name:
            group = parents.get(group)
        return group is not None

    def below(self, *tasks: int) -> set[int]:
        """All transitive downstream tasks of these."""
        return _reachable(tasks, self.downstream)

    @cached_property
    def _partials(self) -> dict[int, frozenset[int]]:
        return {}

    def partial(self, task: int) -> frozenset[int]:
        """What Airflow's ``DAG.partial_subset`` keeps of a task for the mini scheduler: itself, all
        that is below it, and what that waits for."""
        found = self._partials.get(task)
        if found is None:
            below = self.below(task)
            found = frozenset(below | {u for d in below for u in self.upstream[d]} | {task})
            if self.size <= LARGE:
                self._partials[task] = found
        return found

    def above(self, *tasks: int) -> set[int]:
        """All transitive upstream tasks of these."""
        return _reachable(tasks, self.upstream)


class Program:
    """The whole fleet, compiled for one cluster and one behavior."""

    def __init__(
        self,
        fleet: Fleet,
        cluster: Cluster,
        behavior: Behavior,
        later: Mapping[str, Sequence[Dag]] | None = None,
    ) -> None:
        """``later``: by dag_id, versions of a DAG that come in the place of the fleet's."""
        ranks = {d: i for i, d in enumerate(sorted(dag.dag_id for dag in fleet.dags))}
        self.versions: dict[int, list[DagProgram]] = {}
        """By DAG that is going to change: all its versions, the fleet's first."""
        self.dags: list[DagProgram] = []
        for i, dag in enumerate(fleet.dags):
            rank = ranks[dag.dag_id]
            if later and dag.dag_id in later:
                versions = _with_all_tasks((dag, *later[dag.dag_id]))
                self.versions[i] = [
                    DagProgram(i, rank, version, cluster, absent) for version, absent in versions
                ]
                self.dags.append(self.versions[i][0])
            else:
                self.dags.append(DagProgram(i, rank, dag, cluster))
        known = [dag for i, dag in enumerate(self.dags) if i not in self.versions]
        known += [version for versions in self.versions.values() for version in versions]
        self._known = known
        # Heavier first, and small numbers: they are compared more often than anything else.
        top = max((w for dag in known for w in dag.weight), default=0)
        for each in known:
            each.code = [top - w << WEIGHT_SHIFT | task for task, w in enumerate(each.weight)]
        self.number = {dag.dag_id: dag.number for dag in self.dags}
        self.consumers: dict[str, list[int]] = {}
        """By asset: the DAGs whose runs it may start."""
        self._compile_assets()
        self.dag_ids = tuple(dag.dag_id for dag in self.dags)
        self.task_ids = tuple(dag.ids for dag in self.dags)
        self.pool_names = tuple(tuple(t.pool for t in self._all_tasks(d)) for d in self.dags)
        book = RuleBook(behavior.rules)
        self.rules = [
            [book.of(dag.dag, task) for task in self._all_tasks(dag)] for dag in self.dags
        ]
        self.pools = sorted({t.pool for dag in known for t in dag.tasks} | set(cluster.pools))
        self.pool_number = {name: i for i, name in enumerate(self.pools)}
        found = [cluster.pool(name) for name in self.pools]
        self.pool_slots = [None if pool is None else pool.slots for pool in found]
        """Slots of each pool; None if there is no such pool."""
        self.pool_counts_deferred = [p is not None and p.include_deferred for p in found]
        self.all_slots = sum(_open(slots) for slots in self.pool_slots)
        unused = [n for n in {"default_pool": 0, **cluster.pools} if n not in self.pool_number]
        sizes = [cluster.pool(name) for name in unused]
        self.unused_slots = sum(_open(pool.slots) for pool in sizes if pool is not None)
        """Slots of pools that no task names: they count for the size of the scheduler's query."""
        for each in known:
            each.pools = [self.pool_number[t.pool] for t in each.tasks]

    def _all_tasks(self, dag: DagProgram) -> Sequence[Task]:
        """The tasks of all versions of a DAG, each as the last version has it that has it."""
        versions = self.versions.get(dag.number)
        if versions is None:
            return dag.tasks
        return [
            next((v for v in reversed(versions) if task not in v.absent), dag).tasks[task]
            for task in range(dag.size)
        ]

    def _compile_assets(self) -> None:
        for dag in self._known:
            for asset in assets_in(dag.awaited):
                numbers = self.consumers.setdefault(asset, [])
                if dag.number not in numbers:
                    numbers.append(dag.number)
        if not self.consumers:
            return
        for dag in self._known:
            known = [tuple(dict.fromkeys(t.outlets)) for t in dag.tasks]
            dag.updates = [tuple(a for a in assets if a in self.consumers) for assets in known]
            dag.plain = dag.plain and not any(dag.updates)


def _with_all_tasks(versions: Sequence[Dag]) -> list[tuple[Dag, frozenset[int]]]:
    """Versions of a DAG with the tasks of all of them, numbered alike, and the numbers of those
    that each does not have itself."""
    every: dict[str, Task] = {task.task_id: task for dag in versions for task in dag.tasks}
    found = []
    for dag in versions:
        own = {task.task_id: task for task in dag.tasks}
        tasks = tuple(own.get(name) or _stranger(task) for name, task in every.items())
        absent = frozenset(i for i, name in enumerate(every) if name not in own)
        found.append((dag.model_copy(update={"tasks": tasks}), absent))
    return found


def _stranger(task: Task) -> Task:
    """A task that a version doesn't have: it has no part in anything."""
    return Task(task_id=task.task_id, operator=task.operator)


def _open(slots: int | None) -> int:
    """Slots of a pool of which none is taken."""
    if slots is None:
        return 0
    return UNLIMITED if slots < 0 else slots


def _is_empty(task: Task, profile: Profile) -> bool:
    """Whether the scheduler sets the task to success without running it
    (``models/taskinstance.py: is_task_schedulable``)."""
    reads = bool(task.inlets) and profile.empty_with_inlets_runs
    return isinstance(task.kind, Empty) and not task.outlets and not reads


def _effective_rule(task: Task) -> TriggerRule:
    return TriggerRule.ALL_DONE_SETUP_SUCCESS if task.is_teardown else task.trigger_rule


def _either(own: int | None, default: int) -> int:
    return default if own is None else own


def _inverted(edges: Iterable[tuple[int, ...]]) -> list[tuple[int, ...]]:
    rows = list(edges)
    inverse: list[list[int]] = [[] for _ in rows]
    for node, targets in enumerate(rows):
        for target in targets:
            inverse[target].append(node)
    return [tuple(row) for row in inverse]


def _reachable(starts: Iterable[int], edges: list[tuple[int, ...]]) -> set[int]:
    found: set[int] = set()
    stack = [end for start in starts for end in edges[start]]
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(edges[node])
    return found


def is_deferrable(kind: object) -> bool:
    """Whether a task of this kind waits in the triggerer."""
    if isinstance(kind, Deferrable):
        return True
    return isinstance(kind, Sensor | ExternalTaskSensor | TriggerDagRun) and kind.deferrable
