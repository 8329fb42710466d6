"""KubernetesExecutor: a pod for each task instance: asked for, refused or pending, started.

From the Kubernetes provider: ``executors/kubernetes_executor.py: sync,
_create_pods_sequentially, _handle_pod_publish_error, _change_state``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import islice

from windtunnel.engine.executors.executor import HEARTBEAT_S, Executor, Machine
from windtunnel.engine.executors.groups import TOO_LATE, token_us
from windtunnel.engine.executors.pending import Pending
from windtunnel.engine.executors.pods import Nodes, Pod, Quota, pod_of
from windtunnel.engine.program import micros
from windtunnel.engine.world import QUEUED, World
from windtunnel.model import Task

REFUSED = "pod not created: it would exceed the namespace's quota"
DIED = "the pod died before the task began"
NO_CREATION, NO_NODE = "pod creation", "nodes"
"""Limits that a queued task instance may wait for."""


class KubernetesExecutor(Executor):
    """Pods of one namespace."""

    def __init__(self, world: World, task_of: Callable[[int], Task]) -> None:
        super().__init__(world)
        self._settings = world.cluster.kubernetes_executor
        self._task_of = task_of
        self._quota = Quota(self._settings)
        self._nodes = Nodes(self._settings)
        self._batch = self._settings.worker_pods_creation_batch_size * world.cluster.schedulers
        loop = world.cluster.loop
        idle = HEARTBEAT_S if loop is None else loop.duration_s + loop.idle_sleep_s
        self._period = max(1, micros(idle))
        self._next_us = 0
        """When pods may be created next: once in a loop of the scheduler."""
        self._wanted: dict[int, int] = {}
        """Task instances whose pod is not created yet, the first to be created first; and how often
        the quota refused it."""
        self._launches: dict[int, int] = {}
        """How often a pod of this try died before the task began."""
        self._pending = Pending(self._nodes)
        self._placed: dict[int, Pod] = {}
        self._queued_us: dict[int, int] = {}
        self._token_us = token_us(world)
        self._start_us = micros(self._settings.pod_start_s)

    # -- from queued to running ---------------------------------------------------------------

    @property
    def any_waiting(self) -> bool:
        """Whether a pod is to be created, or waits for a node."""
        return bool(self._wanted or self._pending or self._reports)

    def submit(self, ti: int, queue: str) -> None:
        """A pod is wanted for it."""
        del queue
        self._wanted[ti] = 0
        self._queued_us[ti] = self._world.now

    def withdraw(self, ti: int) -> None:
        """Its pod is deleted, or not asked for any more."""
        self._launches.pop(ti, None)
        self._queued_us.pop(ti, None)
        self._wanted.pop(ti, None)
        self._delete(ti)

    def release(self, ti: int) -> None:
        """A try is over: so is its pod."""
        self._delete(ti)

    def _delete(self, ti: int) -> None:
        pod = self._pending.pop(ti) or self._placed.pop(ti, None)
        if pod is not None:
            self._remove(pod)

    def _remove(self, pod: Pod) -> None:
        self._nodes.leave(pod)
        self._quota.use(pod, -1)

    def fill(self) -> list[int]:
        """Create pods, if it is time; then those start that a node has room for."""
        if self._wanted and self._world.now >= self._next_us and self.scheduler_is_up():
            self._create()
        started = []
        for pod in self._pending.place():
            self._placed[pod.ti] = pod
            if self._is_in_time(pod.ti):
                started.append(pod.ti)
        return started

    def _is_in_time(self, ti: int) -> bool:
        """Whether its token is still good when the pod will have started."""
        begins = self._world.now + self._start_us
        if self._token_us is None or begins - self._queued_us[ti] <= self._token_us:
            return True
        self._report(ti, TOO_LATE)
        return False

    def start_us(self, ti: int) -> int:
        """Image, container, Python."""
        del ti
        return self._start_us

    def _create(self) -> None:
        """One loop's worth of pods."""
        self._next_us = self._world.now + self._period
        for ti in list(islice(self._wanted, self._batch)):
            refused = self._wanted.pop(ti)
            pod = self._pod_of(ti, self._task_of(ti))
            if self._quota.admits(pod):
                self._quota.use(pod, 1)
                self._pending.add(pod)
            else:
                self._refuse(ti, refused + 1)

    def _pod_of(self, ti: int, task: Task) -> Pod:
        return pod_of(ti, self._settings.pod_of(task.executor_config))

    def _refuse(self, ti: int, times: int) -> None:
        """403, exceeded quota: asked for again at a later loop, or failed."""
        self._log(ti, "refused: the quota is full")
        most = self._settings.task_publish_max_retries
        if most < 0 or times <= most:
            self._wanted[ti] = times
        else:
            self._report(ti, REFUSED)

    # -- when ---------------------------------------------------------------------------------

    def next_due(self) -> int | None:
        """When the next pods may be created."""
        if not self._wanted or not self.scheduler_is_up():
            return None
        return max(self._next_us, self._world.now + 1)

    # -- memory and processes -----------------------------------------------------------------

    def load(self, ti: int, memory: float) -> list[int]:
        """The limit of its own pod first (OOMKilled), then the memory of the node."""
        pod = self._placed.get(ti)
        return [] if pod is None else self._nodes.load(pod, memory)

    def keep(self, ti: int, name: int) -> Callable[[], None] | None:
        """The pod goes on."""
        pod = self._placed.pop(ti, None)
        if pod is None:
            return None
        self._nodes.rename(pod, name)
        return partial(self._remove, pod)

    # -- for those who look on ----------------------------------------------------------------

    def limits(self) -> tuple[str, ...]:
        """A loop that creates its pod, and a node with room."""
        found = []
        if self._wanted:
            found.append(NO_CREATION)
        if self._pending:
            found.append(NO_NODE)
        return tuple(found)

    def never(self, task: Task) -> str:
        """A node of its own would not be enough for its pod."""
        pod = self._pod_of(0, task)
        return "" if self._nodes.could_hold(pod) else "its pod is larger than a node"

    def place_for(self, task: Task) -> str | None:
        """The nodes, if there is a number of them."""
        del task
        return NO_NODE if self._nodes.limited else None

    def places_of(self, ti: int) -> tuple[str, ...]:
        """The nodes, if there is a number of them."""
        return (NO_NODE,) if self._nodes.limited and ti in self._placed else ()

    def slots(self, place: str) -> tuple[int, int]:
        """As many as there are pods on nodes; one more is free while none waits for a node."""
        del place
        free = 0 if self._pending else 1
        return free, len(self._placed) + free

    # -- what happens to it -------------------------------------------------------------------

    def notices_loss(self, ti: int) -> bool:
        """3.x fails the try of a pod that is gone; 2.x waits for its heartbeats to stop."""
        del ti
        return self._world.profile.executor_report_ends_running

    def adopt(self, tis: Iterable[int]) -> list[int]:
        """Pods are adopted; what was only in the old scheduler's memory is not."""
        return [ti for ti in tis if ti not in self._pending and ti not in self._placed]

    def able(self, group: str | None) -> list[Machine]:
        """Nodes, those with the most pods first."""
        del group
        return [*self._nodes.busiest()]

    def lose(self, machines: Sequence[Machine]) -> list[list[int]]:
        """Nodes are gone with their pods."""
        return [self._die(self._nodes.lose(machine.number)) for machine in machines]

    def replace(self, machines: Sequence[Machine]) -> None:
        """As many new nodes."""
        self._nodes.replace(len(machines))

    def drain(self, machines: Sequence[Machine]) -> None:
        """Cordoned: no pod comes to them."""
        for machine in machines:
            self._nodes.cordon(machine.number, cordoned=True)

    def undrain(self, machines: Sequence[Machine]) -> None:
        """Pods come to them again."""
        for machine in machines:
            self._nodes.cordon(machine.number, cordoned=False)

    def owns(self, machine: Machine) -> bool:
        """Whether it is one of these nodes."""
        return self._nodes.has(machine)

    def processors(self, ti: int) -> tuple[str, int] | None:
        """Those of the node of its pod."""
        pod = self._placed.get(ti)
        size = self._settings.node_cpus
        if pod is None or pod.node is None or size is None or not self._nodes.limited:
            return None
        return f"processors of node {pod.node.number}", round(size * 1000)

    def machine_of(self, ti: int) -> Machine | None:
        """The node of its pod."""
        pod = self._placed.get(ti)
        return None if pod is None else pod.node

    def waiting(self) -> list[int]:
        """Those that wait for a node, then those whose pod is not created."""
        return [*self._pending, *self._wanted]

    def _die(self, pods: list[Pod]) -> list[int]:
        """Returns the task instances whose pods these were. Those that had not begun get another
        pod, a few times."""
        gone = sorted(pod.ti for pod in pods)
        for pod in pods:
            if self._placed.pop(pod.ti, None) is None:
                continue  # it went on after its try had been given up
            self._remove(pod)
            if self._world.state[pod.ti] == QUEUED:
                self._launch_again(pod.ti)
        return gone

    def _launch_again(self, ti: int) -> None:
        times = self._launches[ti] = self._launches.get(ti, 0) + 1
        most = self._settings.pod_launch_failure_retries
        if most < 0 or times <= most:
            self._wanted[ti] = 0
        else:
            self._report(ti, DIED)

    def lose_message(self, ti: int) -> bool:
        """Its pod was to be created, or waited for a node, and is forgotten."""
        if ti in self._pending:
            self._delete(ti)
            return True
        return self._wanted.pop(ti, None) is not None
